"""The LADO form: its sections, its questions and where each answer comes from. A site may bring its own profile.

Labels, help and order belong to the profile (BRIDGE_LADO__FORM); the keys of the shipped form must all be in it, so
that no question of the policy is left out in silence.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from config.errors import ConfigurationError

SETTING = "BRIDGE_LADO__FORM"
CHILD_SECTION = "child"
"""The section that is filled in once for each child the concern is about (RULINGS 32)."""


class Kind(StrEnum):
    """What kind of answer a question takes."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    DATETIME = "datetime"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"


class Source(StrEnum):
    """Where an answer comes from: every value that `from` may have."""

    MANAGER = "manager"
    TRIGGER = "trigger"
    APPROVAL_AT = "approval.at"
    REFERRER_NAME = "home.registered_manager.name"
    REFERRER_ROLE = "home.registered_manager.role"
    REFERRER_EMAIL = "home.registered_manager.email"
    REFERRER_PHONE = "home.registered_manager.phone"
    HOME_NAME = "home.name"
    HOME_ADDRESS = "home.address"
    HOME_PROVIDER = "home.provider"
    STAFF_NAME = "staff.name"
    STAFF_ROLE = "staff.role"
    STAFF_TRAINING = "staff.training_current_on_day"
    CHILD_NAME = "child.name"
    CHILD_DATE_OF_BIRTH = "child.date_of_birth"
    CHILD_MOSAIC_ID = "child.mosaic_person_id"
    CHILD_LEGAL_STATUS = "child.legal_status"
    CHILD_PLACING_AUTHORITY = "child.placing_authority"
    CHILD_SOCIAL_WORKER = "child.social_worker"
    CHILD_VIEWS = "child.views"
    CHILD_PARENTS_INFORMED = "child.parents_informed"
    CHILD_MEDICAL = "child.medical"
    INCIDENT_NUMBER = "incident.number"
    INCIDENT_OCCURRED_AT = "incident.occurred_at"
    INCIDENT_LOCATION = "incident.location"
    INCIDENT_IS_RESTRICTIVE = "incident.is_restrictive"
    INCIDENT_MEASURES = "incident.measures"
    INCIDENT_INJURIES = "incident.injuries"
    INCIDENT_WITNESSES = "incident.witnesses"
    INCIDENT_NOTIFIABLE_EVENT = "incident.notifiable_event"
    ALLEGATION_RAISED_BY = "allegation.raised_by"
    ALLEGATION_RAISED_AT = "allegation.raised_at"
    ALLEGATION_SUMMARY = "allegation.summary"
    ALLEGATION_MASH = "allegation.mash_referred"
    ALLEGATION_POLICE = "allegation.police_referred"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Question(_Strict):
    """One field of the form."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The project's own name of the field.")
    kind: Kind = Field(alias="type", description="What kind of answer it takes.")
    required: bool = Field(default=False, description="Whether the council insists on an answer.")
    source: Source = Field(alias="from", description="Where the answer comes from.")
    title: str = Field(default="", description="The label that people read; made from the key if empty.")
    help: str = Field(default="", description="A sentence for the person who completes it.")
    choices: tuple[str, ...] = Field(default=(), description="What can be chosen, for `choice` and `choices`.")

    @model_validator(mode="after")
    def _has_choices(self) -> Self:
        if (self.kind in (Kind.CHOICE, Kind.CHOICES)) != bool(self.choices):
            raise ValueError("`choices` goes with the types choice and choices, and only with them")
        if self.source is Source.TRIGGER and self.kind is not Kind.CHOICES:
            raise ValueError("from = 'trigger' needs the type choices")
        return self

    @property
    def label(self) -> str:
        """What people read."""
        return self.title or self.key.replace("_", " ").capitalize()


class Section(_Strict):
    """Questions that belong together."""

    key: str = Field(min_length=1, description="Name of the section; `child` is repeated for each child.")
    title: str = Field(min_length=1, description="The heading that people read.")
    fields: tuple[Question, ...] = Field(min_length=1, description="The questions, in order.")


class LadoForm(_Strict):
    """A whole form."""

    form: str = Field(default="lado-contact-form", min_length=1, description="Name of the form.")
    version: int = Field(default=1, ge=1, description="Version of the form.")
    section: tuple[Section, ...] = Field(min_length=1, description="The sections, in order.")

    @field_validator("section")
    @classmethod
    def _each_once(cls, value: tuple[Section, ...]) -> tuple[Section, ...]:
        keys = [question.key for section in value for question in section.fields]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ValueError(f"the key '{twice}' stands twice")
        if [section.key for section in value].count(CHILD_SECTION) != 1:
            raise ValueError("there must be one section with the key 'child'")
        return value

    def questions(self) -> dict[str, Question]:
        """Every question by its key, in order."""
        return {question.key: question for section in self.section for question in section.fields}


@cache
def shipped_form() -> LadoForm:
    """The form that comes with the software."""
    text = files("config").joinpath("forms/lado-contact-form.toml").read_text("utf-8")
    return LadoForm.model_validate(tomllib.loads(text))


def load_form(path: Path | None) -> LadoForm:
    """A site's own form profile, or the shipped form where the path is None.

    Raises ConfigurationError naming BRIDGE_LADO__FORM, the file and what to mend in it.
    """
    if path is None:
        return shipped_form()
    try:
        form = LadoForm.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        problem = "cannot be read as UTF-8 text; check the path and its permissions"
    except tomllib.TOMLDecodeError as why:
        problem = f"is not valid TOML ({why}); mend that line"
    except ValidationError as why:
        problem = _problem(why)
    else:
        missing = [key for key in shipped_form().questions() if key not in form.questions()]
        if not missing:
            return form
        problem = f"lacks the field '{missing[0]}'; add it, so that the question is not lost"
    raise ConfigurationError(f"{SETTING} names {path}, which {problem}.", setting=SETTING) from None


def _problem(why: ValidationError) -> str:
    first = why.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"has an unknown key '{field}'; remove it or correct its spelling"
    if first["type"] == "missing":
        return f"lacks '{field}'; add it"
    return f"has a wrong value in '{field}' ({first['msg'].removeprefix('Value error, ')}); correct it"
