"""remind: one digest a person of what is due soon, overdue, or has come up to them. Never twice for the same state.

The outbox carries the digests like everything else. What a person has been told, and in which state, is read off the
last digest that was owed to that address; when nothing in the list is new, nobody is written to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from config.home import Contact, Home
from flows import deliver as delivery_stage
from flows.case_files import CaseFile, case_files
from flows.exit_codes import ExitCode
from flows.mail_check import withdraw_earlier
from flows.people import contacts, first_told, way_up
from flows.site import Site
from ledger import children, owing, standing
from ledger.states import DeliveryState
from mappings.adults_of_concern import is_adult_of_concern
from mappings.digest import DigestRow, DigestState, digest
from mappings.duties import Duty, DutyState
from mappings.incident import Incident
from mappings.initials import home_initials
from mappings.owed import Action, Owed, Target
from mappings.reference import delivery_key, reference_of

_NOBODY = "has no usable address in the home's file, and nobody above can be told; add one"
_NEXT_UP = {"registered_manager": "senior_manager", "deputy": "registered_manager", "senior_manager": "senior_manager"}


@dataclass
class _Post:
    """What one person hears."""

    contact: Contact
    role: str
    rows: dict[str, DigestRow] = field(default_factory=dict)
    about: set[int] = field(default_factory=set)
    """The ledger's keys of the incidents in it."""


def remind(
    site: Site, homes: Sequence[Home], *, dry_run: bool = False, as_of: datetime | None = None
) -> dict[str, Any]:
    """Send each person one digest where there is something new to say; returns counts, roles and states only."""
    now = as_of or site.ledger.now()
    digests: list[dict[str, Any]] = []
    undeliverable: list[dict[str, str]] = []
    for home in homes:
        posts, nobody = _posts(site, home, now)
        roles = [role.replace("_", " ") for role in sorted(nobody)]
        undeliverable += [{"home": home.id, "message": f"The {role} {_NOBODY}."} for role in roles]
        for post in posts:
            digests += _owe(site, home, post, now, dry_run=dry_run)
        if not dry_run:
            _forget_settled(site, home, posts)
    result: dict[str, Any] = {"dry_run": dry_run, "digests": digests, "undeliverable": undeliverable, "problems": []}
    if not dry_run and Target.EMAIL in site.targets:
        delivered = delivery_stage.deliver(
            site,
            [home.id for home in homes],
            wait_seconds=0.0,
            only=Target.EMAIL,
        )
        for target, outcome in delivered.targets.items():
            for kind, message in (("unreachable", outcome.unreachable), ("misconfigured", outcome.misconfigured)):
                if message:
                    result["problems"].append({"system": target.value, "kind": kind, "message": message})
        _note_states(site, digests)
    result["exit_code"] = int(_exit_code(result))
    return result


def _exit_code(result: dict[str, Any]) -> ExitCode:
    if any(problem["kind"] == "misconfigured" for problem in result["problems"]):
        return ExitCode.WRONG
    if result["problems"]:
        return ExitCode.UNREACHABLE
    unsent = any(row["state"] in ("pending", "uncertain", "rejected", "no mail") for row in result["digests"])
    return ExitCode.LEFT_OVER if unsent or result["undeliverable"] else ExitCode.DONE


def _posts(site: Site, home: Home, now: datetime) -> tuple[list[_Post], set[str]]:
    """Who hears what; and the roles for whom nobody can be told."""
    with site.ledger.reading() as connection:
        held = [one for one in standing.incidents(connection, [home.id]) if one.status != "Void"]
    initials = home_initials(children.committed(site.ledger, home.id))
    posts: dict[str, _Post] = {}
    nobody: set[str] = set()
    for file in case_files(site, home, held, now):
        for duty, state in _due(home, file, now):
            roles = [duty.owner.value]
            if state is DigestState.ESCALATED:
                roles = [_NEXT_UP.get(_first_role(home, duty.owner.value), "senior_manager")]
            people = [(role, first_told(home, role, [file.report])) for role in roles]
            nobody |= {role for role, found in people if found is None}
            told = [found for _, found in people if found is not None]
            if state is not DigestState.ESCALATED:
                told += _also(home, duty, file.report)
            for role, contact in told:
                post = posts.setdefault(contact.email.casefold(), _Post(contact, role))
                key = f"{file.held.source_id}|{duty.id}|{duty.child or ''}|"
                if state is DigestState.ESCALATED and f"{key}{DigestState.OVERDUE}" in post.rows:
                    continue  # nobody is above this person: it has been with them since it was overdue
                post.rows[f"{key}{state}{_again(duty, state, now)}"] = _row(home, file, duty, state, initials)
                post.about.add(file.held.key)
    return list(posts.values()), nobody


def _due(home: Home, file: CaseFile, now: datetime) -> Iterator[tuple[Duty, DigestState]]:
    """What is due soon, overdue, or overdue for so long that the next person up hears of it too."""
    soon = timedelta(hours=home.thresholds.remind_before_hours)
    long = timedelta(hours=home.thresholds.escalate_after_hours)
    for duty in file.duties:
        if duty.due_at is None:
            continue
        if duty.state is DutyState.OVERDUE:
            yield duty, DigestState.OVERDUE
            if now - duty.due_at > long:
                yield duty, DigestState.ESCALATED
        elif duty.state is DutyState.OPEN and _nearest(duty, now) - now <= soon:
            yield duty, DigestState.DUE_SOON


