"""The contract's JSON read by the shipped map: what is understood, what is not, and what a refusal says."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.field_map import Unreadable, content_fingerprint, load_map, map_from_text, raw_fingerprint
from mappings.incident import Answer, ChildRole, Incident, Intervention, Position, Reason, Status

CONTRACT = load_map("contract")
Report = dict[str, Any]
REQUIRED = [
    "incidentId",
    "incidentNumber",
    "homeId",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
    "occurredAt",
    "interventionType",
    "children",
]


def child(number: int = 1, **changes: Any) -> Report:
    return {
        "childId": f"child-{number}",
        "name": f"Testchild Number{number}",
        "mosaicPersonId": 1000 + number,
    } | changes


def report(**changes: Any) -> Report:
    """A valid report with most of its fields; `changes` replace top-level ones."""
    made: Report = {
        "incidentId": "inc-1",
        "incidentNumber": "EXH-2026-0001",
        "homeId": "EXH",
        "homeName": "Example House",
        "status": "Submitted",
        "version": 2,
        "createdAt": "2026-11-03T15:00:00Z",
        "modifiedAt": "2026-11-03T16:00:00.250Z",
        "occurredAt": "2026-11-03T14:05:00",
        "interventionType": "Restrictive",
        "planned": "No",
        "reasons": ["InjuryToSelf", "InjuryToOthers"],
        "narrative": "Example story.",
        "measures": [
            {
                "technique": "Low level seated hold",
                "position": "Seated",
                "heldChildId": "child-1",
                "startedAt": "2026-11-03T14:06",
                "durationMinutes": 4.5,
                "staffIds": ["staff-1"],
                "painComplaint": "N/A",
            }
        ],
        "staff": [{"staffId": "staff-1", "name": "Worker Number1", "trainingExpires": "2027-01-31"}],
        "children": [
            child(
                dateOfBirth="2012-05-01",
                role="Held",
                medical={"offered": "Yes", "offeredAt": "2026-11-03T15:00"},
                ehcPlan={"techniques": ["Low level seated hold"], "reviewedOn": None},
            )
        ],
        "allegations": [{"raisedBy": "Child", "summary": "Example."}],
        "managerOversight": {"at": "2026-11-04T09:00", "by": "Manager Example", "comments": "Read."},
    }
    made.update(changes)
    return made


def without(*keys: str) -> Report:
    return {key: value for key, value in report().items() if key not in keys}


def failing(raw: Any) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as caught:
        CONTRACT.read(raw)
    return caught.value.fields


# ---- what is understood ----------------------------------------------------------------------------------------


def test_a_report_of_the_contract_becomes_an_incident() -> None:
    incident = CONTRACT.read(report())
    assert (incident.incident_id, incident.number, incident.home_id) == ("inc-1", "EXH-2026-0001", "EXH")
    assert (incident.status, incident.intervention) == (Status.SUBMITTED, Intervention.RESTRICTIVE)
    assert incident.occurred_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert incident.modified_at == datetime(2026, 11, 3, 16, 0, 0, 250000, tzinfo=UTC)
    assert incident.reasons == (Reason.INJURY_TO_SELF, Reason.INJURY_TO_OTHERS)
    assert incident.manager_oversight.comments == "Read."
    measure, held = incident.measures[0], incident.children[0]
    assert (measure.position, measure.duration_minutes, measure.pain_complaint) == (
        Position.SEATED,
        4.5,
        Answer.NOT_APPLICABLE,
    )
    assert (held.role, held.date_of_birth, held.medical.offered) == (ChildRole.HELD, date(2012, 5, 1), Answer.YES)
    assert held.ehc_plan.techniques == ("Low level seated hold",)
    assert incident.clock_troubles == ()


def test_the_map_knows_every_field_of_the_contract() -> None:
    contract = yaml.safe_load(Path("tests/contracts/recording.openapi.yaml").read_text("utf-8"))
    schemas = contract["components"]["schemas"]

    def sample(schema: Report) -> Any:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        if schema.get("type") == "object":
            return {name: sample(inner) for name, inner in schema["properties"].items()}
        return [sample(schema["items"])] if schema.get("type") == "array" else "something"

    whole = sample(schemas["IncidentReport"])
    assert len(whole) > 30
    assert CONTRACT.unknown_fields(whole) == set()


def test_only_the_required_keys_can_be_relied_on() -> None:
    bare = {key: report()[key] for key in REQUIRED} | {
        "children": [{"childId": "child-1", "name": "Testchild Number1"}]
    }
    incident = CONTRACT.read(bare)
    assert (incident.measures, incident.staff, incident.planned) == ((), (), Answer.UNANSWERED)


def test_null_for_an_optional_field_is_the_same_as_its_absence() -> None:
    optional = set(report()) - set(REQUIRED)
    assert CONTRACT.read(report(**dict.fromkeys(optional))) == CONTRACT.read(without(*optional))


def test_a_blank_time_or_code_says_nothing() -> None:
    incident = CONTRACT.read(report(submittedAt="", planned="", children=[child(role="", dateOfBirth=" ")]))
    assert (incident.submitted_at, incident.planned) == (None, Answer.UNANSWERED)
    assert (incident.children[0].role, incident.children[0].date_of_birth) == (None, None)


@pytest.mark.parametrize(("written", "kept"), [(1234, "1234"), (" 00123 ", "00123"), ("M-77", "M-77"), (None, "")])
def test_a_mosaic_id_is_kept_as_text(written: Any, kept: str) -> None:
    assert (
        CONTRACT.read(report(children=[child(mosaicPersonId=written)], measures=[])).children[0].mosaic_person_id
        == kept
    )


def test_text_is_kept_as_text_whatever_it_looks_like() -> None:
    story = "\u202eمرحبا\u202c 😀 <script>alert('x')</script> & \u0130\n\tnew line"
    assert CONTRACT.read(report(narrative=story)).narrative == story


def test_nul_and_control_characters_are_dropped_and_half_characters_replaced() -> None:
    incident = CONTRACT.read(report(narrative="a\x00b\x07c\x9fd\r\ne\tf\ud83d"))
    assert incident.narrative == "abcd\ne\tf\N{REPLACEMENT CHARACTER}"
    assert content_fingerprint(incident)


def test_ten_megabytes_of_text_are_delivered_as_text() -> None:
    story = "\u0007Ten megabytes. " * 700_000
    assert len(CONTRACT.read(report(narrative=story)).narrative) == len(story) - 700_000 - 1


def test_unknown_fields_are_ignored_and_named_once_without_their_values() -> None:
    raw = report(shoeSize=44, children=[child(1, pet={"name": "Rex"}), child(2, pet=None)])
    assert CONTRACT.read(raw).children[1].child_id == "child-2"
    assert CONTRACT.unknown_fields(raw) == {"shoeSize", "children.pet"}


def test_codes_are_read_whatever_their_case_and_spaces() -> None:
    assert CONTRACT.read(report(status=" signed off ")).status is Status.SIGNED_OFF


# ---- what is not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", REQUIRED)
@pytest.mark.parametrize("spoil", [lambda raw, key: raw.pop(key), lambda raw, key: raw.update({key: None})])
def test_a_missing_required_key_is_named(key: str, spoil: Callable[[Report, str], None]) -> None:
    raw = report()
    spoil(raw, key)
    assert failing(raw) == (key,)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": "Archived"}, "status"),
        ({"status": ""}, "status"),
        ({"policeCalled": "Maybe"}, "policeCalled"),
        ({"policeCalled": True}, "policeCalled"),
        ({"reasons": ["InjuryToSelf", "Boredom"]}, "reasons.1"),
        ({"reasons": "InjuryToSelf"}, "reasons"),
        ({"reasons": ""}, "reasons"),
        ({"reasons": [None]}, "reasons.0"),
        ({"version": 0}, "version"),
        ({"version": "2"}, "version"),
        ({"version": True}, "version"),
        ({"version": 2.5}, "version"),
        ({"version": 10**400}, "version"),
        ({"version": float("nan")}, "version"),
        ({"incidentId": 7}, "incidentId"),
        ({"incidentId": " \x00"}, "incidentId"),
        ({"occurredAt": "2026-02-30T10:00:00"}, "occurredAt"),
        ({"occurredAt": "2026-11-03"}, "occurredAt"),
        ({"occurredAt": "0001-01-01T00:00:00"}, "occurredAt"),
        ({"occurredAt": 1793714700}, "occurredAt"),
        ({"submittedAt": "yesterday"}, "submittedAt"),
        ({"narrative": 12}, "narrative"),
        ({"narrative": ["a"]}, "narrative"),
        ({"managerOversight": "seen"}, "managerOversight"),
        ({"managerOversight": [{}]}, "managerOversight"),
        ({"children": []}, "children"),
        ({"children": {}}, "children"),
        ({"children": "Testchild"}, "children"),
        ({"children": [None], "measures": []}, "children.0"),
        ({"children": [child(), child()]}, "children.1.childId"),
        ({"children": [child(name=None)]}, "children.0.name"),
        ({"children": [child(childId="")], "measures": []}, "children.0.childId"),
        ({"children": [child(dateOfBirth="2012-02-30")]}, "children.0.dateOfBirth"),
        ({"children": [child(dateOfBirth="01/05/2012")]}, "children.0.dateOfBirth"),
        ({"children": [child(dateOfBirth="2026-11-04")]}, "children.0.dateOfBirth"),
        ({"children": [child(role="Watcher")]}, "children.0.role"),
        ({"children": [child(mosaicPersonId=True)]}, "children.0.mosaicPersonId"),
        ({"children": [child(mosaicPersonId=10**5000)]}, "children.0.mosaicPersonId"),
        ({"children": [child(medical={"seenAt": "soon"})]}, "children.0.medical.seenAt"),
        ({"children": [child(medical=[])]}, "children.0.medical"),
        ({"staff": {"staffId": "staff-1"}}, "staff"),
        ({"staff": ["staff-1"]}, "staff.0"),
        ({"staff": [{"name": "Worker Number1"}]}, "staff.0.staffId"),
        ({"measures": [{"technique": "Hold", "heldChildId": "child-9"}]}, "measures.0.heldChildId"),
        ({"measures": [{"technique": "Hold", "durationMinutes": -1}]}, "measures.0.durationMinutes"),
        ({"measures": [{"technique": "Hold", "durationMinutes": float("nan")}]}, "measures.0.durationMinutes"),
        ({"measures": [{"technique": "Hold", "durationMinutes": float("inf")}]}, "measures.0.durationMinutes"),
        ({"measures": [{"technique": "Hold", "durationMinutes": 10**400}]}, "measures.0.durationMinutes"),
        ({"measures": [{"technique": "Hold", "durationMinutes": "12"}]}, "measures.0.durationMinutes"),
        ({"measures": [{"technique": "Hold", "staffIds": ["staff-1", 7]}]}, "measures.0.staffIds.1"),
        ({"allegations": [{"summary": "Example."}]}, "allegations.0.raisedBy"),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_path_in_the_source(changes: Report, path: str) -> None:
    assert failing(report(**changes)) == (path,)


def test_every_failing_path_is_collected() -> None:
    raw = without("homeId") | {"version": 0, "children": [child(dateOfBirth="2012-13-01", role="Cook")], "staff": [1]}
    assert set(failing(raw)) == {"homeId", "version", "children.0.dateOfBirth", "children.0.role", "staff.0"}


@pytest.mark.parametrize("raw", [None, [], "report", 7, [report()]])
def test_what_is_not_a_report_at_all_is_unreadable(raw: Any) -> None:
    assert failing(raw) == ("report",)
    assert CONTRACT.identify(raw) == (None, None, None, None)
    assert CONTRACT.unknown_fields(raw) == set()


def test_a_refusal_carries_ids_and_paths_but_no_value() -> None:
    raw = report(narrative=["CANARY-STORY"], children=[child(name="CANARY-NAME", dateOfBirth="CANARY-DATE")])
    with pytest.raises(Unreadable) as caught:
        CONTRACT.read(raw)
    assert (caught.value.source_id, caught.value.number, caught.value.home_id) == ("inc-1", "EXH-2026-0001", "EXH")
    assert caught.value.__cause__ is None
    assert "children.0.dateOfBirth" in str(caught.value)
    assert "CANARY" not in str(caught.value) + repr(caught.value) + repr(caught.value.fields)


def test_a_report_is_identified_as_far_as_it_can_be() -> None:
    whole = datetime(2026, 11, 3, 16, 0, 0, 250000, tzinfo=UTC)
    assert CONTRACT.identify(report(children="none")) == ("inc-1", "EXH-2026-0001", "EXH", whole)
    assert CONTRACT.identify(report(incidentNumber=7, modifiedAt="soon")) == ("inc-1", None, "EXH", None)


def test_an_outline_is_told_of_a_report_that_is_not_understood() -> None:
    outline = CONTRACT.outline(report(interventionType="Cuddle", children=[child(1), child(2, role="Cook"), 3]))
    assert (outline.source_id, outline.status, outline.version) == ("inc-1", "Submitted", 2)
    assert (outline.occurred_at, outline.child_ids) == (
        datetime(2026, 11, 3, 14, 5, tzinfo=UTC),
        ("child-1", "child-2"),
    )


# ---- clocks ----------------------------------------------------------------------------------------------------


def test_times_that_do_not_exist_or_exist_twice_are_named_by_the_incidents_own_path() -> None:
    incident = CONTRACT.read(
        report(
            occurredAt="2026-10-25T01:40:00",
            createdAt="2026-03-29T01:30:00",
            managerOversight={"at": "2026-10-25T01:50:00"},
            children=[child(), child(2, medical={"seenAt": "2026-10-25T01:10:00"})],
        )
    )
    assert {(trouble.field, trouble.kind.value) for trouble in incident.clock_troubles} == {
        ("occurred_at", "twice"),
        ("created_at", "missing"),
        ("manager_oversight.at", "twice"),
        ("children.1.medical.seen_at", "twice"),
    }
    assert incident.occurred_at == datetime(2026, 10, 25, 0, 40, tzinfo=UTC)
    assert incident.created_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_evidence_in_the_doubled_hour_is_not_before_the_incident() -> None:
    incident = CONTRACT.read(
        report(
            submittedAt="2026-10-25T01:20",  # before occurredAt in the map, and still read against it
            managerNotifiedAt="2026-10-25T01:10",  # the second 01:10: the first was half an hour before the incident
            seniorManagerNotifiedAt="2026-10-25T01:50",
            occurredAt="2026-10-25T01:40:30",
            lado={"notifiedAt": "2026-10-25T01:40"},  # the incident's own minute
        )
    )
    assert incident.submitted_at == datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    assert incident.manager_notified_at == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert incident.senior_manager_notified_at == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert incident.lado.notified_at == datetime(2026, 10, 25, 0, 40, tzinfo=UTC)


# ---- whatever comes --------------------------------------------------------------------------------------------

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=12)
    | st.characters(categories=["Cs"])
    | st.sampled_from(["Held", "Yes", "2026-11-03T14:05:00", "2026-02-30", "child-1"])
    | st.integers(4400, 5000).map(lambda digits: 10**digits),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for step, inner in steps for place in places(inner, (*way, step)))]


def readable_or_unreadable(raw: Any) -> None:
    assert len(raw_fingerprint(raw)) == 64
    CONTRACT.identify(raw)
    CONTRACT.unknown_fields(raw)
    try:
        incident = CONTRACT.read(raw)
    except Unreadable as why:
        refused = why.fields
    else:
        assert isinstance(incident, Incident)
        assert len(content_fingerprint(incident)) == 64
        assert Incident.model_validate_json(incident.model_dump_json()) == incident
        return
    assert refused
    assert all(isinstance(path, str) for path in refused)


@given(junk)
def test_any_json_is_an_incident_or_unreadable(raw: Any) -> None:
    readable_or_unreadable(raw)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_change_to_a_valid_report_leaves_an_incident_or_unreadable(data: st.DataObject) -> None:
    raw = copy.deepcopy(report())
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([place for place in places(raw) if place]))
        holder = raw
        for step in way:
            holder = holder[step]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = data.draw(junk)
    readable_or_unreadable(raw)


def test_a_report_nested_a_hundred_thousand_deep_is_still_fingerprinted() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert len(raw_fingerprint({"incidentId": deep})) == 64
    assert failing(report(narrative=deep)) == ("narrative",)


# ---- fingerprints ----------------------------------------------------------------------------------------------


def test_a_report_saved_again_without_a_change_keeps_its_fingerprint() -> None:
    again = report(version=3, modifiedAt="2026-11-05T10:00:00Z")
    assert content_fingerprint(CONTRACT.read(again)) == content_fingerprint(CONTRACT.read(report()))


@pytest.mark.parametrize(
    "changes",
    [{"status": "Void"}, {"narrative": "Example story"}, {"submittedAt": "2026-11-03T15:30:00Z"}, {"staff": []}],
)
def test_a_report_that_says_something_else_has_another_fingerprint(changes: Report) -> None:
    assert content_fingerprint(CONTRACT.read(report(**changes))) != content_fingerprint(CONTRACT.read(report()))


def test_the_order_of_the_keys_makes_no_difference_to_either_fingerprint() -> None:
    turned = dict(reversed(report().items()))
    assert content_fingerprint(CONTRACT.read(turned)) == content_fingerprint(CONTRACT.read(report()))
    assert raw_fingerprint(turned) == raw_fingerprint(report())


def test_the_fingerprint_is_part_of_the_ledgers_format() -> None:
    """Were it to change, every report in every ledger would look revised at the next sync."""
    expected = "539c522cba3c"
    assert content_fingerprint(CONTRACT.read(report()))[:12] == expected


def test_the_connectors_own_remarks_are_not_in_a_raw_fingerprint() -> None:
    rows = {"rows": [{"Report ID": "R-1"}]}
    assert (
        raw_fingerprint({**rows, "@file": "a.csv"})
        == raw_fingerprint({**rows, "@file": "b.csv"})
        == raw_fingerprint(rows)
    )
    assert raw_fingerprint({"rows": [{"Report ID": "R-2"}]}) != raw_fingerprint(rows)


# ---- another source --------------------------------------------------------------------------------------------

OTHER = """
name = "other"
version = 1
layout = "object"

