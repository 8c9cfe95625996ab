"""Watches where a mark could come out: logs at all levels, and exceptions as they are rendered."""

from __future__ import annotations

import http.client
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

_OURS = __name__.rpartition(".")[0]


class Watch(logging.Handler):
    """Everything that was logged while it stood, rendered as a log file would have it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record, its arguments and its exception."""
        self.lines.append(self.format(record))
        if record.exc_info and record.exc_info[1] is not None:
            self.lines.append(rendered(record.exc_info[1]))


@contextmanager
def watching() -> Iterator[Watch]:
    """Stand at the root logger with everything turned on that a site might turn on."""
    watch, root = Watch(), logging.getLogger()
    level, debug = root.level, http.client.HTTPConnection.debuglevel
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 1
    logging.captureWarnings(True)
    try:
        yield watch
    finally:
        logging.captureWarnings(False)
        http.client.HTTPConnection.debuglevel = debug
        root.setLevel(level)
        root.removeHandler(watch)


def rendered(why: BaseException) -> str:
    """An exception as the most talkative renderer shows it: with its causes, notes and local variables.

    The kit's own frames hold the marks on purpose, so they are left out.
    """
    parts = [str(why), repr(why), *getattr(why, "__notes__", ())]
    link: BaseException | None = why
    while link is not None:
        shown = traceback.TracebackException(type(link), link, _beyond(link.__traceback__), capture_locals=True)
        shown.__cause__ = shown.__context__ = None
        parts += [*shown.format(), repr(vars(link))]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(parts)


def _beyond(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(_OURS):
        trace = trace.tb_next
    return trace
