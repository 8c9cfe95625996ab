"""The people of the made-up month at Example House. Nobody here exists; the names say so.

Some are chosen to be awkward: names that are words (Will, Grace, Hope, Joy, Mark, Rose), nicknames, two children with
the same initials, a child and an adult who share a first name, and every state a Mosaic record can be in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

HOME_ID = "EXH"
HOME_NAME = "Example House"
SURVIVOR = 4909
"""The record that child-09's was merged into."""


@dataclass(frozen=True, repr=False)
class CastChild:
    """A child. `mosaic_id` is what staff typed into the report; `record` is the state of the Mosaic record."""

    child_id: str
    name: str
    mosaic_id: int | str | None
    age: int = 14
    legal_status: str = "S31"
    authority: str = "Example County Council"
    social_worker: str = "Sam Casefile"
    fully_accommodated: bool = False
    known_as: tuple[str, ...] = ()
    record: str = "open"
    """`open`, `merged`, `restricted`, `locked`, `missing`, or `none`: no usable id in the report."""

    @property
    def first_name(self) -> str:
        """What staff write."""
        return self.name.split(" ")[0]

    @property
    def person_id(self) -> int | None:
        """The Mosaic id as a number, where it is one."""
        text = str(self.mosaic_id or "")
        return int(text) if text.isdigit() else None

    def born(self, end: date) -> str:
        """A date of birth that fits the age, as ISO."""
        day = end - timedelta(days=self.age * 365 + 40 + 9 * int(self.child_id[-2:]))
        return day.isoformat()


@dataclass(frozen=True, repr=False)
class CastAdult:
    """A member of staff. `training_days`: days until the CPI refresher is due, seen from the month's end."""

    staff_id: str
    name: str
    role: str = "Residential support worker"
    training_days: int | None = 200


CHILDREN = (
    CastChild("child-01", "Will Madeup", 4101, known_as=("Willy", "Billy")),
    CastChild("child-02", "Grace Invented", 4102, legal_status="S25 secure"),
    CastChild("child-03", "Jamie Fictional-Smythe", 4103, known_as=("Jay", "JJ"), legal_status="S25 secure"),
    CastChild("child-04", "Amara Pretend", 4104, legal_status="S20", fully_accommodated=True),
    CastChild("child-05", "Joy Sample", 4105, known_as=("Joyjoy",)),
    CastChild("child-06", "Jude Specimen", 4106, legal_status="Remand"),
    CastChild("child-07", "Kian Exemplar", 4107, age=12, legal_status="S20"),
    CastChild("child-08", "Mark Storybook", 4108, record="restricted"),
    CastChild("child-09", "Hope Makebelieve", 4109, record="merged"),
    CastChild("child-10", "Noor Inkwell", 4110, record="locked"),
    CastChild("child-11", "Tyler Nonesuch", 4111, record="missing"),
    CastChild("child-12", "Rose Fable", None, record="none"),
    CastChild("child-13", "Olu Papermade", "00004113", legal_status="S25 secure"),
    CastChild("child-14", "Zed Tallstory", "see file", record="none"),
    CastChild("child-15", "Ines Daydream", 4115, social_worker=""),
    CastChild("child-16", "Bao Imaginary", 4116, fully_accommodated=True, legal_status="S20"),
    CastChild("child-17", "Robin Cardboard", 4117, known_as=("Rob",)),
    CastChild("child-18", "Ffion Mirage", 4118, authority="Sample City Council"),
    CastChild("child-19", "Dara O'Fiction", 4119, legal_status="Remand"),
    CastChild("child-20", "Mia Wordsmade", 4120, age=13, authority="Sample City Council"),
)

MANAGER = CastAdult("staff-01", "Pat Example", "Registered Manager", 160)
ADULTS = (
    MANAGER,
    CastAdult("staff-02", "Chris Sampleton", "Senior residential worker", 90),
    CastAdult("staff-03", "Alex Notreal", training_days=220),
    CastAdult("staff-04", "Mark Nightshift", "Night care officer", 120),  # shares a first name with child-08
    CastAdult("staff-05", "Lou Standin", training_days=45),
    CastAdult("staff-06", "Kit Lapsed", training_days=-60),
    CastAdult("staff-07", "Max Unrecorded", training_days=None),
    CastAdult("staff-08", "Sky Rolecard", "Deputy manager", 300),
    CastAdult("staff-09", "Val Scripted", training_days=75),
    CastAdult("staff-10", "Ash Agency", "Agency worker", 30),
)

APPROVED_TECHNIQUES = (
    "Low level seated hold",
    "Medium level seated hold",
    "Medium level standing hold",
    "High level standing hold",
    "Escort",
    "Disengagement: wrist",
    "Disengagement: hair",
    "Disengagement: clothing",
)


def child(number: int) -> CastChild:
    """child-NN."""
    return CHILDREN[number - 1]


def adult(number: int) -> CastAdult:
    """staff-NN."""
    return ADULTS[number - 1]


def home_file() -> str:
    """The TOML file of Example House."""
    techniques = ",\n  ".join(f'"{technique}"' for technique in APPROVED_TECHNIQUES)
    known_as = "".join(
        f'\n[[known_as]]\nchild = "{child.child_id}"\nnames = [{", ".join(f"{name!r}" for name in child.known_as)}]\n'
        for child in CHILDREN
        if child.known_as
    ).replace("'", '"')
    return f"""# Example House: an invented home, for the demo and the tests.
id = "{HOME_ID}"
name = "{HOME_NAME}"
secure = true
provider = "Example County Council"
address = "1 Example Lane, Sampleton, ZZ1 1ZZ"
number_prefix = "{HOME_ID}"
approved_techniques = [
  {techniques},
]

[registered_manager]
name = "{MANAGER.name}"
role = "Registered Manager"
email = "manager@example-house.example"
phone = "01632 960001"

[deputy]
name = "{adult(8).name}"
role = "Deputy manager"
email = "deputy@example-house.example"
phone = "01632 960002"

[senior_manager]
name = "Jo Overseer"
role = "Head of Secure Services"
email = "senior@example-council.example"
phone = "01632 960003"

[mosaic]
note_type = "SAFEINT"

[daily_log]
category = "Safety intervention"

[parents]
mail = true

[thresholds]
long_hold_minutes = 10
repeat_days = 7
remind_before_hours = 12
escalate_after_hours = 24
{known_as}"""
