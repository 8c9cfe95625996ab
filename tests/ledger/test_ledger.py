"""The ledger's promises, on both engines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Row, create_engine, delete, event, inspect, make_url, select, text, update
from sqlmodel import SQLModel

from ledger import (
    audit,
    children,
    desk,
    keeping,
    leases,
    outbox,
    owing,
    quarantine,
    reports,
    runs,
    standing,
    withdrawals,
)
from ledger.clock import SetClock
from ledger.database import Ledger, upgrade
from ledger.errors import LedgerError, Refused
from ledger.outbox import Outcome
from ledger.quarantine import Unreadable
from ledger.rehearsal import rehearsal
from ledger.reports import Watermark
from ledger.schema import HEAD, known_revisions
from ledger.states import TRANSITIONS, DeliveryState, Event, ImpossibleTransition, after
from ledger.tables import audit_entry, delivery, incident, meta, revision
from mappings.owed import Plan
from tests.databases import fresh_database
from tests.ledger.conftest import KEY, NOON
from tests.ledger.owed import HOME, START, keep, readable, report

OTHER = bytes(range(1, 33))


def states(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        return [row.state for row in standing.delivery_rows(connection)]


def claim(ledger: Ledger, lease: float = 300) -> list[outbox.Claim]:
    return outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=50, lease_seconds=lease)


def accept(ledger: Ledger, claims: list[outbox.Claim]) -> None:
    done = [Outcome(one, Event.ACCEPTED, remote_id=f"note-{one.id}", person_id=4101) for one in claims]
    outbox.record(ledger, "w", done)


def test_a_revision_its_deliveries_and_the_cursor_are_written_together_or_not_at_all(ledger: Ledger) -> None:
    def breaks(one: object, history: object) -> object:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reports.store(
            ledger,
            HOME,
            "rest",
            readable=[readable(report())],
            unreadable=[],
            watermark=Watermark(START, "inc-1"),
            plan=breaks,  # type: ignore[arg-type]
            actor="test",
        )
    with ledger.reading() as connection:
        assert connection.execute(select(incident)).all() == []
        assert connection.execute(select(revision)).all() == []
    assert reports.watermark_of(ledger, HOME, "rest") is None


def test_a_then_b_then_a_again_is_three_revisions(ledger: Ledger) -> None:
    for version, words in enumerate(["A", "B", "A"], start=1):
        keep(ledger, report(version=version, narrative=words))
    with ledger.reading() as connection:
        held = standing.incidents(connection, [HOME])
        numbers = [one.number for one in standing.revisions(ledger, connection, held)[held[0].key]]
    assert numbers == [1, 2, 3]


def test_the_same_content_again_is_no_revision_whatever_its_version_says(ledger: Ledger) -> None:
    keep(ledger, report())
    stored = keep(ledger, report(version=2))
    assert (stored.new, stored.revised, stored.unchanged) == (0, 0, 1)


def test_yesterdays_record_shown_again_today_changes_nothing(ledger: Ledger) -> None:
    keep(ledger, report(version=1, narrative="Yesterday."))
    keep(ledger, report(version=2, narrative="Today."))
    stored = keep(ledger, report(version=1, narrative="Yesterday."))
    assert stored.revised == 0
    assert len(states(ledger)) == 2


def test_an_item_that_a_page_repeats_counts_once(ledger: Ledger) -> None:
    stored = keep(ledger, report(), report())
    assert (stored.seen, stored.new, stored.unchanged) == (2, 1, 1)


def test_of_two_contents_of_one_version_on_a_page_the_last_is_what_the_source_holds(ledger: Ledger) -> None:
    keep(ledger, report(narrative="Before."), report(narrative="After."))
    assert keep(ledger, report(narrative="After.")).revised == 0


def test_the_watermark_never_goes_back(ledger: Ledger) -> None:
    keep(ledger, report(1), mark=Watermark(START + timedelta(hours=1), "inc-9"))
    keep(ledger, report(2), mark=Watermark(START, "inc-1"))
    assert reports.watermark_of(ledger, HOME, "rest") == Watermark(START + timedelta(hours=1), "inc-9")


def test_a_later_revision_waits_for_the_earlier_one_and_for_a_rejected_one_too(ledger: Ledger) -> None:
    keep(ledger, report(version=1, narrative="One."))
    keep(ledger, report(version=2, narrative="Two."))
    (first,) = claim(ledger)
    assert first.revision == 1
    outbox.record(ledger, "w", [Outcome(first, Event.REFUSED, "No.", cause="restricted")])
    assert claim(ledger) == []
    with ledger.reading() as connection:
        rows = list(standing.delivery_rows(connection))
    assert standing.waits_behind(rows)[rows[1].id].id == first.id


def test_a_late_workers_answer_under_an_old_fencing_number_changes_nothing(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    (late,) = claim(ledger, lease=10)
    clock.advance(11)
    assert leases.expire(ledger, "reaper", settle_seconds=5) == 1
    assert outbox.record(ledger, "late", [Outcome(late, Event.NOT_APPLIED)]) == []
    assert states(ledger) == ["uncertain"]


@pytest.mark.parametrize("event", [Event.NOT_APPLIED, Event.ACCEPTED, Event.REFUSED, Event.LOOK_ABSENT])
def test_a_late_workers_answer_changes_nothing_while_another_holds_the_delivery(
    ledger: Ledger, clock: SetClock, event: Event
) -> None:
    keep(ledger, report())
    (late,) = claim(ledger, lease=10)
    clock.advance(11)
    leases.expire(ledger, "reaper", settle_seconds=5)
    clock.advance(6)
    (look,) = outbox.claim_looks(ledger, "mosaic", "other", homes=[HOME], limit=5, lease_seconds=300)
    assert outbox.record(ledger, "late", [Outcome(late, event)]) == []
    assert leases.renew(ledger, [late], 300) == frozenset(), "nor may the late one go on with it"
    assert leases.renew(ledger, [look], 300) == {look.id}
    assert states(ledger) == ["uncertain"]
    outbox.record(ledger, "other", [Outcome(look, Event.LOOK_FOUND, remote_id="7")])
    assert states(ledger) == ["accepted"]


def test_what_one_looks_up_nobody_else_looks_up_meanwhile(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    outbox.record(ledger, "w", [Outcome(*claim(ledger), Event.AMBIGUOUS)])
    look = {"homes": [HOME], "limit": 5, "lease_seconds": 10}
    assert len(outbox.claim_looks(ledger, "mosaic", "one", **look)) == 1
    assert outbox.claim_looks(ledger, "mosaic", "other", **look) == []
    clock.advance(11)
    assert len(outbox.claim_looks(ledger, "mosaic", "other", **look)) == 1


def test_a_late_look_changes_nothing_when_another_looks_meanwhile(ledger: Ledger, clock: SetClock) -> None:
    """A look whose lease ran out is taken over as it is: nobody need have freed it first."""
    keep(ledger, report())
    outbox.record(ledger, "w", [Outcome(*claim(ledger), Event.AMBIGUOUS)])
    (late,) = outbox.claim_looks(ledger, "mosaic", "late", homes=[HOME], limit=5, lease_seconds=10)
    clock.advance(11)
    (look,) = outbox.claim_looks(ledger, "mosaic", "other", homes=[HOME], limit=5, lease_seconds=300)
    assert outbox.record(ledger, "late", [Outcome(late, Event.LOOK_ABSENT)]) == []
    assert leases.renew(ledger, [late], 300) == frozenset()
    assert outbox.record(ledger, "other", [Outcome(look, Event.LOOK_ABSENT)]) != []
    assert states(ledger) == ["uncertain"], "the late look was counted as the second one"


def test_an_expired_lease_means_doubt_and_a_look_up_never_a_resend(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    claim(ledger, lease=10)
    clock.advance(11)
    leases.expire(ledger, "reaper", settle_seconds=60)
    assert claim(ledger) == []
    look = {"homes": [HOME], "limit": 5, "lease_seconds": 300}
    assert outbox.claim_looks(ledger, "mosaic", "w", **look) == []
    for expected in ("uncertain", "pending"):
        clock.advance(61)
        (one,) = outbox.claim_looks(ledger, "mosaic", "w", **look)
        outbox.record(ledger, "w", [Outcome(one, Event.LOOK_ABSENT, retry_in=60)])
        assert states(ledger) == [expected]


def test_each_doubt_wants_two_looks_of_its_own(ledger: Ledger, clock: SetClock) -> None:
    """Broken, the looks of the first doubt count in the second, and one look is enough to send again."""
    keep(ledger, report())
    absent, failed = (Event.LOOK_ABSENT, "uncertain"), (Event.LOOK_FAILED, "uncertain")
    for _ in range(2):
        (one,) = claim(ledger)
        outbox.record(ledger, "w", [Outcome(one, Event.AMBIGUOUS, "Silence.", retry_in=60)])
        for happened, expected in (failed, absent, failed, (Event.LOOK_ABSENT, "pending")):
            clock.advance(61)
            (look,) = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
            outbox.record(ledger, "w", [Outcome(look, happened, retry_in=60)])
            assert states(ledger) == [expected]


@pytest.mark.parametrize("doubt", ["silence", "its worker died"])
def test_what_was_refused_after_a_doubt_is_looked_up_before_another_try(
    ledger: Ledger, clock: SetClock, doubt: str
) -> None:
    """The first try may be applied after both looks; the refusal is of the second one."""
    keep(ledger, report())
    (one,) = claim(ledger, lease=10)
    if doubt == "silence":
        outbox.record(ledger, "w", [Outcome(one, Event.AMBIGUOUS)])
    clock.advance(11)
    leases.expire(ledger, "reaper", settle_seconds=0)
    for _ in range(2):
        (look,) = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
        outbox.record(ledger, "w", [Outcome(look, Event.LOOK_ABSENT)])
    (again,) = claim(ledger)
    outbox.record(ledger, "w", [Outcome(again, Event.REFUSED)])
    desk.retry(ledger, one.id, "operator")
    assert states(ledger) == ["uncertain"]


def test_a_late_word_about_what_is_not_repeated_any_more_changes_nothing(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    (one,) = claim(ledger)
    outbox.record(ledger, "w", [Outcome(one, Event.AMBIGUOUS, "Silence.")])
    (late,) = outbox.claim_looks(ledger, "mosaic", "sleeper", homes=[HOME], limit=5, lease_seconds=10)
    assert not withdrawals.repeat_no_more(ledger, one.id, "Voided.", "w"), "a worker has it in hand"
    clock.advance(11)
    assert withdrawals.repeat_no_more(ledger, one.id, "Voided.", "w")
    assert outbox.record(ledger, "sleeper", [Outcome(late, Event.REPEATABLE)]) == []
    assert states(ledger) == ["superseded"]


def test_what_was_written_while_the_clock_was_ahead_does_not_wait_for_that_day(ledger: Ledger, clock: SetClock) -> None:
    """On SQLite that clock is the host's: a worker that died in the wrong year held its records until then."""
    keep(ledger, report(1), report(2), report(3))
    clock.advance(400 * 86_400)
    asleep, in_doubt, looked_up = claim(ledger, lease=300)
    doubts = [Outcome(in_doubt, Event.AMBIGUOUS, retry_in=60), Outcome(looked_up, Event.AMBIGUOUS)]
    outbox.record(ledger, "w", doubts)
    assert len(outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)) == 1
    clock.advance(-400 * 86_400)
    assert leases.expire(ledger, "reaper", settle_seconds=5) == 2
    assert states(ledger) == ["uncertain"] * 3
    clock.advance(6)
    look = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
    assert {one.id for one in look} == {asleep.id, in_doubt.id, looked_up.id}


