"""Deliver what is owed: claim, send, record; look up what is in doubt; stop early rather than send twice.

One thread drains one target, so that a dead target does not hold up the others; each has a crew for its network
calls. A batch costs two commits: one that says `sending`, one that says what came of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.settings import DeliverySettings
from connectors.patience import may_write
from flows.crew import Crew
from flows.mail_check import withdraw_changed_recipients
from flows.planning import outdated, replan
from flows.senders import DailyLogSender, LadoSender, MailSender, MosaicSender, Sender, try_to_look, try_to_send
from flows.site import Site
from ledger import leases, outbox, withdrawals
from ledger.crash_points import reach
from ledger.errors import LedgerError
from ledger.outbox import Claim, Outcome, Root
from ledger.states import Event
from mappings.owed import OTHER_RECORD_CAUSES, Target

#: A delivery is not begun in the last part of its lease: the answer could come when somebody else holds it.
_LEASE_MARGIN = 0.25
#: Rounds in a row in which a target could not be reached, after which this run leaves it alone.
_ROUNDS_AWAY = 2
#: How often the main thread looks up from its waiting, in seconds: a signal is heard no later.
_HEAR_EVERY = 0.2
#: A target that could not be reached is left alone until all that it kept waiting is due again, or for so many seconds.
_LONGEST_REST = 10.0
_ANSWERED = (Event.ACCEPTED, Event.LOOK_FOUND, Event.REFUSED, Event.LOOK_ABSENT)
_RELEASED = "This run was stopped before it was sent; the next one sends it."
_TARGET_STOPPED = "The target was given up in this run; the next one tries again."
_HELD_BACK = "The report has changed since this was planned; it goes where the newest report says."


@dataclass
class TargetResult:
    """What one run did at one target."""

    accepted: int = 0
    awaiting: int = 0
    tried: int = 0
    unreachable: str | None = None
    rounds_away: int = 0
    rests_until: float = 0.0
    misconfigured: str | None = None
    fault: Exception | None = None

    @property
    def given_up(self) -> bool:
        """Whether this run tries no more at this target."""
        return bool(self.misconfigured or self.fault) or self.rounds_away >= _ROUNDS_AWAY

    @property
    def rests_for(self) -> float:
        """For how many seconds it is left alone: a round before that could only say once more that it was away."""
        return max(0.0, self.rests_until - _uptime())


@dataclass
class Delivered:
    """What one run did everywhere."""

    targets: dict[Target, TargetResult] = field(default_factory=dict)

    def raise_fault(self) -> None:
        """Raise what went wrong under a target's thread: the ledger's own word, or a mistake of ours."""
        for result in self.targets.values():
            if result.fault is not None:
                raise result.fault


def deliver(
    site: Site,
    homes: Sequence[str],
    *,
    wait_seconds: float,
    only: Target | None = None,
    but: frozenset[int] = frozenset(),
    ahead: Delivered | None = None,
) -> Delivered:
    """Send everything that is due, then wait for what is in doubt to settle (RULINGS 17).

    `but`: deliveries that this run does not send. `ahead`: what it has done already, which is counted in.
    """
    senders = {target: sender for target, sender in senders_of(site).items() if only in (None, target)}
    done = {} if ahead is None else ahead.targets
    delivered = Delivered({target: done.get(target) or TargetResult() for target in senders})
    terms = Terms(but)
    ends_at = time.monotonic() + wait_seconds
    while True:
        _prepare(site, homes if Target.EMAIL in senders else ())
        _drain_all(site, senders, delivered, homes, terms)
        delivered.raise_fault()
        pause = _pause(site, delivered, homes, ends_at)
        if pause is None or site.stopping.is_set():
            withdrawals.withdraw_outdated_packages(site.ledger, site.worker)
            return delivered
        site.progress("waiting for uncertain deliveries to settle", 0, None)
        _rest(site.stopping, pause)


def senders_of(site: Site) -> dict[Target, Sender]:
    """A sender for each target that the site has."""
    senders: dict[Target, Sender] = {}
    if site.mosaic is not None:
        senders[Target.MOSAIC] = MosaicSender(site.mosaic)
    if site.daily_log is not None:
        senders[Target.DAILY_LOG] = DailyLogSender(site.daily_log)
    if site.email is not None and site.settings.email is not None:
        senders[Target.EMAIL] = MailSender(site.email, site.settings.email.sender or "")
    senders[Target.LADO] = LadoSender(site.desk)
    return senders


def _prepare(site: Site, mailing: Sequence[str]) -> None:
    settle = site.settings.delivery.settle_seconds
    leases.expire(site.ledger, site.worker, settle_seconds=settle)
    withdraw_changed_recipients(site, [site.homes[home] for home in mailing])
    lost = withdrawals.withdraw_pointless(site.ledger, site.worker)
    if lost:
        replan(site, lost)


def _drain_all(
    site: Site, senders: Mapping[Target, Sender], delivered: Delivered, homes: Sequence[str], terms: Terms
) -> None:
    threads = [
        threading.Thread(target=drain, args=(site, target, sender, delivered.targets[target], homes, terms))
        for target, sender in senders.items()
        if not (delivered.targets[target].given_up or delivered.targets[target].rests_for)
    ]
    for thread in threads:
        thread.start()
    join(threads)


def join(threads: Sequence[threading.Thread]) -> None:
    """Wait for their end, and hear meanwhile that the run is to stop.

    Python answers a signal in the main thread, between two steps of it. One that comes just before the thread begins to
    wait does not wake it: it would be heard when everything has been sent.
    """
    for thread in threads:
        while thread.is_alive():
            thread.join(_HEAR_EVERY)


def _rest(stopping: threading.Event, seconds: float) -> None:
    """Rest, but no longer than until the run is to stop.

    Not `stopping.wait`: it holds the event's lock for a moment, and a signal that sets the event then would wait for
    the very thread that it has interrupted.
    """
    ends_at = time.monotonic() + seconds
    while not stopping.is_set() and (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(left, _HEAR_EVERY))


@dataclass(frozen=True)
class Terms:
    """What of all that is due is sent, and until when.

    `but`: never these. `planned_since`: only what was planned from then on, and nothing is looked up meanwhile.
    `worth`: only while the target's calls are worth so many threads.
    """

    but: frozenset[int] = frozenset()
    planned_since: datetime | None = None
    worth: int = 1
    over: threading.Event = field(default_factory=threading.Event)


def drain(site: Site, target: Target, sender: Sender, result: TargetResult, homes: Sequence[str], terms: Terms) -> int:
    """Send and look up what is due at one target; returns how many threads its calls were worth.

    What goes wrong here is kept in the result.
    """
    try:
        return _drain(site, target, sender, result, homes, terms)
    except Exception as why:  # noqa: BLE001 - raised again when every target has had its turn
        result.fault = why
        return 0


def _drain(site: Site, target: Target, sender: Sender, result: TargetResult, homes: Sequence[str], terms: Terms) -> int:
    settings = site.settings.delivery
    since = terms.planned_since
    lease: dict[str, Any] = {
        "homes": homes,
        "limit": settings.batch_size,
        "lease_seconds": settings.lease_seconds,
    }
    with Crew(settings.threads, target.value) as crew:
        while not (result.given_up or site.stopping.is_set() or terms.over.is_set()):
            claimed_at = _uptime()
            looks = outbox.claim_looks(site.ledger, target, site.worker, **lease) if since is None else []
            sends = outbox.claim(site.ledger, target, site.worker, but=terms.but, planned_since=since, **lease)
            if not looks and not sends:
                break
            reach(f"deliver.claimed.{target}")
            roots = outbox.roots(site.ledger, [*looks, *sends])
            held_back = outdated(site, target, sends)
            batch = _Batch(site, sender, settings, roots, claimed_at, [*looks, *sends], held_back)
            with batch.kept():
                outcomes = crew.map(batch.look, looks) + crew.map(batch.send, sends)
            reach(f"deliver.answered.{target}")
            outbox.record(site.ledger, site.worker, outcomes)
            reach(f"deliver.recorded.{target}")
            _follow_report(site, target, outcomes, held_back)
            _count(result, outcomes)
            site.progress(f"delivering to {target}", result.tried, None)
            if crew.width < terms.worth:
                break
        return crew.width


def _follow_report(site: Site, target: Target, outcomes: Sequence[Outcome], held_back: frozenset[int]) -> None:
    """What was held back, or refused for the record's sake, goes where its newest report says, if anywhere."""
    other_record = [o.claim for o in outcomes if o.event is Event.REFUSED and o.cause in OTHER_RECORD_CAUSES]
    followed = [*other_record, *(o.claim for o in outcomes if o.claim.id in held_back)]
    replan(site, sorted({one.incident_id for one in followed if one.incident_id}), frozenset({target}))


