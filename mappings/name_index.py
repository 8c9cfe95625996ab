"""The names of a home's children, ready to be found in a text.

`NameIndex` answers one question: which runs of words in this text may be a child's name, and whose. Who is hidden and
who is not is the business of `mappings.names`. Built once for a home's children and kept: reports of one home share it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from mappings.folded_text import FoldedText
from mappings.person_name import LETTERS, NamedChild, Words, person_name
from mappings.word_names import COMMON_WORDS, is_word

#: Where a small letter meets a capital inside a run of letters: "GracePoole", "JusticeForGrace".
CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_SPACED_LETTERS = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-*]){2,}[^\W\d_](?![^\W\d_])")


class Kind(IntEnum):
    """What part of a name a form is."""

    GIVEN = 1
    SURNAME = 2
    WHOLE = 3


class Form(NamedTuple):
    """One way of writing (a part of) one child's name.

    `word`: the ordinary word that it may be as well. `owns`: an apostrophe is missing ("Graces room").
    """

    words: Words
    kind: Kind
    child_id: str
    word: str = ""
    owns: bool = False

    def __repr__(self) -> str:
        return "<Form>"


class Token(NamedTuple):
    """A word of the folded text and where it stands there."""

    word: str
    start: int
    end: int

    def __repr__(self) -> str:
        return "<Token>"


class NameIndex:
    """Forms by their first word, longest first."""

    def __init__(self, children: Sequence[NamedChild]) -> None:
        starts: dict[str, set[Form]] = {}
        self.given_letters: dict[str, set[str]] = {}
        self.surname_letters: dict[str, set[str]] = {}
        for child in children:
            for form in _forms_of(child):
                starts.setdefault(form.words[0], set()).add(form)
                letters = self.given_letters if form.kind is Kind.GIVEN else self.surname_letters
                if form.kind is not Kind.WHOLE:
                    letters.setdefault(child.child_id, set()).add(form.words[0][0])
        self.starts = {word: tuple(sorted(forms, key=lambda f: -len(f.words))) for word, forms in starts.items()}
        #: Single words that are surely a name, for names that a stray space or hyphen has cut in two.
        self.sure = frozenset(
            form.words[0] for forms in starts.values() for form in forms if len(form.words) == 1 and not form.word
        )

    def __repr__(self) -> str:
        return "<NameIndex>"

    def run_at(self, tokens: Sequence[Token], position: int) -> tuple[Form, ...]:
        """The longest forms that begin at this token: several where children share a name."""
        found: list[Form] = []
        for form in self.starts.get(tokens[position].word, ()):
            length = len(form.words)
            if found and length < len(found[0].words):
                break
            if length == 1 or _same_words(form.words, tokens, position):
                found.append(form)
        return tuple(found)


def _same_words(words: Words, tokens: Sequence[Token], position: int) -> bool:
    if position + len(words) > len(tokens):
        return False
    return all(tokens[position + offset].word == word for offset, word in enumerate(words)) and all(
        tokens[place + 1].start - tokens[place].end <= 3 for place in range(position, position + len(words) - 1)
    )


def _forms_of(child: NamedChild) -> set[Form]:
    parts = person_name(child.name, child.known_as)
    forms: set[Form] = set()
    for kind, runs in ((Kind.GIVEN, parts.given), (Kind.SURNAME, parts.surnames), (Kind.WHOLE, parts.whole)):
        for words in runs:
            single = words[0] if len(words) == 1 else ""
            forms.add(Form(words, kind, child.child_id, single if single and is_word(single) else ""))
            owning = f"{single}s"
            if len(single) > 2 and kind is not Kind.WHOLE and not single.endswith("s") and owning not in COMMON_WORDS:
                forms.add(Form((owning,), kind, child.child_id, single if is_word(single) else "", owns=True))
    return forms


@lru_cache(maxsize=64)
def name_index(children: tuple[NamedChild, ...]) -> NameIndex:
    """The index of these children, kept for the next report of the home."""
    return NameIndex(children)


# ---- words of a text -------------------------------------------------------------------------------------------


def tokens_of(text: FoldedText, sure: frozenset[str]) -> list[Token]:
    """The words of a text, mended where a name in `sure` was cut by a space, a hyphen, an apostrophe or a capital."""
    tokens = [Token(found.group(), *found.span()) for found in LETTERS.finditer(text.lower)]
    if CAMEL.search(text.cased):
        tokens = [piece for token in tokens for piece in _at_capitals(token, text, sure)]
    if _SPACED_LETTERS.search(text.lower):
        tokens = _spelled_out(tokens, text, sure)
    pairs = [one.word + two.word for one, two in pairwise(tokens)]
    if sure.isdisjoint(pairs):
        return tokens
    return _joined(tokens, pairs, text, sure)


def _at_capitals(token: Token, text: FoldedText, sure: frozenset[str]) -> list[Token]:
    if token.word in sure:
        return [token]
    cuts = [found.start() for found in CAMEL.finditer(text.cased, token.start, token.end)]
    edges = [token.start, *(cut for cut in cuts if token.start < cut < token.end), token.end]
    return [Token(text.lower[start:end], start, end) for start, end in pairwise(edges)]


def _spelled_out(tokens: list[Token], text: FoldedText, sure: frozenset[str]) -> list[Token]:
    """`G r a c e` becomes one word where it spells a name."""
    spans = []
    for found in _SPACED_LETTERS.finditer(text.lower):
        word = "".join(LETTERS.findall(found.group()))
        if word in sure:
            spans.append(Token(word, *found.span()))
    if not spans:
        return tokens
    outside = [token for token in tokens if not any(span.start <= token.start < span.end for span in spans)]
    return sorted([*outside, *spans], key=lambda token: token.start)


def _joined(tokens: list[Token], pairs: list[str], text: FoldedText, sure: frozenset[str]) -> list[Token]:
    joined: list[Token] = []
    skip = False
    for position, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if position < len(pairs) and pairs[position] in sure and _cut_in_two(tokens, position, text, sure):
            joined.append(Token(pairs[position], token.start, tokens[position + 1].end))
            skip = True
        else:
            joined.append(token)
    return joined


def _cut_in_two(tokens: list[Token], position: int, text: FoldedText, sure: frozenset[str]) -> bool:
    """Whether two words are one name: not where each is a word or a name that may stand there by itself."""
    one, two = tokens[position], tokens[position + 1]
    gap = text.lower[one.end : two.start]
    if len(gap) > 1 or gap not in ("", " ", "-", "'", ".", "_"):
        return False
    if one.word in sure or two.word in sure:
        return False
    if gap in ("", "-", "_"):
        return True
    return len(one.word) + len(two.word) >= 5 and not (one.word in COMMON_WORDS and two.word in COMMON_WORDS)
