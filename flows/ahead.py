"""Sending ahead: while a long pull still reads, what it has planned goes out already.

Only to records, and only what this run has planned itself: what was owed before waits until all is read, since its
report may have been voided or changed meanwhile; so do mails and packages. And only to a target that takes its time:
one that answers at once has nothing to gain, and would stand in the way of the planning.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from flows.deliver import Delivered, TargetResult, Terms, drain, join, senders_of
from flows.senders import Sender
from flows.site import Site
from mappings.owed import Target

_RECORDS = (Target.MOSAIC, Target.DAILY_LOG)
#: A pull of one page is over before it pays.
_LONG = 2
#: Calls that are worth fewer threads are not waited for long enough.
_SLOW = 8
#: For so many seconds the pull pauses for the first calls to each target.
_UNDISTURBED = 0.1
#: How often it is looked whether another page has brought something, in seconds.
_LOOK_EVERY = 0.1


class Ahead:
    """One run's sending ahead. Use it in a `with` block around the pulls; `delivered` is for the rest of the run."""

    def __init__(self, site: Site, homes: Sequence[str]) -> None:
        self._site, self._homes = site, homes
        worth = min(_SLOW, site.settings.delivery.threads)
        self._terms = Terms(planned_since=site.ledger.now(), worth=worth)
        self._threads: list[threading.Thread] = []
        self.delivered = Delivered()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End when the batches under way have ended. That a target was away is forgotten: it is tried anew."""
        self._terms.over.set()
        join(self._threads)
        for result in self.delivered.targets.values():
            result.unreachable, result.rounds_away, result.rests_until = None, 0, 0.0

    def stored(self, pages: int) -> None:
        """So many pages of a pull are in the ledger."""
        if self._threads or pages < _LONG:
            return
        for target, sender in senders_of(self._site).items():
            if target in _RECORDS:
                result = self.delivered.targets[target] = TargetResult()
                self._threads.append(threading.Thread(target=self._send, args=(target, sender, result)))
        for thread in self._threads:
            thread.start()
        for thread in self._threads:  # how long a call takes does not show while the planning holds Python's one lock
            thread.join(_UNDISTURBED)

    def _send(self, target: Target, sender: Sender, result: TargetResult) -> None:
        while not (result.given_up or self._site.stopping.is_set()):
            before = result.tried
            threads = drain(self._site, target, sender, result, self._homes, self._terms)
            if (result.tried > before and threads < self._terms.worth) or self._terms.over.wait(_LOOK_EVERY):
                return
