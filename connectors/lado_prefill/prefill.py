"""Fills in the online form in a browser, and stops there.

From the moment the page is loaded not a byte leaves the browser: every request is refused at the network layer,
whatever the page's scripts try. No button is pressed and no Enter. Only a person's own press of the form's button, in
a window that the person sees, opens the way again.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from config.errors import ConfigurationError
from config.lado_form import load_form
from config.online_form import OnlineForm, load_online_form
from config.settings import Settings, is_loopback
from connectors.errors import ConnectorError, Misconfigured, NotApplied, Unreachable
from connectors.lado_prefill.form_page import Control, Entry, FormChanged, entries, read_controls
from connectors.protocols import Health
from mappings.bodies import LadoPackage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright, Route

BROWSER = "BRIDGE_LADO__BROWSER"
URL = "BRIDGE_LADO__ONLINE_URL"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIELD_PATIENCE_MILLISECONDS = 5000

_CONTROLS = files("connectors.lado_prefill").joinpath("controls.js").read_text("utf-8")
_VALUE = (
    """(element) => element.type === "checkbox" || element.type === "radio" ? String(element.checked) : element.value"""
)
_PERSON_PRESSES = """(name) => document.addEventListener("click", (event) => {
  const buttons = "button, input[type=submit], input[type=image]";
  const button = event.target instanceof Element && event.target.closest(buttons);
  if (event.isTrusted && button) window[name]();
}, true)"""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Prefilled:
    """What was done: keys only. `blocked`: how often the page tried to send something by itself, and was stopped."""

    filled: tuple[str, ...]
    to_be_completed: tuple[str, ...]
    further_children: int
    """Children of the concern beyond the first, whom the manager adds by hand."""
    blocked: int


class LadoPrefill:
    """The council's online form. Each call has a browser and a profile folder of its own, gone when it returns."""

    def __init__(
        self,
        url: str,
        profile: OnlineForm | None = None,
        *,
        browser: Path | None = None,
        window: bool = True,
        timeout_seconds: float = 30.0,
    ) -> None:
        """`window` False: nobody sees the form; for machines without a screen, and for trials.

        Raises ConfigurationError for an address that is neither https:// nor on this machine.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ConfigurationError(
                f"{URL} must begin with https://; plain http:// is allowed only to this machine.", setting=URL
            )
        self._url = url
        self._profile = profile or OnlineForm()
        self._program = browser
        self._window = window
        self._timeout = timeout_seconds * 1000

    def prefill(self, package: LadoPackage, *, then: Callable[[Page], None] | None = None) -> Prefilled:
        """Open the form, fill in what is known, and leave the window to the person until it is closed.

        `then` is called with the filled page in place of waiting for the person.
        Raises FormChanged with the field's name when the form is not what the profile says, and shuts the page, so
        that nothing half-filled is taken for ready; Misconfigured when there is no browser; Unreachable or NotApplied
        when the page does not come.
        """
        outcome = self._in_browser(lambda sitting: self._filled(sitting, package, then))
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def check(self) -> Health:
        """Open the form and count its fields. Nothing is filled in."""
        outcome = self._in_browser(lambda sitting: len(sitting.controls()))
        if not isinstance(outcome, ConnectorError):
            return Health(ok=True, sentence=f"The online LADO form at {self._url} opens and has {outcome} fields.")
        setting = outcome.setting if isinstance(outcome, Misconfigured) else URL
        reachable = not isinstance(outcome, NotApplied)
        return Health(ok=False, sentence=outcome.message, setting=setting, reachable=reachable)

    def _filled(self, sitting: _Sitting, package: LadoPackage, then: Callable[[Page], None] | None) -> Prefilled:
        planned = entries(package, sitting.controls(), self._profile)
        for entry in planned:
            sitting.fill(entry)
        # The form may have grown or thrown answers away while it was being filled in: look again.
        entries(package, sitting.controls(), self._profile)
        for entry in planned:
            sitting.confirm(entry)
        sitting.hand_over()
        if then is not None:
            then(sitting.page)
        elif self._window and not sitting.page.is_closed():
            sitting.page.wait_for_event("close", timeout=0)
        return Prefilled(
            filled=tuple(entry.key for entry in planned),
            to_be_completed=package.to_be_completed,
            further_children=max(len(package.children) - 1, 0),
            blocked=sitting.blocked,
        )

    def _in_browser(self, act: Callable[[_Sitting], Result]) -> Result | ConnectorError:
        """Errors come back as values: raised here they would carry the browser's own words, and those hold answers."""
        program = _program(self._program)
        if isinstance(program, ConnectorError):
            return program
        from playwright.sync_api import Error, sync_playwright

        outcome: Result | ConnectorError = _no_browser(program)
        with sync_playwright() as driver:
            try:
                browser = self._launched(driver, program)
            except Error:
                return outcome
            try:
                sitting = _Sitting(browser)
                outcome = _not_opened(sitting, self._url, self._timeout) or act(sitting)
            except ConnectorError as why:
                outcome = why.with_traceback(None)
            except Error:
                outcome = FormChanged("(unknown)", "did not let itself be filled in")
            finally:
                browser.close()
        return outcome

    def _launched(self, driver: Playwright, program: str) -> Browser:
        as_root = hasattr(os, "geteuid") and os.geteuid() == 0
        return driver.chromium.launch(
            executable_path=program,
            headless=not self._window,
            args=["--no-sandbox"] if as_root else [],
            chromium_sandbox=not as_root,
            timeout=self._timeout,
        )


