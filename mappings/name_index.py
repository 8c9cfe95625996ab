"""The names of a home's children, ready to be found in a text.

`NameIndex` answers one question: which runs of words in this text may be a child's name, and whose. Who is hidden and
who is not is the business of `mappings.names`. Built once for a home's children and kept: reports of one home share it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from mappings.folded_text import FoldedText
from mappings.person_name import LETTERS, NamedChild, Words, person_name
from mappings.word_names import COMMON_WORDS, is_word

#: Where a small letter meets a capital inside a run of letters: "GracePoole", "JusticeForGrace".
CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
SPELLED_OUT = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-*]){2,}[^\W\d_](?![^\W\d_])")

_ONLY_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}
#: Letters that stand alone in any text: an article, a pronoun, what follows an apostrophe.
_LONE_LETTERS = frozenset("aAiIstdm")


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


class WordRow(NamedTuple):
    """The words of a folded text, in lower case, and where each begins and ends there."""

    words: list[str]
    spans: list[tuple[int, int]]

    def gap(self, one: int, two: int) -> int:
        """How many characters stand between two words."""
        return self.spans[two][0] - self.spans[one][1]

    def __repr__(self) -> str:
        return "<WordRow>"


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
        #: Single words that are surely a name.
        self.sure = frozenset(
            form.words[0] for forms in starts.values() for form in forms if len(form.words) == 1 and not form.word
        )
        self._halves = _halves(self.sure)

    def __repr__(self) -> str:
        return "<NameIndex>"

    def run_at(self, row: WordRow, position: int) -> tuple[Form, ...]:
        """The longest forms that begin at this word: several where children share a name."""
        found: list[Form] = []
        for form in self.starts.get(row.words[position], ()):
            length = len(form.words)
            if found and length < len(found[0].words):
                break
            if length == 1 or _same_words(form.words, row, position):
                found.append(form)
        return tuple(found)

    def cut_in_two(self, words: Collection[str]) -> bool:
        """Whether these words of a text may hold both halves of a name that a stray space has cut."""
        present = self._halves.keys() & words
        return any(not self._halves[half].isdisjoint(words) for half in present)


def _halves(sure: Collection[str]) -> dict[str, set[str]]:
    """First half -> second halves of every name. A lone "a" or "i" is a word of its own."""
    halves: dict[str, set[str]] = {}
    for name in sure:
        for cut in range(1, len(name)):
            one, two = name[:cut], name[cut:]
            if one not in ("a", "i") and two not in ("a", "i"):
                halves.setdefault(one, set()).add(two)
    return halves


def _same_words(words: Words, row: WordRow, position: int) -> bool:
    end = position + len(words)
    return tuple(row.words[position:end]) == words and all(
        row.gap(place, place + 1) <= 3 for place in range(position, end - 1)
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


def distinct_words(text: FoldedText) -> set[str]:
    """Every different word of the text, case kept."""
    if text.cased.isascii():
        return set(text.cased.translate(_ONLY_LETTERS).split())
    return set(LETTERS.findall(text.cased))


def irregular(cased_words: Collection[str]) -> bool:
    """Whether a text of these words may run words together ("GracePoole") or spell one out ("G r a c e")."""
    return any(
        (len(word) == 1 and word not in _LONE_LETTERS) or not (word.islower() or word.istitle() or word.isupper())
        for word in cased_words
    )


def words_in(text: FoldedText, index: NameIndex) -> WordRow:
    """The words of a text, mended where a name was cut by a space, a hyphen, an apostrophe or a capital."""
    found = [match.span() for match in LETTERS.finditer(text.lower)]
    if CAMEL.search(text.cased):
        found = [piece for span in found for piece in _at_capitals(span, text, index.sure)]
    if SPELLED_OUT.search(text.lower):
        found = _spelled_out(found, text, index.sure)
    words = [text.lower[start:end] for start, end in found]
    row = WordRow(["".join(LETTERS.findall(word)) if len(word) > 2 else word for word in words], found)
    return _joined(row, text, index.sure) if index.cut_in_two(row.words) else row


def _at_capitals(span: tuple[int, int], text: FoldedText, sure: frozenset[str]) -> list[tuple[int, int]]:
    start, end = span
    if text.lower[start:end] in sure:
        return [span]
    cuts = [found.start() for found in CAMEL.finditer(text.cased, start, end)]
    return list(pairwise([start, *(cut for cut in cuts if start < cut < end), end]))


def _spelled_out(spans: list[tuple[int, int]], text: FoldedText, sure: frozenset[str]) -> list[tuple[int, int]]:
    """`G r a c e` becomes one word where it spells a name."""
    found = [match.span() for match in SPELLED_OUT.finditer(text.lower)]
    names = [(start, end) for start, end in found if "".join(LETTERS.findall(text.lower[start:end])) in sure]
    outside = [span for span in spans if not any(start <= span[0] < end for start, end in names)]
    return sorted([*outside, *names])


def _joined(row: WordRow, text: FoldedText, sure: frozenset[str]) -> WordRow:
    """The row with both halves of a cut name as one word."""
    joined = WordRow([], [])
    position = 0
    while position < len(row.words):
        both = "".join(row.words[position : position + 2])
        two = position + 1 < len(row.words) and both in sure and _halves_of_one(row, position, text, sure)
        joined.words.append(both if two else row.words[position])
        joined.spans.append((row.spans[position][0], row.spans[position + two][1]))
        position += 1 + two
    return joined


def _halves_of_one(row: WordRow, position: int, text: FoldedText, sure: frozenset[str]) -> bool:
    """Whether two words are one name: not where each is a word or a name that may stand there by itself."""
    one, two = row.words[position], row.words[position + 1]
    gap = text.lower[row.spans[position][1] : row.spans[position + 1][0]]
    if len(gap) > 1 or gap not in ("", " ", "-", "'", ".", "_") or one in sure or two in sure:
        return False
    if gap in ("", "-", "_"):
        return True
    return len(one) + len(two) >= 5 and not (one in COMMON_WORDS and two in COMMON_WORDS)
