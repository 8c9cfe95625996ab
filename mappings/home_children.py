"""The children whom a home knows, in order of first appearance: their names, their initials, and how to find them.

One of these belongs to a home and grows with it: reports name new children, and none is ever taken out. All reports
of the home share it, so that what one report costs does not depend on how many children the home has known.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from config.home import KnownAs
from mappings.incident import Incident
from mappings.name_index import NameIndex
from mappings.person_name import KnownChild, NamedChild, initials_of

Nicknames = tuple[tuple[str, tuple[str, ...]], ...]


class HomeChildren:
    """Ids and names of a home's children, from the ledger's incidents of the home (RULINGS 35, 37). Append-only.

    It may be read by several threads while one adds to it.
    """

    def __init__(self, children: Iterable[KnownChild] = ()) -> None:
        self._first: dict[str, tuple[str, str]] = {}
        """Child id -> its first name, and its initials."""
        self._more: dict[str, tuple[NamedChild, ...]] = {}
        """Child id -> its further names, and nicknames that came with a name."""
        self._counts: dict[str, int] = {}
        self._indexes: dict[Nicknames, NameIndex] = {}
        self._last_index: tuple[tuple[KnownAs, ...], NameIndex] | None = None
        self._growing = threading.RLock()
        for child in children:
            self.add(*child)

    def add(self, child_id: str, name: str, known_as: tuple[str, ...] = ()) -> None:
        """Know a child, or one more name of it. Nothing happens where that is known."""
        child = NamedChild(child_id, name, known_as)
        with self._growing:
            first, more = self._first.get(child_id), self._more.get(child_id, ())
            if child in more or (first is not None and first[0] == name and not known_as):
                return
            for nicknames, index in self._indexes.items():
                index.add(_called(child, nicknames))
            if first is None:
                self._first[child_id] = name, self._next_initials(name)
            if first is not None or known_as:
                self._more[child_id] = (*more, child)

    def _next_initials(self, name: str) -> str:
        plain = initials_of(name)
        count = self._counts[plain] = self._counts.get(plain, 0) + 1
        return plain if count == 1 else f"{plain}{count}"

    def knows(self, child_id: str, name: str) -> bool:
        """Whether this child is known by this name."""
        first = self._first.get(child_id)
        if first is None or first[0] == name:
            return first is not None
        return any(child.name == name for child in self._more.get(child_id, ()))

    def initials(self, child_id: str) -> str | None:
        """`J.S.`, or `J.S.2` for the second of the home: those of the child's first appearance. None: not known."""
        first = self._first.get(child_id)
        return None if first is None else first[1]

    def index(self, known_as: Sequence[KnownAs] = ()) -> NameIndex:
        """The index of all these names, with the nicknames of the home's file; it grows with the home."""
        last = self._last_index
        if last is not None and last[0] == known_as:
            return last[1]
        nicknames = tuple((entry.child, entry.names) for entry in known_as)
        with self._growing:
            if nicknames not in self._indexes:
                listed = [NamedChild(child_id, "", names) for child_id, names in nicknames]
                self._indexes[nicknames] = NameIndex((*listed, *(_called(child, nicknames) for child in self.named())))
            self._last_index = tuple(known_as), self._indexes[nicknames]
            return self._last_index[1]

    def named(self) -> Iterator[NamedChild]:
        """Every name of every child, in order of first appearance, with the nicknames that came with it."""
        for child_id, (name, _) in tuple(self._first.items()):
            yield NamedChild(child_id, name)
        for further in tuple(self._more.values()):
            yield from further

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Id and name of each child, in order of first appearance; then its other names."""
        return iter(dict.fromkeys((child.child_id, child.name) for child in self.named()))

    def __len__(self) -> int:
        """How many children there are."""
        return len(self._first)

    def __repr__(self) -> str:
        return "<HomeChildren>"


def _called(child: NamedChild, nicknames: Nicknames) -> NamedChild:
    """The child with the nicknames that the home's file gives it."""
    names = tuple(name for child_id, names in nicknames if child_id == child.child_id for name in names)
    return child._replace(known_as=(*child.known_as, *names)) if names else child


def home_children(known: HomeChildren | Sequence[KnownChild], *reports: Incident) -> HomeChildren:
    """The home's children as far as they are known, those of these reports last where the home does not know them."""
    children = [(child.child_id, child.name) for report in reports for child in report.children]
    if not isinstance(known, HomeChildren):
        return _home((*known, *children))
    new = [child for child in children if not known.knows(*child)]
    return HomeChildren((*known.named(), *new)) if new else known


@lru_cache(maxsize=16)
def _home(children: tuple[KnownChild, ...]) -> HomeChildren:
    return HomeChildren(children)
