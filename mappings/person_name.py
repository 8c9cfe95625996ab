"""A person's name taken apart: the words by which somebody may be called, and the initials.

Names come as a report has them: "Grace Poole", "Poole, Grace", "Mary-Jane O'Brien", "Charlotte de la Cruz",
"Grace (Gigi) Poole". Everything here is folded: lower case, no accents, letters only.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mappings.diminutives import other_forms
from mappings.folded_text import cleaned, folded_words
from mappings.word_names import COMMON_WORDS, is_word

Words = tuple[str, ...]

LETTERS = re.compile(r"[^\W\d_]+")
_ASIDE = re.compile(r"[(\[\"“”](.+?)[)\]\"“”]|(?<!\w)['‘](.+?)['’](?!\w)")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "master", "mx", "dr", "sir"})
_PARTICLES = frozenset(
    [
        "de",
        "la",
        "le",
        "du",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "den",
        "der",
        "van",
        "von",
        "ter",
        "ten",
        "al",
        "el",
        "as",
        "bin",
        "bint",
        "ibn",
        "abu",
        "ben",
        "o",
        "mac",
        "mc",
        "st",
        "ap",
    ]
)


#: A word with one of these letters after it may be another word: "graces", "hoped", "chaser".
_WORD_ENDS = "sdrny"


class NamedChild(NamedTuple):
    """A child of the home, by the source's own id, with the nicknames that the home's file lists."""

    child_id: str
    name: str
    known_as: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "<NamedChild>"


#: A child of the home with or without nicknames: (id, name) or (id, name, nicknames).
KnownChild = tuple[str, str] | NamedChild


class PersonName(NamedTuple):
    """The ways of writing one person, each a run of folded words.

    `given`: first, middle and other names; `surnames`; `whole`: forms that mean this person by themselves, such as
    the whole name run together. `first` and `last` are the two words that initials are taken from.
    """

    given: frozenset[Words]
    surnames: frozenset[Words]
    whole: frozenset[Words]
    first: str
    last: str

    def __repr__(self) -> str:
        return "<PersonName>"


@lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """The folded words of a name."""
    return tuple(LETTERS.findall(folded_words(text)))


@lru_cache(maxsize=4096)
def person_name(name: str, known_as: tuple[str, ...] = ()) -> PersonName:
    """Take a name apart. An empty name gives no forms."""
    plain, asides = _without_asides(cleaned(name))
    given_parts, surname_parts = _given_and_surname(plain)
    given: set[Words] = set()
    for part in given_parts:
        given |= _forms(part)
    for form in tuple(given):
        given.update((other,) for other in other_forms(form[0]) if len(form) == 1)
    for nickname in (*asides, *known_as):
        given |= _forms(words_of(nickname), parts=False)
    surnames = _surname_forms(surname_parts)
    first = given_parts[0][0] if given_parts else ""
    last = _main_word(surname_parts[-1]) if surname_parts else ""
    return PersonName(frozenset(given), frozenset(surnames), frozenset(_run_together(given, surnames)), first, last)


def initials_of(name: str) -> str:
    """Initials such as `J.S.`; `?` where a name holds no letter."""
    parts = person_name(name)
    letters = [word[0].upper() for word in (parts.first, parts.last) if word]
    return "".join(f"{letter}." for letter in letters) or "?"


def _without_asides(name: str) -> tuple[str, tuple[str, ...]]:
    asides = tuple(one or other for one, other in _ASIDE.findall(name))
    return (_ASIDE.sub(" ", name), asides) if asides else (name, ())


def _given_and_surname(name: str) -> tuple[list[Words], list[Words]]:
    """The parts between spaces, each a run of words ("Mary-Jane" is two), as given names and surname."""
    before, comma, after = name.partition(",")
    if comma and words_of(before) and words_of(after):
        return _parts(after), _parts(before)
    parts = _parts(name)
    if len(parts) < 2:
        return parts, []
    split = len(parts) - 1
    while split > 1 and all(word in _PARTICLES for word in parts[split - 1]):
        split -= 1
    return parts[:split], parts[split:]


def _parts(name: str) -> list[Words]:
    parts = [words for chunk in name.split() if (words := words_of(chunk))]
    while len(parts) > 1 and parts[0][0] in _TITLES:
        parts = parts[1:]
    return parts


def _forms(words: Words, *, parts: bool = True) -> set[Words]:
    """A part as it stands, run together, and each word of it that is long enough to be a name by itself."""
    if not words:
        return set()
    forms = {words, ("".join(words),)}
    if parts:
        forms |= {(word,) for word in words if len(word) > 1 and word not in _PARTICLES}
    return forms if len(words) > 1 or len(words[0]) > 1 or not parts else set()


def _main_word(part: Words) -> str:
    """The word that the initial is taken from: `O` of "O'Brien", `R` of "al-Rashid", `S` of "Smith-Jones"."""
    return next((word for word in part if word not in _PARTICLES - {"o", "mac", "mc", "st", "ap"}), part[-1])


def _core(surname_parts: list[Words]) -> Words:
    words = tuple(word for part in surname_parts for word in part)
    start = 0
    while start < len(words) - 1 and words[start] in _PARTICLES:
        start += 1
    return words[start:]


def _surname_forms(surname_parts: list[Words]) -> set[Words]:
    """The whole surname, without its particles, and each half of a double one ("O'Brien-Poole": "O'Brien")."""
    words = tuple(word for part in surname_parts for word in part)
    forms = _forms(words) | _forms(_core(surname_parts))
    start = 0
    for place, word in enumerate(words):
        if word not in _PARTICLES:
            forms |= _forms(words[start : place + 1], parts=False)
            start = place + 1
    return forms


def _run_together(given: set[Words], surnames: set[Words]) -> set[Words]:
    """`gracepoole`, `poolegrace`, `gpoole`, `gracep`: how log-ins and addresses write a name."""
    joined: set[Words] = set()
    for first in (form[0] for form in given if len(form) == 1):
        for last in (form[0] for form in surnames if len(form) == 1):
            joined |= {(first + last,), (last + first,)}
            if len(last) >= 4 and not is_word(last):
                joined.add((first[0] + last,))
            if len(first) >= 4 and (not is_word(first) or last[0] not in _WORD_ENDS):
                joined.add((first + last[0],))
    return {form for form in joined if not is_word(form[0]) and form[0] not in COMMON_WORDS}
