"""A crew of threads for one target's calls: two for a target that answers at once, more for one that is slow.

Where the answers come at once, more threads only stand in each other's way: Python runs one of them at a time. Where
a call takes long, the waiting is what several share. So the crew watches how long calls take and grows by that.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: A call of this many seconds is worth a thread of its own; one of ten times as many is worth ten.
_WORTH_A_THREAD = 0.002
#: A call that has taken this many seconds is replaced by another thread: one that hangs holds up no other.
_HANGS = 0.1
#: How often the crew looks at how long its calls take, in seconds, until the first of them has ended.
_LOOK_EVERY = 0.01


class Crew:
    """At most so many threads. Use it in a `with` block."""

    def __init__(self, most: int, name: str = "") -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self.width = 1
        """How many threads the next calls begin with."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """What each call returns, in the order of the items. Raises what a call raises, once all have ended."""
        if not items:
            return []
        work = _Work(call, items)
        most = min(self._most, len(items))
        at_work = [self._pool.submit(work.some) for _ in range(min(self.width, most))]
        while wait(at_work, work.settled_for()).not_done:
            wanted = min(most, work.threads_worth() + work.hanging())
            at_work += [self._pool.submit(work.some) for _ in range(len(at_work), wanted)]
        for one in at_work:
            one.result()
        self.width = min(self._most, work.threads_worth())
        return work.results()


class _Work(Generic[T, R]):
    """One batch of calls, shared by the threads that work on it."""

    def __init__(self, call: Callable[[T], R], items: Sequence[T]) -> None:
        self._call = call
        self._items = items
        self._places = iter(range(len(items)))
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}
        self._results: dict[int, R] = {}
        self._shortest: float | None = None

    def some(self) -> None:
        """Make calls until none is left."""
        while True:
            with self._lock:
                place = next(self._places, None)
            if place is None:
                return
            began = self._began[place] = time.monotonic()
            self._results[place] = self._call(self._items[place])
            took = time.monotonic() - began
            del self._began[place]
            self._shortest = took if self._shortest is None else min(took, self._shortest)

    def threads_worth(self) -> int:
        """How many threads the shortest call is worth: the others may have waited for each other. Two at least: while
        one waits for its answer, the other has its call to make. Before the first has ended, it is as long as it has
        taken so far."""
        if self._shortest is None:
            return max(1, math.ceil(max(self._ages(), default=0.0) / _WORTH_A_THREAD))
        return max(2, math.ceil(self._shortest / _WORTH_A_THREAD))

    def settled_for(self) -> float:
        """For how many seconds no look can find that more threads are wanted. Each look costs as much as a call."""
        return _LOOK_EVERY if self._shortest is None else _HANGS / 2

    def hanging(self) -> int:
        """How many calls have not come back for a long time."""
        return sum(age > _HANGS for age in self._ages())

    def results(self) -> list[R]:
        """What the calls returned, in order."""
        return [self._results[place] for place in range(len(self._items))]

    def _ages(self) -> list[float]:
        now = time.monotonic()
        return [now - began for began in tuple(self._began.values())]