def test_a_wait_of_a_day_is_not_cut_short(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    (one,) = claim(ledger)
    outbox.record(ledger, "w", [Outcome(one, Event.NOT_APPLIED, "Later.", retry_in=86_400)])
    leases.expire(ledger, "reaper", settle_seconds=5)
    assert claim(ledger) == []


def test_a_good_run_in_a_year_that_has_not_come_is_not_the_last_good_one(ledger: Ledger, clock: SetClock) -> None:
    """Or nobody hears of the silence until then."""
    for days in (0, 400, -400):
        clock.advance(days * 86_400)
        runs.end(ledger, runs.begin(ledger, HOME, "pull"), good=days >= 0, counts={})
    with ledger.reading() as connection:
        assert runs.last_good(connection, HOME, "pull", clock()) == clock()


def test_a_renewed_lease_is_not_taken_over(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report())
    claims = claim(ledger, lease=10)
    clock.advance(9)
    leases.renew(ledger, claims, 10)
    clock.advance(9)
    assert leases.expire(ledger, "reaper", settle_seconds=5) == 0
    accept(ledger, claims)
    assert states(ledger) == ["accepted"]


def test_a_note_of_a_voided_report_is_never_made_and_its_addition_falls_away(ledger: Ledger) -> None:
    keep(ledger, report())
    (first,) = claim(ledger)
    outbox.record(ledger, "w", [Outcome(first, Event.AMBIGUOUS, retry_in=0)])
    keep(ledger, report(version=2, status="Void"))
    for _ in range(2):
        (look,) = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
        outbox.record(ledger, "w", [Outcome(look, Event.LOOK_ABSENT)])
    assert claim(ledger) == []
    assert withdrawals.withdraw_pointless(ledger, "w") == []
    assert states(ledger) == ["superseded", "superseded"]


@pytest.mark.parametrize(("cause", "then"), [("conflict", "rejected"), ("invalid", "superseded")])
def test_a_refused_note_of_a_voided_report_falls_away_unless_it_may_be_there(
    ledger: Ledger, cause: str, then: str
) -> None:
    """A conflict may mean that it lies there: whoever is told of the void has to be told of it as well."""
    keep(ledger, report())
    outbox.record(ledger, "w", [Outcome(*claim(ledger), Event.REFUSED, cause=cause)])
    keep(ledger, report(version=2, status="Void"))
    withdrawals.withdraw_pointless(ledger, "w")
    assert states(ledger)[0] == then


def test_what_a_worker_took_meanwhile_is_neither_withdrawn_nor_said_to_be(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(ledger, report())
    (first,) = claim(ledger)
    outbox.record(ledger, "w", [Outcome(first, Event.AMBIGUOUS, retry_in=0)])
    keep(ledger, report(version=2, status="Void"))
    for _ in range(2):
        (look,) = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
        outbox.record(ledger, "w", [Outcome(look, Event.LOOK_ABSENT)])
    whole = withdrawals._voided

    def overtaken(connection: Connection, limit: int = 10_000) -> list[Row[Any]]:
        rows = whole(connection, limit)
        connection.execute(update(delivery).where(delivery.c.id == first.id).values(state="sending"))
        return rows

    monkeypatch.setattr(withdrawals, "_voided", overtaken)
    withdrawals.withdraw_pointless(ledger, "w")
    with ledger.reading() as connection:
        acts = connection.execute(select(audit_entry.c.record).where(audit_entry.c.act == "delivery withdrawn"))
        assert f"delivery:{first.id}" not in acts.scalars().all()
    assert states(ledger)[0] == "sending"


@pytest.mark.parametrize(
    ("happened", "cause"),
    [(None, None), (Event.AMBIGUOUS, "uncertain"), (Event.REFUSED, "wrong_person"), (Event.ACCEPTED, None)],
    ids=["in hand", "in doubt", "on a wrong record", "accepted"],
)
def test_what_may_lie_on_the_old_record_gets_no_new_address_from_a_plan_that_was_overtaken(
    ledger: Ledger, happened: Event | None, cause: str | None
) -> None:
    keep(ledger, report())
    (one,) = claim(ledger)
    if happened is not None:
        outbox.record(ledger, "w", [Outcome(one, happened, cause=cause)])
    overtaken = Plan(readdressed=((one.id, 4202),))
    ledger.write(lambda connection: owing.apply_changes(connection, overtaken, NOON))
    with ledger.reading() as connection:
        (row,) = standing.delivery_rows(connection)
    assert (row.person_id, row.cause) == (4101, cause)


def test_quarantine_keeps_the_whole_report_and_a_readable_version_takes_it_out(ledger: Ledger) -> None:
    bad = Unreadable('{"incidentId": "inc-1", "x": "whole"}', "f" * 64, ("occurredAt",), "inc-1", "EXH-2026-0001")
    assert keep(ledger, unreadable=(bad,)).quarantined == 1
    with ledger.reading() as connection:
        (waiting,) = quarantine.waiting(connection, [HOME])
    assert '"whole"' in quarantine.raw(ledger, waiting.id)
    keep(ledger, report())
    with ledger.reading() as connection:
        assert quarantine.waiting(connection, [HOME]) == []


def test_a_discarded_report_stays_discarded_when_it_is_seen_again(ledger: Ledger) -> None:
    bad = Unreadable("{}", "e" * 64, ("incidentId",))
    keep(ledger, unreadable=(bad,))
    with pytest.raises(Refused):
        quarantine.discard(ledger, 1, "  ", "somebody")
    quarantine.discard(ledger, 1, "A test entry of the vendor's.", "somebody")
    assert keep(ledger, unreadable=(bad,)).quarantined == 0


def test_no_content_lies_open_in_the_database(ledger: Ledger, tmp_path: Path) -> None:
    keep(ledger, report(narrative="CANARY-NARRATIVE"), unreadable=(Unreadable("CANARY-RAW", "d" * 64, ("x",)),))
    with ledger.reading() as connection:
        rows = [
            str(row)
            for table in SQLModel.metadata.sorted_tables
            for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))
        ]
    everything = "\n".join(rows)
    assert "CANARY" not in everything
    assert "Invented" not in everything


