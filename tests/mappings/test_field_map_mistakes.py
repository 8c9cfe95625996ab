"""A mistake in a map is one sentence that names the map and the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from mappings.field_map import load_map, map_from_text
from mappings.map_file import shipped_names

GOOD = """
name = "mine"
version = 1
layout = "object"
[codes.Status]
"Open" = "Submitted"
[incident]
incident_id = "id"
number = "no"
home_id = "home"
status = "status"
version = "version"
created_at = "created"
modified_at = "modified"
occurred_at = "occurred"
intervention = "kind"
[children]
each = "children"
[children.fields]
child_id = "id"
name = "name"
"""


def test_the_map_that_the_mistakes_are_made_in_is_good() -> None:
    assert map_from_text(GOOD, "mine").name == "mine"


def test_every_shipped_map_loads_under_its_own_name() -> None:
    assert shipped_names() == ("contract", "spreadsheet")
    assert [load_map(name).name for name in shipped_names()] == ["contract", "spreadsheet"]


MISTAKES = [
    ("version = 1\n", "version = 1\ncolour = 1\n", "unknown field 'colour'"),
    ("version = 1\n", "version = 0\n", "'version'"),
    ('layout = "object"', 'layout = "tree"', "'layout'"),
    ('layout = "object"', 'layout = "rows"', "[rows]"),
    ('name = "mine"', "name = ", "line 2"),
    ("[children]", "[childs]", "'childs'"),
    ('number = "no"', 'nummer = "no"', "'incident.nummer'"),
    ('number = "no"', "", "'incident.number'"),
    ('number = "no"', "number = 7", "'incident.number"),
    ('number = "no"', 'number = ""', "'incident.number'"),
    ('number = "no"', 'number = ["a", "b"]', "'incident.number'"),
    ('number = "no"', 'number = { form = "no" }', "'incident.number.form'"),
    ('number = "no"', 'number = { from = "no", constant = "1" }', "'incident.number'"),
    ('number = "no"', 'number = { from = "no", unit = "minutes" }', "'unit' in 'incident.number'"),
    ('number = "no"', 'number = "no {n}"', "{n} in 'incident.number'"),
    ('number = "no"', 'number = "no"\nlado = "x"', "'incident.lado'"),
    ('number = "no"', 'number = "no"\nlado.when = "x"', "'incident.lado.when'"),
    ('number = "no"', 'number = "no"\nchildren = "x"', "'incident.children'"),
    ('occurred_at = "occurred"', 'occurred_at = { date = "d" }', "'date' and 'time'"),
    ('occurred_at = "occurred"', 'occurred_at = { from = "d", styles = ["dd/mm"] }', "style 'dd/mm'"),
    ('occurred_at = "occurred"', 'occurred_at = { from = "d", styles = ["%Q"] }', "style '%Q'"),
    ('status = "status"', 'status = { from = "s", codes = "Mine" }', "[codes.Mine]"),
    ('status = "status"', 'status = { from = "s", default = "Nowhere" }', "'incident.status'"),
    ('"Open" = "Submitted"', '"Open" = "Sent"', "'Sent' in 'codes.Status'"),
    ('"Open" = "Submitted"', '"Open" = "Submitted"\n"o pen" = "Draft"', "two meanings"),
    ("[codes.Status]", "[codes.State]", "[codes.State]"),
    ('each = "children"', "", "'each' or 'numbered'"),
    ('each = "children"', 'each = "children"\nnumbered = 2', "'each' or 'numbered'"),
    ('each = "children"', "numbered = 2", "{n}"),
    ('each = "children"', 'each = "children"\nper = "row"', 'per = "row"'),
    ('each = "children"', 'each = "children"\nwhen = "Hold"', "'when'"),
    ('child_id = "id"', 'childid = "id"', "'children.fields.childid'"),
]


@pytest.mark.parametrize(("good", "bad", "named"), MISTAKES)
def test_a_mistake_is_one_sentence_that_names_the_map_and_the_place(good: str, bad: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        map_from_text(GOOD.replace(good, bad, 1), "mine")
    message = str(caught.value)
    assert message.startswith("The field map mine ")
    assert named in message
    assert "\n" not in message
    assert caught.value.setting == "BRIDGE_RECORDING__FIELD_MAP"


def test_a_name_that_is_no_map_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'contrakt'.*contract, spreadsheet"):
        load_map("contrakt")


def test_a_map_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, "utf-8")
    assert load_map(path).name == load_map(str(path)).name == "mine"


def test_a_map_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("none.toml", "odd.toml"):
        with pytest.raises(ConfigurationError, match=name):
            load_map(tmp_path / name)
