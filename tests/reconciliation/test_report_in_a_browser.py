"""The report in a real Chromium: axe-core finds nothing at WCAG 2.2 AA, and no page scrolls sideways at any size."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciliation.compare import compare
from reconciliation.html import html_report
from reconciliation.report import report_of
from reconciliation.views import NotesView, Side, SourceView
from tests.reconciliation.example_month import example_report
from tests.reconciliation.world import quiet_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
SIZES = ((390, 844), (820, 1180), (1440, 1000))

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example month, and a report of a quiet one where the source and Mosaic could not be read."""
    folder = tmp_path_factory.mktemp("pages")
    blind = quiet_world().evidence(source=SourceView(Side.NOT_CHECKED), mosaic=NotesView(Side.NOT_CHECKED))
    reports = {"month": example_report(), "blind": report_of(blind, compare(blind))}
    clear = quiet_world().evidence()
    reports["clear"] = report_of(clear, compare(clear))
    stories = example_report().stories
    again = [tuple(replace(one, incident_id=f"{one.incident_id}-{time}") for one in stories) for time in (2, 3)]
    reports["year"] = replace(example_report(), stories=(*stories, *again[0], *again[1]))
    reports["long"] = replace(example_report(), home_name="Example House of the Very Long Name " * 4)
    paths = {}
    for name, report in reports.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(html_report(report), "utf-8")
    return paths


def _opened(browser, path: Path, size: tuple[int, int], scheme: str):
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("request", lambda request: page.said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("month", "light"), ("month", "dark"), ("blind", "light"), ("clear", "dark"), ("year", "light")],
)
def test_axe_finds_nothing(browser, pages, name, scheme) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = _opened(browser, pages[name], SIZES[2], scheme)
    # Evaluated by the tool, outside the page's own policy, which forbids every script.
    page.evaluate("for (const one of [...document.querySelectorAll('details')].slice(0, 12)) one.open = true")
    found = Axe().run(page, options=RULES).response
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    assert found["passes"]
    page.close()


@pytest.mark.parametrize(
    ("name", "size"), [*(("month", size) for size in SIZES), ("blind", SIZES[0]), ("long", SIZES[0])]
)
def test_no_page_scrolls_sideways_and_nothing_is_refused_or_fetched(browser, pages, name, size) -> None:
    page = _opened(browser, pages[name], size, "light")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.said == []
    page.close()


@pytest.mark.parametrize("name", ["month", "year"])
def test_a_finding_leads_by_keyboard_to_its_incident_and_opens_it(browser, pages, name) -> None:
    page = _opened(browser, pages[name], SIZES[2], "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    link = page.locator("[data-finding] a").first
    target = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    assert page.locator(f".stories > details:has({target})").evaluate("one => one.open")
    assert page.locator(target).is_visible()
    page.close()


def test_the_list_of_incidents_can_be_narrowed_to_those_with_findings(browser, pages) -> None:
    page = _opened(browser, pages["month"], SIZES[0], "light")
    every = page.locator(".stories > details")
    assert all(one.is_visible() for one in every.all())
    page.get_by_label("With findings").check()
    shown = [one for one in every.all() if one.is_visible()]
    assert 0 < len(shown) < every.count()
    assert all("found" in one.get_attribute("class") for one in shown)
    page.get_by_label("Not proven in place").check()
    assert {one.get_attribute("data-row") for one in every.all() if one.is_visible()} == {"outstanding", "quarantined"}
    page.close()


def test_on_paper_every_incidents_story_is_open(browser, pages) -> None:
    page = _opened(browser, pages["year"], SIZES[2], "dark")
    page.get_by_label("Not proven in place").check()
    page.emulate_media(media="print")
    assert page.locator(".stories .story h4").first.is_visible()
    assert page.locator(".stories > details:not(.found) > summary").first.is_visible()
    assert not page.locator(".contents").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
