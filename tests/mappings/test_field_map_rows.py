"""The spreadsheet's rows read by the shipped map, and by maps of other layouts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.field_map import Unreadable, load_map, map_from_text
from mappings.incident import Answer, ChildRole, Incident, Involvement, Reason, Status

SHEET = load_map("spreadsheet")
Row = dict[str, Any]


def row(**changes: Any) -> Row:
    """A child's row of a valid export; keys of `changes` are column names with _ for a space."""
    made: Row = {
        "Unit Code": "EXH",
        "Report ID": "R-1",
        "Revision": "2",
        "Report Number": "EXH-2026-0001",
        "Report Status": "Signed off",
        "Date Recorded": "03/11/2026 15:00",
        "Last Amended": "03/11/2026 16:00:30",
        "Date of Incident": "03/11/2026",
        "Time of Incident": "14:05",
        "Type of Intervention": "Physical intervention",
        "Reasons for Intervention": "Risk of injury to self; other",
        "Police Called": "N",
        "YP Ref": "YP-1",
        "YP Name": "Testchild Number1",
        "YP DOB": "01/05/2012",
        "YP Involvement": "Held",
        "Hold 1 Technique": "Low level seated hold",
        "Hold 1 Length": "12 mins",
        "Hold 1 Staff IDs": "S-1, S-2",
        "Staff 1 ID": "S-1",
        "Staff 1 Name": "Worker Number1",
        "Staff 1 Involvement": "Held the child",
        "Staff 3 ID": "S-2",
        "Staff 3 Name": "Worker Number2",
    }
    return made | {name.replace("_", " "): cell for name, cell in changes.items()}


def read(*rows: Row) -> Incident:
    return SHEET.read({"rows": list(rows)})


def failing(*rows: Row, **remarks: Any) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as caught:
        SHEET.read({"rows": list(rows), **remarks})
    return caught.value.fields


def test_the_rows_of_one_report_become_one_incident_with_a_child_each() -> None:
    without_hold = {"Hold_1_Technique": "", "Hold_1_Length": "", "Hold_1_Staff_IDs": ""}
    incident = read(row(), row(YP_Ref="YP-2", YP_Name="Testchild Number2", YP_Involvement="Present", **without_hold))
    assert (incident.incident_id, incident.number, incident.version) == ("R-1", "EXH-2026-0001", 2)
    assert (incident.status, incident.police_called) == (Status.SIGNED_OFF, Answer.NO)
    assert incident.occurred_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert incident.modified_at == datetime(2026, 11, 3, 16, 0, 30, tzinfo=UTC)
    assert incident.reasons == (Reason.INJURY_TO_SELF, Reason.OTHER)
    assert [(child.child_id, child.role) for child in incident.children] == [
        ("YP-1", ChildRole.HELD),
        ("YP-2", ChildRole.PRESENT),
    ]
    assert incident.children[0].date_of_birth == date(2012, 5, 1)
    assert [(m.child_id, m.duration_minutes, m.staff_ids) for m in incident.measures] == [("YP-1", 12, ("S-1", "S-2"))]
    assert [(s.staff_id, s.involvement) for s in incident.staff] == [("S-1", Involvement.USED_MEASURE), ("S-2", None)]


def test_columns_are_found_whatever_their_case_and_spaces() -> None:
    assert read({f" {name.upper()}  ": cell for name, cell in row().items()}) == read(row())


def test_a_blank_cell_says_nothing_even_where_another_row_speaks() -> None:
    second = row(YP_Ref="YP-2", Location="Lounge", Report_Status=" ")
    assert read(row(), second).location == "Lounge"
    assert read(row(), second).status is Status.SIGNED_OFF


def test_rows_that_disagree_about_the_report_are_not_understood() -> None:
    assert failing(row(Location="Lounge"), row(YP_Ref="YP-2", Location="Kitchen")) == ("rows.1.Location",)
    assert failing(row(), row(YP_Ref="YP-2", Staff_1_Name="Worker Number9")) == ("rows.1.Staff 1 Name",)


