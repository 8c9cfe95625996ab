"""The delivery's state machine, explored: whatever happens, nothing is sent twice, lost, or sent out of order.

The stand-in target here is a dictionary: what was applied, by reference. Assertions are made on it, never on what the
ledger says of itself. Protects promises 2 and 3 of the design.
"""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger import audit, desk, leases, outbox
from ledger.clock import SetClock
from ledger.database import Ledger
from ledger.errors import Refused
from ledger.outbox import Claim, Outcome
from ledger.standing import delivery_rows
from ledger.states import Event
from tests.databases import fresh_database
from tests.ledger.conftest import KEY, NOON
from tests.ledger.owed import HOME, keep, report

SETTLE, LEASE = 60.0, 300.0


class OnceOnly(RuleBasedStateMachine):
    """Two workers, a target that loses answers, crashes at any moment, revisions that keep arriving."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock(NOON)
        self.ledger = Ledger(self.new_url(), [KEY], clock=self.clock, lease_clock=self.clock)
        self.applied: list[str] = []
        self.in_flight: list[tuple[str, Claim]] = []
        self.late: list[Claim] = []
        self.version = Counter[int]()

    def new_url(self) -> str:
        raise AssertionError("a subclass names the engine")

    def teardown(self) -> None:
        self.ledger.close()

    @initialize(count=st.integers(1, 2))
    def reports_arrive(self, count: int) -> None:
        for number in range(1, count + 1):
            self.version[number] = 1
            keep(self.ledger, report(number))

    @rule(number=st.integers(1, 2))
    def a_report_is_amended(self, number: int) -> None:
        if self.version[number]:
            self.version[number] += 1
            keep(
                self.ledger, report(number, version=self.version[number], narrative=f"Account {self.version[number]}.")
            )

    @rule(worker=st.sampled_from(["one", "two"]), looks=st.booleans())
    def a_worker_claims(self, worker: str, looks: bool) -> None:
        take = outbox.claim_looks if looks else outbox.claim
        for claim in take(self.ledger, "mosaic", worker, homes=[HOME], limit=2, lease_seconds=LEASE):
            self.in_flight.append(("look" if looks else "send", claim))

    @precondition(lambda self: any(kind == "send" for kind, _ in self.in_flight))
    @rule(
        data=st.data(),
        fate=st.sampled_from(["accepted", "lost", "refused", "not_applied", "killed_before", "killed_after"]),
    )
    def a_send_ends(self, data: st.DataObject, fate: str) -> None:
        _, claim = self._choose(data, "send")
        # The engine does not begin a send in the last part of a lease; a target then applies it at once.
        if not self._still_held(claim):
            return
        if fate in ("accepted", "lost", "killed_after"):
            self.applied.append(claim.reference)
        event = {
            "accepted": Event.ACCEPTED,
            "lost": Event.AMBIGUOUS,
            "refused": Event.REFUSED,
            "not_applied": Event.NOT_APPLIED,
        }.get(fate)
        if event is not None:
            retry = SETTLE if event is Event.AMBIGUOUS else 0.0
            remote = f"note-{claim.reference}" if event is Event.ACCEPTED else None
            outbox.record(self.ledger, "w", [Outcome(claim, event, retry_in=retry, remote_id=remote)])

    @precondition(lambda self: any(kind == "look" for kind, _ in self.in_flight))
    @rule(data=st.data(), fails=st.booleans())
    def a_look_ends(self, data: st.DataObject, fails: bool) -> None:
        _, claim = self._choose(data, "look")
        if fails:
            outcome = Outcome(claim, Event.LOOK_FAILED, retry_in=SETTLE)
        elif claim.reference in self.applied:
            outcome = Outcome(claim, Event.LOOK_FOUND, remote_id=f"note-{claim.reference}")
        else:
            outcome = Outcome(claim, Event.LOOK_ABSENT, retry_in=SETTLE)
        outbox.record(self.ledger, "w", [outcome])

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def a_late_worker_speaks_again(self, data: st.DataObject) -> None:
        """Under a fencing number that has passed, its word changes nothing, whoever holds the delivery now."""
        self._speaks_late(self.late[data.draw(st.integers(0, len(self.late) - 1))])

    @rule()
    def a_worker_falls_silent_and_another_takes_over(self) -> None:
        """The first one wakes while the other holds the delivery."""
        silent = outbox.claim(self.ledger, "mosaic", "silent", homes=[HOME], limit=1, lease_seconds=LEASE)
        self.time_passes(LEASE + 1)
        self.time_passes(SETTLE)
        self.a_worker_claims("two", looks=True)
        for claim in silent:
            self._speaks_late(claim)

    def _speaks_late(self, claim: Claim) -> None:
        before = self._states()
        assert outbox.record(self.ledger, "late", [Outcome(claim, Event.NOT_APPLIED)]) == []
        assert leases.renew(self.ledger, [claim], LEASE) == frozenset()
        assert self._states() == before

    @rule(seconds=st.sampled_from([1.0, SETTLE, LEASE + 1]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if seconds > LEASE:
            self.late += [claim for _, claim in self.in_flight if not self._still_held(claim)]
            self.in_flight = [one for one in self.in_flight if self._still_held(one[1])]
        leases.expire(self.ledger, "reaper", settle_seconds=SETTLE)

    @rule(data=st.data())
    def an_operator_asks_for_another_try(self, data: st.DataObject) -> None:
        states = self._states()
        chosen = data.draw(st.sampled_from(sorted(states)))
        try:
            desk.retry(self.ledger, chosen, "operator")
        except Refused:
            assert states[chosen] in ("accepted", "verified", "sending", "superseded")

    @invariant()
    def nothing_is_applied_twice(self) -> None:
        assert all(count == 1 for count in Counter(self.applied).values()), self.applied

    @invariant()
    def the_order_of_revisions_is_kept(self) -> None:
        for number in (1, 2):
            order = [int(ref.split("-R")[1].split("-")[0]) for ref in self.applied if f"2026-{number:04}" in ref]
            assert order == sorted(order)

    @invariant()
    def every_revision_is_owed_once(self) -> None:
        if self.version:
            assert len(self._states()) == sum(self.version.values())

    @invariant()
    def the_audit_chain_holds(self) -> None:
        assert audit.verify(self.ledger).ok

    def _choose(self, data: st.DataObject, kind: str) -> tuple[str, Claim]:
        some = [one for one in self.in_flight if one[0] == kind]
        chosen = some[data.draw(st.integers(0, len(some) - 1))]
        self.in_flight.remove(chosen)
        return chosen

    def _still_held(self, claim: Claim) -> bool:
        with self.ledger.reading() as connection:
            (row,) = delivery_rows(connection, ids=[claim.id])
        return row.fence == claim.fence and row.lease_epoch is not None and row.lease_epoch > self.clock.at.timestamp()

    def _states(self) -> dict[int, str]:
        with self.ledger.reading() as connection:
            return {row.id: row.state for row in delivery_rows(connection)}


def test_no_path_on_sqlite_sends_twice_or_loses_or_reorders(tmp_path) -> None:
    class OnSqlite(OnceOnly):
        def new_url(self) -> str:
            return f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"

    _explore(OnSqlite, examples=25)


def test_no_path_on_postgresql_sends_twice_or_loses_or_reorders(postgres: str) -> None:
    class OnPostgres(OnceOnly):
        def new_url(self) -> str:
            return fresh_database(postgres)

    _explore(OnPostgres, examples=8)


def _explore(machine: type[OnceOnly], examples: int) -> None:
    test = machine.TestCase
    test.settings = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    test("runTest").debug()


@pytest.mark.parametrize("state", ["accepted", "verified", "superseded"])
def test_a_final_state_cannot_be_claimed(state: str) -> None:
    from ledger.states import TRANSITIONS, DeliveryState

    assert (DeliveryState(state), Event.CLAIMED) not in TRANSITIONS
