"""A home's file: who runs the home, what it approves, where its thresholds lie. One TOML file a home."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator

from config.errors import ConfigurationError
from config.layers import is_there, read_toml

_SETTING = "BRIDGE_HOMES_DIR"
#: The policy's duties, by id; a test keeps them the same as `mappings.duty_rules`.
DUTY_IDS = (
    "incident_report",
    "report_complete",
    "daily_log",
    "mosaic_case_note",
    "manager_oversight",
    "manager_notified",
    "social_worker_notified",
    "parents_informed",
    "senior_manager_notified",
    "notifiable_event",
    "medical_offered",
    "medical_told",
    "child_views",
    "advocacy_offered",
    "restorative_conversation",
    "staff_debrief",
    "risk_assessment_reviewed",
    "care_plan_reviewed",
    "external_review",
    "lado_contact",
    "mash_or_police",
    "ehc_plan_review",
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Contact(_Strict):
    """A person who answers for the home. Only the role shows in its repr."""

    name: str = Field(min_length=1, repr=False, description="Full name, as in the home's records.")
    role: str = Field(default="", description="Job title.")
    email: str = Field(
        default="", repr=False, description="Work address for notifications; empty: this person gets no mail."
    )
    phone: str = Field(default="", repr=False, description="Work telephone.")

    @field_validator("email")
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.strip()
        if value and (value.count("@") != 1 or any(c in value for c in " \t\r\n,;<>")):
            raise ValueError("write one plain address, such as manager@example.org")
        return value


class AlsoNotify(Contact):
    """Somebody else who hears of the named duties: by mail where the duty mails, else in the digest."""

    duties: tuple[str, ...] = Field(
        description="Ids of duties: told at once where the duty mails, in the digest where it is due soon or overdue."
    )

    @field_validator("duties")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [duty for duty in value if duty not in DUTY_IDS]
        if unknown or not value:
            raise ValueError(f"name one or more of {', '.join(DUTY_IDS)}")
        return value


class KnownAs(_Strict):
    """Nicknames of a child of the home, hidden in other children's records (RULINGS 35)."""

    child: str = Field(
        min_length=1,
        repr=False,
        validation_alias=AliasChoices("child", "child_id"),
        description="The child's id in the recording system.",
    )
    names: tuple[str, ...] = Field(
        min_length=1,
        repr=False,
        validation_alias=AliasChoices("names", "nicknames"),
        description="Nicknames and other names that staff write.",
    )


class HomeMosaic(_Strict):
    """How this home's notes look in Mosaic."""

    note_type: str = Field(default="SAFEINT", min_length=1, max_length=16, description="Code from the council's list.")
    acting_for: str = Field(default="", max_length=30, description="Whom the integration acts for, if Mosaic asks.")
    alert_recipients: tuple[str, ...] = Field(
        default=(),
        max_length=20,
        repr=False,
        description="Mosaic mails these at every finish and appendment; normally empty.",
    )


class HomeDailyLog(_Strict):
    """How this home's daily-log entries look."""

    category: str = Field(default="Safety intervention", min_length=1, max_length=40, description="Entry category.")


class HomeParents(_Strict):
    """Whether the software may mail parents at all (RULINGS 26)."""

    mail: bool = Field(default=False, description="Mail a parent 'please ring the home' where the record asks for it.")


class HomeReport(_Strict):
    """Who hears of the reconciliation."""

    mail: bool = Field(
        default=True, description="Scheduled reconciliations (`--mail`) mail the verdict and the counts to managers."
    )
    kept_at: str = Field(
        default="", max_length=300, description="Where the report is kept, as the mail says it; empty: not said."
    )


class Thresholds(_Strict):
    """When a thing becomes odd, due soon or late for this home."""

    long_hold_minutes: float = Field(
        default=10, gt=0, le=525_600, description="A hold longer than this is flagged; minutes."
    )
    repeat_days: int = Field(default=7, ge=1, le=36_500, description="Held again within this many days is flagged.")
    remind_before_hours: float = Field(
        default=12, ge=0, le=876_000, description="A duty due within this time is in the digest."
    )
    escalate_after_hours: float = Field(
        default=24, ge=0, le=876_000, description="Overdue this long: the next person up hears."
    )
    normal_days_between_incidents: int = Field(
        default=14,
        ge=1,
        le=36_500,
        description="Nothing at all for this many days where incidents are usual is a silence.",
    )
    silent_after_hours: float = Field(
        default=26, gt=0, le=876_000, description="No good pull or reconcile for this long alarms."
    )