def test_rotated_keys_open_old_rows_and_after_rotation_the_old_key_is_not_needed(
    open_ledger: Callable[..., Ledger],
) -> None:
    keep(open_ledger((KEY,)), report(), unreadable=(Unreadable("{}", "c" * 64, ("x",)),))
    both = open_ledger((OTHER, KEY))
    assert keeping.rotate(both) == 4
    only = open_ledger((OTHER,))
    with only.reading() as connection:
        held = standing.incidents(connection, [HOME])
        assert standing.revisions(only, connection, held)[held[0].key][0].report == report()
    assert list(children.committed(only, HOME)) == [("child-1", "Invented Person")]
    assert both.vault.digest("x") == only.vault.digest("x")


def test_a_wrong_key_is_refused_before_anything_is_read_or_written(open_ledger: Callable[..., Ledger]) -> None:
    open_ledger((KEY,))
    with pytest.raises(LedgerError, match="BRIDGE_ENCRYPTION_KEYS lacks the key"):
        open_ledger((OTHER,))
    with pytest.raises(LedgerError, match="BRIDGE_ENCRYPTION_KEYS is not set"):
        open_ledger(())


def test_a_row_moved_to_another_record_does_not_open(ledger: Ledger) -> None:
    keep(ledger, report(1), report(2))

    def swap(connection: object) -> None:
        rows = connection.execute(select(revision.c.id, revision.c.content).order_by(revision.c.id)).all()  # type: ignore[attr-defined]
        connection.execute(update(revision).where(revision.c.id == rows[0].id).values(content=rows[1].content))  # type: ignore[attr-defined]

    ledger.write(swap)
    with ledger.reading() as connection:
        held = standing.incidents(connection, [HOME])
        with pytest.raises(LedgerError, match="altered or damaged"):
            standing.revisions(ledger, connection, held)


