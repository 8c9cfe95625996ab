"""Does a daily-log entry say that a child was held, restrained or disengaged from?

For the flag `unrecorded_restraint`: "All forms of Safety intervention … must be recorded". The vocabulary itself is in
`restraint_vocabulary`. An entry is read clause by clause. What only looks like a hold ("held a meeting", "household",
"on hold") is taken out; any other hold counts, unless its own clause denies it ("no restraint was needed"), only plans
or teaches it ("may be used", "training"), or talks about another occasion ("key work about the restraint on Tuesday").

A doubt counts as a hold: a false alarm costs a manager a minute, a miss costs a child. How often each happens is
measured on labelled entries, by `benchmarks/restraint_words.py` and a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from mappings import restraint_vocabulary as vocabulary


def speaks_of_restraint(text: str, more_words: Sequence[str] = ()) -> bool:
    """Whether the entry says that a child was held, restrained or disengaged from.

    `more_words`: the home's own words and phrases for it (`restraint_words` in the home's file), taken literally.
    """
    own = _own_words(tuple(more_words))
    return any(_speaks(clause, own) for clause in _clauses(text))


def _clauses(text: str) -> Iterator[str]:
    plain = vocabulary.INITIALS.sub("yp", text).casefold().replace("’", "'").replace("‘", "'")
    for clause in vocabulary.CLAUSE_END.split(plain):
        yield " ".join(vocabulary.NO_DENIAL.sub(" ", clause).split())


def _speaks(clause: str, own: re.Pattern[str] | None) -> bool:
    if not clause:
        return False
    if own is not None and _undenied(own, clause):
        return True
    plain = vocabulary.OTHER_SENSES.sub(" | ", clause)
    if _undenied(vocabulary.STRONG, plain):
        return True
    return _undenied(vocabulary.WEAK, vocabulary.OTHER_HOLDS.sub(" | ", plain))


def _undenied(words: re.Pattern[str], clause: str) -> bool:
    return any(not _set_aside(clause, found) for found in words.finditer(clause))


def _set_aside(clause: str, found: re.Match[str]) -> bool:
    before, after = clause[: found.start()], clause[found.end() :]
    return bool(
        vocabulary.DENIED_BEFORE.search(before)
        or vocabulary.DENIED_AFTER.search(after)
        or vocabulary.NOT_NOW_BEFORE.search(before)
        or vocabulary.NOT_NOW_AFTER.search(after)
    )


@cache
def _own_words(words: tuple[str, ...]) -> re.Pattern[str] | None:
    plain = [" ".join(word.casefold().split()) for word in words]
    literal = sorted({re.escape(word) for word in plain if word}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(literal)})(?!\w)") if literal else None