def _nearest(duty: Duty, now: datetime) -> datetime:
    """The target where it is still ahead, else the limit: a child's views are hoped for before they are due."""
    assert duty.due_at is not None
    return duty.target_at if duty.target_at is not None and duty.target_at > now else duty.due_at


def _again(duty: Duty, state: DigestState, now: datetime) -> str:
    """Marks a limit apart from the target that was told of days before."""
    passed = duty.target_at is not None and duty.target_at <= now
    return "|limit" if state is DigestState.DUE_SOON and passed else ""


def _first_role(home: Home, role: str) -> str:
    """Who of the way up hears first at this home."""
    there = contacts(home)
    return next((one for one in way_up(role) if one in there), "registered_manager")


def _also(home: Home, duty: Duty, report: Incident | None) -> Iterator[tuple[str, Contact]]:
    """Others whom the home's file names for this duty."""
    for person in home.also_notify:
        concerned = report is not None and is_adult_of_concern(person.name, report, email=person.email)
        if duty.id.value in person.duties and person.email and not concerned:
            yield "also_notify", person


def _row(home: Home, file: CaseFile, duty: Duty, state: DigestState, initials: dict[str, str]) -> DigestRow:
    return DigestRow(
        number=file.held.number,
        home=home.name,
        duty_id=duty.id.value,
        title=duty.title,
        due_at=duty.due_at,
        state=state,
        initials=initials.get(duty.child, "") if duty.child else "",
        owner="software" if duty.ours else duty.owner.value,
    )


def _owe(site: Site, home: Home, post: _Post, now: datetime, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    """Owe one digest, where something in it is new to this person."""
    told, last = _told(site, home, post.contact.email)
    fresh = {key for key in post.rows if _mark(key) not in told}
    if not fresh:
        return
    role = post.role.replace("_", " ")
    body = digest(post.contact.email, post.contact.role or role, post.rows.values(), now)
    if body is None:
        return
    to = site.ledger.vault.digest(post.contact.email)
    marks = sorted(_mark(key) for key in post.rows)
    # The digest before is part of the key: two runs at once owe one mail, and what comes back is told again.
    key = delivery_key(
        home=home.id,
        incident="digest",
        revision=0,
        target=Target.EMAIL,
        subject=f"{to}\n{hashlib.sha256(''.join(sorted(_mark(k) for k in fresh)).encode()).hexdigest()}{last}",
        action=Action.DIGEST,
    )
    owed = Owed(
        key,
        reference_of(key, number=f"DIGEST-{home.id}", revision=0),
        Target.EMAIL,
        Action.DIGEST,
        post.role,
        0,
        now,
        body,
        detail={"duties": [], "to": to, "told": marks, "about": sorted(post.about), "dated": now.isoformat()},
    )
    states = [row.state for row in post.rows.values()]
    state = "would be sent" if dry_run else "pending"
    if Target.EMAIL not in site.targets:
        state = "no mail"
    elif not dry_run:
        earlier = _digests(site, home).get(to, [])
        owing.owe_alone(site.ledger, home.id, [owed], site.worker)
        withdraw_earlier(site, [row for row in earlier if row.key != key])
    yield {
        "home": home.id,
        "role": post.role,
        "overdue": sum(one is DigestState.OVERDUE for one in states),
        "due_soon": sum(one is DigestState.DUE_SOON for one in states),
        "escalated": sum(one is DigestState.ESCALATED for one in states),
        "new": len(fresh),
        "key": key,
        "state": state,
        **({"subject": body.subject, "text": body.text} if dry_run else {}),
    }


def _told(site: Site, home: Home, address: str) -> tuple[set[str], str]:
    """What the last digest to this address says, and the key of the last one that was not refused, or "".

    A digest holds all that is so at its time: what an earlier one said and the last does not was settled between.
    """
    rows = _digests(site, home).get(site.ledger.vault.digest(address), [])
    last = _says(rows)
    return set(last.detail["told"] if last is not None else ()), rows[-1].key if rows else ""


def _forget_settled(site: Site, home: Home, posts: Sequence[_Post]) -> None:
    """What was told and is settled by now is told again where it comes back, although no digest went out between."""
    now = {site.ledger.vault.digest(post.contact.email): {_mark(key) for key in post.rows} for post in posts}
    for to, rows in _digests(site, home).items():
        last = _says(rows)
        if last is not None and not now.get(to, set()).issuperset(last.detail["told"]):
            still = sorted(now.get(to, set()).intersection(last.detail["told"]))
            owing.change_detail(site.ledger, last.id, {**last.detail, "told": still})


def _digests(site: Site, home: Home) -> dict[str, list[Row[Any]]]:
    """The digests that were not refused, oldest first, by address."""
    found: dict[str, list[Row[Any]]] = {}
    with site.ledger.reading() as connection:
        for row in standing.delivery_rows(connection, homes=[home.id], targets=[Target.EMAIL], actions=[Action.DIGEST]):
            if row.detail.get("told") is not None and row.state != DeliveryState.REJECTED:
                found.setdefault(row.detail["to"], []).append(row)
    return found


def _says(rows: Sequence[Row[Any]]) -> Row[Any] | None:
    """The last digest that went out, or will."""
    return next((row for row in reversed(rows) if row.state != DeliveryState.SUPERSEDED), None)


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def _note_states(site: Site, digests: list[dict[str, Any]]) -> None:
    """What became of each digest."""
    with site.ledger.reading() as connection:
        states = {row.key: row.state for row in standing.delivery_rows(connection, actions=[Action.DIGEST])}
    for row in digests:
        row["state"] = "sent" if states.get(row["key"]) == DeliveryState.ACCEPTED else states.get(row["key"], "no mail")
