"""The worked example of docs/field-maps.md does what the page says."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from config.settings import RecordingSettings
from connectors.recording_files.source import RecordingFiles
from mappings.field_map import load_map
from mappings.incident import Reason, Status
from mappings.map_file import FieldOptions, MapFile, SectionOptions

DOCS = Path("docs")
OWN_MAP = DOCS / "examples" / "field-map.toml"


def test_the_worked_example_runs(tmp_path: Path) -> None:
    shutil.copy(DOCS / "examples" / "field-map.csv", tmp_path / "export.csv")
    files = RecordingFiles(
        RecordingSettings(kind="files", folder=tmp_path, field_map=str(OWN_MAP)), pause=lambda _: None
    )
    (page,) = files.pull("EXH", datetime(2026, 11, 1, tzinfo=UTC))
    (item,) = page.items
    own = load_map(OWN_MAP)
    incident = own.read(item)
    assert (incident.number, incident.status, incident.version) == ("EXH-2026-0001", Status.SUBMITTED, 2)
    assert incident.occurred_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert incident.reasons == (Reason.INJURY_TO_SELF, Reason.INJURY_TO_OTHERS)
    assert [child.child_id for child in incident.children] == ["C-1", "C-2"]
    assert [(measure.child_id, measure.duration_minutes) for measure in incident.measures] == [("C-1", 65)]
    assert own.unknown_fields(item) == set()


def test_the_page_names_every_key_and_option_of_a_map() -> None:
    page = re.sub(r"^```.*?^```$", "", (DOCS / "field-maps.md").read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    words = set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"`[^`]+`", page))))
    options = {field.alias or name for name, field in FieldOptions.model_fields.items()}
    keys = set(MapFile.model_fields) | set(SectionOptions.model_fields) | options
    assert len(options) > 10
    assert keys - words == set()
