"""Durations as people write them, in minutes: a number, "12 mins", "1h 5m", "00:12", "0:12:30", "PT12M"."""

from __future__ import annotations

import re

from mappings.readers import LARGEST_WHOLE, Reader, Reading, Wrong

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?")
_WORDS = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)\s*h(?:(?:ou)?rs?)?)?[\s,]*(?:and\s+)?"
    r"(?:(?P<m>\d+(?:\.\d+)?)\s*m(?:in(?:ute)?s?)?)?[\s,]*(?:and\s+)?"
    r"(?:(?P<s>\d+(?:\.\d+)?)\s*s(?:ec(?:ond)?s?)?)?\.?",
    re.IGNORECASE,
)
_ISO_DURATION = re.compile(r"PT(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?", re.IGNORECASE)
_MINUTES_IN = {"hours": 60.0, "minutes": 1.0, "seconds": 1 / 60}


def minutes_reader(*, text: bool, unit: str, clock: str, most: float) -> Reader:
    """A duration, in minutes. A bare number is in `unit`; "00:12" is read as `clock` says, `h:mm` or `mm:ss`.

    `text`: also "12 mins", "1h 5m", "90 seconds", "0:12:30", "PT12M".
    """
    factor = _MINUTES_IN[unit]

    def read(value: object, _: Reading) -> object:
        if text and isinstance(value, str):
            minutes = _minutes(value, factor, clock)
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_WHOLE:
            minutes = value * factor
        else:
            raise Wrong
        if not 0 <= minutes <= most:
            raise Wrong
        return minutes

    return read


def _minutes(text: str, factor: float, clock: str) -> float:
    if len(text) > 40:
        raise Wrong
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return float(text) * factor
    face = _CLOCK.fullmatch(text)
    if face is not None:
        first, second, third = int(face[1]), int(face[2]), face[3]
        if third is not None:
            return first * 60 + second + int(third) / 60
        return first + second / 60 if clock == "mm:ss" else float(first * 60 + second)
    words = _ISO_DURATION.fullmatch(text) or _WORDS.fullmatch(text)
    if words is None or not any(words.groups()):
        raise Wrong
    return sum(float(words[name] or 0) * per for name, per in (("h", 60.0), ("m", 1.0), ("s", 1 / 60)))
