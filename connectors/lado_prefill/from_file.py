"""Fills the online form from a package's JSON, as the desk wrote it."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.lado_form import LadoForm, load_form
from config.online_form import load_online_form
from connectors.errors import Misconfigured
from connectors.lado_prefill.prefill import LadoPrefill
from mappings.bodies import FormField, LadoPackage

if TYPE_CHECKING:
    from playwright.sync_api import Page

_REASONS = {
    errno.ENOSPC: "its disk is full",
    errno.EDQUOT: "its disk quota is used up",
    errno.EROFS: "its disk can only be read",
    errno.EACCES: "this user may not write there",
    errno.ENOENT: "its folder is not there",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.ELOOP: "a link stands in its place",
}


def prefill_form(
    package: Mapping[str, Any],
    *,
    url: str,
    profile: str | Path | None = None,
    screenshot: str | Path | None = None,
    form: Path | None = None,
    browser: Path | None = None,
    timeout_seconds: float = 30.0,
) -> tuple[str, ...]:
    """Fill in the form and return the keys of the fields that were filled.

    With `screenshot` nobody sees a window: the filled form is pictured into that file, which its owner alone can
    read, and gone. Without it the window stays until the person closes it. `profile`: a site's own profile of the
    online form; `form`: its own form profile. Raises as `LadoPrefill.prefill` does, ConfigurationError, and
    Misconfigured where the picture cannot be saved.
    """
    asked = load_form(form)
    online = load_online_form(Path(profile) if profile else None, asked)
    filling = LadoPrefill(url, online, browser=browser, window=screenshot is None, timeout_seconds=timeout_seconds)
    target = None if screenshot is None else Path(screenshot)
    done = filling.prefill(package_of(package, asked), then=None if target is None else _picture_into(target))
    return done.filled


def package_of(found: Mapping[str, Any], form: LadoForm) -> LadoPackage:
    """A package's JSON as a package. Fields that the form no longer has are taken as text."""
    return LadoPackage(
        form=found["form"],
        version=found["version"],
        incident=found["incident"],
        revision=found["revision"],
        adult=found["adult"],
        triggers=tuple(found.get("triggers", ())),
        fields=_fields(found["fields"], form),
        children=tuple(_fields(section, form) for section in found.get("children", ())),
    )


def _fields(found: Mapping[str, Any], form: LadoForm) -> tuple[FormField, ...]:
    questions = form.questions()
    fields = []
    for key, answer in found.items():
        value = answer.get("value")
        question = questions.get(key)
        fields.append(
            FormField(
                key=key,
                title=question.label if question else key,
                value=tuple(value) if isinstance(value, list) else value,
                source=answer.get("from"),
                to_be_completed=bool(answer.get("to_be_completed")),
                kind=question.kind.value if question else "text",
            )
        )
    return tuple(fields)


def _picture_into(target: Path) -> Any:
    def take(page: Page) -> None:
        picture = page.screenshot(full_page=True)
        try:
            _write_for_owner(target, picture)
        except OSError as why:
            code = why.errno or 0
        else:
            return
        problem = _REASONS.get(code, "the system refused it")
        raise Misconfigured(
            f"The picture of the filled form cannot be saved as {target}: {problem}; nothing was submitted: name "
            "another file with --screenshot.",
            setting="--screenshot",
        )

    return take


def _write_for_owner(target: Path, content: bytes) -> None:
    """Write a file that its owner alone can read; half of one is taken away."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)
            file.write(content)
    except OSError:
        target.unlink(missing_ok=True)
        raise
