"""The names of a home's children, ready to be found in a text.

`NameIndex` answers one question: which runs of words in this text may be a child's name, and whose. Who is hidden and
who is not is the business of `mappings.names`. It grows with the home, and all reports of the home share it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from mappings.folded_text import FoldedText
from mappings.person_name import LETTERS, NamedChild, PersonName, Words, person_name
from mappings.word_names import COMMON_WORDS, is_word

#: Where a small letter meets a capital inside a run of letters: "GracePoole", "JusticeForGrace".
CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SPELLED_OUT = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-*]){2,}[^\W\d_](?![^\W\d_])")

_ONLY_LETTERS = bytes(code if code < 128 and chr(code).isalpha() else 32 for code in range(256))
#: Letters that seldom stand alone in a text: not an article, a pronoun, or what follows an apostrophe.
_LONELY_LETTERS = frozenset(letter for code in range(65, 123) if (letter := chr(code)).isalpha()) - frozenset(
    "aAiIstdm"
)


_WORDS = re.compile(r"[^\W_]+")


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
    """Forms by their first word, longest first. It only grows, and may be read by other threads while it does.

    Children whose names have all their forms in common are one to it: `of` says by which id a child goes here.
    """

    def __init__(self, children: Iterable[NamedChild] = ()) -> None:
        self.size = 0
        """Grows with every name whose forms were not there."""
        self.starts: dict[str, tuple[Form, ...]] = {}
        self.first_words: set[str] = set()
        self.beginnings: set[str] = set()
        """The first words, and the first halves of names that a stray space has cut."""
        self.owners: dict[str, set[str]] = {}
        self.words_of: dict[str, set[str]] = {}
        """Every word of each child's names."""
        self.sure: set[str] = set()
        """Single words that are surely a name."""
        self.given_letters: dict[str, set[str]] = {}
        self.surname_letters: dict[str, set[str]] = {}
        self._first_letters: dict[str, set[str]] = {}
        self._halves: dict[str, set[str]] = {}
        self.numbered: dict[str, tuple[str, ...]] = {}
        """Words with digits in them, of names such as "Child2", and whose they are."""
        self._goes_by: dict[str, str] = {}
        self._names: dict[str, frozenset[PersonName]] = {}
        self._namesakes: dict[frozenset[PersonName], str] = {}
        for child in children:
            self.add(child)

    def __repr__(self) -> str:
        return "<NameIndex>"

    def of(self, child_id: str) -> str:
        """The id by which a child goes here: its own, or that of a namesake."""
        return self._goes_by.get(child_id, child_id)

    def add(self, child: NamedChild) -> None:
        """Take in a child, or one more name of it."""
        self._add_numbered(child)
        before = self._names.get(self._goes_by.get(child.child_id, ""), frozenset())
        names = before | {person_name(child.name, child.known_as)}
        if names == before:
            return
        namesake = self._namesakes.get(names)
        if namesake is None:
            namesake = child.child_id if len(names) == 1 else f"{child.child_id}\n{len(names)}"
            for name in names:
                self._add(namesake, name)
            self._names[namesake] = names
            self._namesakes[names] = namesake
            self.size += 1
        self._goes_by[child.child_id] = namesake

    def _add_numbered(self, child: NamedChild) -> None:
        if not any(map(str.isdigit, "".join((child.name, *child.known_as)))):
            return
        for word in _WORDS.findall(" ".join((child.name, *child.known_as)).lower()):
            owners = self.numbered.get(word, ())
            if any(map(str.isdigit, word)) and not word.isdigit() and child.child_id not in owners:
                self.numbered[word] = (*owners, child.child_id)

    def _add(self, child_id: str, name: PersonName) -> None:
        if name.first:
            self._first_letters.setdefault(child_id, set()).add(name.first[0])
        for form in _forms_of(child_id, name):
            word = form.words[0]
            forms = {*self.starts.get(word, ()), form}
            self.starts[word] = tuple(sorted(forms, key=lambda one: -len(one.words)))
            self.owners.setdefault(word, set()).add(child_id)
            self.words_of.setdefault(child_id, set()).update(form.words)
            if form.kind is not Kind.WHOLE:
                letters = self.given_letters if form.kind is Kind.GIVEN else self.surname_letters
                letters.setdefault(child_id, set()).add(word[0])
            if len(form.words) == 1 and not form.word and word not in self.sure:
                self.sure.add(word)
                self._add_halves(word)
            self.first_words.add(word)
            self.beginnings.add(word)

    def _add_halves(self, name: str) -> None:
        """First half -> second halves of every name. A lone "a" or "i" is a word of its own."""
        for cut in range(1, len(name)):
            one, two = name[:cut], name[cut:]
            if one not in ("a", "i") and two not in ("a", "i"):
                self._halves.setdefault(one, set()).add(two)
                self.beginnings.add(one)

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

    def initials(self, child_id: str) -> set[str]:
        """The pairs of initials that may mean this child: `GP`."""
        first, last = self._first_letters.get(child_id, set()), self.surname_letters.get(child_id, set())
        return {(one + two).upper() for one in first for two in last}

    def cut_in_two(self, words: Collection[str]) -> bool:
        """Whether these words of a text may hold both halves of a name that a stray space has cut."""
        present = self._halves.keys() & words
        return any(not self._halves[half].isdisjoint(words) for half in present)


