"""What a finding says, how urgent it is, what to do next and who can do it: one table, by kind and reason.

Slots: `{incident}` the running number, `{child}` the child or adult (ids for machines, initials for people),
`{target}` the system, and what a row needs beside. No sentence holds a name or anything that staff wrote.
"""

from __future__ import annotations

from typing import NamedTuple

from reconciliation.finding import Kind, Owner, Severity

_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
_MANAGER, _STAFF = Owner.REGISTERED_MANAGER, Owner.STAFF
_COUNCIL, _IT = Owner.COUNCIL, Owner.IT

#: What people call each system.
TARGET_NAMES = {
    "mosaic": "Mosaic",
    "daily_log": "the daily log",
    "email": "the mail server",
    "lado": "the LADO package",
    "replica": "the Mosaic replica",
    "ledger": "the ledger",
    "source": "the recording system",
}
#: What people call a record of each system.
RECORD_NAMES = {
    "mosaic": "the case note for {child}",
    "daily_log": "the daily-log entry",
    "replica": "the replica's case note for {child}",
    "email": "the mail",
    "lado": "the LADO package",
}
#: What people call a mail, by whom it is for.
MAIL_NAMES = {
    "registered_manager": "the mail to the registered manager",
    "senior_manager": "the mail to the senior manager",
    "deputy": "the mail to the deputy",
    "social_worker": "the mail to the social worker",
    "parent": "the mail to the parents",
    "also_notify": "the mail to somebody who is also notified",
}
#: What people call what is added to a record that is there.
ADDITION_NAMES = {
    "mosaic": "an appendment to the case note for {child}",
    "daily_log": "a correction of the daily-log entry",
    "replica": "an appendment to the replica's case note for {child}",
}


class Words(NamedTuple):
    """One row of the table."""

    severity: Severity
    sentence: str
    action: str
    owner: Owner


_HEAL = "Run `reconcile --heal`, or wait for the next sync; nothing was ever accepted, so nothing can be doubled."
_PULL = "Run `sync`, or `reconcile --heal`, so that the ledger takes it up."
_COUNCIL_DELETE = "Ask the council's Mosaic administrators to look at it, and to delete what does not belong there."
_OVERDUE = "{incident}: “{duty}”{for_child} was due on {due_words} and is not done{why}."
_MADE_BY_US = "Submit the report, if it is still a draft: this software then makes the record, and nobody types it."

_UNFINISHED_COPY = Words(
    _HIGH,
    "{incident}: {record} is not finished there.",
    "Look on Mosaic itself whether the note is finished; if it is, tell who runs the replica.",
    _COUNCIL,
)

_LOOK_ITSELF = (
    "Look on Mosaic itself. If it is so there too, ask the council's Mosaic administrators to put it right; if not, "
    "tell who runs the replica."
)

