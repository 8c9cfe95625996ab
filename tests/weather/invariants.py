"""The invariants of bad weather, I1 to I11, written once. What a target holds is asked of the stand-in itself, what the
ledger holds is read off its tables with plain SQL: never of what the software says of itself.

`check(scene)` after every step; `moved` and `all_is_well` at the end of a scenario.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from ledger.audit import verify
from ledger.encryption import Vault
from sandbox.faults import Effect
from tests.weather.reports import CANARIES

if TYPE_CHECKING:
    from tests.weather.scene import Scene

#: States in which something is, or may be, at the target.
_MAY_BE_THERE = {"sending", "uncertain", "accepted", "verified"}
_REVISION = re.compile(r"^IB-(.+)-R(\d+)-[A-Z2-7]{16}(?:-\d+)?$")
_SEALED = {"content", "name"}


class Broken(AssertionError):
    """An invariant does not hold."""


def check(scene: Scene) -> None:
    """Everything that must hold at every moment between two steps."""
    for name, invariant in EVERY_STEP.items():
        if name not in scene.exempt:
            invariant(scene)


# ---- I1, I4: what the stand-ins hold ----------------------------------------------------------------------------


def applied_once(scene: Scene) -> None:
    """I1: no reference was applied twice. A mail, which cannot be looked up, only as often as the ledger says so."""
    for target, effects in (("mosaic", _mosaic(scene)), ("daily_log", scene.house.recording.applied())):
        counts = Counter(effect.reference for effect in effects)
        twice = {ref for ref, count in counts.items() if count > 1} - scene.doubled
        _hold(not twice, f"I1: {target} applied twice: {sorted(map(str, twice))}")
    finished = Counter(effect.remote_id for effect in scene.house.mosaic.applied("complete"))
    _hold(all(count == 1 for count in finished.values()), "I1: a note was finished twice")
    repeats = _repeats(scene)
    mails = Counter((effect.reference, effect.subject) for effect in scene.house.mail.applied())
    for (message_id, _), count in mails.items():
        allowed = 1 + repeats.get(_reference_of_mail(message_id), 0)
        _hold(count <= allowed, f"I1: a mail went out {count} times and the ledger knows of {allowed}")


def in_order(scene: Scene) -> None:
    """I4: for one incident, target and subject, effects come in the order of their revisions."""
    newest: dict[tuple[str, str, str], int] = {}
    owed = {row["reference"]: row for row in scene.rows()}
    for effect in (*_mosaic(scene), *scene.house.recording.applied()):
        row = owed.get(str(effect.reference))
        if row is None or effect.reference in scene.doubled:
            continue
        place = (row["target"], str(row["incident_id"]), row["subject"])
        revision = row["revision"] * 1000 + row["part"]
        _hold(revision >= newest.get(place, 0), f"I4: {effect.reference} came after a later revision")
        newest[place] = revision


# ---- I2, I6: nothing that the source shows is nowhere -----------------------------------------------------------


def nothing_nowhere(scene: Scene) -> None:
    """I2 and I6: a report that the index shows is stored, in quarantine, or not yet passed by any cursor."""
    stored = {(row["home"], row["source_id"]): row for row in scene.rows("incident")}
    waiting = {row["source_id"] for row in scene.rows("quarantined") if row["state"] != "discarded"}
    numbers = {row["number"] for row in scene.rows("quarantined")}
    cursors = {row["home"]: (moment(row["modified_at"]), row["incident"]) for row in scene.rows("cursor")}
    for raw in list(scene.house.recording.shelf.raw.values()):
        report = json.loads(raw)
        source_id, home = report.get("incidentId"), report.get("homeId")
        row = stored.get((home, source_id))
        seen = row is not None and row["source_version"] >= int(report.get("version") or 0)
        if seen or source_id in waiting or report.get("incidentNumber") in numbers or source_id in scene.late:
            continue
        cursor = cursors.get(home)
        position = (moment(report["modifiedAt"]), source_id)
        _hold(cursor is None or cursor < position, f"I2/I6: {source_id} was passed by the cursor and is nowhere")


# ---- I5: verified is what was seen ------------------------------------------------------------------------------


def verified_is_there(scene: Scene) -> None:
    """I5: what the ledger calls verified lies at the target, with its text, on the right record."""
    notes = {str(note["id"]): note for note in scene.house.mosaic.notes()}
    entries = {entry["entryId"]: entry for entry in scene.house.recording.entries()}
    persons = _persons(scene)
    vault = Vault(_keys(scene))
    bodies = {row["delivery_id"]: bytes(row["content"]) for row in scene.rows("body")}
    for row in scene.rows(where="state = 'verified'"):
        if row["target"] not in ("mosaic", "daily_log") or row["id"] not in bodies:
            continue
        sent = json.loads(vault.open(bodies[row["id"]], f"delivery:{row['key']}"))
        if row["target"] == "daily_log":
            held = entries.get(row["remote_id"])
            _hold(held is not None and _words(held["text"]) == _words(sent["text"]), f"I5: {row['reference']}")
            continue
        held_texts, person = _held_note(notes, row)
        _hold(_words(sent["html"]) in held_texts, f"I5: {row['reference']} is verified and its text is not there")
        _hold(person in persons.get(row["subject"], {person}), f"I5: {row['reference']} lies on another's record")


def _held_note(notes: Mapping[str, dict[str, Any]], row: Mapping[str, Any]) -> tuple[list[str], int | None]:
    if row["action"] == "create":
        note = notes.get(row["remote_id"])
        return ([_words(note["note"])], note["person_id"]) if note else ([], None)
    for note in notes.values():
        for part in note["appendments"]:
            if str(part["id"]) == row["remote_id"]:
                return [_words(part["note"])], note["person_id"]
    return [], None


def _persons(scene: Scene) -> dict[str, set[int]]:
    """Every record that is a child's, survivors of merges included."""
    book = scene.house.mosaic.book.persons
    found: dict[str, set[int]] = {}
    for raw in list(scene.house.recording.shelf.raw.values()):
        for child in json.loads(raw).get("children") or []:
            person = str(child.get("mosaicPersonId") or "") if isinstance(child, dict) else ""
            if not person.isdigit():
                continue
            known = found.setdefault(child["childId"], set())
            number: int | None = int(person)
            while number is not None and number not in known:
                known.add(number)
                number = book[number].merged_into if number in book else None
    return found


