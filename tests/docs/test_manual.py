"""The manual is true: links lead somewhere, and every command, setting, duty, exit code and target is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import known_names
from flows.exit_codes import ExitCode
from flows.main import COMMANDS
from ledger.states import DeliveryState, Event

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _prose(page: Path) -> str:
    return FENCED.sub("", page.read_text("utf-8"))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    plain = [re.sub(r"[`*]", "", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in LINK.findall(_prose(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in _anchors(target)):
            broken.append(link)

    assert not broken


def test_the_readme_shows_the_picture_of_the_report_where_there_is_one():
    shown = "](docs/report.png)" in (ROOT / "README.md").read_text("utf-8")

    assert shown == (DOCS / "report.png").is_file()


def test_what_comes_from_the_code_is_current():
    checked = subprocess.run(
        [sys.executable, "scripts/manual.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_stale_page_is_named_with_the_way_to_renew_it(tmp_path):
    copied = tmp_path / "scripts" / "manual.py"
    copied.parent.mkdir()
    copied.write_text((ROOT / "scripts" / "manual.py").read_text("utf-8"), "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "how.md").write_text(
        "<!-- generated:outcomes -->\nold\n<!-- /generated:outcomes -->\n", "utf-8"
    )

    checked = subprocess.run(
        [sys.executable, str(copied), "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 1
    assert "docs/how.md is stale; renew it with: make docs-reference" in checked.stdout
    assert "docs/configuration.md is stale" in checked.stdout


def test_every_setting_is_documented():
    page = (DOCS / "configuration.md").read_text("utf-8")

    assert not [name for name in known_names() if f"`{name}`" not in page]


def test_every_command_is_documented_and_every_documented_command_exists():
    page = (DOCS / "commands.md").read_text("utf-8")
    named = {name for text in map(_prose, PAGES) for name in re.findall(r"`(?:incident-bridge) ([a-z]+)", text)}

    assert not [name for name in COMMANDS if f"\n## {name}\n" not in page]
    assert named
    assert named <= set(COMMANDS)


def test_every_subcommand_and_option_that_the_manual_tells_people_to_type_exists():
    page = (DOCS / "commands.md").read_text("utf-8")
    groups = {heading.split()[0] for heading in re.findall(r"^### (.+)$", page, re.MULTILINE)}
    typed = {
        (command, *words.split())
        for one in PAGES
        for command, words in re.findall(r"incident-bridge (\w+)((?: +(?:--)?[a-z][\w-]*)*)", one.read_text("utf-8"))
        if command in COMMANDS
    }

    unknown = [
        " ".join(line)
        for line in typed
        if (line[0] in groups and len(line) > 1 and f"\n### {line[0]} {line[1]}\n" not in page)
        or any(word.startswith("--") and f"`{word}" not in page and f"{word} " not in page for word in line)
    ]
    assert len(typed) > 10
    assert not unknown


def test_every_exit_code_is_documented():
    rows = re.findall(r"^\| (\d) \|", (DOCS / "operations.md").read_text("utf-8"), re.MULTILINE)

    assert rows == [str(int(code)) for code in ExitCode]


def test_every_state_of_a_delivery_is_in_the_glossary_and_every_step_is_described():
    glossary = (DOCS / "glossary.md").read_text("utf-8")
    steps = (DOCS / "how-delivery-works.md").read_text("utf-8")
    in_glossary = {DeliveryState.SENDING: "lease"}

    assert not [
        state for state in DeliveryState if f"**{in_glossary.get(state, state.replace('_', ' '))}**" not in glossary
    ]
    assert not [state for state in DeliveryState if f"| `{state}` |" not in steps]
    assert len(Event) > 0


def test_the_duties_page_is_the_policys_own_tables():
    ours = _table_rows(DOCS / "duties.md")
    policys = _table_rows(ROOT / "tests" / "policy" / "duties.md")

    assert len(ours) > 30
    assert ours == policys


def test_no_page_speaks_of_a_place_that_only_one_machine_has():
    private = re.compile(r"/(?:home|root|tmp|work)/")

    assert not [page.name for page in PAGES if private.search(page.read_text("utf-8"))]


def _table_rows(page: Path) -> list[str]:
    return [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
