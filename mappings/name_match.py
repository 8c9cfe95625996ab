"""A name where it stands in a text: how far it reaches, whose it may be, and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.folded_text import FoldedText
from mappings.name_index import Form, Kind, NameIndex, Token
from mappings.word_names import Use

_SENTENCE_END = frozenset('.!?:;\n"“(•*-–')


class NameMatch:
    """A name in the text, grown from the words that were found to all that belong to it."""

    def __init__(
        self, index: NameIndex, view: FoldedText, tokens: list[Token], position: int, forms: tuple[Form, ...]
    ) -> None:
        self.begin = position
        self.end = position + len(forms[0].words)
        self.forms = forms
        self.children = {form.child_id for form in forms}
        self.whole = all(form.kind is Kind.WHOLE for form in forms)
        self._index, self._view, self._tokens = index, view, tokens

    @property
    def owns(self) -> bool:
        """Whether the name ends in an s that lacks its apostrophe."""
        word = self._tokens[self.end - 1].word
        last = [form for form in self.forms if form.words[-1] == word and form.child_id in self.children]
        return bool(last) and all(form.owns for form in last)

    def extend(self) -> None:
        """Take in the rest of a full name: `Grace | Poole`, `Poole, | Grace`, `Grace | P.`, `G. | Poole`."""
        while self._next_name() or self._next_initial():
            self.whole = True
        while self._earlier_initial():
            self.whole = True

    def _next_name(self) -> bool:
        for skip in (0, 1):
            place = self.end + skip
            if place >= len(self._tokens) or (skip and len(self._tokens[place - 1].word) > 1):
                return False
            gap = self._gap(self.end - 1, place)
            forms = self._index.run_at(self._tokens, place)
            kinds = {form.kind for form in self.forms if form.child_id in self.children}
            children = {form.child_id for form in forms if kinds != {form.kind} or gap in (" ", "-")}
            if children & self.children and _joins(gap):
                self.children &= children
                self.end = place + len(forms[0].words)
                self.forms = (*self.forms, *forms)
                return True
        return False

    def _next_initial(self) -> bool:
        if self.end >= len(self._tokens) or len(self._tokens[self.end].word) > 1:
            return False
        token = self._tokens[self.end]
        if self._gap(self.end - 1, self.end) not in (" ", ".", "_", "-") or (
            token.word in "ai" and not self._dotted(token)
        ):
            return False
        if not self._view.cased[token.start].isupper():
            return False
        children = {child for child in self.children if token.word in self._index.surname_letters.get(child, ())}
        given = {form.child_id for form in self.forms if form.kind is Kind.GIVEN}
        if not children & given:
            return False
        self.children &= children & given
        self.end += 1
        return True

    def _earlier_initial(self) -> bool:
        if not self.begin or len(self._tokens[self.begin - 1].word) > 1:
            return False
        token = self._tokens[self.begin - 1]
        if self._gap(self.begin - 1, self.begin) not in (" ", ".", ". ", "_", "-"):
            return False
        if token.word in "ai" and not self._dotted(token):
            return False
        children = {child for child in self.children if token.word in self._index.given_letters.get(child, ())}
        surnames = {form.child_id for form in self.forms if form.kind is Kind.SURNAME}
        if not children & surnames or not self._view.cased[token.start].isupper():
            return False
        self.children &= children & surnames
        self.begin -= 1
        return True

    def _gap(self, one: int, two: int) -> str:
        return self._view.cased[self._tokens[one].end : self._tokens[two].start]

    def _dotted(self, token: Token) -> bool:
        return self._view.cased[token.end : token.end + 1] == "."


def _joins(gap: str) -> bool:
    """Whether what stands between two words keeps them in one name: not the end of a sentence or a line."""
    if len(gap) > 5 or "\n" in gap:
        return False
    bare = "".join(character for character in gap if not character.isspace())
    initial = len(bare) in (1, 2) and bare.rstrip(".").isalpha()
    return not bare or initial or gap == "." or bare in ("-", "_", ",", "'", '"')


def chunk_around(text: str, token: Token) -> str:
    """What stands around a word between spaces."""
    start = max(text.rfind(mark, 0, token.start) for mark in " \n\t") + 1
    ends = [end for mark in " \n\t" if (end := text.find(mark, token.end)) >= 0]
    return text[start : min(ends, default=len(text))]


def use_of(view: FoldedText, tokens: Sequence[Token], place: int, word: str) -> Use:
    token = tokens[place]
    text = view.cased
    before = text[: token.start].rstrip(" \t'\"‘’“”(")
    begins = not before or before[-1] in _SENTENCE_END or "\n" in text[len(before) : token.start]
    after = text[token.end : token.end + 3]
    ends = after[:1] in ".!?\n" and after[:1] != ""
    written = text[token.start : token.end]
    neighbours = [tokens[near] for near in (place - 1, place + 1) if 0 <= near < len(tokens)]
    loud = [text[near.start : near.end] for near in neighbours if near.end - near.start > 1]
    dated = before[-1:].isdigit() or (before[-2:] in ("st", "nd", "rd", "th") and before[-3:-2].isdigit())
    following = [tokens[near].word if near < len(tokens) else "" for near in (place + 1, place + 2)]
    return Use(
        word=word,
        capital=written[0].isupper(),
        shouted=len(written) > 1 and written.isupper() and (not loud or any(near.isupper() for near in loud)),
        begins=begins,
        owns=after[:2].lower() == "'s" or written.lower() != word,
        dated=dated or after.lstrip(" ,")[:1].isdigit(),
        careless=text == view.lower,
        before="" if begins or not place else tokens[place - 1].word,
        after="" if ends else following[0],
        after_next=following[1],
    )
