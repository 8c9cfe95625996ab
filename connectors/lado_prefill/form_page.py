"""The council's page as data: which control takes which field. Everything is found before anything is filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.online_form import SETTING, OnlineForm, Place
from connectors.errors import Misconfigured
from mappings.bodies import FormField, LadoPackage

_MANY = ("radio", "checkbox")


class FormChanged(Misconfigured):
    """The online form is not what the profile says. `field` is the one to look at; nothing was left filled in."""

    def __init__(self, field: str, problem: str) -> None:
        shown = " ".join(field.split())[:80]
        super().__init__(
            f"The online LADO form has changed: the field '{shown}' {problem}; nothing is filled in. "
            f"Correct the profile that {SETTING} names.",
            setting=SETTING,
        )
        self.field = shown


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    handle: str
    value: str
    label: str

    def means(self, answer: str) -> bool:
        """Whether this option says the same as the answer."""
        return _plain(answer) in (_plain(self.label), _plain(self.value))


@dataclass(frozen=True)
class Control:
    """One control, or one group of radio buttons or checkboxes."""

    name: str
    id: str
    label: str
    type: str
    form: int
    required: bool
    read_only: bool
    max_length: int | None
    handle: str
    options: tuple[Option, ...]

    def is_at(self, place: Place) -> bool:
        """Whether a profile's place is this control."""
        if place.name:
            return place.name in (self.name, self.id)
        return _plain(place.label) == _plain(self.label)


@dataclass(frozen=True, repr=False)
class Entry:
    """What goes where: a text for `handle`, or the handles of the options to choose (a select: their values)."""

    key: str
    control: Control
    text: str = ""
    chosen: tuple[Option, ...] = ()


def read_controls(found: Sequence[Mapping[str, Any]]) -> tuple[Control, ...]:
    """The page's controls, as the script in the page saw them."""
    return tuple(
        Control(
            name=str(one["name"]),
            id=str(one["id"]),
            label=str(one["label"]),
            type=str(one["type"]),
            form=int(one["form"]),
            required=bool(one["required"]),
            read_only=bool(one["readOnly"]),
            max_length=one["maxLength"],
            handle=str(one["handle"]),
            options=tuple(Option(str(o["handle"]), str(o["value"]), str(o["label"])) for o in one["options"]),
        )
        for one in found
    )


def entries(package: LadoPackage, controls: Sequence[Control], profile: OnlineForm) -> tuple[Entry, ...]:
    """What to fill in where. Raises FormChanged for the first field that the page does not take as expected."""
    where = {field.key: _found(field.key, controls, profile) for field in package.fields}
    known = [control for control in where.values() if control is not None]
    if known:
        form = Counter(control.form for control in known).most_common(1)[0][0]
        _nothing_new(controls, known, form, profile)
    found = (_entry(field, where[field.key]) for field in package.fields)
    return tuple(entry for entry in found if entry is not None)


def _found(key: str, controls: Sequence[Control], profile: OnlineForm) -> Control | None:
    place = profile.place(key)
    if place is None:
        return None
    found = [control for control in controls if control.is_at(place)]
    if not found:
        raise FormChanged(place.name or place.label, "is no longer there")
    if len(found) > 1:
        raise FormChanged(place.name or place.label, "is there more than once")
    return found[0]


def _nothing_new(controls: Sequence[Control], known: Sequence[Control], form: int, profile: OnlineForm) -> None:
    for control in controls:
        if control.form != form or not control.required or control in known:
            continue
        if not {control.name, control.id, control.label} & set(profile.left_to_manager):
            raise FormChanged(control.name or control.label or control.id, "is new and must be answered")


def _entry(field: FormField, control: Control | None) -> Entry | None:
    if control is None or field.to_be_completed or field.value is None:
        return None
    name = control.name or control.label
    if control.read_only:
        raise FormChanged(name, "can no longer be filled in")
    answers = _answers(field)
    if control.type in _MANY or control.type == "select":
        if len(answers) > 1 and control.type != "checkbox":
            raise FormChanged(name, "takes one answer where there are several")
        return Entry(field.key, control, chosen=tuple(_option(control, answer, name) for answer in answers))
    text = _text(field, answers, control)
    if control.max_length is not None and len(text) > control.max_length:
        raise FormChanged(name, f"takes at most {control.max_length} characters, fewer than the answer has")
    return Entry(field.key, control, text=text)


def _answers(field: FormField) -> tuple[str, ...]:
    if isinstance(field.value, tuple):
        return field.value
    if isinstance(field.value, bool):
        return ("Yes",) if field.value else ("No",)
    return (field.value or "",)


def _option(control: Control, answer: str, name: str) -> Option:
    found = [option for option in control.options if option.means(answer)]
    if len(found) != 1:
        raise FormChanged(name, "no longer offers the answer that is to be chosen")
    return found[0]


def _text(field: FormField, answers: Sequence[str], control: Control) -> str:
    text = "\n".join(answers)
    day, _, time = text.partition(" ")
    if field.kind == "date" and control.type != "date":
        return _british(day)
    if field.kind == "datetime":
        # The zone of a doubled hour cannot be typed into a control for dates and times.
        clock = time[:5]
        return {"datetime-local": f"{day}T{clock}", "date": day, "time": clock}.get(
            control.type, f"{_british(day)} {time}"
        )
    return text if control.type == "textarea" else " ".join(text.split())


def _british(day: str) -> str:
    year, month, number = day.split("-")
    return f"{number}/{month}/{year}"


def _plain(text: str) -> str:
    return " ".join(text.replace("*", " ").split()).rstrip(":?").strip().casefold()