def test_the_same_child_in_two_rows_is_not_understood() -> None:
    assert failing(row(), row()) == ("rows.1.YP Ref",)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"Report_ID": ""}, "Report ID"),
        ({"Report_Status": "Somewhere"}, "Report Status"),
        ({"Revision": "two"}, "Revision"),
        ({"Time_of_Incident": ""}, "Time of Incident"),
        ({"Date_of_Incident": "31/02/2026"}, "Date of Incident"),
        ({"Last_Amended": "2026"}, "Last Amended"),
        ({"Police_Called": "perhaps"}, "Police Called"),
        ({"YP_DOB": "31/02/2012"}, "rows.0.YP DOB"),
        ({"YP_Name": ""}, "rows.0.YP Name"),
        ({"Hold_1_Length": "a while"}, "rows.0.Hold 1 Length"),
        ({"Hold_1_Technique": ""}, "rows.0.Hold 1 Technique"),
        ({"Staff_3_ID": ""}, "Staff 3 ID"),
        ({"Location": {"formula": "not calculated"}}, "Location"),
        ({"Reasons_for_Intervention": "Other; Boredom"}, "Reasons for Intervention"),
    ],
)
def test_a_cell_that_cannot_be_understood_is_named_by_its_column(changes: Row, path: str) -> None:
    assert failing(row(**changes)) == (path,)


def test_a_date_and_a_time_that_are_both_missing_are_both_named() -> None:
    assert failing(row(Date_of_Incident="", Time_of_Incident="")) == ("Date of Incident", "Time of Incident")


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("12 mins", 12),
        ("12", 12),
        (12, 12),
        (2.5, 2.5),
        ("00:12", 12),
        ("0:12:30", 12.5),
        ("1h 5m", 65),
        ("1 hour and 5 minutes", 65),
        ("2 hrs", 120),
        ("90 seconds", 1.5),
        ("1 min 30 secs.", 1.5),
        ("PT1H5M", 65),
    ],
)
def test_a_duration_is_read_as_people_write_it(written: Any, minutes: float) -> None:
    assert read(row(Hold_1_Length=written)).measures[0].duration_minutes == pytest.approx(minutes)


@pytest.mark.parametrize(
    "written", ["-5", "5-10 mins", "about 5", "NaN", "inf", "1e3", "5 apples", "0:75", "9999999 hours", -1]
)
def test_a_duration_that_is_none_is_not_guessed(written: Any) -> None:
    assert failing(row(Hold_1_Length=written)) == ("rows.0.Hold 1 Length",)


@pytest.mark.parametrize(
    ("yes", "no"), [("Yes", "No"), ("y", "n"), ("TRUE", "false"), (True, False), (1, 0), (1.0, 0.0), ("1", "0")]
)
def test_yes_and_no_are_read_in_all_their_spellings(yes: Any, no: Any) -> None:
    incident = read(row(Police_Called=yes, Serious_Incident=no, Planned_Intervention="n/a"))
    assert (incident.police_called, incident.serious_incident) == (Answer.YES, Answer.NO)
    assert incident.planned is Answer.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("03/11/2026", "14:05"),
        ("3 Nov 2026", "2:05 PM"),
        ("2026-11-03T00:00:00", "14:05:00"),
        ("2026-11-03", "1899-12-30T14:05:00"),
        (46329, 0.586805555555556),
        ("46329", "0.586805555555556"),
    ],
)
def test_a_date_and_its_time_are_read_as_text_or_typed(day: Any, hour: Any) -> None:
    assert read(row(Date_of_Incident=day, Time_of_Incident=hour)).occurred_at == datetime(
        2026, 11, 3, 14, 5, tzinfo=UTC
    )


@pytest.mark.parametrize("written", ["03/11/2026 16:00", "2026-11-03T16:00:00", 46329.6666666667, "46329.6666666667"])
def test_a_moment_is_read_as_text_or_typed(written: Any) -> None:
    assert read(row(Last_Amended=written)).modified_at == datetime(2026, 11, 3, 16, 0, tzinfo=UTC)