# ---- I7: the numbers --------------------------------------------------------------------------------------------


def nothing_owed_is_forgotten(scene: Scene) -> None:
    """I7: what was owed once is in the ledger for ever, in one of its states."""
    rows = scene.rows()
    keys = {row["key"] for row in rows}
    _hold(len(keys) == len(rows), "I7: a delivery is in the ledger twice")
    _hold(scene.known <= keys, f"I7: {len(scene.known - keys)} deliveries are no longer in the ledger")
    scene.known |= keys


def printed_numbers_add_up(scene: Scene, result: Mapping[str, Any]) -> None:
    """I7: what a run prints is what the ledger's rows and the stand-ins say when they are counted again."""
    counts = Counter((row["target"], row["state"]) for row in scene.rows())
    for target, printed in result["deliveries"].items():
        for state, count in printed.items():
            if state != "accepted":
                _hold(counts[target, state] == count, f"I7: {count} {target} {state} printed, {counts[target, state]}")
    left = sum(counts[t, s] for t, s in counts if s in ("pending", "sending", "uncertain", "rejected"))
    _hold(result["exit_code"] != 0 or left == 0, "I7: exit code 0 with something left over")


def accepted_is_there(scene: Scene) -> None:
    """I7: what the ledger calls accepted was applied at the stand-in, however little it says of itself."""
    if scene.house.recording.applied() or _mosaic(scene):
        there = {effect.reference for effect in (*_mosaic(scene), *scene.house.recording.applied())}
        for row in scene.rows(where="state = 'accepted' AND target IN ('mosaic', 'daily_log')"):
            _hold(row["reference"] in there, f"I7: {row['reference']} is accepted and was never applied")


# ---- I8: a trace of everything ----------------------------------------------------------------------------------


def every_effect_has_a_trace(scene: Scene) -> None:
    """I8: the audit chain holds, and whatever was applied is in the ledger as something that may be there."""
    ledger = scene.ledger()
    try:
        verdict = verify(ledger)
    finally:
        ledger.close()
    _hold(verdict.ok, f"I8: {verdict.sentence}")
    rows = {row["reference"].upper(): row for row in scene.rows()}
    tried = {row["delivery_id"] for row in scene.rows("attempt")}
    for effect in (*_mosaic(scene), *scene.house.recording.applied()):
        row = rows.get(str(effect.reference).upper())
        _hold(row is not None, f"I8: {effect.reference} was applied and the ledger does not know it")
        assert row is not None
        traced = row["state"] in _MAY_BE_THERE or row["cause"] == "wrong_person" or effect.reference in scene.doubled
        _hold(traced, f"I8: {effect.reference} was applied and the ledger calls it {row['state']}")
        _hold(row["id"] in tried or row["state"] in ("sending", "uncertain"), f"I8: no attempt of {effect.reference}")


# ---- I9, I10 ----------------------------------------------------------------------------------------------------


def no_canary(scene: Scene) -> None:
    """I9: no name, date of birth or story outside the sealed columns: not in a row, a log line or an answer."""
    said = "\n".join([*scene.heard.lines, *scene.printed])
    for place, found in (("a log or an answer", said), ("the ledger", _in_the_clear(scene))):
        _hold(not spoken_in(found), f"I9: {spoken_in(found)} in {place}")