@pytest.mark.parametrize("crime", ["alter", "remove", "remove the last", "reorder"])
def test_the_audit_chain_names_the_place_where_it_was_touched(ledger: Ledger, crime: str) -> None:
    for number in range(1, 5):
        keep(ledger, report(number))
    assert audit.verify(ledger).ok

    def commit(connection: object) -> None:
        execute = connection.execute  # type: ignore[attr-defined]
        if crime == "alter":
            execute(update(audit_entry).where(audit_entry.c.sequence == 2).values(record="incident:999"))
        elif crime == "remove":
            execute(delete(audit_entry).where(audit_entry.c.sequence == 2))
        elif crime == "remove the last":
            execute(delete(audit_entry).where(audit_entry.c.sequence == 4))
        else:
            execute(update(audit_entry).where(audit_entry.c.sequence == 2).values(sequence=99))
            execute(update(audit_entry).where(audit_entry.c.sequence == 3).values(sequence=2))
            execute(update(audit_entry).where(audit_entry.c.sequence == 99).values(sequence=3))

    ledger.write(commit)
    place = 4 if crime == "remove the last" else 2
    assert [audit.verify(ledger).broken_at, audit.verify(ledger, last=10).broken_at] == [place, place]
    keeping.restored(ledger, NOON, "operator")
    keep(ledger, report(5))
    assert audit.verify(ledger, last=10).ok
    with ledger.reading() as connection:
        told = select(audit_entry.c.detail).where(audit_entry.c.act == "ledger restored")
        assert json.loads(connection.execute(told).scalar_one())["broken_at"] == place
    assert audit.verify(ledger).ok is (crime == "remove the last")