class Home(_Strict):
    """One children's home, as its file describes it."""

    id: str = Field(min_length=1, description="The home's id in the recording system.")
    name: str = Field(min_length=1, description="The home's name.")
    secure: bool = Field(default=False, description="A secure children's home: absconding is then a permitted reason.")
    provider: str = Field(default="", description="Who runs the home; the employer on a LADO form.")
    address: str = Field(default="", repr=False, description="The home's address, for the LADO form.")
    number_prefix: str = Field(default="", description="Prefix of the running numbers; the id if empty.")
    approved_techniques: tuple[str, ...] = Field(default=(), description="Techniques that the home approves.")
    pseudonymise_ids: bool = Field(default=False, description="Show keyed hashes for ids that are names (RULINGS 38).")
    registered_manager: Contact = Field(description="The registered manager: told of every incident.")
    senior_manager: Contact | None = Field(default=None, description="Told of serious incidents, and escalated to.")
    deputy: Contact | None = Field(default=None, description="Stands in for the manager.")
    also_notify: tuple[AlsoNotify, ...] = Field(default=(), description="Others who are told; any number.")
    known_as: tuple[KnownAs, ...] = Field(default=(), description="Children's nicknames; any number.")
    mosaic: HomeMosaic = Field(default=HomeMosaic(), description="Mosaic codes.")
    daily_log: HomeDailyLog = Field(default=HomeDailyLog(), description="Daily-log codes.")
    parents: HomeParents = Field(default=HomeParents(), description="Mail to parents.")
    report: HomeReport = Field(default=HomeReport(), description="The reconciliation report.")
    thresholds: Thresholds = Field(default=Thresholds(), description="Thresholds.")
    restraint_words: tuple[str, ...] = Field(
        default=(), description="More words that speak of a hold in a daily-log entry (flag unrecorded_restraint)."
    )

    @property
    def prefix(self) -> str:
        """The prefix of this home's running numbers."""
        return self.number_prefix or self.id


def load_home(path: Path) -> Home:
    """Read one home's file.

    Raises ConfigurationError naming the file and the field, never its values.
    """
    found = read_toml(path, f"The home file {path}", _SETTING)
    try:
        return Home.model_validate(found)
    except ValidationError as why:
        raise ConfigurationError(_sentence(path, why), setting=_SETTING) from None


def load_homes(folder: Path | None) -> dict[str, Home]:
    """Read every home's file in a folder, by home id.

    Raises ConfigurationError when the folder is missing or empty, a file is wrong, or two files name one home.
    """
    if folder is None:
        raise ConfigurationError(
            "BRIDGE_HOMES_DIR is not set; set it to the folder that holds one TOML file for each home.",
            setting=_SETTING,
        )
    named = f"{_SETTING} names {folder}, which"
    if not is_there(folder, named, _SETTING, folder=True):
        raise ConfigurationError(
            f"{named} is not a folder; set it to the folder of the homes' TOML files.",
            setting=_SETTING,
        )
    homes: dict[str, Home] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.match("*.toml"))
    except OSError as why:
        raise ConfigurationError(
            f"{named} cannot be read ({why.strerror}); correct the path, or let this user read there.", setting=_SETTING
        ) from None
    for path in paths:
        home = load_home(path)
        if home.id in homes:
            raise ConfigurationError(
                f"Two files in {folder} describe the home {home.id}; keep one of them.", setting=_SETTING
            )
        homes[home.id] = home
    if not homes:
        raise ConfigurationError(
            f"{named} holds no .toml file; add one file for each home.",
            setting=_SETTING,
        )
    return homes


def _sentence(path: Path, why: ValidationError) -> str:
    first = why.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"The home file {path} has an unknown field '{field}'; remove it or correct its spelling."
    if first["type"] == "missing":
        return f"The home file {path} lacks the field '{field}'; add it."
    reason = first["msg"].removeprefix("Value error, ")
    return f"The home file {path} has a wrong value in '{field}' ({reason}); correct it."
