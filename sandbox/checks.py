"""Checks of what is written to a stand-in, as the contract's schemas have them: field paths, never values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.messages import Refusal, Request, problem

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Rule:
    """What one property must be. `kind`: text, moment, local_time, flag, texts; lengths count code points or items."""

    kind: str
    required: bool = False
    least: int = 0
    most: int | None = None
    nullable: bool = False


def checked(request: Request, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The request's JSON object. Raises Refusal (400) with `errors` naming each field that breaks a rule."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(problem(400, "The body is not a JSON object"))
    errors = [{"field": name, "message": "unknown property"} for name in body if name not in rules]
    for name, rule in rules.items():
        if name not in body:
            trouble = "required" if rule.required else None
        else:
            trouble = _trouble(body[name], rule)
        if trouble:
            errors.append({"field": name, "message": trouble})
    if errors:
        raise Refusal(problem(400, "The request does not match the schema", errors=errors))
    return body


def _trouble(value: object, rule: Rule) -> str | None:
    if value is None and rule.nullable:
        return None
    if rule.kind == "flag":
        return None if isinstance(value, bool) else "must be true or false"
    if rule.kind == "texts":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return "must be a list of strings"
        return _length(len(value), rule, "items")
    if not isinstance(value, str):
        return "must be a string"
    if rule.kind == "moment" and (moment_of(value) is None or _moment(value).tzinfo is None):
        return "must be a date-time with an offset"
    if rule.kind == "local_time" and moment_of(value) is None:
        return "must be a date and time"
    return _length(len(value), rule, "characters")


def _length(length: int, rule: Rule, what: str) -> str | None:
    if length < rule.least:
        return f"must have at least {rule.least} {what}"
    if rule.most is not None and length > rule.most:
        return f"must have at most {rule.most} {what}"
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moment_of(text: object) -> datetime | None:
    """An ISO 8601 moment, in UTC; without an offset it is read as UK wall-clock time. None where it is none."""
    if not isinstance(text, str) or len(text) < 11:
        return None
    try:
        found = _moment(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=LONDON)).astimezone(UTC)


def uk_day(text: object) -> date | None:
    """The UK calendar day of an ISO 8601 moment."""
    found = moment_of(text)
    return found.astimezone(LONDON).date() if found else None


def day_of(parameters: Mapping[str, str], name: str, *, required: bool = False) -> date | None:
    """A date parameter. Raises Refusal (400) where it is missing or no date."""
    text = parameters.get(name)
    if text is None:
        if required:
            raise Refusal(problem(400, f"{name} is required"))
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(problem(400, f"{name} must be a date")) from None
