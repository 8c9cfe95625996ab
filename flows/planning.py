"""The plan, bound to a site: what the ledger calls while it stores a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from config.home import Home
from flows.site import Site
from ledger import children, owing, standing
from ledger.outbox import Claim
from ledger.standing import HeldIncident
from mappings.incident import Incident
from mappings.owed import History, Plan, Planner, Target
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
    return sum(owing.add(site.ledger, held.home, report, held.key, plan, site.worker) for held, report, plan in plans)


def outdated(site: Site, claims: Sequence[Claim]) -> frozenset[int]:
    """Ids of these claimed notes and appendments that the newest report withdraws, or sends to another record."""
    with site.ledger.reading() as connection:
        amended = standing.amended(connection, [(one.incident_id, one.revision) for one in claims])
    held = frozenset(one.id for one in claims)
    found: set[int] = set()
    for _, _, plan in _plans(site, amended, frozenset({Target.MOSAIC}), unsent=held):
        found |= {row_id for row_id, _ in (*plan.withdrawn, *plan.readdressed)}
    return held & found


def _plans(
    site: Site, keys: Sequence[int], targets: frozenset[Target] | None, unsent: frozenset[int] = frozenset()
) -> Iterator[tuple[HeldIncident, Incident, Plan]]:
    """What the latest revision of each of these incidents owes now. `unsent`: deliveries that are held, not sent."""
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

        chain = [replace(b, state="pending") if b.id in unsent else b for b in before.get(one.key, ())]
        known = children.committed(site.ledger, one.home)
        history = History(one.revision, chain, earlier, known)
        yield one, latest, plan_revision(latest, history, circumstances(site, home, targets))
