"""Filling in the online form: everything in its place, and never a submission, whatever the page tries.

These tests need Chromium and fail without it: a form that sends itself must not go unseen because a machine lacks a
browser (`sudo apt install chromium`).
"""

from __future__ import annotations

import errno
import html
import json
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.lado_form import shipped_form
from config.online_form import OnlineForm, Place, load_online_form
from config.settings import load_settings
from connectors.errors import Misconfigured, NotApplied, Unreachable
from connectors.lado_prefill import FormChanged, LadoPrefill, connect, prefill_form
from connectors.lado_prefill.form_page import entries, read_controls
from mappings.bodies import FormField, LadoPackage
from sandbox.lado_form import LadoForm

CANARY = "Jodie Canaryton"
ENTER = "document.addEventListener('keydown', e => { if (e.key === 'Enter') document.forms[0].submit(); });"
ON_CHANGE = "document.forms[0].addEventListener('change', e => e.currentTarget.submit());"
ON_INPUT = "document.forms[0].addEventListener('input', e => e.currentTarget.requestSubmit());"
BEHIND = (
    "document.forms[0].addEventListener('input', () => { const all = new FormData(document.forms[0]);"
    " fetch('/submitted', {method: 'POST', body: all}).catch(() => 0);"
    " navigator.sendBeacon('/submitted', all);"
    " new Image().src = '/submitted?' + new URLSearchParams(all);"
    " fetch('/submitted', {method: 'POST', body: all, keepalive: true}).catch(() => 0);"
    " const x = new XMLHttpRequest(); x.open('PUT', '/submitted'); x.send('x'); });"
)
ON_LOAD = "window.addEventListener('load', () => document.forms[0].submit());"
NEW_WINDOW = "document.forms[0].target = '_blank';" + ON_CHANGE
BY_ADDRESS = "document.forms[0].method = 'get';" + ON_CHANGE