class _Sitting:
    """One page in one browser, with a gate that nothing passes once the page is there."""

    def __init__(self, browser: Browser) -> None:
        self.blocked = 0
        self._loaded = False
        self._released = False
        context = browser.new_context(service_workers="block", accept_downloads=False)
        context.route("**/*", self._gate)
        context.route_web_socket("**/*", lambda socket: socket.close())
        self._context = context
        self.page = context.new_page()

    def open(self, url: str, timeout: float) -> int:
        """Load the page; gives the status. From here on nothing leaves."""
        answer = self.page.goto(url, wait_until="load", timeout=timeout)
        self._loaded = True
        self._context.set_offline(True)
        self.page.set_default_timeout(FIELD_PATIENCE_MILLISECONDS)
        return 0 if answer is None else answer.status

    def controls(self) -> tuple[Control, ...]:
        """What can be filled in on the page as it is now."""
        return read_controls(self.page.evaluate(_CONTROLS))

    def fill(self, entry: Entry) -> None:
        """Put one answer into its control."""
        control = entry.control
        if control.type == "select":
            self._at(control.handle).select_option(value=[option.value for option in entry.chosen])
        elif entry.chosen:
            for option in entry.chosen:
                self._at(option.handle).check()
        else:
            self._at(control.handle).fill(entry.text)

    def confirm(self, entry: Entry) -> None:
        """See that the answer is there. Raises FormChanged where the page made something else of it."""
        control = entry.control
        if control.type == "select":
            kept = [self._at(control.handle).evaluate(_VALUE)] == [option.value for option in entry.chosen]
        elif entry.chosen:
            kept = all(self._at(option.handle).evaluate(_VALUE) == "true" for option in entry.chosen)
        else:
            kept = self._at(control.handle).evaluate(_VALUE).split() == entry.text.split()
        if not kept:
            raise FormChanged(control.name or control.label, "did not keep its answer")

    def hand_over(self) -> None:
        """From now on a person's own press of the form's button opens the gate; a script's does not."""
        name = f"bridge{secrets.token_hex(16)}"
        self.page.expose_function(name, self._release)
        self.page.evaluate(_PERSON_PRESSES, name)
        self._context.set_offline(False)

    def _at(self, handle: str) -> Locator:
        return self.page.locator(f'[data-bridge="{handle}"]')

    def _release(self) -> None:
        self._released = True

    def _gate(self, route: Route) -> None:
        request = route.request
        reading = request.method in ("GET", "HEAD")
        if self._released or (reading and not self._loaded):
            route.continue_()
            return
        self.blocked += 1
        route.abort("aborted")


def connect(settings: Settings, *, window: bool = True) -> LadoPrefill:
    """The online form of this site. Raises ConfigurationError naming the setting."""
    lado = settings.lado
    if lado.online_url is None:
        raise ConfigurationError(
            f"{URL} is not set; set it to the address of the council's online LADO form.", setting=URL
        )
    return LadoPrefill(
        lado.online_url,
        load_online_form(lado.online_profile, load_form(lado.form)),
        browser=lado.browser,
        window=window,
        timeout_seconds=settings.delivery.timeout_seconds,
    )


def _program(configured: Path | None) -> str | Misconfigured:
    if find_spec("playwright") is None:
        return Misconfigured(
            "Filling in the online LADO form needs the browser extra; install it with "
            "`pip install 'incident-bridge[browser]'`.",
            setting=BROWSER,
        )
    if "PWDEBUG" in os.environ or "pw:" in os.environ.get("DEBUG", ""):
        return Misconfigured(
            "DEBUG or PWDEBUG would write a child's details to the terminal; unset them and try again.", setting="DEBUG"
        )
    if configured is not None:
        return str(configured) if configured.is_file() else _no_browser(str(configured))
    found = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    return found or _no_browser("")


def _no_browser(program: str) -> Misconfigured:
    what = f"Chromium at {program} cannot be started" if program else "Chromium is not installed"
    return Misconfigured(
        f"{what}, and filling in the online LADO form needs it and a screen; "
        f"install it with `sudo apt install chromium`, or set {BROWSER} to its program file.",
        setting=BROWSER,
    )


def _not_opened(sitting: _Sitting, url: str, timeout: float) -> ConnectorError | None:
    from playwright.sync_api import Error

    try:
        status = sitting.open(url, timeout)
    except Error:
        return Unreachable(f"The online LADO form at {url} did not open; check {URL} and the network, or try later.")
    if status >= 400:
        return NotApplied(f"The online LADO form at {url} answered {status}; check {URL}, or try later.", status=status)
    if not sitting.controls():
        return Misconfigured(
            f"The page at {url} has no form; it may ask for a sign-in first: check {URL}.", setting=URL, status=status
        )
    return None
