"""The configuration page of the manual is what the models say today."""

from __future__ import annotations

from pathlib import Path

from config.home import Home
from config.reference import main, page
from config.settings import known_names

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_in_the_manual_is_current():
    assert PAGE.read_text("utf-8") == page(), "docs/configuration.md is stale; renew it with: make docs-reference"


def test_the_page_names_every_setting_and_every_field_of_a_home():
    text = page()

    assert not [name for name in known_names() if f"| `{name}` |" not in text]
    assert not [name for name in Home.model_fields if f"`{name}`" not in text and f"[{name}]" not in text]


def test_the_command_writes_the_page(tmp_path):
    assert main([str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text("utf-8") == page()