class Council:
    """A council's web server with one form. `submissions` counts whatever carries an answer to it."""

    def __init__(self) -> None:
        self.controls: dict[str, str] = {
            "child_name": "<label for=c1>Child</label><input id=c1 name=child_name required>",
            "child_date_of_birth": "<label>Born <input type=date name=child_date_of_birth required></label>",
            "incident_at": "<label>When <input type=datetime-local name=incident_at></label>",
            "summary": "<label>Summary <textarea name=summary required></textarea></label>",
            "adult_aware": "<fieldset><legend>Aware?</legend>"
            "<label><input type=radio name=adult_aware value=1> Yes</label>"
            "<label><input type=radio name=adult_aware value=0> No</label></fieldset>",
            "adult_status": "<label>Status <select name=adult_status><option value=''>Choose</option>"
            "<option value=w>At work</option><option value=s>Suspended</option></select></label>",
            "category": "<fieldset><legend>Category</legend>"
            + "".join(f"<label><input type=checkbox name=category value={c}> {c}</label>" for c in ("One", "Two"))
            + "</fieldset>",
            "adult_address": "<label>Address <input name=adult_address required></label>",
        }
        self.script = ""
        self.status = 200
        self.page: str | None = None
        self.submissions: list[str] = []
        council = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/submitted") or "child_name=" in self.path:
                    council.submissions.append(f"GET {self.path}")
                self.answer()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                council.submissions.append(f"POST {body.decode('utf-8', 'replace')}")
                self.answer()

            do_PUT = do_POST  # noqa: N815

            def answer(self) -> None:
                body = council.html().encode()
                self.send_response(council.status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/form"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def html(self) -> str:
        form = "".join(self.controls.values())
        return self.page or (
            f"<!doctype html><title>LADO</title><form action=/search><input name=q required></form>"
            f"<form method=post action=/submitted>{form}<input type=hidden name=token value=1>"
            f"<button>Submit</button></form><script>{self.script}</script>"
        ).replace("<form action=/search><input name=q required></form>", "") + (
            "<form action=/search><input name=q required></form>"
        )


@pytest.fixture
def council() -> Iterator[Council]:
    found = Council()
    yield found
    found.server.shutdown()
    found.server.server_close()


def field(key: str, value: object, kind: str = "text") -> FormField:
    return FormField(key=key, title=key, value=value, kind=kind, to_be_completed=value is None)


FIELDS = (
    field("child_name", CANARY),
    field("child_date_of_birth", "2011-02-03", "date"),
    field("incident_at", "2026-10-25 01:30 GMT", "datetime"),
    field("summary", 'First line.\nSecond <line> & "more".', "long_text"),
    field("adult_aware", "No", "yes_no"),
    field("adult_status", "Suspended", "choice"),
    field("category", ("One",), "choices"),
    field("adult_address", None),
)


def package(fields: tuple[FormField, ...] = FIELDS) -> LadoPackage:
    return LadoPackage(incident="EXH-2026-0001", revision=1, adult="staff-9", triggers=(1,), fields=fields)


def prefill(council: Council, profile: OnlineForm | None = None, **more: object) -> LadoPrefill:
    return LadoPrefill(council.url, profile, window=False, **{"timeout_seconds": 20, **more})


def seen(page: object) -> dict[str, object]:
    return page.evaluate(  # type: ignore[attr-defined]
        "() => { const all = {}; for (const [k, v] of new FormData(document.forms[0])) all[k] = v; return all; }"
    )


def test_chromium_is_here() -> None:
    assert shutil.which("chromium"), "Chromium is missing; install it with `sudo apt install chromium`"


def test_every_known_answer_is_put_in_its_place_and_the_rest_left_to_the_person(council: Council) -> None:
    pages: list[dict[str, object]] = []
    done = prefill(council).prefill(package(), then=lambda page: pages.append(seen(page)))
    assert (
        pages
        == [
            {
                "child_name": CANARY,
                "child_date_of_birth": "2011-02-03",
                "incident_at": "2026-10-25T01:30",
                "summary": 'First line.\r\nSecond <line> & "more".',
                "adult_aware": "0",
                "adult_status": "s",
                "category": "One",
                "adult_address": "",
                "token": "1",
            }
        ]
        or pages[0]["summary"].replace("\r\n", "\n") == FIELDS[3].value
    )
    assert done.filled == tuple(found.key for found in FIELDS if found.value)
    assert done.to_be_completed == ("adult_address",)
    assert council.submissions == []


@pytest.mark.parametrize(
    "script", [ENTER + ON_CHANGE + ON_INPUT, BEHIND, ON_LOAD, NEW_WINDOW, BY_ADDRESS], ids=lambda found: found[:40]
)
def test_whatever_the_page_tries_nothing_is_ever_submitted(council: Council, script: str) -> None:
    council.script = script
    pages: list[dict[str, object]] = []

    def look(page: object) -> None:
        pages.append(seen(page))
        page.evaluate("() => document.forms[0].submit()")  # type: ignore[attr-defined]
        page.wait_for_timeout(200)  # type: ignore[attr-defined]

    done = prefill(council).prefill(package(), then=look)
    assert council.submissions == []
    assert pages[0]["child_name"] == CANARY
    assert done.blocked > 0


def test_a_persons_own_press_of_the_button_opens_the_way(council: Council) -> None:
    def press(page: object) -> None:
        page.get_by_label("Address").fill("1 Invented Lane")  # type: ignore[attr-defined]
        with page.expect_navigation():  # type: ignore[attr-defined]
            page.get_by_role("button", name="Submit").click()  # type: ignore[attr-defined]

    prefill(council).prefill(package(), then=press)
    assert len(council.submissions) == 1


def rename(council: Council) -> None:
    council.controls["summary"] = council.controls["summary"].replace("name=summary", "name=account")


def remove(council: Council) -> None:
    del council.controls["category"]


def add_required(council: Council) -> None:
    council.controls["extra"] = "<label>Ethnicity <input name=ethnicity required></label>"


def rewrite(council: Council) -> None:
    council.script = "document.forms[0].summary.addEventListener('input', e => { e.target.value = 'gone'; });"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (rename, "summary"),
        (remove, "category"),
        (add_required, "ethnicity"),
        (rewrite, "summary"),
    ],
)
def test_a_changed_form_stops_with_the_fields_name_and_nothing_is_reported_ready(
    council: Council, change: Callable[[Council], None], named: str
) -> None:
    change(council)
    ready: list[object] = []
    with pytest.raises(FormChanged) as caught:
        prefill(council).prefill(package(), then=ready.append)
    assert caught.value.field == named
    assert caught.value.setting == "BRIDGE_LADO__ONLINE_PROFILE"
    assert f"'{named}'" in caught.value.message
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert ready == []
    assert council.submissions == []


