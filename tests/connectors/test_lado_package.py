"""LADO packages on disk: the JSON of FACE, a PDF that people can read, private, whole, and stable to the byte."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from config.settings import load_settings
from connectors.errors import Misconfigured
from connectors.lado_package import LadoPackageDesk, connect
from connectors.lado_package import folder as folder_module
from connectors.lado_package.direction import joined, visual, visual_lines
from connectors.protocols import FormDesk
from mappings.bodies import FormField, LadoPackage


def field(key: str, value: object = None, **more: object) -> FormField:
    known = {"source": "child.name"} if value is not None else {"to_be_completed": True}
    defaults = {"title": key.replace("_", " ").capitalize(), "section": "child", "section_title": "About the child"}
    return FormField(key=key, value=value, **{**known, **defaults, **more})


CHILD = (field("child_name", "Jodie Sampleton"), field("child_legal_status"))
SECOND = (field("child_name", "Kim Secondly"), field("child_legal_status", "S20"))
CONCERN = {"section": "concern", "section_title": "About the incident"}


def package(**changes: object) -> LadoPackage:
    fields: dict[str, object] = {
        "incident": "EXH-2026-0001",
        "revision": 2,
        "adult": "staff-9",
        "triggers": (1, 2),
        "children": (CHILD,),
        "fields": (
            *CHILD,
            field("incident_at", "2026-10-03 15:05", kind="datetime", **CONCERN),
            field(
                "harm_threshold", ("Harmed a child",), kind="choices", choices=("Harmed a child", "Other"), **CONCERN
            ),
            field("category", kind="choices", choices=("Physical", "Emotional"), **CONCERN),
            field("child_safe_now", kind="long_text", help="what was done", **CONCERN),
            field("adult_start", kind="date", required=False, **CONCERN),
        ),
    }
    return LadoPackage(**{**fields, **changes})


def read(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


@pytest.fixture
def desk(tmp_path: Path) -> LadoPackageDesk:
    return LadoPackageDesk(tmp_path / "deep" / "lado")


def test_the_json_has_the_shape_that_scripts_rely_on(desk: LadoPackageDesk) -> None:
    files = desk.prepare(package(children=(CHILD, SECOND)))
    found = json.loads(files.json.read_text("utf-8"))
    assert {key: found[key] for key in ("form", "version", "incident", "revision", "adult", "triggers")} == {
        "form": "lado-contact-form",
        "version": 1,
        "incident": "EXH-2026-0001",
        "revision": 2,
        "adult": "staff-9",
        "triggers": [1, 2],
    }
    assert found["fields"]["child_name"] == {"value": "Jodie Sampleton", "from": "child.name"}
    assert found["fields"]["category"] == {"value": None, "to_be_completed": True}
    assert found["fields"]["harm_threshold"]["value"] == ["Harmed a child"]
    assert list(found["fields"]) == [field.key for field in package().fields]
    assert [child["child_name"]["value"] for child in found["children"]] == ["Jodie Sampleton", "Kim Secondly"]
    assert files.to_be_completed == ("child_legal_status", "category", "child_safe_now", "adult_start")


def test_the_pdf_shows_answers_choices_and_what_is_to_be_completed(desk: LadoPackageDesk) -> None:
    text = read(desk.prepare(package(children=(CHILD, SECOND))).pdf)
    assert "Saturday 3 October 2026 at 15:05" in text
    assert "☒ Harmed a child" in text
    assert "☐ Emotional" in text
    assert text.count("To be completed") == 5
    assert "To be completed (optional)" in text
    assert "About the child (2 of 2)" in text
    assert "Kim Secondly" in text


def test_every_page_names_incident_revision_and_page(desk: LadoPackageDesk) -> None:
    long = field("summary", "A sentence of the summary.\n" * 400, kind="long_text", **CONCERN)
    pages = PdfReader(desk.prepare(package(fields=(*CHILD, long))).pdf).pages
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert "EXH-2026-0001 · revision 2" in text
        assert f"Page {number} of {len(pages)}" in text


def test_the_pdf_tells_a_screen_reader_its_title_language_and_sections(desk: LadoPackageDesk) -> None:
    reader = PdfReader(desk.prepare(package()).pdf)
    assert reader.metadata.title == "LADO contact form: EXH-2026-0001, revision 2"
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    titles = [entry.title for entry in _flat(reader.outline)]
    assert titles == ["LADO contact form", "About the child", "About the incident"]


def _flat(outline: list) -> list:
    return [one for entry in outline for one in (_flat(entry) if isinstance(entry, list) else [entry])]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Zoë Łukasiewicz-Ünal", "Zoë Łukasiewicz-Ünal"),
        ("Елена Пример", "Елена Пример"),
        ("a 🦄 then 😀", "a [unicorn face] then [grinning face]"),
        ("👨‍👩‍👧", "[man][woman][girl]"),
        ('<b>&amp; "quoted" </table>', '<b>&amp; "quoted" </table>'),
        ("李小龙", "[U+674E]"),
        ("a\u0000b\u0007c", "abc"),
        ("\ud800 lone", "lone"),
        ("x" * 9000, "x" * 40),
        ("line\n" * 3000, "line"),
    ],
)
def test_whatever_was_typed_can_be_read_in_the_pdf(desk: LadoPackageDesk, written: str, shown: str) -> None:
    long = field("summary", "placed", kind="long_text", **CONCERN).model_copy(update={"value": written})
    files = desk.prepare(package(fields=(*CHILD, long)))
    assert shown in read(files.pdf)
    assert json.loads(files.json.read_text("utf-8"))["fields"]["summary"]["value"]


def test_a_repeat_writes_the_same_bytes(desk: LadoPackageDesk, tmp_path: Path) -> None:
    first = desk.prepare(package())
    second = LadoPackageDesk(tmp_path / "elsewhere").prepare(package())
    assert first.json.read_bytes() == second.json.read_bytes()
    assert first.pdf.read_bytes() == second.pdf.read_bytes()


def test_another_process_writes_the_same_pdf(desk: LadoPackageDesk) -> None:
    odd = package(fields=(*CHILD, field("summary", "Ünï 😀 Елена", **CONCERN)))
    here = hashlib.sha256(desk.prepare(odd).pdf.read_bytes()).hexdigest()
    script = (
        "import sys, hashlib; from mappings.bodies import LadoPackage; "
        "from connectors.lado_package.pdf import readable_pdf; "
        "p = LadoPackage.model_validate_json(sys.stdin.read()); readable_pdf(p.model_copy(update={'revision': 9})); "
        "print(hashlib.sha256(readable_pdf(p)).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", script],
        input=odd.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"},
    )
    assert there.stdout.strip() == here


def test_folder_and_files_are_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "lado"
    folder.mkdir(mode=0o755)
    before = os.umask(0o000)
    try:
        files = LadoPackageDesk(folder).prepare(package())
        os.umask(0o777)
        LadoPackageDesk(folder).prepare(package(revision=3))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert files.pdf.parent == folder
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize("adult", ["staff/../../etc/passwd", "Alan Adultson", "..", "", "a" * 300, "ü\x00/\n"])
def test_an_odd_adult_id_cannot_leave_the_folder(desk: LadoPackageDesk, adult: str) -> None:
    files = desk.prepare(package(adult=adult))
    assert files.json.parent == files.pdf.parent
    assert files.json.name.isascii()
    assert not files.json.name.startswith(".")
    assert len(files.json.name) < 140


def test_ids_that_look_alike_and_homes_that_share_a_number_get_their_own_files(desk: LadoPackageDesk) -> None:
    ones = [package(adult="a/b"), package(adult="a b"), package(home="H1"), package(home="H2"), package(revision=3)]
    assert len({desk.prepare(one).json for one in ones}) == len(ones)


def test_a_package_that_is_approved_takes_the_place_of_the_one_before(desk: LadoPackageDesk) -> None:
    before = desk.prepare(package())
    dated = package(fields=(*package().fields, field("referral_date", "2026-10-05", kind="date", **CONCERN)))
    after = desk.prepare(dated)
    assert before.json == after.json
    assert "Monday 5 October 2026" in read(after.pdf)
    assert len(list(after.pdf.parent.iterdir())) == 2


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not write")])
def test_a_disk_that_is_full_or_closed_leaves_nothing_half_written(
    desk: LadoPackageDesk, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    old = desk.prepare(package()).json.read_bytes()

    def refuse(*_: object) -> int:
        raise OSError(code, "canary of the system")

    monkeypatch.setattr(folder_module.os, "write", refuse)
    with pytest.raises(Misconfigured) as caught:
        desk.prepare(package(triggers=(3,)))
    monkeypatch.undo()
    assert caught.value.setting == "BRIDGE_LADO__OUT_DIR"
    assert words in caught.value.message
    assert "canary" not in caught.value.message
    assert caught.value.__context__ is None
    left = {path.name: path for path in desk.prepare(package()).json.parent.iterdir()}
    assert len(left) == 2
    assert desk.prepare(package()).json.read_bytes() == old


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "lado").write_text("not a folder")
    desk = LadoPackageDesk(tmp_path / "lado")
    health = desk.check()
    assert (health.ok, health.setting) == (False, "BRIDGE_LADO__OUT_DIR")
    assert "\n" not in health.sentence
    with pytest.raises(Misconfigured, match="BRIDGE_LADO__OUT_DIR"):
        LadoPackageDesk(tmp_path / "lado" / "below").prepare(package())


def test_what_a_killed_process_left_behind_is_taken_away(desk: LadoPackageDesk) -> None:
    files = desk.prepare(package())
    left = files.json.with_name(f".{files.json.name}.0123.part")
    left.write_text("half a name")
    os.utime(left, (0, 0))
    desk.prepare(package())
    assert not left.exists()


def test_check_leaves_nothing_behind(desk: LadoPackageDesk, tmp_path: Path) -> None:
    health = desk.check()
    assert health.ok
    assert list((tmp_path / "deep" / "lado").iterdir()) == []


def test_connect_takes_the_sites_folder(tmp_path: Path) -> None:
    desk = connect(load_settings({"BRIDGE_LADO__OUT_DIR": str(tmp_path / "out")}, folder=tmp_path))
    assert isinstance(desk, FormDesk)
    assert desk.prepare(package()).json.parent == tmp_path / "out"


def test_the_pdf_is_a_pdf(desk: LadoPackageDesk) -> None:
    assert PdfReader(io.BytesIO(desk.prepare(package()).pdf.read_bytes())).pages


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("plain (text) 12", "plain (text) 12"),
        ("שלום", "םולש"),
        ("said שלום עולם (12) twice", "said םלוע םולש (12) twice"),
        ("(שלום) 3.5", "(םולש) 3.5"),
        ("בית 12.50 ספר", "רפס 12.50 תיב"),
        ("שָׁלוֹם", "םוֹלשָׁ"),
        ("محمد", "\ufeaa\ufee4\ufea4\ufee3"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
    ],
)
def test_right_to_left_words_stand_in_the_order_in_which_they_are_read(typed: str, seen: str) -> None:
    assert visual(joined(typed)) == seen


def test_a_long_right_to_left_text_begins_on_its_first_line() -> None:
    words = ["א" * 4, "ב" * 4, "ג" * 4, "ד" * 4]
    assert visual_lines(" ".join(words), 9, len) == [f"{words[1]} {words[0]}", f"{words[3]} {words[2]}"]


def test_a_name_in_arabic_script_is_in_the_pdf_joined_and_in_the_json_as_typed(desk: LadoPackageDesk) -> None:
    named = field("child_name", "محمد").model_copy(update={"title": "Name"})
    files = desk.prepare(package(fields=(named,), children=((named,),)))
    # The reader of this test turns right-to-left letters back into the order of speech.
    assert "\ufee3\ufea4\ufee4\ufeaa" in read(files.pdf)
    assert "محمد" in files.json.read_text("utf-8")
