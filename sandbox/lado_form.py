"""The stand-in for a council's online LADO contact form: one HTML page, and a count of what was submitted.

Fields come from the LADO form contract, with real labels and controls. `form` says how this council's form differs
or misbehaves. Nobody but a person may press its button, so `submissions()` must stay empty.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Self
from urllib.parse import parse_qs

from sandbox.faults import Weather
from sandbox.http_stand_in import HttpServer
from sandbox.messages import HTML, Answer, Request, problem

_INPUTS = {"text": "text", "email": "email", "phone": "tel", "date": "date", "datetime": "datetime-local"}
_STYLE = "body{font:1rem sans-serif;max-width:50rem;margin:2rem auto}label,legend{display:block;margin-top:.8rem}"
_ON_CHANGE = "document.querySelector('form').addEventListener('change',e=>e.currentTarget.submit());"
_ON_ENTER = (
    "document.querySelector('form').addEventListener('keydown',"
    "e=>{if(e.key==='Enter'){e.preventDefault();e.currentTarget.submit()}});"
)


@dataclass
class FormVariant:
    """How this council's form differs from the contract, or misbehaves."""

    renamed: dict[str, str] = field(default_factory=dict)
    """Contract key to this form's name; its label changes with it."""
    removed: frozenset[str] = frozenset()
    """Keys that this form lacks."""
    added: frozenset[str] = frozenset()
    """Names of required text fields that the contract lacks."""
    submits_on_change: bool = False
    """A script submits at every change."""
    submits_on_enter: bool = False
    """A script submits when Enter is pressed anywhere, text areas included."""
    sign_in: bool = False
    """A sign-in page comes instead of the form."""


class LadoForm:
    """The form's page on a free loopback port. Operations: form, submit."""

    commands = ("submissions",)

    def __init__(self) -> None:
        self.weather = Weather("lado")
        self.gateway = FormVariant()
        self.server = HttpServer(self, self.weather)
        self._submitted: list[dict[str, list[str]]] = []
        self.arm = self.weather.arm
        self.disarm = self.weather.disarm
        self.armed = self.weather.armed
        self.applied = self.weather.applied
        self.requests = self.weather.requests
        self.advance = self.weather.advance

    @property
    def url(self) -> str:
        """The form's address."""
        return f"{self.server.root}/lado-contact-form"

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def reset(self) -> None:
        """Forget faults, what was asked and what was submitted."""
        self.weather.reset()
        self._submitted.clear()

    def submissions(self) -> list[dict[str, list[str]]]:
        """What was submitted, as the form's own names and values, in order."""
        with self.weather.lock:
            return list(self._submitted)

    def operation(self, request: Request) -> str:
        """The operation's name, as `when` uses it."""
        return "submit" if request.method == "POST" else "form"

    def answer(self, request: Request, operation: str) -> Answer:
        """Show the form, or take a submission."""
        if request.path not in ("/lado-contact-form", "/lado-contact-form/submitted"):
            return problem(404, "No such page")
        if operation == "form":
            return Answer(200, self.page().encode(), HTML, (("Cache-Control", "no-store"),))
        with self.weather.lock:
            self._submitted.append(parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            count = str(len(self._submitted))
            self.weather.apply("submit", reference=None, subject="form", remote_id=count)
        return Answer(200, b"<!doctype html><html lang=en><title>Thank you</title><h1>Thank you</h1></html>", HTML)

    def page(self) -> str:
        """The page's HTML."""
        variant = self.gateway
        if variant.sign_in:
            return "<!doctype html><html lang=en><title>Sign in</title><h1>Please sign in</h1></html>"
        scripts = (_ON_CHANGE if variant.submits_on_change else "") + (_ON_ENTER if variant.submits_on_enter else "")
        extra = "".join(_control({"key": key, "type": "text", "required": True}, key) for key in sorted(variant.added))
        controls = "".join(self._sections()) + extra
        return (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>LADO contact form</title>"
            f"<style>{_STYLE}</style></head><body><main><h1>Example Council: LADO contact form</h1>"
            f'<form method=post action="/lado-contact-form/submitted" autocomplete=off>{controls}'
            f"<p><button type=submit>Submit</button></p></form></main><script>{scripts}</script></body></html>"
        )

    def _sections(self) -> Iterator[str]:
        variant = self.gateway
        for section in contract_sections():
            controls = "".join(
                _control(found, variant.renamed.get(found["key"], found["key"]))
                for found in section["fields"]
                if found["key"] not in variant.removed
            )
            yield f"<section><h2>{html.escape(section['title'])}</h2>{controls}</section>"


def contract_sections() -> list[dict[str, Any]]:
    """The contract's sections, each with its fields."""
    sections: list[dict[str, Any]] = tomllib.loads(
        files("sandbox").joinpath("lado-contact-form.toml").read_text("utf-8")
    )["section"]
    return sections


def label(key: str) -> str:
    """A field's label on this form."""
    return key.replace("_", " ").capitalize()


def _control(found: Mapping[str, Any], name: str) -> str:
    text, needed = html.escape(label(name)), " required" if found.get("required") else ""
    hint = f' title="{html.escape(found["help"])}"' if found.get("help") else ""
    kind = found["type"]
    if kind in _INPUTS:
        return f'<label for="{name}">{text}</label><input type={_INPUTS[kind]} id="{name}" name="{name}"{needed}{hint}>'
    if kind == "long_text":
        return f'<label for="{name}">{text}</label><textarea id="{name}" name="{name}"{needed}{hint}></textarea>'
    if kind == "choice":
        options = "".join(f"<option>{html.escape(choice)}</option>" for choice in found["choices"])
        start = f'<label for="{name}">{text}</label><select id="{name}" name="{name}"{needed}>'
        return f'{start}<option value=""></option>{options}</select>'
    choices, box = (["Yes", "No"], "radio") if kind == "yes_no" else (found["choices"], "checkbox")
    boxes = "".join(
        f'<label><input type={box} name="{name}" value="{html.escape(choice)}">{html.escape(choice)}</label>'
        for choice in choices
    )
    return f"<fieldset><legend>{text}</legend>{boxes}</fieldset>"
