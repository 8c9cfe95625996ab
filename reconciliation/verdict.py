"""The verdict, which a manager reads first: what is wrong, what could not be seen, and never more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciliation.finding import Finding, Severity
from reconciliation.totals import Totals
from reconciliation.views import Side, Target
from reconciliation.wording import TARGET_NAMES


class Tone(StrEnum):
    """How the verdict is shown; the words say the same without colour."""

    CLEAR = "clear"
    ATTENTION = "attention"
    UNSEEN = "unseen"
    ALARM = "alarm"


@dataclass(frozen=True)
class Verdict:
    """A headline and the sentences under it, in plain English."""

    tone: Tone
    headline: str
    sentences: tuple[str, ...]


def verdict_of(
    checked: Mapping[str, Side], totals: Totals, findings: Sequence[Finding], earlier: Sequence[Finding] = ()
) -> Verdict:
    """Judge what was found: totals that disagree come first, then what was not seen, then what needs a person.

    `earlier`: what earlier looks found and could not be looked at now.
    """
    open_ones = [finding for finding in findings if finding.is_open]
    urgent = sum(1 for finding in open_ones if finding.severity is Severity.HIGH)
    unseen = [target for target, side in checked.items() if side is Side.NOT_CHECKED]
    need = _need(len(open_ones), urgent, sum(1 for finding in findings if finding.acknowledged))
    blind = (*_blind(unseen), *_still_standing(earlier))
    if Target.SOURCE in unseen:
        alone = "The recording system's own index could not be read, so there is nothing independent to count against."
        return Verdict(Tone.UNSEEN, "This report cannot say whether an incident was missed.", (alone, *blind, *need))
    if not totals.balanced:
        return Verdict(Tone.ALARM, "The totals do not agree.", (_imbalance(totals), *blind, *need))
    if totals.outstanding:
        where = "is not where it belongs" if totals.outstanding == 1 else "are not where they belong"
        if unseen:
            # What could not be looked at may well be in its place: it is not called lost either.
            where = "is not proven to be in its place" if totals.outstanding == 1 else "are not proven to be in place"
        lost = f"{_incidents(totals.outstanding)} {where}."
        tone = Tone.UNSEEN if unseen and not open_ones else Tone.ATTENTION
        return Verdict(tone, lost, (_balance(totals), *blind, *need))
    if open_ones:
        things = "One thing needs" if len(open_ones) == 1 else f"{len(open_ones):,} things need"
        counted = (
            "Every incident is counted, but not everything could be seen." if unseen else "Every incident is counted."
        )
        return Verdict(Tone.ATTENTION, f"{counted} {things} a person.", (_balance(totals), *blind, *need))
    if unseen:
        nothing = "Nothing is known to be wrong, but not everything could be seen."
        return Verdict(Tone.UNSEEN, nothing, (_balance(totals), *blind, *need))
    if totals.source == 0:
        empty = "The recording system's own index was read, and it lists none. There is nothing to do."
        return Verdict(Tone.CLEAR, "No incident was recorded in this period.", (empty, *need))
    return Verdict(Tone.CLEAR, "Every incident is accounted for.", (_balance(totals), "There is nothing to do.", *need))


def _blind(unseen: Sequence[str]) -> tuple[str, ...]:
    if not unseen:
        return ()
    return (f"Could not be seen: {_list(unseen)}. What is there is not known, and is not called fine.",)


def _still_standing(earlier: Sequence[Finding]) -> tuple[str, ...]:
    count, urgent = len(earlier), sum(1 for one in earlier if one.severity is Severity.HIGH)
    if not count:
        return ()
    if count == 1:
        return (f"1{' urgent' if urgent else ''} finding of an earlier look stands and could not be looked at again.",)
    of_them = f", {urgent:,} of them urgent" if urgent else ""
    return (f"{count:,} findings of earlier looks stand and could not be looked at again{of_them}.",)


def _need(count: int, urgent: int, acknowledged: int) -> tuple[str, ...]:
    said: list[str] = []
    if count:
        things = "1 finding is open" if count == 1 else f"{count:,} findings are open"
        said.append(
            f"{things}, {urgent:,} of them urgent." if count > 1 else f"{things}{', and urgent' if urgent else ''}."
        )
    if acknowledged:
        said.append(f"{acknowledged:,} more {_is(acknowledged)} acknowledged by a manager and still shown.")
    return tuple(said)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _incidents(count: int) -> str:
    return "1 incident" if count == 1 else f"{count:,} incidents"


def _balance(totals: Totals) -> str:
    rest = [
        f"{count:,} {words}"
        for count, words in (
            (totals.quarantined, "could not be understood"),
            (totals.draft, f"{_is(totals.draft)} still in draft"),
            (totals.exempt, f"{'owes' if totals.exempt == 1 else 'owe'} nothing"),
            (totals.outstanding, f"{_is(totals.outstanding)} outstanding"),
        )
        if count
    ]
    source = totals.source or 0
    text = (
        f"The recording system lists {_incidents(source)}, and the ledger has every one: {totals.verified:,} verified"
    )
    return f"{text}, {', '.join(rest)}." if rest else f"{text}."


def _imbalance(totals: Totals) -> str:
    said = [f"The recording system lists {_incidents(totals.source or 0)} and the ledger has {totals.ledger:,}."]
    if totals.not_in_ledger:
        said.append(f"{_incidents(totals.not_in_ledger)} of the recording system never reached the ledger.")
    if totals.not_at_source:
        said.append(
            f"{_incidents(totals.not_at_source)} of the ledger {_is(totals.not_at_source)} not listed there any more."
        )
    return " ".join(said)


def _list(targets: Sequence[str]) -> str:
    names = [TARGET_NAMES.get(target, target) for target in targets]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
