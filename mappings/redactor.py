"""Hiding children's names in a text, and failing closed.

Whatever goes wrong raises `RedactionFailed`, and the text goes nowhere. `mappings.names` makes a record's redactor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from mappings.folded_text import FoldedText, cleaned, folded
from mappings.name_index import Kind, NameIndex, WordRow, distinct_words, words_and_order, words_in
from mappings.name_match import NameMatch, chunk_around, use_of
from mappings.person_name import Words, person_name, words_of
from mappings.word_names import ABBREVIATIONS, used_as_name

ANOTHER_CHILD = "another child"
WITHHELD_ADULT = "a member of staff (name withheld: a child has the same name)"

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "sir"})
_INITIALS = re.compile(r"(?<![\w.])([A-Z])\.?([A-Z])\b(?:\.(?=\s+[a-z]))?(?!\.?[A-Z]\b)")
#: What an adult's name looks like: up to five words, each with a capital but for particles. A sentence is none.
_NAME_WORD = r"(?:[^\W\d_a-z][^\W\d_]*\.?|de|la|le|du|del|da|dos|van|von|der|den|bin|al|el|ap)"
_NAME = re.compile(rf"{_NAME_WORD}(?:(?:, | |-|'|’){_NAME_WORD}){{1,4}}")
#: A word with a letter and a digit in it.
_NUMBERED = re.compile(r"(?<![^\W_])(?=[^\W_]*\d)(?=[^\W_]*[^\W\d_])[^\W_]+")
_DIGIT = re.compile(r"\d")
#: Where such a word or initials may be, in a text without other digits.
_SPECIAL = re.compile(r"[0-9A-Z](?:(?<=[0-9])(?:(?=[^\W\d_])|(?<=[^\W\d_].))|(?<=[A-Z])\.?[A-Z])")
_ADDRESS = re.compile(r"\w@\w|://|\bwww\.")


class RedactionFailed(ValueError):
    """This text could not be made safe, so it is not passed on; a person must look at the report."""


class Redactor:
    """Hides every child of the home but the record's own in a text. Make one with `redactor_for`."""

    def __init__(
        self,
        index: NameIndex,
        *,
        own: Collection[str],
        labels: Mapping[str, str],
        adults: Callable[[], Iterable[str]] = tuple,
        staff: Collection[str] = (),
        phrases: Iterable[str] = (),
    ) -> None:
        """`labels`: what the report's hidden children are called; all others of the index become "another child".

        `adults` keep their full names, `staff` their surnames too (RULINGS 36); `phrases` (the home's name) stay.
        Most texts name nobody, so what is only needed where a name may be is worked out there, `adults` too.
        """
        self._index = index
        self._own_ids, self._labels = own, labels
        self._shown: dict[str, str] = {}
        self._all_adults, self._staff, self._phrases = adults, staff, phrases

    def __repr__(self) -> str:
        return "<Redactor>"

    def text(self, text: str) -> str:
        """The text without other children's names, control characters dropped. Raises RedactionFailed."""
        try:
            look = _look_short(text) if len(text) <= _SHORT else _look(text)
            if look.plain and self._index.beginnings.isdisjoint(look.words):
                return look.source
            return self._hidden(look)
        except RedactionFailed:
            raise
        except Exception:  # noqa: BLE001 - whatever it was, its message may hold the text, and the text must stop
            raise RedactionFailed("a text could not be made safe and was not passed on") from None

    def adult(self, name: str) -> str:
        """An adult's name as a record may show it: withheld where it is also another child's."""
        shown = self._shown.get(name)
        if shown is None:
            plain = " ".join(cleaned(name).split())
            shown = self._shown[name] = plain if self.text(plain) == plain else WITHHELD_ADULT
        return shown

    def label(self, child_id: str) -> str:
        """What this child is called here."""
        return self._labels.get(child_id, ANOTHER_CHILD)

    # ---- how ---------------------------------------------------------------------------------------------------

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(map(self._index.of, self._own_ids))

    @cached_property
    def _own_alone(self) -> frozenset[str]:
        """First words of names that are nobody's but the own child's: they need no closer look."""
        index = self._index
        words = (word for child in self._own for word in index.words_of.get(child, ()))
        return frozenset(word for word in words if index.owners.get(word, frozenset()) <= self._own)

    @cached_property
    def _labels_of(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for child_id, label in self._labels.items():
            found.setdefault(self._index.of(child_id), set()).add(label)
        return found

    @cached_property
    def _staff_surnames(self) -> frozenset[Words]:
        return frozenset(form for name in self._staff for form in person_name(name).surnames)

    @cached_property
    def _kept(self) -> dict[str, tuple[Words, ...]]:
        return _kept_runs(self._index, self._staff, self._all_adults(), self._phrases, self._own)

    def _hidden(self, look: _Look) -> str:
        source = self._without_numbered(look.source)
        if source != look.source:
            look = _look(source)
        names, cut = self._index.first_words & look.words, self._index.cut_in_two(look.words)
        if names <= self._own_alone and not look.odd and not cut:
            return self._without_initials(source)
        view = look.view
        spans = self._spans(view, words_in(view, self._index, mend=look.odd, join=cut or look.odd))
        result = _replaced(source, [(*view.source_span(start, end), label) for start, end, label in spans])
        result = self._without_initials(result)
        if spans and self._left_standing(result):
            raise RedactionFailed("a name was left standing, so the text was not passed on")
        return result

    def _without_numbered(self, source: str) -> str:
        """Names that hold digits ("Child2"), which no list of letters tells apart: the whole word goes."""
        if not self._index.numbered or _DIGIT.search(source) is None:
            return source
        return _NUMBERED.sub(self._instead_of_numbered, source)

    def _instead_of_numbered(self, found: re.Match[str]) -> str:
        owners = self._index.numbered.get(found[0].lower(), ())
        if not owners or any(child in self._own_ids for child in owners):
            return found[0]
        return next((self._labels[child] for child in sorted(owners) if child in self._labels), ANOTHER_CHILD)

    def _left_standing(self, result: str) -> bool:
        """The second look, by other means: no word that is surely a hidden child's name and nobody else's."""
        words = distinct_words(folded(result).lower) & self._index.sure
        if not words:
            return False
        excused = {word for runs in self._kept.values() for run in runs for word in run}
        excused |= {word for form in self._staff_surnames for word in form}
        own = {word for child in self._own for word in self._index.words_of.get(child, ())}
        return not words <= excused | own

    def _spans(self, view: FoldedText, row: WordRow) -> list[tuple[int, int, str]]:
        """What to replace by what, in the folded text."""
        spans: list[tuple[int, int, str]] = []
        starts, kept_runs = self._index.starts, self._kept
        past = 0
        for position, word in enumerate(row.words):
            if position < past or (word not in starts and word not in kept_runs):
                continue
            kept = self._kept_length(row, position)
            forms = self._index.run_at(row, position)
            if not forms:
                past = position + kept
                continue
            match = NameMatch(self._index, view, row, position, forms)
            match.extend()
            length = match.end - position
            if kept > length or (kept == length and not match.whole):
                past = position + kept
                continue
            if self._hide(view, row, match):
                owns = "'s" if match.owns else ""
                spans.append((*self._edges(view, row, match), self._label_for(match.children - self._own) + owns))
            past = match.end
        return spans

    def _kept_length(self, row: WordRow, position: int) -> int:
        for run in self._kept.get(row.words[position], ()):
            if tuple(row.words[position : position + len(run)]) == run:
                return len(run)
        return 0

    def _hide(self, view: FoldedText, row: WordRow, match: NameMatch) -> bool:
        if match.children & self._own:
            return False
        if match.whole:
            return True
        forms = [form for form in match.forms if form.child_id in match.children]
        words = forms[0].words
        before = row.words[match.begin - 1] if match.begin else ""
        if words in self._staff_surnames and (before in _TITLES or all(f.kind is Kind.SURNAME for f in forms)):
            return False
        if not all(form.word for form in forms):
            return True
        start, end = row.spans[match.begin]
        handle = view.cased[max(0, start - 1) : start] in ("@", "#") or view.cased[end : end + 1].isdigit()
        return (
            handle
            or _address_around(view.cased, start, end) is not None
            or used_as_name(use_of(view, row, match.begin))
        )

    def _edges(self, view: FoldedText, row: WordRow, match: NameMatch) -> tuple[int, int]:
        """Where the name begins and ends; a mail or web address that holds one goes as a whole."""
        start, end = row.spans[match.begin][0], row.spans[match.end - 1][1]
        return _address_around(view.cased, start, end) or (start, end)

    def _label_for(self, children: Collection[str]) -> str:
        labels = sorted({label for child in children for label in self._labels_of.get(child, ())})
        if not labels:
            return ANOTHER_CHILD
        if len(labels) == 1:
            return labels[0]
        letters = [label.removeprefix(f"{ANOTHER_CHILD} (").removesuffix(")") for label in labels]
        together = " or ".join(letters)
        return f"{ANOTHER_CHILD} ({together})" if labels[0].startswith(ANOTHER_CHILD) else together

    @cached_property
    def _initials(self) -> dict[str, str]:
        """Initials in capitals -> label, for children of the report whose initials mean nobody and nothing else."""
        meanings: dict[str, set[str]] = {}
        others = {pair for child in self._own for pair in self._index.initials(child)}
        for child in self._labels_of:
            for pair in self._index.initials(child):
                meanings.setdefault(pair, set()).add(child)
        others |= {(run[0][0] + run[-1][0]).upper() for runs in self._kept.values() for run in runs if len(run) > 1}
        return {
            pair: self._label_for(children)
            for pair, children in meanings.items()
            if pair not in others and pair.lower() not in ABBREVIATIONS
        }

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        pairs = {pair for child in self._labels_of for pair in self._index.initials(child)}
        return tuple(form for pair in pairs for form in (pair, f"{pair[0]}.{pair[1]}"))

    def _without_initials(self, text: str) -> str:
        if not any(spelling in text for spelling in self._spellings):
            return text
        shouted = text.upper() == text

        def label(found: re.Match[str]) -> str:
            known = self._initials.get(found[1] + found[2])
            return found.group() if known is None or (shouted and "." not in found.group()) else known

        return _INITIALS.sub(label, text)


class _Look(NamedTuple):
    """A text as names are looked for in it. `source`: cleaned; `words`: in lower case; `odd`: some may be run together.

    `plain`: only one of its words, as it stands, can be (the beginning of) a name.
    """

    source: str
    view: FoldedText
    words: AbstractSet[str]
    odd: bool
    plain: bool

    def __repr__(self) -> str:
        return "<Look>"


def _look(text: str) -> _Look:
    source = cleaned(text)
    view = folded(source)
    words, odd = words_and_order(view)
    special = _SPECIAL.search(source) or (not source.isascii() and _DIGIT.search(source))
    return _Look(source, view, words, odd, not odd and not special)


#: Places, roles and techniques come again and again, and a story in the record of each child.
_SHORT = 2_000
_look_short = lru_cache(maxsize=512)(_look)


def _address_around(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the mail or web address that holds this word begins and ends, if one does."""
    if "@" not in text and "://" not in text and "www." not in text:
        return None
    first, last = chunk_around(text, start, end)
    if not _ADDRESS.search(text, first, last):
        return None
    return first, first + len(text[first:last].rstrip(".,;:!?)>]'\""))


def _replaced(source: str, spans: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end, label in spans:
        if start < position:
            continue
        apostrophe = source[end : end + 1] in ("'", "’") and not source[end + 1 : end + 2].isalpha()
        owns = apostrophe and source[end - 1 : end] in "sS"
        missing = f"{source[end]}s" if owns and not label.endswith("'s") else ""
        pieces += (source[position:start], label, missing)
        position = end + 1 if owns else end
    pieces.append(source[position:])
    return "".join(pieces)


def _kept_runs(
    index: NameIndex, staff: Collection[str], adults: Iterable[str], phrases: Iterable[str], own: frozenset[str]
) -> dict[str, tuple[Words, ...]]:
    """Runs of words that stay as they are, by their first word: adults' full names, the home's name."""
    runs: set[Words] = set()
    for name in dict.fromkeys((*staff, *adults)):
        words = words_of(name)
        if len(words) < 2 or not _NAME.fullmatch(name.strip()) or _names_a_child(index, words, own):
            continue
        if name in staff or not _names_several(index, words):
            runs |= {words, (words[-1], *words[:-1])}
    for phrase in phrases:
        words = words_of(phrase)
        if len(words) > 1 and not _names_a_child(index, words, own):
            runs.add(words)
    kept: dict[str, list[Words]] = {}
    for run in sorted(runs, key=lambda words: (-len(words), words)):
        kept.setdefault(run[0], []).append(run)
    return {word: tuple(found) for word, found in kept.items()}


def _names_a_child(index: NameIndex, words: Words, own: frozenset[str]) -> bool:
    """Whether a supposed adult's name holds both a first name and a surname of one hidden child."""
    kinds: dict[str, set[Kind]] = {}
    for word in words:
        for form in index.starts.get(word, ()):
            if form.child_id not in own:
                kinds.setdefault(form.child_id, set()).add(form.kind)
    return any(Kind.WHOLE in found or len(found) > 1 for found in kinds.values())


def _names_several(index: NameIndex, words: Words) -> bool:
    """Whether a field for an adult's name holds the names of two children instead."""
    owners = [index.owners[word] for word in words if word in index.owners]
    return any(not one & other for one, other in pairwise(owners))