def _same_words(words: Words, row: WordRow, position: int) -> bool:
    end = position + len(words)
    return tuple(row.words[position:end]) == words and all(
        row.gap(place, place + 1) <= 3 for place in range(position, end - 1)
    )


def _forms_of(child_id: str, name: PersonName) -> set[Form]:
    forms: set[Form] = set()
    for kind, runs in ((Kind.GIVEN, name.given), (Kind.SURNAME, name.surnames), (Kind.WHOLE, name.whole)):
        for words in runs:
            single = words[0] if len(words) == 1 else ""
            forms.add(Form(words, kind, child_id, single if single and is_word(single) else ""))
            owning = f"{single}s"
            if len(single) > 2 and kind is not Kind.WHOLE and not single.endswith("s") and owning not in COMMON_WORDS:
                forms.add(Form((owning,), kind, child_id, single if is_word(single) else "", owns=True))
    return forms


@lru_cache(maxsize=64)
def name_index(children: tuple[NamedChild, ...]) -> NameIndex:
    """The index of these children, kept for the next report of the home."""
    return NameIndex(children)


# ---- words of a text -------------------------------------------------------------------------------------------


def distinct_words(text: str) -> set[str]:
    """Every different word of a folded text, as it is written."""
    if text.isascii():
        return set(text.encode().translate(_ONLY_LETTERS).decode().split())
    return set(LETTERS.findall(text))


def words_and_order(text: FoldedText) -> tuple[set[str], bool]:
    """The different words of a text in lower case, and whether it may run some together ("GracePoole") or spell one
    out ("G r a c e"). A script without capitals tells nothing, so a text in one always may."""
    cased = distinct_words(text.cased)
    if text.cased.isascii():
        lower = set(map(str.lower, cased))
        mixed = cased - lower
    else:
        lower = distinct_words(text.lower)
        mixed = {word for word in cased if not word.islower()}
    odd = any(not (word.istitle() or word.isupper()) for word in mixed)
    return lower, odd or not _LONELY_LETTERS.isdisjoint(cased)


def words_in(text: FoldedText, index: NameIndex, *, mend: bool, join: bool) -> WordRow:
    """The words of a text. With `mend`, put right where words were run together or a name was spelled out; with
    `join`, where a name was cut by a space, a hyphen or an apostrophe."""
    found = [match.span() for match in LETTERS.finditer(text.lower)]
    if mend and CAMEL.search(text.cased):
        found = [piece for span in found for piece in _at_capitals(span, text, index.sure)]
    row = WordRow([text.lower[start:end] for start, end in found], found)
    if mend and SPELLED_OUT.search(text.lower):
        row = _spelled_out(row, text, index)
    if join:
        _join_halves(row, text, index.sure)
    return row


def _at_capitals(span: tuple[int, int], text: FoldedText, sure: Collection[str]) -> list[tuple[int, int]]:
    start, end = span
    if text.lower[start:end] in sure:
        return [span]
    cuts = [found.start() for found in CAMEL.finditer(text.cased, start, end)]
    return list(pairwise([start, *(cut for cut in cuts if start < cut < end), end]))


def _spelled_out(row: WordRow, text: FoldedText, index: NameIndex) -> WordRow:
    """`G r a c e` becomes one word where it spells a name."""
    found = [("".join(LETTERS.findall(match.group())), match.span()) for match in SPELLED_OUT.finditer(text.lower)]
    names = [(word, span) for word, span in found if word in index.starts]
    outside = [
        (word, span)
        for word, span in zip(row.words, row.spans, strict=True)
        if not any(start <= span[0] < end for _, (start, end) in names)
    ]
    mended = sorted([*outside, *names], key=lambda pair: pair[1])
    return WordRow([word for word, _ in mended], [span for _, span in mended])


def _join_halves(row: WordRow, text: FoldedText, sure: Collection[str]) -> None:
    """Make both halves of a cut name one word, in place."""
    cut = [place for place, (one, two) in enumerate(pairwise(row.words)) if one + two in sure]
    for place in reversed(cut):
        if place + 1 < len(row.words) and _halves_of_one(row, place, text, sure):
            row.words[place : place + 2] = ["".join(row.words[place : place + 2])]
            row.spans[place : place + 2] = [(row.spans[place][0], row.spans[place + 1][1])]


def _halves_of_one(row: WordRow, position: int, text: FoldedText, sure: Collection[str]) -> bool:
    """Whether two words are one name: not where each is a word or a name that may stand there by itself."""
    one, two = row.words[position], row.words[position + 1]
    gap = text.lower[row.spans[position][1] : row.spans[position + 1][0]]
    if len(gap) > 1 or gap not in ("", " ", "-", "'", ".", "_") or one in sure or two in sure:
        return False
    if gap in ("", "-", "_"):
        return True
    return len(one) + len(two) >= 5 and not (one in COMMON_WORDS and two in COMMON_WORDS)