def test_clock_troubles_name_the_incidents_own_paths() -> None:
    head = {"Date_of_Incident": "25/10/2026", "Time_of_Incident": "01:40"}
    incident = read(
        row(**head, Hold_1_Start="25/10/2026 01:10"),
        row(**head, YP_Ref="YP-2", Hold_1_Start="", Medical_Seen_At="29/03/2026 01:30"),
    )
    assert [(trouble.field, trouble.kind.value) for trouble in incident.clock_troubles] == [
        ("occurred_at", "twice"),
        ("children.1.medical.seen_at", "missing"),
        ("measures.0.started_at", "twice"),
    ]
    assert incident.measures[0].started_at == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


def test_a_row_whose_cells_were_shifted_or_cut_off_is_not_understood() -> None:
    assert failing(row(), row(YP_Ref="YP-2"), **{"@damaged": [1]}) == ("rows.1",)


def test_a_whole_file_that_is_no_table_is_one_unreadable_item() -> None:
    with pytest.raises(Unreadable) as caught:
        SHEET.read({"content": "AAAA", "@file": "photo.jpg", "@unreadable": ["file"]})
    assert caught.value.fields == ("file",)


def test_columns_that_the_map_does_not_know_are_named_once() -> None:
    assert SHEET.unknown_fields({"rows": [row(Shoe_Size=4, exported_by="me"), row(Shoe_Size=5)]}) == {"Shoe Size"}


cells = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.lists(st.text(max_size=3))


@given(st.lists(st.dictionaries(st.sampled_from(sorted(row())), cells, max_size=4) | cells, min_size=1, max_size=3))
def test_any_rows_are_an_incident_or_unreadable(spoils: list[Any]) -> None:
    rows = [row(**{}) | spoil if isinstance(spoil, dict) else spoil for spoil in spoils]
    try:
        incident = SHEET.read({"rows": rows})
    except Unreadable as why:
        refused = why.fields
    else:
        assert isinstance(incident, Incident)
        return
    assert refused


LAYERS = """
name = "layers"
version = 1
layout = "rows"
[rows]
key = ["Ref"]
[incident]
incident_id = "Ref"
number = "Ref"
home_id = { constant = "EXH" }
status = { constant = "Submitted" }
version = "@version"
created_at = "Made"
modified_at = "@modifiedAt"
occurred_at = "When"
intervention = { constant = "Restrictive" }
[children]
each = "row"
where = { Kind = "Child" }
distinct = true
fields = { child_id = "Id", name = "Name" }
[staff]
each = "row"
where = { Kind = ["Adult", "Worker"] }
fields = { staff_id = "Id", name = "Name" }
[measures]
each = "row"
where = { Kind = "Hold" }
fields = { technique = "Name", child_id = "Id" }
"""


def test_adults_and_holds_may_stand_in_rows_of_their_own() -> None:
    layers = map_from_text(LAYERS, "layers")
    head = {"Ref": "R-1", "Made": "2026-11-03T15:00", "When": "2026-11-03T14:05"}
    rows = [
        {**head, "Kind": "child", "Id": "c-1", "Name": "Testchild Number1"},
        {"Ref": "R-1", "Kind": "Child", "Id": "c-1", "Name": "Testchild Number1"},
        {"Ref": "R-1", "Kind": "WORKER", "Id": "s-1", "Name": "Worker Number1"},
        {"Ref": "R-1", "Kind": "Hold", "Id": "c-1", "Name": "Seated hold"},
    ]
    incident = layers.read({"rows": rows, "@version": 7, "@modifiedAt": "2026-11-04T08:00:00Z"})
    assert not layers.is_stamped
    assert SHEET.is_stamped
    assert (incident.version, incident.modified_at) == (7, datetime(2026, 11, 4, 8, tzinfo=UTC))
    assert [child.child_id for child in incident.children] == ["c-1"]
    assert [member.staff_id for member in incident.staff] == ["s-1"]
    assert [(measure.technique, measure.child_id) for measure in incident.measures] == [("Seated hold", "c-1")]
