"""What a pull has stored already: a mark of eight bytes an item, so that a further walk reads only what is new."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from mappings.fingerprint import raw_fingerprint

Item = Mapping[str, Any]


class SeenItems:
    """The items of one pull, word for word. Two different items share a mark once in 10^19 pairs."""

    def __init__(self) -> None:
        self._marks = array("Q")
        self._sorted = True

    def add(self, items: Sequence[Item]) -> None:
        """These are stored."""
        self._marks.extend(map(_mark, items))
        self._sorted = False

    def others(self, items: Sequence[Item]) -> list[Item]:
        """Those of the items that are not stored as they are."""
        if not self._sorted:
            self._marks = array("Q", sorted(self._marks))
            self._sorted = True
        return [item for item in items if not self._has(_mark(item))]

    def _has(self, mark: int) -> bool:
        place = bisect_left(self._marks, mark)
        return place < len(self._marks) and self._marks[place] == mark


def _mark(item: Item) -> int:
    try:
        words = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):  # it goes too deep, or holds what UTF-8 or 64 bits cannot
        words = raw_fingerprint(item).encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest())