def test_the_end_of_the_chain_is_checked_and_no_more(ledger: Ledger) -> None:
    for number in range(1, 8):
        keep(ledger, report(number))
    ledger.write(lambda c: c.execute(update(audit_entry).where(audit_entry.c.sequence == 4).values(actor="x")))
    assert [audit.verify(ledger, last=count).broken_at for count in (1, 3, 4, 100)] == [None, None, 4, 4]


def test_what_another_worker_adds_meanwhile_is_no_broken_end(open_ledger: Callable[..., Ledger]) -> None:
    ledger, other = open_ledger(), open_ledger()
    keep(ledger, report(1))
    added: list[int] = []

    def add(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM audit_entry" in statement and "ORDER BY" in statement and not added:
            added.append(1)
            keep(other, report(2))

    event.listen(ledger.engine, "after_cursor_execute", add)
    assert audit.verify(ledger).ok
    assert added


def test_a_fresh_schema_is_the_one_that_the_migrations_make(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    other = tmp_path / "migrated.db"
    on_postgresql = url.startswith("postgresql")
    migrated = fresh_database(request.getfixturevalue("postgres")) if on_postgresql else f"sqlite:///{other}"
    Ledger(url, [KEY]).close()
    upgrade(migrated)
    fresh = schema_of(url)
    assert fresh == schema_of(migrated)
    assert {"alembic_version", "delivery", "audit_entry"} <= fresh.keys()


def schema_of(url: str) -> dict[str, object]:
    """Columns, keys and indexes of every table, as the database itself tells them."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    asked = inspect(engine)
    tables = {
        name: (
            [(one["name"], str(one["type"]), one["nullable"], one["default"]) for one in asked.get_columns(name)],
            asked.get_pk_constraint(name)["constrained_columns"],
            sorted(one["column_names"] for one in asked.get_unique_constraints(name)),
            sorted((str(one["name"]), one["column_names"], one["unique"]) for one in asked.get_indexes(name)),
            sorted((one["constrained_columns"], one["referred_table"]) for one in asked.get_foreign_keys(name)),
        )
        for name in asked.get_table_names()
    }
    engine.dispose()
    return tables


def test_a_schema_is_what_the_models_say(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [one for one in compare_metadata(context, SQLModel.metadata) if "alembic_version" not in str(one)]
    assert differences == []
    assert known_revisions()[0] == HEAD


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(
    ledger: Ledger, open_ledger: Callable[..., Ledger]
) -> None:
    ledger.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(LedgerError, match="newer version"):
        open_ledger()


@pytest.mark.parametrize("theirs", ["0001", HEAD, "ab12cd34ef56", None], ids=str)
def test_another_programs_database_is_refused_and_left_alone(
    url: str, open_ledger: Callable[..., Ledger], theirs: str | None
) -> None:
    """`ledger upgrade` once gave it our tables, and what else uses Alembic was taken for a ledger."""
    engine = create_engine(
        make_url(url).set(drivername=url.partition(":")[0].replace("postgresql", "postgresql+psycopg"))
    )
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customer (id INTEGER)"))
        if theirs:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:theirs)"), {"theirs": theirs})
    for ask in (open_ledger, lambda: upgrade(url)):
        with pytest.raises(LedgerError, match="other tables but no ledger"):
            ask()
    assert set(inspect(engine).get_table_names()) <= {"customer", "alembic_version"}
    engine.dispose()


def test_after_a_restore_everything_that_waits_is_looked_up_first(ledger: Ledger, clock: SetClock) -> None:
    keep(ledger, report(1), mark=Watermark(NOON, "inc-1"))
    marked = keeping.restored(ledger, NOON - timedelta(days=1), "operator")
    assert (marked.doubted, marked.cursors_moved) == (1, 1)
    keep(ledger, report(2))
    assert states(ledger) == ["uncertain", "uncertain"]
    clock.advance(60)
    keep(ledger, report(3, created_at=clock.at, modified_at=clock.at))
    keep(ledger, report(4, modified_at=clock.at))
    assert states(ledger)[-2:] == ["pending", "uncertain"]


def test_retry_looks_up_what_is_in_doubt_and_refuses_what_would_double(ledger: Ledger) -> None:
    keep(ledger, report())
    (one,) = claim(ledger)
    with pytest.raises(Refused, match="with a worker"):
        desk.retry(ledger, one.id, "operator")
    outbox.record(ledger, "w", [Outcome(one, Event.AMBIGUOUS, retry_in=9999)])
    assert "looked up" in desk.retry(ledger, one.id, "operator")
    (look,) = outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=5, lease_seconds=300)
    outbox.record(ledger, "w", [Outcome(look, Event.LOOK_FOUND, remote_id="n")])
    with pytest.raises(Refused, match="double"):
        desk.retry(ledger, one.id, "operator")


def test_purged_contents_are_gone_and_the_record_that_there_was_one_stays(ledger: Ledger) -> None:
    keep(ledger, report())
    accept(ledger, claim(ledger))
    assert keeping.purge(ledger, (START + timedelta(days=1)).date(), "operator") == (1, 0)
    with ledger.reading() as connection:
        (held,) = standing.incidents(connection, [HOME])
        assert standing.revisions(ledger, connection, [held])[held.key][0].report is None
        (row,) = standing.delivery_rows(connection)
    assert (row.body, row.remote_id) == (None, f"note-{row.id}")


def test_what_left_quarantine_is_purged_and_comes_back_whole_when_it_is_seen_again(ledger: Ledger) -> None:
    bad = Unreadable('{"incidentId": "inc-1", "x": "whole"}', "f" * 64, ("occurredAt",), "inc-1", "EXH-2026-0001")
    later = (ledger.now() + timedelta(days=2)).date()
    keep(ledger, unreadable=(bad,))
    assert keeping.purge(ledger, later, "operator") == (0, 0)  # it waits for somebody
    quarantine.release(ledger, 1, "somebody")
    assert keeping.purge(ledger, (START - timedelta(days=1)).date(), "operator") == (0, 0)
    assert [keeping.purge(ledger, later, "operator").emptied for _ in range(2)] == [1, 0]
    with pytest.raises(Refused, match="were purged"):
        quarantine.raw(ledger, 1)
    keeping.rotate(ledger)

    assert keep(ledger, unreadable=(bad,)).quarantined == 1
    assert '"whole"' in quarantine.raw(ledger, 1)


def test_what_is_not_finished_is_not_purged(ledger: Ledger) -> None:
    keep(ledger, report())
    assert keeping.purge(ledger, (START + timedelta(days=1)).date(), "operator") == (0, 0)


def test_a_good_run_is_one_that_ended_and_saw_everything(ledger: Ledger) -> None:
    run = runs.begin(ledger, HOME, "pull")
    with ledger.reading() as connection:
        assert runs.last_good(connection, HOME, "pull", NOON) is None
    runs.end(ledger, run, good=True, counts={})
    with ledger.reading() as connection:
        assert runs.last_good(connection, HOME, "pull", NOON) == NOON


def test_a_state_that_the_table_does_not_have_is_impossible() -> None:
    for state in DeliveryState:
        for step in Event:
            if (state, step) not in TRANSITIONS:
                with pytest.raises(ImpossibleTransition):
                    after(state, step)


def test_the_only_way_to_send_again_after_doubt_is_through_looks() -> None:
    ways_back = {event for (state, event), to in TRANSITIONS.items() if state == "uncertain" and to == "pending"}
    assert ways_back == {Event.LOOK_ABSENT_AGAIN, Event.REPEATABLE}


def test_a_ledger_in_memory_and_another_database_are_refused() -> None:
    for wrong in ("sqlite://", "sqlite:///:memory:", "mysql://host/x", "not a url"):
        with pytest.raises(LedgerError, match="BRIDGE_LEDGER_URL"):
            Ledger(wrong, [KEY])


@pytest.mark.parametrize(
    "wrong", ["sqlite://folder/ledger.db", "sqlite:///ledger.db?timeout=long", "postgresql://u:p:w0rd@host:port/x"]
)
def test_a_mistyped_url_is_one_sentence_for_a_dry_run_too(wrong: str) -> None:
    for ask in (Ledger, lambda url, keys: ExitStack().enter_context(rehearsal(url, keys))):
        with pytest.raises(LedgerError, match="is not a database URL"):
            ask(wrong, [KEY])


def test_a_folder_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(LedgerError, match="folder exists"):
        Ledger("sqlite:////nowhere/at/all/ledger.db", [KEY])


def test_two_processes_that_open_an_empty_ledger_at_once_both_find_one(url: str) -> None:
    code = f"from ledger.database import Ledger; Ledger({url!r}, [bytes(range(32))]).close(); print('open')"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    assert [one.communicate(timeout=60)[0].strip() for one in both] == [b"open", b"open"]


def test_a_backup_is_a_ledger_and_appears_whole(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'a.db'}", [KEY])
    keep(ledger, report())
    keeping.backup(ledger, tmp_path / "copy.db")
    ledger.close()
    copy = Ledger(f"sqlite:///{tmp_path / 'copy.db'}", [KEY])
    assert states(copy) == ["pending"]
    assert [path.name for path in tmp_path.glob("*.part")] == []
    copy.close()


def test_the_meta_row_of_the_chain_cannot_be_dropped_unseen(ledger: Ledger) -> None:
    keep(ledger, report())
    ledger.write(lambda connection: connection.execute(delete(meta).where(meta.c.name == "audit_head")))
    assert not audit.verify(ledger).ok
    assert not audit.verify(ledger, last=10).ok
    with ledger.reading() as connection:
        assert connection.execute(select(delivery.c.id)).all()
