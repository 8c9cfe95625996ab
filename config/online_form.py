"""Where a council's online form has the project's fields: the profile that a site writes for `lado prefill`.

A field that the profile does not mention is looked for by its own key, as the control's name or id.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.errors import ConfigurationError
from config.lado_form import LadoForm

SETTING = "BRIDGE_LADO__ONLINE_PROFILE"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Strict):
    """Where one field is: by the control's name or id, or by the label that people read."""

    name: str = Field(default="", description="The control's name or id.")
    label: str = Field(default="", description="The control's label, or the legend of its group, exactly.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.name) == bool(self.label):
            raise ValueError("give either a name or a label")
        return self


class OnlineForm(_Strict):
    """A council's online form."""

    field: Mapping[str, Place] = Field(default_factory=dict, description="Where fields are, by the project's key.")
    not_asked: tuple[str, ...] = Field(default=(), description="Keys of fields that this form does not ask.")
    left_to_manager: tuple[str, ...] = Field(
        default=(), description="Names or labels of required controls that the manager completes by hand."
    )

    def place(self, key: str) -> Place | None:
        """Where to look for a field; None where this form does not ask it."""
        return None if key in self.not_asked else self.field.get(key, Place(name=key))


def load_online_form(path: Path | None, form: LadoForm) -> OnlineForm:
    """The site's profile, or one that finds every field by its key where the path is None.

    Raises ConfigurationError naming BRIDGE_LADO__ONLINE_PROFILE, the file and what to mend in it.
    """
    if path is None:
        return OnlineForm()
    try:
        found = OnlineForm.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        problem = "cannot be read as UTF-8 text; check the path and its permissions"
    except tomllib.TOMLDecodeError as why:
        problem = f"is not valid TOML ({why}); mend that line"
    except ValidationError as why:
        first = why.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"is wrong in '{where}' ({first['msg'].removeprefix('Value error, ')}); correct it"
    else:
        unknown = [key for key in (*found.field, *found.not_asked) if key not in form.questions()]
        if not unknown:
            return found
        problem = f"names the field '{unknown[0]}', which the LADO form does not have; correct or remove it"
    raise ConfigurationError(f"{SETTING} names {path}, which {problem}.", setting=SETTING) from None