class _Batch:
    """One claimed batch in flight: its lease is renewed, and given up for good when that fails."""

    def __init__(
        self,
        site: Site,
        sender: Sender,
        settings: DeliverySettings,
        roots: Mapping[int, Root],
        claimed_at: float,
        claims: Sequence[Claim],
        held_back: frozenset[int],
    ) -> None:
        self._site, self._sender, self._settings, self._roots = site, sender, settings, roots
        self._held_until = claimed_at + settings.lease_seconds * (1 - _LEASE_MARGIN)
        self._claims, self._held_back = claims, held_back
        self._held = frozenset(claim.id for claim in claims)
        self._failed = threading.Event()
        self._done = threading.Event()

    def send(self, claim: Claim) -> Outcome:
        """Send one, unless this run or its target has been given up, or the lease is nearly over."""
        if self._site.stopping.is_set():
            return Outcome(claim, Event.NOT_APPLIED, _RELEASED)
        if self._failed.is_set():
            return Outcome(claim, Event.NOT_APPLIED, _TARGET_STOPPED)
        if claim.id in self._held_back:
            return Outcome(claim, Event.NOT_APPLIED, _HELD_BACK)
        if not self._holds(claim):
            return Outcome(claim, Event.NOT_APPLIED, "Its lease was over, or nearly, before it was sent.")
        reach(f"deliver.sending.{claim.target}")
        before = may_write.set(lambda: self._holds(claim))
        try:
            outcome = try_to_send(self._sender, claim, self._roots.get(claim.id), self._settings.settle_seconds)
        finally:
            may_write.reset(before)
        reach(f"deliver.sent.{claim.target}")
        if outcome.cause == "misconfigured":
            self._failed.set()
        return outcome

    def _holds(self, claim: Claim) -> bool:
        """Whether the lease lasts long enough to begin."""
        return _uptime() < self._held_until and claim.id in self._held

    def look(self, claim: Claim) -> Outcome:
        """Look one up; reading is always safe."""
        if self._site.stopping.is_set() or self._failed.is_set():
            return Outcome(claim, Event.LOOK_FAILED, _RELEASED)
        outcome = try_to_look(self._sender, claim, self._roots.get(claim.id), self._settings.settle_seconds)
        if outcome.cause == "misconfigured":
            self._failed.set()
        return outcome

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the leases while the batch is in flight."""
        renewer = threading.Thread(target=self._renew, daemon=True)
        renewer.start()
        try:
            yield
        finally:
            self._done.set()
            renewer.join()

    def _renew(self) -> None:
        lease = self._settings.lease_seconds
        while not self._done.wait(lease / 4):
            asked_at = _uptime()
            try:
                self._held = leases.renew(self._site.ledger, self._claims, lease)
            except LedgerError:
                continue  # the lease runs out by itself; what is not begun by then is not begun at all
            self._held_until = asked_at + lease * (1 - _LEASE_MARGIN)


def _count(result: TargetResult, outcomes: Sequence[Outcome]) -> None:
    result.tried += len(outcomes)
    result.accepted += sum(o.event in (Event.ACCEPTED, Event.LOOK_FOUND) for o in outcomes)
    result.awaiting += sum(o.event is Event.PACKAGE_WRITTEN for o in outcomes)
    wrong = next((o for o in outcomes if o.cause == "misconfigured"), None)
    if wrong is not None:
        result.misconfigured = wrong.why
    _count_away(result, outcomes)


def _count_away(result: TargetResult, outcomes: Sequence[Outcome]) -> None:
    """One flaky refusal is no reason to give a target up. A look-up has been tried several times: it counts twice."""
    away = [o for o in outcomes if o.cause == "unreachable"]
    if not away or any(o.event in _ANSWERED for o in outcomes):
        result.unreachable, result.rounds_away, result.rests_until = None, 0, 0.0
        return
    result.unreachable = away[0].why
    result.rests_until = _uptime() + min(_LONGEST_REST, max(o.retry_in for o in away))
    result.rounds_away += _ROUNDS_AWAY if any(o.event is Event.LOOK_FAILED for o in away) else 1


def _pause(site: Site, delivered: Delivered, homes: Sequence[str], ends_at: float) -> float | None:
    """How long to rest before the next look; None when nothing can become due in the time that is left."""
    tried = {target: result for target, result in delivered.targets.items() if not result.given_up}
    awake = [target for target, result in tried.items() if not result.rests_for]
    left = ends_at - time.monotonic()
    due = outbox.next_due_in(site.ledger, awake, homes=homes) if awake and left > 0 else None
    waits = [result.rests_for for target, result in tried.items() if target not in awake]
    waits += [] if due is None else [due]
    if not waits or min(waits) > left:
        return None
    return max(0.05, min(min(waits) + 0.02, left))


def _uptime() -> float:
    """Seconds that also count while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