def control(**changes: object) -> dict[str, object]:
    usual = {"name": "child_name", "id": "", "label": "Child", "type": "text", "form": 0, "required": True}
    return {**usual, "readOnly": False, "maxLength": None, "handle": "1", "options": [], **changes}


@pytest.mark.parametrize(
    ("controls", "named"),
    [
        ([control(), control(handle="2")], "child_name"),
        ([control(readOnly=True)], "child_name"),
        ([control(maxLength=5)], "child_name"),
        ([control(type="select", options=[{"handle": "", "value": "x", "label": "Somebody"}])], "child_name"),
        ([control(), control(name="sex", handle="2")], "sex"),
        ([control(name="", label="Full name:\n of the child")], "child_name"),
        ([control(), control(name="", label="Full name: \n of the child", handle="2")], "Full name: of the child"),
    ],
)
def test_a_control_that_does_not_take_its_answer_is_named(controls: list[dict[str, object]], named: str) -> None:
    with pytest.raises(FormChanged) as caught:
        entries(package(FIELDS[:1]), read_controls(controls), OnlineForm())
    assert caught.value.field == named
    assert "\n" not in caught.value.message


def test_controls_of_another_form_on_the_page_do_not_matter() -> None:
    other = control(name="q", form=1, handle="2")
    (entry,) = entries(package(FIELDS[:1]), read_controls([control(), other]), OnlineForm())
    assert (entry.key, entry.text) == ("child_name", CANARY)
    assert CANARY not in repr(entry)


def test_a_profile_finds_fields_by_label_and_knows_what_is_left_to_the_manager(council: Council) -> None:
    council.controls["child_name"] = "<label>Child's full name: * <input name=x91 required></label>"
    council.controls["adult_aware"] = council.controls["adult_aware"].replace("name=adult_aware", "name=q7")
    add_required(council)
    del council.controls["category"]
    profile = OnlineForm(
        field={"child_name": Place(label="child's full name"), "adult_aware": Place(label="Aware")},
        not_asked=("category",),
        left_to_manager=("ethnicity",),
    )
    pages: list[dict[str, object]] = []
    prefill(council, profile).prefill(package(), then=lambda page: pages.append(seen(page)))
    assert (pages[0]["x91"], pages[0]["q7"]) == (CANARY, "0")


def test_dates_go_into_plain_text_controls_as_the_uk_writes_them(council: Council) -> None:
    for key in ("child_date_of_birth", "incident_at"):
        council.controls[key] = f"<label>{key} <input name={key}></label>"
    pages: list[dict[str, object]] = []
    prefill(council).prefill(package(), then=lambda page: pages.append(seen(page)))
    assert pages[0]["child_date_of_birth"] == "03/02/2011"
    assert pages[0]["incident_at"] == "25/10/2026 01:30 GMT"


def test_a_sign_in_page_is_no_form(council: Council) -> None:
    council.page = "<!doctype html><title>Sign in</title><h1>Please sign in</h1>"
    with pytest.raises(Misconfigured) as caught:
        prefill(council).prefill(package())
    assert caught.value.setting == "BRIDGE_LADO__ONLINE_URL"


def test_a_form_that_is_down_says_so(council: Council) -> None:
    council.status = 503
    with pytest.raises(NotApplied) as caught:
        prefill(council).prefill(package())
    assert caught.value.status == 503
    assert prefill(council).check().reachable is False


def test_a_form_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        LadoPrefill("http://127.0.0.1:9/form", window=False, timeout_seconds=10).prefill(package())


def test_a_missing_browser_says_in_one_line_how_to_get_it(
    council: Council, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured) as caught:
        prefill(council, browser=tmp_path / "none").prefill(package())
    assert caught.value.setting == "BRIDGE_LADO__BROWSER"
    assert "sudo apt install chromium" in caught.value.message
    assert "\n" not in caught.value.message
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is not installed" in prefill(council).check().sentence


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "pw:api"), ("PWDEBUG", "1")])
def test_a_browser_that_would_print_what_is_typed_is_not_started(
    council: Council, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="unset them"):
        prefill(council).prefill(package())


