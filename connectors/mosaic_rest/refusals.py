"""What Mosaic refuses because of the record itself, each with what a person does about it."""

from __future__ import annotations

from connectors.errors import Cause, Rejected
from connectors.protocols import HeldNote

MOST_HOPS = 5
"""How many merges are followed (RULINGS 15)."""


def survivor_not_said(person_id: int) -> Rejected:
    """Mosaic says that the person was merged, and neither its answer nor the person's record says into whom."""
    return Rejected(
        f"Mosaic says that person {person_id} was merged but not into whom; ask for the child's right Mosaic id.",
        cause=Cause.PERSON_NOT_FOUND,
        status=410,
        field="mosaicPersonId",
    )


def add_hop(chain: list[int], further: int) -> None:
    """Make the chain of merged persons longer by one. Raises Rejected in a circle, or beyond the fifth hop."""
    if further in chain or len(chain) > MOST_HOPS:
        raise Rejected(
            f"Mosaic has merged person {chain[0]} in a circle or more than {MOST_HOPS} times over; ask for the child's "
            "right Mosaic id.",
            cause=Cause.PERSON_NOT_FOUND,
            status=410,
            field="mosaicPersonId",
        )
    chain.append(further)


def person_not_found(person_id: int, doing: str) -> Rejected:
    """Mosaic does not know the id."""
    return Rejected(
        f"Mosaic knows no person {person_id} ({doing}); ask for the child's right Mosaic id and put it into "
        "the report.",
        cause=Cause.PERSON_NOT_FOUND,
        status=404,
        field="mosaicPersonId",
    )


def wrong_person(doing: str, shown: HeldNote, status: int | None = None) -> Rejected:
    """The alarm: our note lies on a record that is not the child's."""
    return Rejected(
        f"ALARM: Mosaic holds note {shown.remote_id} ({doing}) on the record of person {shown.person_id}, who is not "
        "the child it is about; have the council remove it there at once, and check the child's Mosaic id.",
        cause=Cause.WRONG_PERSON,
        status=status,
        field="mosaicPersonId",
    )


def restricted(person_id: int, doing: str) -> Rejected:
    """The record is restricted to named workers."""
    return Rejected(
        f"The record of person {person_id} in Mosaic is restricted ({doing}); ask for access for the integration's "
        "worker on this record.",
        cause=Cause.RESTRICTED,
    )


def gone(doing: str, status: int) -> Rejected:
    """What should be finished or amended has vanished."""
    return Rejected(
        f"The case note that this belongs to is no longer in Mosaic ({doing}); ask the council's administrators what "
        "became of it.",
        cause=Cause.GONE,
        status=status,
    )
