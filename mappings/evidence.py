"""What counts as evidence that a duty was met, and from when it counts (RULINGS 8, 11, 25, 26).

Some evidence is in the report, some is what we ourselves saw at a target; `Evidence` carries the second kind. Evidence
counts from its own time, not from when we heard of it. What cannot be (before the incident, in the future, no name) is
no evidence, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from mappings.holds import began
from mappings.incident import Allegation, Answer, Child, Incident, Status
from mappings.lado_triggers import adults_in_record, allegation_key, concern_key
from mappings.report_items import missing_items
from mappings.said import answered, said

SUBMITTED = (Status.SUBMITTED, Status.SIGNED_OFF)


class LadoState(StrEnum):
    """Where a submission for one adult stands."""

    AWAITING = "awaiting"
    APPROVED = "approved"
    DECLINED = "declined"
    SENT = "sent"


@dataclass(frozen=True)
class LadoAct:
    """A named manager's decision about one adult of concern. `by` empty: nobody has decided.

    `mash` and `police`: the approver's answers (True referred, False considered and not), None: not answered.
    """

    adult: str
    state: LadoState
    decided_at: datetime | None = None
    sent_at: datetime | None = None
    by: str = ""
    mash: bool | None = None
    police: bool | None = None


@dataclass(frozen=True)
class Evidence:
    """What the ledger and the targets add to the report. All moments are aware; empty means "nothing seen".

    `submitted_at`, `undated_at`: from every revision, by the functions below; from this revision alone where empty.
    `log_seen`: our entry was verified at the log; when it was accepted there. `notes_seen`, `oversight_seen`: the same
    for each child's Mosaic note, and for the note or appendment that carries the manager's oversight, by child id.
    `mailed`: when our mail for a duty was accepted, by (duty id, child id or None). `lado`: decisions, one an adult.
    """

    submitted_at: datetime | None = None
    undated_at: Mapping[str, datetime] = field(default_factory=dict)
    log_seen: datetime | None = None
    notes_seen: Mapping[str, datetime] = field(default_factory=dict)
    oversight_seen: Mapping[str, datetime] = field(default_factory=dict)
    mailed: Mapping[tuple[str, str | None], datetime] = field(default_factory=dict)
    lado: tuple[LadoAct, ...] = ()


class Proof(NamedTuple):
    """The evidence for one duty: met since `at`, or not met and, where something stands in the way, why.

    `ours`: people have done their part; what lacks is that this software has seen it at the target.
    """

    at: datetime | None = None
    reason: str | None = None
    ours: bool = False


NOTHING = Proof()


def first_of(*proofs: Proof) -> Proof:
    """Any one of them is enough: the earliest that holds, else the first reason given."""
    times = [proof.at for proof in proofs if proof.at is not None]
    if times:
        return Proof(at=min(times))
    for proof in proofs:
        if proof.reason is not None:
            return proof
    return NOTHING


def all_of(*proofs: Proof) -> Proof:
    """All of them are needed: the latest, or the first reason among those that do not hold."""
    lacking = [proof for proof in proofs if proof.at is None]
    if lacking:
        return next((proof for proof in lacking if proof.reason is not None), NOTHING)
    return Proof(at=max(proof.at for proof in proofs if proof.at is not None))


# ---- what the revisions say together -----------------------------------------------------------------------------


def submitted_at(revisions: Sequence[Incident]) -> datetime | None:
    """When the report was submitted, from all its revisions, oldest first (RULINGS 8).

    `submittedAt` where the source has it, else the `modifiedAt` of the first version seen Submitted or SignedOff.
    None where no version was ever seen submitted.
    """
    submitted = [revision for revision in revisions if revision.status in SUBMITTED]
    stated = [revision.submitted_at for revision in revisions if revision.submitted_at]
    if not submitted:
        return None
    return stated[-1] if stated else submitted[0].modified_at


def undated(revisions: Sequence[Incident]) -> Mapping[str, datetime]:
    """When each piece of evidence that has no time of its own came, by its key, from all revisions, oldest first.

    It counts from the first version that has it: from its `modifiedAt`, or, where that is also the first version seen
    Submitted or SignedOff, from the time of submission (RULINGS 8).
    """
    since: dict[str, datetime] = {}
    submission = submitted_at(revisions)
    for revision in revisions:
        moment = came_at(revision, submission)
        if revision.status in SUBMITTED:
            submission = None
        for key in undated_keys(revision):
            since.setdefault(key, moment)
    return since


def came_at(revision: Incident, submission: datetime | None) -> datetime:
    """When the undated evidence that is new in this version came. `submission`: None where it is not the first
    submitted one. A time of submission before the incident cannot be; any other is the source's word (RULINGS 8)."""
    if submission is None or revision.status not in SUBMITTED or submission < began(revision):
        return revision.modified_at
    return submission


def undated_keys(incident: Incident) -> Iterator[str]:
    """The keys of the undated evidence that this version of the report has."""
    if not missing_items(incident):
        yield REPORT_COMPLETE
    for child in incident.children:
        if child.medical.offered is Answer.YES and said(child.medical.outcome):
            yield outcome_key(child)
        if child.medical.told_of_restraint is Answer.YES:
            yield told_key(child)
        if child.views.declined is Answer.YES and said(child.views.spoken_to_by):
            yield declined_key(child)
        if child.parents_informed.required is Answer.NO and said(child.parents_informed.decided_by):
            yield parents_key(child)
    for index, allegation in enumerate(incident.allegations):
        yield allegation_key(incident, index)
        if referral_answered(allegation):
            yield referral_key(incident, index)
    for adult in adults_in_record(incident):
        yield concern_key(adult)


def referral_answered(allegation: Allegation) -> bool:
    """Whether it is answered, yes or no, if MASH or the police were told."""
    return answered(allegation.mash_referred) or answered(allegation.police_referred)


REPORT_COMPLETE = "report_complete"


def outcome_key(child: Child) -> str:
    """Key of the medical outcome of one child."""
    return f"medical_outcome/{child.child_id}"


def told_key(child: Child) -> str:
    """Key of the answer that the nurse or doctor was told."""
    return f"medical_told/{child.child_id}"


def declined_key(child: Child) -> str:
    """Key of the record that a child did not wish to give views."""
    return f"views_declined/{child.child_id}"


def parents_key(child: Child) -> str:
    """Key of the decision not to inform a child's parents."""
    return f"parents_decision/{child.child_id}"


def referral_key(incident: Incident, index: int) -> str:
    """Key of the MASH or police answer on an allegation."""
    return allegation_key(incident, index).replace("allegation/", "referral/", 1)
