"""A name where it stands in a text: how far it reaches, whose it may be, and what stands around it."""

from __future__ import annotations

from mappings.folded_text import FoldedText
from mappings.name_index import Form, Kind, NameIndex, WordRow
from mappings.word_names import Use

_SENTENCE_END = frozenset('.!?:;\n"“(•*-–')


class NameMatch:
    """A name in the text, grown from the words that were found to all that belong to it."""

    def __init__(
        self, index: NameIndex, view: FoldedText, row: WordRow, position: int, forms: tuple[Form, ...]
    ) -> None:
        self.begin = position
        self.end = position + len(forms[0].words)
        self.forms = forms
        self.children = {form.child_id for form in forms}
        self.whole = all(form.kind is Kind.WHOLE for form in forms)
        self._index, self._view, self._row = index, view, row

    @property
    def owns(self) -> bool:
        """Whether the name ends in an s that lacks its apostrophe."""
        word = self._row.words[self.end - 1]
        last = [form for form in self.forms if form.words[-1] == word and form.child_id in self.children]
        return bool(last) and all(form.owns for form in last)

    def extend(self) -> None:
        """Take in the rest of a full name: `Grace | Poole`, `Poole, | Grace`, `Grace | P.`, `G. | Poole`."""
        while self._next_name() or self._next_initial():
            self.whole = True
        while self._earlier_initial():
            self.whole = True

    def _next_name(self) -> bool:
        for place in (self.end, self.end + 1):
            if place >= len(self._row.words):
                return False
            if place > self.end and len(self._row.words[self.end]) > 1:
                return False
            if self._row.words[place] not in self._index.starts:
                continue
            gap = self._gap(self.end - 1, place)
            forms = self._index.run_at(self._row, place)
            kinds = {form.kind for form in self.forms if form.child_id in self.children}
            turned = kinds == {Kind.SURNAME} and not self.whole
            alike = gap in (" ", "-") and self._capital(place) and self._row.words[place] != self._row.words[place - 1]
            children = {form.child_id for form in forms if kinds != {form.kind} or alike}
            if children & self.children and _joins(gap, comma=turned):
                self.children &= children
                self.end = place + len(forms[0].words)
                self.forms = (*self.forms, *forms)
                return True
        return False

    def _next_initial(self) -> bool:
        if self.end >= len(self._row.words) or len(self._row.words[self.end]) > 1:
            return False
        letter = self._row.words[self.end]
        if self._gap(self.end - 1, self.end) not in (" ", ".", "_", "-") or (
            letter in "ai" and not self._dotted(self.end)
        ):
            return False
        if not self._capital(self.end):
            return False
        children = {child for child in self.children if letter in self._index.surname_letters.get(child, ())}
        given = {form.child_id for form in self.forms if form.kind is Kind.GIVEN}
        if not children & given:
            return False
        self.children &= children & given
        self.end += 1
        return True

    def _earlier_initial(self) -> bool:
        if not self.begin or len(self._row.words[self.begin - 1]) > 1:
            return False
        letter = self._row.words[self.begin - 1]
        if self._gap(self.begin - 1, self.begin) not in (" ", ".", ". ", "_", "-"):
            return False
        if letter in "ai" and not self._dotted(self.begin - 1):
            return False
        children = {child for child in self.children if letter in self._index.given_letters.get(child, ())}
        surnames = {form.child_id for form in self.forms if form.kind is Kind.SURNAME}
        if not children & surnames or not self._capital(self.begin - 1):
            return False
        self.children &= children & surnames
        self.begin -= 1
        return True

    def _gap(self, one: int, two: int) -> str:
        return self._view.cased[self._row.spans[one][1] : self._row.spans[two][0]]

    def _dotted(self, place: int) -> bool:
        end = self._row.spans[place][1]
        return self._view.cased[end : end + 1] == "."

    def _capital(self, place: int) -> bool:
        return self._view.cased[self._row.spans[place][0]].isupper()


def _joins(gap: str, *, comma: bool) -> bool:
    """Whether what stands between two words keeps them in one name: no end of a sentence or a line; a comma only
    after a surname ("Poole, Grace")."""
    if len(gap) > 5 or "\n" in gap:
        return False
    bare = "".join(character for character in gap if not character.isspace())
    initial = len(bare) in (1, 2) and bare.rstrip(".").isalpha()
    return not bare or initial or gap == "." or bare in ("-", "_", "'", '"') or (comma and bare == ",")


def chunk_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the run of characters without a space around a word begins and ends."""
    while start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def use_of(view: FoldedText, row: WordRow, place: int) -> Use:
    """The word in its place, as `used_as_name` wants it."""
    text = view.cased
    start, end = row.spans[place]
    lead = text[max(0, start - 16) : start]
    before = lead.rstrip(" \t'\"‘’“”(")
    begins = not before or before[-1] in _SENTENCE_END or "\n" in lead[len(before) :]
    after = text[end : end + 3]
    ends = after[:1] != "" and after[:1] in ".,;:!?)\n"
    written = text[start:end]
    near = [text[slice(*row.spans[other])] for other in (place - 1, place + 1) if 0 <= other < len(row.spans)]
    loud = [word for word in near if len(word) > 1]
    dated = before[-1:].isdigit() or (before[-2:] in ("st", "nd", "rd", "th") and before[-3:-2].isdigit())
    following = [*row.words[place + 1 : place + 3], "", ""]
    return Use(
        word=row.words[place],
        capital=written[0].isupper(),
        shouted=len(written) > 1 and written.isupper() and (not loud or any(word.isupper() for word in loud)),
        begins=begins,
        owns=after[:2].lower() == "'s",
        dated=dated or after.lstrip(" ,")[:1].isdigit(),
        careless=text == view.lower,
        before="" if begins or not place else row.words[place - 1],
        after="" if ends else following[0],
        after_next=following[1],
    )
