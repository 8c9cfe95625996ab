"""What tired people type at 3 a.m.: free text for a made-up report, with names, nicknames and words that are names."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sandbox.cast import CastAdult, CastChild

_PLACES = ("Lounge", "Bedroom corridor", "Dining room", "Classroom 2", "Sports hall", "Courtyard", "Kitchen", "Stairs")
_BEFORE = (
    "{child} had come back from contact upset and was pacing. Threw a chair towards staff.",
    "{child} was asked to hand over the lighter and started kicking at {staff}. Swearing, crying.",
    "phone call w mum ended badly,{child} punched the door frame 3x then went for the office window",
    "{child} grabbed {other} by the hoodie over the games controller and would not let go.",
)
_DE_ESCALATION = (
    "Offered time out, change of face ({staff} stepped back), drink, planned ignoring. Talked about football.",
    "Spoke calmly, offered the quiet room, music and a call to the social worker. {child} shouted over staff.",
    "verbal, distraction, space. {other} was asked to go to his room and did.",
)
_NARRATIVE = (
    "At approx {hour} {child} ran at {staff} w a pool cue. Staff told {child} it was not safe. {child} was held by two "
    "staff until calm. {nick} then said sorry & asked for toast.",
    "{child} tried to headbutt {staff}. Hold was used for the least time. {child}'s breathing was checked all the way "
    "through, no concerns. When let go {nick} sat with {staff} and talked about the dog.",
    "3am. cant sleep again. {child} smashing tv in lounge, glass every where. {staff} + 1 guided {child} away, seated. "
    "{other} watched from stairs and was upset, {other}'s keyworker told. will write more when i have had a coffee",
    '{child} said "I will hurt someone" and picked up a shard. Held standing then seated. There was a red mark on '
    "{staff}'s arm. By the grace of god nobody cut. We hope {nick} sleeps; it was no joy for anyone. \U0001f614",
    "<b>{child}</b> would not come off the roof of the shed & kicked out at {staff}; once down was escorted in. "
    "Rose garden fence broken (approx \u00a3200).",
)
_COMPLAINT = (
    "{child} says {adult} pulled too hard and that it hurt the wrist.",
    'Said on the phone that {adult} "was rough" with {child} and wants it looked at.',
    "Felt that the hold used by {adult} went on after {child} was calm.",
)
_VIEWS = (
    "I was angry, I did not mean it. Next time let me go outside.",
    "Dont care.",
    "They only listened after. I want to see my advocate.",
)


class Words:
    """Free text about some children and adults, from a seeded chance."""

    def __init__(self, rng: random.Random, children: Sequence[CastChild], adults: Sequence[CastAdult]) -> None:
        self._rng = rng
        first = children[0]
        other = children[1].first_name if len(children) > 1 else "another young person"
        self._names = {
            "child": first.first_name,
            "nick": rng.choice((*first.known_as, first.first_name)),
            "other": other,
            "staff": adults[0].name.split(" ")[0],
            "hour": f"{rng.randint(1, 12)}.{rng.choice(('05', '20', '40'))}",
        }

    def place(self) -> str:
        """Where it was."""
        return self._rng.choice(_PLACES)

    def before(self) -> str:
        """The behaviour that led to it."""
        return self._rng.choice(_BEFORE).format(**self._names)

    def de_escalation(self) -> str:
        """What was tried."""
        return self._rng.choice(_DE_ESCALATION).format(**self._names)

    def narrative(self) -> str:
        """What happened."""
        return self._rng.choice(_NARRATIVE).format(**self._names)

    def complaint(self, about: CastAdult | None) -> str:
        """What somebody complains of."""
        return self._rng.choice(_COMPLAINT).format(adult=about.name if about else "a member of staff", **self._names)

    def views(self, _child_id: str) -> str:
        """The child's own words."""
        return self._rng.choice(_VIEWS)
