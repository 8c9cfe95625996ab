"""The one key of a delivery, derived from what it is, and the reference by which the target shows it.

Both are made before the first try and are the same at every repeat. Neither holds a name: home, incident and
subject enter as ids, hashed. Letters are upper case, because gateways fold case.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NewType

Reference = NewType("Reference", str)
DeliveryKey = NewType("DeliveryKey", str)

#: What a reference of ours looks like, wherever it stands.
PATTERN = re.compile(r"\bIB-[A-Z0-9-]{1,24}-R\d{1,6}-[A-Z2-7]{16}\b", re.IGNORECASE)
_BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TWO_DIGITS = [first + second for first in _BASE_32 for second in _BASE_32]
_NOT_SHOWN = re.compile(r"[^A-Z0-9]+")


def delivery_key(
    *, home: str, incident: str, revision: int, target: str, subject: str, action: str, part: int = 1
) -> DeliveryKey:
    """What makes a delivery itself: home, incident, revision, target, subject, action and part (DESIGN 2)."""
    number, place = str(revision), str(part)
    said = (
        f"{len(home)}:{home}{len(incident)}:{incident}{len(number)}:{number}{len(target)}:{target}"
        f"{len(subject)}:{subject}{len(action)}:{action}{len(place)}:{place}"
    )
    return DeliveryKey(hashlib.sha256(said.encode()).hexdigest())


def reference_of(key: DeliveryKey, *, number: str, revision: int) -> Reference:
    """The reference that the target keeps, at most 64 characters: number and revision for people, a hash for us."""
    hashed = int(key[:20], 16)
    digest = "".join([_TWO_DIGITS[hashed >> place & 1023] for place in range(70, -10, -10)])
    return Reference(f"IB-{_readable(number)}-R{revision}-{digest}")


def key_begins(reference: str) -> str | None:
    """How the key begins that a reference, or that of a further part, was made from; None where it is none of ours."""
    found = PATTERN.match(reference.strip())
    if found is None:
        return None
    hashed = 0
    for letter in found[0][-16:].upper():
        hashed = hashed << 5 | _BASE_32.index(letter)
    return f"{hashed:020x}"


@lru_cache(maxsize=64)
def _readable(number: str) -> str:
    """An incident has a reference for each of its deliveries, all with the one number."""
    return _NOT_SHOWN.sub("-", number.upper()).strip("-")[:24].strip("-") or "X"


def same_reference(one: str | None, other: str | None) -> bool:
    """Whether two references are one, whatever a gateway did to the case or the spaces around it."""
    return one is not None and other is not None and one.strip().upper() == other.strip().upper()