def test_check_opens_the_form_and_fills_in_nothing(council: Council) -> None:
    health = prefill(council).check()
    assert health.ok
    assert "9 fields" in health.sentence
    assert council.submissions == []


def written() -> dict[str, object]:
    return {
        "form": "lado-contact-form",
        "version": 1,
        "incident": "EXH-2026-0001",
        "revision": 1,
        "adult": "staff-9",
        "fields": {
            one.key: {"value": one.value, "from": "x"} if one.value else {"value": None, "to_be_completed": True}
            for one in FIELDS
        },
    }


def test_a_written_package_is_filled_in_and_pictured_for_its_owner_alone(council: Council, tmp_path: Path) -> None:
    found = written()
    picture = tmp_path / "form.png"
    filled = prefill_form(json.loads(json.dumps(found)), url=council.url, screenshot=picture)
    assert set(filled) == {one.key for one in FIELDS if one.value}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert council.submissions == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [("no folder", "its folder is not there"), ("a link", "a link stands"), ("full", "its disk is full")],
)
def test_a_picture_that_cannot_be_saved_is_told_and_half_of_it_is_not_left(
    council: Council, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, said: str
) -> None:
    picture = tmp_path / "form.png"
    if harm == "no folder":
        picture = tmp_path / "none" / "form.png"
    elif harm == "a link":
        picture.symlink_to(tmp_path / "elsewhere.png")
    else:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "canary")

        monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(Misconfigured, match=said) as caught:
        prefill_form(written(), url=council.url, screenshot=picture)
    assert str(picture) in caught.value.message
    assert caught.value.__context__ is None
    assert not picture.exists()
    assert council.submissions == []


def test_settings_that_cannot_be_right_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BRIDGE_LADO__ONLINE_URL"):
        connect(load_settings({}, folder=tmp_path))
    with pytest.raises(ConfigurationError, match="https"):
        LadoPrefill("http://council.example/form")
    site = load_settings({"BRIDGE_LADO__ONLINE_URL": "https://council.example/form"}, folder=tmp_path)
    assert isinstance(connect(site), LadoPrefill)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[field.child_nam]\nname = 'x'", "'child_nam'"),
        ("[field.child_name]\nname = 'x'\nlabel = 'y'", "either a name or a label"),
        ("colour = 1", "colour"),
        ("[[", "not valid TOML"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_place_to_mend(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "online.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_online_form(path, shipped_form())
    assert caught.value.setting == "BRIDGE_LADO__ONLINE_PROFILE"
    assert said in str(caught.value)


def test_markup_in_an_answer_stays_text(council: Council) -> None:
    odd = "<script>document.forms[0].submit()</script>"
    pages: list[dict[str, object]] = []
    fields = tuple(one.model_copy(update={"value": odd}) if one.key == "summary" else one for one in FIELDS)
    prefill(council).prefill(package(fields), then=lambda page: pages.append(seen(page)))
    assert html.unescape(str(pages[0]["summary"])) == odd
    assert council.submissions == []


def test_a_whole_package_goes_into_the_sandboxs_form(tmp_path: Path) -> None:
    answers = {
        "text": "Example",
        "long_text": "One.\nTwo.",
        "email": "rita@home.example",
        "phone": "0115 496 0000",
        "date": "2026-10-03",
        "datetime": "2026-10-03 15:05",
        "yes_no": "Yes",
    }
    fields = {
        key: {"value": list(asked.choices[:1]) if asked.kind == "choices" else answers.get(asked.kind, "Agency")}
        for key, asked in shipped_form().questions().items()
        if asked.source != "manager"
    }
    blank = {key: {"value": None, "to_be_completed": True} for key in shipped_form().questions() if key not in fields}
    whole = {key: (fields | blank)[key] | {"from": "x"} for key in shipped_form().questions()}
    found = {"form": "f", "version": 1, "incident": "EXH-2026-0001", "revision": 1, "adult": "a", "fields": whole}
    with LadoForm() as stand_in:
        filled = prefill_form(found, url=stand_in.url, screenshot=tmp_path / "form.png")
        assert stand_in.submissions() == []
    assert set(filled) == set(fields)
