"""Gateways between us and a target: what they add, cut, keep for later or mix up doubles nothing."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.black_box import mosaic_house
from tests.black_box.bridge import Town
from tests.black_box.stories import ago, amended, minimal, stamp
from tests.black_box.test_promise import listed, reads_of_a_note, retried
from tests.black_box.test_weather import appends, creates, logs, once
from tests.black_box.wire import Asked, Manners, Reply, Wire

Found = Callable[..., Town]


def changed(house: Wire, change: Callable[[Asked], object], hits: Callable[[Asked], bool]) -> None:
    """The house is asked something else than what came."""
    meet = house.meet

    def misled(asked: Asked) -> Reply:
        if hits(asked):
            change(asked)
        return meet(asked)

    house.meet = misled  # type: ignore[method-assign]


REWRITES: dict[str, Callable[[str], str]] = {
    "a line of its own": lambda text: f"{text}<p>Sent through the council's gateway</p>",
    "lines of its own length": lambda text: "\n".join(text[at : at + 30] for at in range(0, len(text), 30)),
    "hyphens that do not break": lambda text: text.replace("-", "\u2011"),
    "markup shown as text": html.escape,
}


@pytest.mark.parametrize("rewritten", REWRITES.values(), ids=REWRITES)
def test_a_reference_is_known_again_in_whatever_a_gateway_makes_of_the_text(
    found: Found, monkeypatch: pytest.MonkeyPatch, rewritten: Callable[[str], str]
) -> None:
    monkeypatch.setattr(mosaic_house, "rewritten", rewritten)
    town = found(mail=False, mosaic=Manners(rewrite=True, drop_reference=True))
    report = minimal(1, ago(2))
    town.recording.put(report)
    town.mosaic.storm("hang up", creates, after=True)
    town.bridge.sync(code=0)
    town.recording.put(amended(report, consequences="flumoxtext more"))
    town.mosaic.storm("hang up", appends, after=True)
    town.bridge.sync(code=0)
    once(town, 1)
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1]


def test_a_target_that_makes_notes_and_shows_no_reference_is_not_filled_with_copies(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic_house, "rewritten", lambda text: text[:60])
    town = found(mail=False, mosaic=Manners(rewrite=True, drop_reference=True))
    town.recording.put(minimal(1, ago(2)))
    for _ in range(2):
        town.bridge.sync(code=2)
    (note,) = listed(town)
    assert (len(town.mosaic.notes), note["state"], "2 times" in note["why"]) == (2, "uncertain", True)
    retried(town, note)
    town.bridge.sync(code=2)
    assert len(town.mosaic.notes) == 4


def test_a_look_at_a_note_that_is_answered_with_another_note_proves_nothing(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="3")
    report = minimal(1, ago(2))
    town.recording.put(report, minimal(2, ago(2)))
    town.bridge.sync(code=0)
    town.recording.put(amended(report, consequences="flumoxtext more"))
    town.mosaic.storm("hang up", appends, after=True)
    other = max(town.mosaic.notes)
    changed(town.mosaic, lambda asked: setattr(asked, "path", f"/case-notes/{other}"), reads_of_a_note)
    town.bridge.sync(code=2)
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1, 0]


def test_a_look_at_a_record_that_is_answered_with_another_record_proves_nothing(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="3")
    town.mosaic.write_by_hand(1003, "A visit", "<p>All is well</p>", ago(2).isoformat())
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates, after=True)
    changed(
        town.mosaic,
        lambda asked: setattr(asked, "path", asked.path.replace("1001", "1003")),
        lambda asked: asked.method == "GET" and asked.path == "/persons/1001/case-notes",
    )
    assert town.bridge.sync(code=2)["deliveries"]["mosaic"]["uncertain"] == 1
    assert len(town.mosaic.of(1001)) == 1


def test_what_a_gateway_remembers_of_an_earlier_look_is_not_asked_for(found: Found) -> None:
    town = found(mail=False)
    kept: dict[tuple[str, str], Reply] = {}

    def remembering(meet: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
        def answer(asked: Asked) -> Reply:
            if asked.method != "GET" or "no-cache" in asked.headers.get("cache-control", ""):
                return meet(asked)
            return copy.deepcopy(kept.setdefault((asked.path, str(asked.query)), meet(asked)))

        return answer

    for house in (town.mosaic, town.recording):
        house.meet = remembering(house.meet)  # type: ignore[method-assign]
    town.recording.put(minimal(1, ago(2)))
    town.bridge.sync(code=0)
    for number, after in ((2, False), (3, True)):
        town.recording.put(minimal(number, ago(2)))
        town.mosaic.storm("hang up", creates, after=after)
        town.recording.storm("hang up", logs, after=after)
        town.bridge.sync(code=0)
    once(town, 3)


@pytest.mark.parametrize("known", [True, False], ids=["amended twice", "sent and amended"])
def test_a_report_that_changed_since_it_was_forgotten_in_a_restore_is_looked_for_first(
    found: Found, known: bool
) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    if known:
        town.recording.put(report)
    town.bridge.sync(code=0)
    ledger, saved = town.bridge.folder / "ledger.db", town.bridge.folder / "copy.db"
    town.bridge("ledger", "backup", str(saved), code=0)
    since = datetime.now(UTC)
    report = amended(report, consequences="flumoxtext more") if known else report
    town.recording.put(report)
    town.bridge.sync(code=0)
    for suffix in ("-wal", "-shm"):
        ledger.with_name(f"ledger.db{suffix}").unlink(missing_ok=True)
    saved.replace(ledger)
    town.bridge("ledger", "restored", "--since", since.isoformat(), code=0)
    later = stamp(datetime.now(UTC) + timedelta(seconds=2))
    town.recording.put(amended(report, location="Garden") | {"modifiedAt": later})
    town.bridge.sync(code=0)
    references = [note["_reference"] for note in town.mosaic.notes.values()]
    references += [part["_reference"] for note in town.mosaic.notes.values() for part in note["appendments"]]
    references += [entry["reference"] for entry in town.recording.entries()]
    assert len(set(references)) == len(references) > 0, references
    kinds = town.bridge.kinds(town.bridge.reconcile(ago(20).date().isoformat(), ago(0).date().isoformat(), code=2))
    assert ("different", report["incidentNumber"], "mosaic") in kinds


@pytest.mark.parametrize("status", [400, 422])
def test_a_gateway_that_refuses_a_filter_which_it_does_not_know_is_asked_without(found: Found, status: int) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    for house, writes in ((town.mosaic, creates), (town.recording, logs)):
        house.storm("hang up", writes, after=True)
        house.storm("status", lambda asked: "reference" in asked.query, times=9, detail=(status, {}))
    town.bridge.sync(code=0)
    once(town, 1)


def test_a_target_whose_tokens_are_good_for_one_call_is_not_left_alone_for_ever_longer(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__THREADS="1")
    town.recording.put(*(minimal(number, ago(2, minutes=number)) for number in range(1, 9)))
    meet = town.mosaic.meet

    def once_only(asked: Asked) -> Reply:
        reply = meet(asked)
        if asked.path != "/oauth/token":
            town.mosaic._tokens.clear()
        return reply

    town.mosaic.meet = once_only  # type: ignore[method-assign]
    town.bridge.sync()
    assert town.mosaic.notes
    dues = [one["next_look_at"] for one in listed(town) if one["state"] == "pending"]
    assert all(datetime.fromisoformat(due) < datetime.now(UTC) + timedelta(seconds=3) for due in dues)


@pytest.mark.parametrize(("minutes", "version"), [(0, 2), (30, 1)], ids=["of the same second", "of the same number"])
def test_an_earlier_version_is_no_change_back(found: Found, minutes: int, version: int) -> None:
    town = found(mail=False)
    first = minimal(1, ago(2))
    second = amended(first, minutes, narrative="flumoxtext more") | {"version": version}
    for shown in (second, first, second):
        town.recording.put(shown)
        town.bridge.sync(code=0)
    assert [note["appendments"] for note in town.mosaic.notes.values()] == [[]]