#: (kind, reason) -> words; reason "" is the row for every other reason of that kind, `system:reason` one system's own
#: and `system:` that system's for every other reason.
WORDS: dict[tuple[str, str], Words] = {
    # ---- the source's index against the ledger
    (Kind.MISSING, "ledger"): Words(
        _HIGH, "{incident} is in the recording system and not in the ledger; nothing was sent about it.", _PULL, _IT
    ),
    (Kind.MISSING, "discarded"): Words(
        _HIGH,
        "{incident} is in the recording system; what was read of it could not be understood and was discarded, so "
        "nothing was sent about it.",
        "If it is no incident report, acknowledge this with `finding acknowledge`; if it is one, mend it in the "
        "recording system, and the next sync takes it up.",
        _MANAGER,
    ),
    (Kind.DIFFERENT, "version"): Words(
        _HIGH, "{incident} was changed in the recording system and the ledger has not seen the change.", _PULL, _IT
    ),
    (Kind.DIFFERENT, "status"): Words(
        _HIGH, "{incident} has another status in the recording system than in the ledger.", _PULL, _IT
    ),
    (Kind.DIFFERENT, "children"): Words(
        _HIGH, "{incident} names other children in the recording system's index than in the ledger.", _PULL, _IT
    ),
    (Kind.DIFFERENT, "day"): Words(
        _MEDIUM, "{incident} lies on another day in the recording system than in the ledger.", _PULL, _IT
    ),
    (Kind.DIFFERENT, "unlisted"): Words(
        _HIGH,
        "{incident} is in the recording system, but not in its own index of these days.",
        "Tell who administers the recording system that its index is incomplete: nothing else proves that none is "
        "missed.",
        _IT,
    ),
    (Kind.DIFFERENT, "forbidden"): Words(
        _HIGH,
        "{incident} is no longer listed by the recording system, which refuses to show it.",
        "Ask who administers the recording system to let the integration's account read this report.",
        _IT,
    ),
    (Kind.DOUBLED, "number"): Words(
        _MEDIUM,
        "More than one report in the recording system carries the number {incident}.",
        "Give each of these reports a number of its own in the recording system.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "gone_from_source"): Words(
        _HIGH,
        "{incident} was sent and is no longer in the recording system; what was sent stands.",
        "Find out who removed the report and why; restore it, or void it there so that the records say so.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "gone_unsent"): Words(
        _MEDIUM,
        "{incident} is no longer in the recording system; nothing had been sent about it.",
        "Find out who removed the report and why; a report may be voided, not torn out.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "void"): Words(
        _MEDIUM,
        "{incident} was recorded in error after it was sent; its records say so and still stand.",
        "Ask the council's Mosaic administrators to delete the note, then acknowledge this finding; it goes when the "
        "note is gone.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "left_out"): Words(
        _MEDIUM,
        "{incident}: the report no longer names {child}, whose case note still stands.",
        "Say whether the note is to stand. If not, ask the council's Mosaic administrators to delete it: the finding "
        "goes when the note is gone. If so, acknowledge this finding.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "moved"): Words(
        _HIGH,
        "{incident} was sent for this home, and the recording system has it under another home now; what was sent "
        "stands.",
        "Find out who changed the report's home and why. If the change is right, the other home sends its own records: "
        "ask the council's Mosaic administrators to delete the note of this one.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "moved_unsent"): Words(
        _MEDIUM,
        "{incident} is under another home in the recording system now; nothing had been sent about it.",
        "Find out who changed the report's home and why; if the change is right, acknowledge this finding.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "other_home"): Words(
        _HIGH,
        "The daily log of this home holds an entry that was sent about another home's incident ({incident}).",
        "Find out how it came into this log, and have it taken out: it tells of a child of another home.",
        _MANAGER,
    ),
    (Kind.UNFINISHED, "back_to_draft"): Words(
        _HIGH,
        "{incident} was sent and has gone back to Draft in the recording system.",
        "Have staff finish and submit the report again.",
        _STAFF,
    ),
    # ---- what a target holds
    (Kind.MISSING, "never_accepted"): Words(
        _HIGH, "{incident}: {record} was never accepted by {target} and is not there.", _HEAL, _IT
    ),
    (Kind.MISSING, "beside_typed"): Words(
        _HIGH,
        "{incident}: {record} was never accepted by {target} and is not there; a person seems to have typed one.",
        "`--heal` leaves it; the next sync sends it, because the typed note lacks our reference. Compare the two then.",
        _MANAGER,
    ),
    (Kind.MISSING, "vanished"): Words(
        _HIGH,
        "{incident}: {record} was accepted by {target} and is no longer there.",
        "Ask who administers {target} what became of it; it is never made again by itself.",
        _COUNCIL,
    ),
    (Kind.MISSING, "never_planned"): Words(
        _HIGH,
        "{incident}: nothing about it was ever owed to {target} for {child}, and it belongs there.",
        "Run `backfill --target {target_id}` for that day.",
        _IT,
    ),
    (Kind.MISSING, "replica"): Words(
        _MEDIUM,
        "{incident}: Mosaic accepted {at_mosaic} before its replica was last loaded, and the replica does not hold it.",
        "Look again after the replica's next load; if it is still not there, ask the council's Mosaic administrators.",
        _COUNCIL,
    ),
    (Kind.DOUBLED, "replica:"): Words(
        _HIGH, "{incident}: the Mosaic replica holds {at_mosaic} {times}.", _LOOK_ITSELF, _MANAGER
    ),
    (Kind.DOUBLED, ""): Words(
        _HIGH,
        "{incident}: {target} holds {record} {times}.",
        "Ask the administrators of {target} to delete all but the one that the ledger names.",
        _COUNCIL,
    ),
    (Kind.DIFFERENT, "replica:"): Words(
        _HIGH,
        "{incident}: the Mosaic replica shows {at_mosaic} otherwise than it was sent: {reason}.",
        _LOOK_ITSELF,
        _MANAGER,
    ),
    (Kind.DIFFERENT, ""): Words(
        _HIGH,
        "{incident}: {record} is not as it was sent: {reason}.",
        "Compare it with the report; what is wrong is put right by an appendment or a correction, not by an edit.",
        _MANAGER,
    ),
    (Kind.DIFFERENT, "order"): Words(
        _MEDIUM,
        "{incident}: {record} stands before what was sent earlier.",
        "Read the appendments in the order of their revisions, and ask the council's Mosaic administrators how it came "
        "about.",
        _MANAGER,
    ),
    (Kind.DIFFERENT, "addition"): Words(
        _LOW,
        "{incident}: somebody else has added to {record}.",
        "Read the addition on Mosaic, and acknowledge this finding.",
        _MANAGER,
    ),
    (Kind.WRONG_CHILD, "replica:"): Words(
        _HIGH,
        "{incident}: the Mosaic replica shows {at_mosaic} on another person's record, under the id {which} there.",
        "Look on Mosaic itself at once. If it is so there too, tell the council's Mosaic administrators and the data "
        "protection officer; if not, tell who runs the replica.",
        _MANAGER,
    ),
    (Kind.WRONG_CHILD, ""): Words(
        _HIGH,
        "{incident}: {record} lies on another person's record, under the id {which} there.",
        "Tell the data protection officer at once, and ask the council's Mosaic administrators to move it to the right "
        "record, or to delete it where that has it already. Later amendments follow a note that is moved.",
        _MANAGER,
    ),
    (Kind.WRONG_CHILD, "daily_log"): Words(
        _HIGH,
        "{incident}: the daily-log entry names a child that was not sent.",
        "Add a correction to the daily log, and find out how it came about.",
        _MANAGER,
    ),
    (Kind.UNFINISHED, "draft"): Words(
        _HIGH,
        "{incident}: {record} is still a draft and will time out.",
        "Run `reconcile --heal`, which finishes our own drafts, or finish it on Mosaic.",
        _IT,
    ),
    (Kind.UNFINISHED, "timed_out"): Words(
        _HIGH,
        "{incident}: {record} timed out before it was finished.",
        "Run `reconcile --heal`, which finishes it, or finish the timed-out note on Mosaic.",
        _MANAGER,
    ),
    (Kind.UNFINISHED, "one_of_several"): Words(
        _HIGH,
        "{incident}: {record} is not finished there.",
        "Settle first which of the notes is to stand, and on whose record; `--heal` finishes none of them.",
        _MANAGER,
    ),
    (Kind.UNFINISHED, "replica:one_of_several"): _UNFINISHED_COPY,
    (Kind.UNFINISHED, "replica:draft"): _UNFINISHED_COPY,
    (Kind.UNFINISHED, "replica:timed_out"): _UNFINISHED_COPY,
    (Kind.DELETED, "replica:"): Words(
        _HIGH, "{incident}: the Mosaic replica shows {at_mosaic} as deleted.", _LOOK_ITSELF, _MANAGER
    ),
    (Kind.DELETED, ""): Words(
        _HIGH,
        "{incident}: {record} was deleted behind our back.",
        "Ask the council's Mosaic administrators who deleted it and why; it is never made again by itself.",
        _MANAGER,
    ),
    (Kind.ORPHAN, "unknown_reference"): Words(
        _HIGH,
        "There is a record in {target} with a reference of ours ({incident}) that the ledger does not know.",
        "Find out whether the ledger was restored from an older backup; if not, have the record looked at.",
        _IT,
    ),
    (Kind.ORPHAN, "withdrawn"): Words(
        _HIGH, "{incident}: {target} holds {record}, which the ledger had withdrawn.", _COUNCIL_DELETE, _MANAGER
    ),
    (Kind.POSSIBLE_DUPLICATE, ""): Words(
        _MEDIUM,
        "{incident}: {child} has a case note of the same type and day that a person seems to have typed.",
        "Compare the two notes; if they tell of one event, ask the council's Mosaic administrators to delete one.",
        _MANAGER,
    ),
    (Kind.UNCERTAIN, "unreadable"): Words(
        _HIGH,
        "{incident}: the Mosaic record of {child} could not be read, so nobody knows what it holds.",
        "Ask the council whether the record was restricted, moved or removed, and for access for the integration's "
        "worker on it.",
        _COUNCIL,
    ),
    (Kind.UNCERTAIN, "old_copy"): Words(
        _MEDIUM,
        "The Mosaic replica shows nothing newer than {since}, so the notes sent since could not be looked for there.",
        "Ask who runs the replica whether its nightly load still runs.",
        _IT,
    ),
    # ---- the ledger's own states
    (Kind.QUARANTINED, ""): Words(
        _HIGH,
        "{incident} could not be understood and was sent nowhere: {fields}.",
        "Mend those fields in the recording system, or the field map; then `quarantine retry`.",
        _MANAGER,
    ),
    (Kind.QUARANTINED, "gone"): Words(
        _HIGH,
        "{incident} could not be understood as it last was, and is no longer in the recording system: {fields}.",
        "Find out first who removed the report and why; then `quarantine discard --reason`.",
        _MANAGER,
    ),
    (Kind.QUARANTINED, "later"): Words(
        _HIGH,
        "{incident}: a later version could not be understood and was sent nowhere: {fields}. What was sent before it "
        "stands.",
        "Mend those fields in the recording system, or the field map; then `quarantine retry`.",
        _MANAGER,
    ),
    (Kind.REJECTED, ""): Words(
        _HIGH,
        "{incident}: {target} refused {record}.",
        "Mend the cause (`delivery list` names it), then `delivery retry`.",
        _IT,
    ),
    (Kind.REJECTED, "no_person_id"): Words(
        _HIGH,
        "{incident}: the report lacks a usable Mosaic person id for {child}, so no case note could be made.",
        "Write the child's Mosaic id into the report in the recording system.",
        _MANAGER,
    ),
    (Kind.REJECTED, "person_not_found"): Words(
        _HIGH,
        "{incident}: Mosaic does not know the person id that the report gives for {child}.",
        "Correct the child's Mosaic id in the recording system.",
        _MANAGER,
    ),
    (Kind.REJECTED, "wrong_person"): Words(
        _HIGH,
        "{incident}: Mosaic answered with another person than {child}.",
        "Check the child's Mosaic id with the council before anything is tried again.",
        _MANAGER,
    ),
    (Kind.REJECTED, "restricted"): Words(
        _HIGH,
        "{incident}: the Mosaic record of {child} is restricted and refused the case note.",
        "Ask for access for the integration's worker on this record, then `delivery retry`.",
        _COUNCIL,
    ),
    (Kind.REJECTED, "restored"): Words(
        _HIGH,
        "{incident}: the ledger was restored from a backup, and {record} may or may not have gone out before.",
        "Ask whether it arrived. If it did not, `delivery retry` sends it; if it did, `finding acknowledge`.",
        _IT,
    ),
    (Kind.UNCERTAIN, ""): Words(
        _HIGH,
        "{incident}: nobody knows yet whether {target} has {record}.",
        "Run `sync` again; it looks before it sends. If it stays so for a day, look with your own eyes.",
        _IT,
    ),
    (Kind.WAITING, ""): Words(
        _MEDIUM,
        "{incident}: {record} has waited to be sent to {target} since {since}.",
        "Run `sync`; if it goes on waiting, `delivery list` says why.",
        _IT,
    ),
    (Kind.WAITING, "lado:"): Words(
        _HIGH,
        "{incident}: the LADO package about {child} could not be written yet, since {since}.",
        "Run `sync`, which says what stands in the way: a manager cannot decide before it is written.",
        _IT,
    ),
    (Kind.WAITING, "behind"): Words(
        _MEDIUM,
        "{incident}: {record}, revision {revision}, waits behind an earlier one that is not settled, since {since}.",
        "Settle the earlier one first: `delivery list` names it.",
        _IT,
    ),
    # ---- what people owe
    (Kind.DUTY_OVERDUE, ""): Words(
        _HIGH,
        _OVERDUE,
        "Do it, and write it into the report.",
        _MANAGER,
    ),
    (Kind.DUTY_OVERDUE, "incident_report"): Words(
        _HIGH, _OVERDUE, "Finish the report and submit it in the recording system.", _STAFF
    ),
    (Kind.DUTY_OVERDUE, "mosaic_case_note"): Words(_HIGH, _OVERDUE, _MADE_BY_US, _STAFF),
    (Kind.DUTY_OVERDUE, "daily_log"): Words(_HIGH, _OVERDUE, _MADE_BY_US, _STAFF),
    (Kind.DUTY_OVERDUE, "mash_or_police"): Words(
        _HIGH,
        _OVERDUE,
        "Refer to MASH or the police as needed, and write the answer into each allegation; where there is none, give "
        "it with `lado approve`.",
        _MANAGER,
    ),
    (Kind.DUTY_OVERDUE, "lado_contact"): Words(
        _HIGH,
        _OVERDUE,
        "Decide on the submission (`lado list` shows it), send it to the LADO, and say so with `lado sent`.",
        _MANAGER,
    ),
    (Kind.LADO_UNDECIDED, ""): Words(
        _MEDIUM,
        "{incident}: a LADO submission about {child} waits for a manager's decision.",
        "Decide with `lado approve` or `lado decline --reason`, after reading the package.",
        _MANAGER,
    ),
    (Kind.LADO_UNDECIDED, "overdue"): Words(
        _HIGH,
        "{incident}: a LADO submission about {child} was due on {due_words} and is undecided.",
        "Decide now, with `lado approve` or `lado decline --reason`, after reading the package; send what is approved "
        "to the LADO, and say so with `lado sent`.",
        _MANAGER,
    ),
    (Kind.LADO_UNDECIDED, "taken_out"): Words(
        _HIGH,
        "{incident}: staff have voided the report, or taken out of it what a LADO submission about {child} is about; "
        "the submission still waits for a manager's decision.",
        "Find out why the report was changed; then decide with `lado approve` or `lado decline --reason`.",
        _MANAGER,
    ),
    (Kind.NUMBER_GAP, "many"): Words(
        _HIGH,
        "No report has one of the numbers {incident}, though a later number exists.",
        "Look whether the later number was mistyped; if not, find these reports.",
        _MANAGER,
    ),
    (Kind.NUMBER_GAP, "misfit"): Words(
        _MEDIUM,
        "Reports of this period carry what is no running number of this home, so that a missing one cannot be told by "
        "them: {numbers}.",
        "Correct the numbers in the recording system, or `number_prefix` in the home's file.",
        _MANAGER,
    ),
    (Kind.NUMBER_GAP, ""): Words(
        _HIGH,
        "No report has the number {incident}, though later numbers exist.",
        "Find the report that carried this number; a report may be voided, not torn out.",
        _MANAGER,
    ),
    (Kind.UNRECORDED_RESTRAINT, ""): Words(
        _HIGH,
        "A daily-log entry of {day} speaks of a hold, and no incident report covers it.",
        "Read the entry; if a child was held, have the incident report written today.",
        _MANAGER,
    ),
    (Kind.CLOCK, ""): Words(
        _LOW,
        "{incident} gives times that the clocks skipped or repeated: {fields}.",
        "Check those times with staff and write them with their offset.",
        _STAFF,
    ),
    # ---- the policy's flags
    ("prohibited_technique", ""): Words(
        _HIGH,
        "{incident}: a prone position or affected breathing is recorded for {child}.",
        "Review the incident today with the senior manager; a LADO submission has been prepared.",
        _MANAGER,
    ),
    ("unapproved_technique", ""): Words(
        _HIGH,
        "{incident}: a technique was used that is not on the home's approved list.",
        "Review the incident with the staff; correct the report or the list if either is wrong.",
        _MANAGER,
    ),
    ("purpose_not_permitted", ""): Words(
        _HIGH,
        "{incident}: none of the reasons recorded permits the measure that was used.",
        "Review the incident with the staff and the child; correct the report if a reason is missing.",
        _MANAGER,
    ),
    ("pain", ""): Words(
        _HIGH,
        "{incident}: a complaint of pain under a hold is recorded for {child}.",
        "Review the incident today; a LADO submission has been prepared.",
        _MANAGER,
    ),
    ("training_lapsed", ""): Words(
        _MEDIUM,
        "{incident}: {child} used a measure without current CPI training.",
        "Book the refresher, and review who may use a measure until then.",
        _MANAGER,
    ),
    ("training_unknown", ""): Words(
        _MEDIUM,
        "{incident}: {child} used a measure and the report holds no training date.",
        "Find the training record and write its date into the recording system.",
        _MANAGER,
    ),
    ("long_hold", ""): Words(
        _MEDIUM,
        "{incident}: {child} was held for longer than the home's threshold.",
        "Review why it could not end sooner.",
        _MANAGER,
    ),
    ("repeat", ""): Words(
        _MEDIUM,
        "{incident}: {child} was held again within the home's window.",
        "Look at the risk assessment and the care plan for what would prevent the next one.",
        _MANAGER,
    ),
}

_UNKNOWN_FLAG = Words(
    _MEDIUM, "{incident}: the policy's flag '{kind}' is raised for {child}.", "Review the incident.", _MANAGER
)


def words_for(kind: str, reason: str | None, target: str = "") -> Words:
    """The row for this kind and reason at this system; a kind of a newer policy gets a sentence that names it."""
    for key in (f"{target}:{reason or ''}", reason or "", f"{target}:", ""):
        if (kind, key) in WORDS:
            return WORDS[kind, key]
    return _UNKNOWN_FLAG
