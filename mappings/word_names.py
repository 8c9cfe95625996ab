"""Names that are also words: Will, Grace, Mark, Summer, Brown. Hidden only where they are used as a name (RULINGS 35).

The decision leans to the safe side. A capital inside a sentence is a name unless it is plainly a date or a subject;
a capital that begins a sentence, or a shouted word, is a name unless it is plainly the word; a word in small letters
is the word unless it is plainly a name. The words are in `word_names.toml`; `benchmarks/redaction.py` measures the
decision on a labelled set.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

_LISTS: dict[str, Any] = tomllib.loads(files("mappings").joinpath("word_names.toml").read_text("utf-8"))


def _listed(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


_AUXILIARIES = _listed("auxiliaries")
_CALENDAR = _listed("calendar")
_TAUGHT = _listed("taught")
_FUNCTION = _listed("function")
_WORDS = _listed("words") | _CALENDAR | _TAUGHT | _AUXILIARIES | _FUNCTION
_DETERMINERS = _listed("determiners")
_PRONOUNS = _listed("pronouns")
_SUBJECTS = _listed("subjects") | _PRONOUNS | _DETERMINERS
_BASE_VERBS = _listed("base_verbs")
_DID = _listed("did")
_DID_BY_PERSONS = _DID - _listed("did_something_else")
_BEFORE_PERSON = _listed("before_person")
_THEN = _listed("then")
_DATE_LEADS = _listed("date_leads")
_COMPOUNDS = _listed("compounds")
_DESCRIBED = _listed("described")
_GOES_ON = {word: frozenset(after.split()) for word, after in _LISTS["goes_on"].items()}

#: Words too common to be read as a name that lacks its apostrophe ("thi" -> "this"), or that was run together.
COMMON_WORDS = _FUNCTION | _listed("common")

#: Two letters that mean something else than a child, in capitals.
ABBREVIATIONS = _listed("abbreviations")


def is_word(word: str) -> bool:
    """Whether this folded word may be an ordinary word as well as a name. A single letter always may."""
    return len(word) == 1 or word in _WORDS


class Use(NamedTuple):
    """A word in its place. Neighbours are folded lower-case words, empty at an end of the sentence.

    `capital`: the first letter is one; `shouted`: it and its surroundings are in capitals; `begins`: it is the first
    word of a sentence; `owns`: it is followed by 's; `dated`: a number stands beside it; `careless`: the whole text
    has no capital, so small letters say nothing.
    """

    word: str
    capital: bool
    shouted: bool
    begins: bool
    owns: bool
    dated: bool
    careless: bool
    before: str
    after: str
    after_next: str

    def __repr__(self) -> str:
        return "<Use>"


def used_as_name(use: Use) -> bool:
    """Whether a name that is also a word is used as a name here. Leans to the safe side."""
    if use.word in _CALENDAR and (use.dated or (use.before in _DATE_LEADS and not use.owns)):
        return use.capital and not use.dated and use.before in {"from", "to", "by", "of"}
    if not use.capital:
        return _small_letters_name(use)
    if use.shouted or use.begins:
        return not _plainly_the_word(use)
    return not _capital_word(use)


def _capital_word(use: Use) -> bool:
    """Inside a sentence a capital is a name, but for subjects taught, and words with an article."""
    if use.word in _TAUGHT | _CALENDAR | {"sky"} and use.after in _COMPOUNDS:
        return True
    if use.word in _TAUGHT and use.before in {"in", "of", "the", "and", "do", "doing"}:
        return use.after not in _DID
    if use.word in _AUXILIARIES and use.before in _PRONOUNS | {"staff"} and use.after in _BASE_VERBS:
        return True
    return use.before in {"a", "an"} and use.after not in _DID


def _plainly_the_word(use: Use) -> bool:
    """For a word that begins a sentence or is shouted: only clear evidence makes it the word."""
    if use.owns:
        return False
    if use.word in _AUXILIARIES:
        asks = use.begins and use.after in _SUBJECTS and use.after not in {"this", "that"}
        elliptic = use.after in _BASE_VERBS or (use.after in _THEN and use.after_next in _BASE_VERBS)
        return asks or elliptic or (use.shouted and use.before in _SUBJECTS and use.after not in _DID)
    if use.word in _FUNCTION:
        return not (use.begins and use.after in (_DID if use.word in {"a", "an"} else _DID_BY_PERSONS))
    if use.word in _CALENDAR | _TAUGHT | {"sky"} and use.after in _COMPOUNDS:
        return True
    if not use.begins and use.before in _DETERMINERS | _DESCRIBED:
        return use.after not in _DID_BY_PERSONS
    return use.after in _GOES_ON.get(use.word, frozenset())


def _small_letters_name(use: Use) -> bool:
    """For a word in small letters: only clear evidence makes it a name."""
    if use.word in _FUNCTION or use.before in _DETERMINERS or use.before in _DESCRIBED:
        return False
    if use.owns:
        return use.word not in _CALENDAR | {"sky"} or use.careless
    if use.word in _AUXILIARIES:
        return _auxiliary_name(use)
    did = use.after in _DID_BY_PERSONS or (use.after in _THEN and use.after_next in _DID_BY_PERSONS)
    if use.careless:
        return did or use.before in _BEFORE_PERSON or (not use.before and use.after in _DID)
    return did or (use.before in _BEFORE_PERSON and use.before not in {"seen", "saw", "called", "near", "moved"})


def _auxiliary_name(use: Use) -> bool:
    """`will` and `may`: no auxiliary follows a preposition, and none is followed by a past tense."""
    past = use.after in _DID - {"hit", "hurt", "let", "put"} or _past(use.after)
    later_past = use.after in _THEN and (use.after_next in _DID or _past(use.after_next))
    if past or later_past:
        return True
    if use.before in _BEFORE_PERSON or use.before in {"to", "with", "at", "for", "by", "from", "of"}:
        at_will = use.before in {"at", "of"} and (not use.after or not use.careless)
        return not at_will and (use.after not in _BASE_VERBS or use.careless)
    return use.careless and not use.before and use.after in _DID


def _past(word: str) -> bool:
    return len(word) > 3 and word.endswith("ed") and not word.endswith("eed")
