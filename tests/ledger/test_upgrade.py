"""A ledger of the version before, brought up to this one: what it owes is what it owed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from ledger import audit, desk, outbox, standing
from ledger.database import Ledger, upgrade
from ledger.errors import LedgerError, Refused
from ledger.outbox import Outcome
from ledger.states import Event
from tests.ledger.conftest import KEY
from tests.ledger.owed import HOME, keep, report

_BEFORE_BODIES = (
    "ALTER TABLE delivery ADD COLUMN body {bytes}",
    "UPDATE delivery SET body = (SELECT content FROM body WHERE delivery_id = delivery.id)",
    "DROP TABLE body",
    "CREATE INDEX delivery_by_reference ON delivery (reference)",
    "UPDATE alembic_version SET version_num = '0001'",
)


def test_a_ledger_whose_bodies_lay_with_their_deliveries_sends_them_word_for_word(
    url: str, open_ledger: Callable[..., Ledger]
) -> None:
    ledger = open_ledger()
    keep(ledger, report(1), report(2), report(3))
    sent, refused, waiting = outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    outbox.record(ledger, "w", [Outcome(sent, Event.ACCEPTED, remote_id="note-1"), Outcome(refused, Event.REFUSED)])
    outbox.record(ledger, "w", [Outcome(waiting, Event.NOT_APPLIED)])
    with ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM body WHERE delivery_id = :id"), {"id": refused.id})
    _make_old(ledger.engine)
    ledger.close()

    with pytest.raises(LedgerError, match="ledger upgrade"):
        Ledger(url, [KEY])
    upgrade(url)

    ledger = open_ledger()
    (again,) = outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    assert (again.id, again.body, again.attempts) == (waiting.id, waiting.body, 2)
    with ledger.reading() as connection:
        bodies = {row.id: row.body for row in standing.delivery_rows(connection)}
    assert ledger.vault.open(bodies[sent.id] or b"", f"delivery:{sent.key}") == sent.body
    with pytest.raises(Refused, match="nothing that may be sent"):
        desk.retry(ledger, refused.id, "operator")
    assert audit.verify(ledger).ok


def _make_old(engine: Engine) -> None:
    kind = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
    with engine.begin() as connection:
        for statement in _BEFORE_BODIES:
            connection.execute(text(statement.format(bytes=kind)))
