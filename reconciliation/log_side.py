"""The home's daily log as it is now, against the entries and corrections that the ledger says were sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from connectors.protocols import HeldEntry
from ledger.states import DeliveryState
from mappings.bodies import EntryBody
from mappings.uk_time import uk_day, uk_minute
from reconciliation.finding import Finding, Kind
from reconciliation.seen import (
    Seen,
    copies_identity,
    copies_words,
    differing_identity,
    differing_parts,
    due_of,
    fold,
    identity_of,
    is_ours,
    not_there,
    text_part,
    unknown_record,
)
from reconciliation.telling import Record, tell
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, Side, Target


def compare_log(evidence: Evidence) -> Seen:
    """Compare the daily log. Nothing is concluded from a log that was not read."""
    seen = Seen()
    if evidence.daily_log.side is not Side.CHECKED:
        return seen
    by_id = {entry.remote_id: entry for entry in evidence.daily_log.entries}
    by_reference: dict[str, list[HeldEntry]] = defaultdict(list)
    for entry in by_id.values():
        if entry.reference:
            by_reference[fold(entry.reference)].append(entry)
    incidents = {incident.incident_id: incident for incident in evidence.incidents}
    deliveries = [delivery for delivery in evidence.deliveries if delivery.target == Target.DAILY_LOG]
    for delivery in deliveries:
        if delivery.state is DeliveryState.SUPERSEDED:
            continue
        hits = list(by_reference.get(fold(delivery.reference), ()))
        known = by_id.get(delivery.remote_id or "")
        if known is not None and known not in hits:
            hits.append(known)  # our own entry, whose reference somebody removed
        incident = incidents.get(delivery.incident_id)
        if not hits:
            not_there(evidence, delivery, incident, seen, Target.DAILY_LOG)
            continue
        found = list(_wrong(evidence, delivery, incident, hits))
        seen.findings += found
        if not found:
            seen.verified.add(delivery.id)
    _orphans(evidence, deliveries, incidents, by_reference, seen)
    return seen


def unlisted_entries(evidence: Evidence) -> Iterator[str]:
    """References and ids of entries that the log has accepted and did not list: somebody may have moved them."""
    if evidence.daily_log.side is not Side.CHECKED:
        return
    listed = {name for entry in evidence.daily_log.entries for name in names_of(entry)}
    for one in evidence.deliveries:
        if one.target == Target.DAILY_LOG and one.was_accepted:
            names = {fold(one.reference), one.remote_id or ""} - {""}
            if not names & listed:
                yield from names


def names_of(entry: HeldEntry) -> set[str]:
    """What an entry is known by: its reference, as it may have been folded, and its id."""
    return {fold(entry.reference), entry.remote_id} - {""}


def _wrong(
    evidence: Evidence, delivery: LedgerDelivery, incident: LedgerIncident | None, hits: list[HeldEntry]
) -> list[Finding]:
    record = Record.of_delivery(delivery, incident, Target.DAILY_LOG)
    about, due = identity_of(delivery), due_of(evidence, delivery)
    found: list[Finding] = []
    if len(hits) > 1:
        ids = sorted(hit.remote_id for hit in hits)
        times, which = copies_words(ids, delivery.remote_id), copies_identity(delivery, len(ids))
        found.append(tell(evidence.home.id, Kind.DOUBLED, record, about=which, due=due, times=times))
    body = delivery.body
    if not isinstance(body, EntryBody):
        return found
    entry = min(hits, key=lambda hit: (hit.remote_id != delivery.remote_id, hit.created_at, hit.remote_id))
    strangers = set(entry.child_ids) - set(body.child_ids)
    if strangers:
        found.append(tell(evidence.home.id, Kind.WRONG_CHILD, record, reason="daily_log", about=about, due=due))
    parts = differing_parts(
        [
            text_part(body.text, entry.text),
            ("time", uk_minute(entry.entry_time) == uk_minute(body.entry_time)),
            ("category", entry.category.strip() == body.category.strip()),
            # A log that keeps no children at all hides nothing: the text has their initials.
            ("the children named", bool(strangers) or set(entry.child_ids) in (set(), set(body.child_ids))),
            # Nor one that does not show what an entry corrects: the text says that it is a correction, and of what.
            ("the entry that it corrects", delivery.corrects is None or entry.corrects in (None, delivery.corrects)),
        ]
    )
    if parts:
        which = differing_identity(delivery, parts)
        found.append(tell(evidence.home.id, Kind.DIFFERENT, record, reason=parts, about=which, due=due))
    return found


def _orphans(
    evidence: Evidence,
    deliveries: list[LedgerDelivery],
    incidents: dict[str, LedgerIncident],
    by_reference: dict[str, list[HeldEntry]],
    seen: Seen,
) -> None:
    known = {fold(delivery.reference): delivery for delivery in deliveries}
    for reference, entries in by_reference.items():
        delivery = known.get(reference)
        if delivery is not None and delivery.state is DeliveryState.SUPERSEDED:
            record = Record.of_delivery(delivery, incidents.get(delivery.incident_id), Target.DAILY_LOG)
            seen.findings.append(tell(evidence.home.id, Kind.ORPHAN, record, reason="withdrawn", about=reference))
        elif delivery is None and is_ours(reference):
            day = uk_day(entries[0].entry_time)
            if not evidence.knows(reference):
                seen.findings.append(unknown_record(evidence, Target.DAILY_LOG, reference, day))
            elif evidence.of_another_home(reference):
                seen.findings.append(unknown_record(evidence, Target.DAILY_LOG, reference, day, reason="other_home"))