def spoken_in(text_: str) -> list[str]:
    """Which canaries stand in a text, as they are or in base64."""
    return [canary for canary in CANARIES if any(form in text_ for form in _forms(canary))]


def nothing_submitted(scene: Scene) -> None:
    """I10: nothing reaches LADO by itself, and no package carries an approval that nobody gave for that revision."""
    _hold(not scene.house.lado_form.applied(), "I10: a form was submitted")
    approved = {
        (row["delivery_id"], row["revision"]) for row in scene.rows("approval") if row["decision"] == "approved"
    }
    for row in scene.rows(where="target = 'lado'"):
        if row["state"] in ("accepted", "verified"):
            _hold((row["id"], row["revision"]) in approved, f"I10: submission {row['id']} has no approval")
    for path in (scene.house.folder / "lado").glob("*.json"):
        package = json.loads(path.read_text("utf-8"))
        dated = package["fields"].get("referral_date", {}).get("value")
        _hold(not dated or any(rev == package["revision"] for _, rev in approved), "I10: a package dated by nobody")


# ---- I3, I11: at the end ----------------------------------------------------------------------------------------


def all_is_well(scene: Scene, *, but: Mapping[str, int] | None = None) -> None:
    """I3: after enough runs in fair weather nothing is on its way; `but`: how many stay in a state, for a reason."""
    check(scene)
    states = scene.states()
    left = {s: n for s, n in states.items() if s in ("pending", "sending", "uncertain", "rejected")}
    _hold(left == dict(but or {}), f"I3: left over {left}, expected {dict(but or {})}")
    for row in scene.rows():
        if row["state"] in left:
            _hold(bool(row["why"]), f"I3: {row['reference']} is {row['state']} and does not say why")


def moved(scene: Scene, **expected: int) -> None:
    """I11: the run did real work, counted in the stand-ins: exactly so many of each operation."""
    held = scene.held()
    wrong = {name: (count, held[name]) for name, count in expected.items() if held[name] != count}
    _hold(not wrong, f"I11: (expected, applied) differ: {wrong}")
    _hold(sum(expected.values()) > 0, "I11: a scenario that moves nothing proves nothing")


EVERY_STEP: Mapping[str, Callable[[Scene], None]] = {
    "I1": applied_once,
    "I2": nothing_nowhere,
    "I4": in_order,
    "I5": verified_is_there,
    "I7": nothing_owed_is_forgotten,
    "I7 accepted": accepted_is_there,
    "I8": every_effect_has_a_trace,
    "I9": no_canary,
    "I10": nothing_submitted,
}


# ---- reading ----------------------------------------------------------------------------------------------------


def rows(url: str, table: str, where: str = "") -> list[dict[str, Any]]:
    """Rows of a ledger table in order, read past the software."""
    order = {"audit_entry": "sequence", "meta": "name", "body": "delivery_id"}.get(table, "id")
    condition = f" WHERE {where}" if where else ""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool)
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {table}{condition} ORDER BY {order}"))
        return [dict(row._mapping) for row in found]


def _in_the_clear(scene: Scene) -> str:
    """Every value of the ledger that is not sealed, and on SQLite the bytes of its files."""
    url = scene.environ["BRIDGE_LEDGER_URL"]
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        files = [f"{path}{suffix}" for suffix in ("", "-wal")]
        return "".join(_bytes(name).decode("latin-1") for name in files)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool)
    tables = inspect(engine).get_table_names()
    values = [
        str(value)
        for table in tables
        if table != "alembic_version"
        for row in rows(url, table)
        for name, value in row.items()
        if name not in _SEALED
    ]
    return "\n".join(values)


def _bytes(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _forms(canary: str) -> list[str]:
    shifted = [base64.b64encode(b"\0" * n + canary.encode()).decode()[4 if n else 0 : -4] for n in range(3)]
    return [canary, *shifted]


def _mosaic(scene: Scene) -> list[Effect]:
    return [effect for effect in scene.house.mosaic.applied() if effect.operation != "complete"]


def _repeats(scene: Scene) -> Counter[str]:
    """How often the ledger said that it repeats a mail, by reference."""
    references = {row["id"]: row["reference"] for row in scene.rows(where="target = 'email'")}
    events = scene.rows("attempt", "event = 'repeatable'")
    return Counter(references[row["delivery_id"]] for row in events if row["delivery_id"] in references)


def _reference_of_mail(message_id: str | None) -> str:
    return (message_id or "").strip("<>").partition("@")[0].upper()


def _keys(scene: Scene) -> list[bytes]:
    return [base64.urlsafe_b64decode(key) for key in scene.environ["BRIDGE_ENCRYPTION_KEYS"].split(",")]


def _words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def moment(value: Any) -> datetime:
    """A time stamp of the ledger or of a report, aware."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _hold(true: bool, sentence: str) -> None:
    if not true:
        raise Broken(sentence)