[styles]
moment = ["%d/%m/%Y %H:%M"]

[codes.Intervention]
"PI" = "Restrictive"

[incident]
incident_id = { from = "ref", numbers = true }
number = "head.no"
home_id = { constant = "EXH" }
status = { from = "state", default = "Submitted" }
version = { from = "rev", text = true }
created_at = "head.made"
modified_at = "head.changed"
occurred_at = { date = "on", time = "at" }
intervention = "kind"
planned = "planned"
manager_notified_at = { from = "toldOn", styles = ["%d/%m/%Y"], date_only = "end" }
reasons = { ticks = { self = "InjuryToSelf", others = "InjuryToOthers" } }

[children]
each = "people.kids"

[children.fields]
child_id = "id"
name = "who"

[measures]
numbered = 2

[measures.fields]
technique = "hold{n}"
duration_minutes = { from = "hold{n}secs", unit = "seconds" }
"""


def test_a_source_with_other_names_needs_another_map_and_no_code() -> None:
    raw = {
        "ref": 17,
        "head": {"no": "EXH-2026-0017", "made": "03/11/2026 15:00", "changed": "2026-11-03T16:00:00Z"},
        "rev": "4",
        "on": "2026-11-03",
        "at": "2.05 pm".replace(".", ":"),
        "kind": "pi",
        "planned": 1,
        "toldOn": "03/11/2026",
        "self": True,
        "others": "no",
        "hold2": "Seated hold",
        "hold2secs": 90,
        "people": {"kids": [{"id": "c-1", "who": "Testchild Number1"}]},
    }
    incident = map_from_text(OTHER, "other").read(json.loads(json.dumps(raw)))
    assert (incident.incident_id, incident.number, incident.version) == ("17", "EXH-2026-0017", 4)
    assert (incident.home_id, incident.status, incident.planned) == ("EXH", Status.SUBMITTED, Answer.YES)
    assert incident.occurred_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert incident.manager_notified_at == datetime(2026, 11, 3, 23, 59, tzinfo=UTC)
    assert incident.reasons == (Reason.INJURY_TO_SELF,)
    assert [(measure.technique, measure.duration_minutes) for measure in incident.measures] == [("Seated hold", 1.5)]
