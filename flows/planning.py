"""The plan, bound to a site: what the ledger calls while it stores a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from config.home import Home
from flows.site import Site
from ledger import children, desk, owing, standing
from ledger.outbox import Claim
from ledger.standing import HeldIncident
from ledger.states import DeliveryState
from mappings.incident import Incident
from mappings.owed import OTHER_TEXT_CAUSES, Before, History, Plan, Planner, Target
from mappings.plan import Circumstances, plan_revision

_RECORDS = (Target.MOSAIC, Target.DAILY_LOG)


def circumstances(site: Site, home: Home, targets: frozenset[Target] | None = None) -> Circumstances:
    """What a plan at this site depends on, at this moment."""
    email = site.settings.email
    return Circumstances(
        home=home,
        targets=frozenset(site.targets) if targets is None else targets,
        mail_max_age=timedelta(days=email.max_age_days if email else 7),
        now=site.ledger.now(),
        form=site.lado_form,
        digest=site.ledger.vault.digest,
    )


def planner(site: Site, home: Home) -> Planner:
    """The planner of one home, for `ledger.reports.store`."""
    around = circumstances(site, home)

    def plan(report: Incident, history: History) -> Plan:
        """What has gone to records that are switched off now is amended there all the same, when they are back."""
        there = {target for target in _RECORDS if any(b.live and b.target == target for b in history.before)}
        return plan_revision(report, history, replace(around, targets=around.targets | there))

    return plan


def replan(site: Site, keys: list[int], targets: frozenset[Target] | None = None, *, dry_run: bool = False) -> int:
    """Plan the latest revision of incidents anew; what they owe already is not owed twice. Returns how much is new."""
    plans = list(_plans(site, keys, targets))
    if dry_run:
        return sum(len(plan.owed) for _, _, plan in plans)
    ledger, worker = site.ledger, site.worker
    return sum(owing.add(ledger, it.home, report, it.key, it.revision, plan, worker) for it, report, plan in plans)


def outdated(site: Site, target: Target, claims: Sequence[Claim]) -> frozenset[int]:
    """Ids of these claimed records of a target that the newest report withdraws, or sends elsewhere."""
    if target not in _RECORDS:
        return frozenset()
    with site.ledger.reading() as connection:
        amended = standing.amended(connection, [(one.incident_id, one.revision) for one in claims])
    held = frozenset(one.id for one in claims)

    def unsent(before: Sequence[Before]) -> list[Before]:
        return [replace(one, state="pending") if one.id in held else one for one in before]

    found: set[int] = set()
    for _, _, plan in _plans(site, amended, frozenset({target}), unsent):
        found |= {row_id for row_id, _ in (*plan.withdrawn, *plan.readdressed)}
    return held & found


def another_try(site: Site, delivery_id: int, actor: str) -> str:
    """Ask for another try, as a person; returns a sentence that says what will happen.

    What was refused for what it says is written anew first: the home's file may have been put right. Raises as
    `ledger.desk.retry`.
    """
    with site.ledger.reading() as connection:
        row = standing.one_delivery(connection, delivery_id)

    def without(before: Sequence[Before]) -> list[Before]:
        return [one for one in before if one.id < row.id or (one.target, one.subject) != (row.target, row.subject)]

    if row.state == DeliveryState.REJECTED and row.cause in OTHER_TEXT_CAUSES:
        for _, _, plan in _plans(site, [row.incident_id], frozenset({Target(row.target)}), without):
            anew = [one for one in plan.owed if one.subject == row.subject]
            if [one.key for one in anew] == [row.key] and anew[0].body is not None:  # one that is long is in parts
                owing.rewrite(site.ledger, anew[0])
    return desk.retry(site.ledger, delivery_id, actor)


def _plans(
    site: Site,
    keys: Sequence[int],
    targets: frozenset[Target] | None,
    seen_as: Callable[[Sequence[Before]], Sequence[Before]] = tuple,
) -> Iterator[tuple[HeldIncident, Incident, Plan]]:
    """What the latest revision of each of these incidents owes now. `seen_as`: what its deliveries are taken for."""
    if not keys:
        return
    with site.ledger.reading() as connection:
        held = standing.incidents_by_key(connection, keys)
        revisions = standing.revisions(site.ledger, connection, held)
        before = owing.deliveries_before(connection, keys)
    for one in held:
        home = site.homes.get(one.home)
        reports = {revision.number: revision.report for revision in revisions[one.key]}
        latest = reports.get(one.revision)
        if home is None or latest is None:
            continue

        def earlier(number: int, reports: dict[int, Incident | None] = reports) -> Incident | None:
            return reports[number]

        known = children.committed(site.ledger, one.home)
        history = History(one.revision, seen_as(before.get(one.key, ())), earlier, known)
        yield one, latest, plan_revision(latest, history, circumstances(site, home, targets))
