"""Which faults a subject's stand-in makes, by what each proves. Names are passed to its `arm` as they stand.

HTTP, SMTP and FOLDER are what the project's own stand-ins can do; an author whose far end fails otherwise makes one.
An empty list is no pass: the assertion that would use it fails until it is skipped with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.errors import ConnectorError, Misconfigured, NotApplied, Rejected


@dataclass(frozen=True)
class Weather:
    """Faults by what they prove."""

    doubtful: tuple[str, ...] = ()
    """On a write: it may have been applied, and the answer does not say (W2)."""
    proven: Mapping[str, type[ConnectorError]] = field(default_factory=dict)
    """On a write: nothing was applied, and this class says why (C6)."""
    blind: tuple[str, ...] = ()
    """On a read, for good: what was not seen is not absent (C6)."""
    harmless: tuple[str, ...] = ()
    """After a write that went well: the next one goes well too (C6)."""
    patience: Mapping[str, float] = field(default_factory=dict)
    """Asks us to wait, and for how many seconds at least (C5)."""
    redirects: tuple[str, ...] = ()
    """On any call (C7)."""
    unauthorised: str = ""
    """The pass was not taken, this once (C3, C4)."""
    forbidden: str = ""
    """The record is not ours to write to (C4)."""
    invalid: tuple[str, ...] = ()
    """Fields were refused, and the answer quotes their values; the last one names the fields too (C4)."""
    drip: str = ""
    """The right answer, a few bytes at a time, over so many seconds (C8)."""
    late_commit: str = ""
    """No answer; applied when the clock has moved on by so many seconds (W3)."""
    wrong_clock: str = ""
    """The far end's clock is hours off (C2)."""
    wrong: tuple[str, ...] = ()
    """The wrong settings that `Subject.wrong` must have (C2)."""
    slow: frozenset[str] = frozenset()
    """Faults of the above that cost a whole deadline each."""

    def quick(self) -> tuple[str, ...]:
        """Every fault that does not cost a deadline, once."""
        every = [*self.doubtful, *self.proven, *self.blind, *self.patience, *self.redirects, *self.invalid]
        every += [fault for fault in (self.unauthorised, self.forbidden) if fault]
        return tuple(fault for fault in dict.fromkeys(every) if fault not in self.slow)


HTTP = Weather(
    doubtful=(
        "close_before_read", "close_before", "reset_before", "stall_before", "error_500_before", "error_502_html",
        "error_504_html", "503_absent", "503_html", "html_200_before", "close_after_apply", "reset_after_apply",
        "stall_after_apply", "cut_status_line", "cut_headers", "short_body", "cut_chunk", "truncated_json", "html_201",
        "html_200", "empty_body", "other_json", "error_500_after_apply", "error_500_html_after_apply",
        "503_html_after_apply", "redirect_302_after_apply", "redirect_307_after_apply",
    ),
    proven={
        "refuse": NotApplied, "connect_timeout": NotApplied, "423": NotApplied, "404": Rejected, "409": Rejected,
        "413": Rejected,
    },
    blind=(
        "refuse", "error_500_before", "error_502_html", "503_html", "html_200", "truncated_json", "other_json",
        "empty_body", "cut_chunk", "close_before",
    ),
    harmless=("close_idle",),
    patience={
        "429": 2.0, "429_http_date": 1.0, "503": 2.0, "503_http_date": 1.0, "429_past_date": 0.0, "429_garbage": 0.0,
        "429_absent": 0.0, "429_day": 86400.0,
    },
    redirects=("redirect_302", "redirect_307", "redirect_308"),
    unauthorised="401",
    forbidden="403",
    invalid=("400_quoting", "422_naming"),
    drip="slow_drip",
    late_commit="commit_later",
    wrong_clock="wrong_clock",
    wrong=("secret", "path", "host", "port", "certificate"),
    slow=frozenset({"stall_before", "stall_after_apply", "connect_timeout"}),
)  # fmt: skip

SMTP = Weather(
    doubtful=("disconnect_after_dot", "stall_after_dot", "data_disconnect_before"),
    proven={
        "refuse": NotApplied, "connect_timeout": NotApplied, "close_at_connect": NotApplied,
        "greeting_421": NotApplied, "no_starttls": Misconfigured, "auth_535": Misconfigured,
        "sender_550": Misconfigured,
    },
    drip="drip_after_dot",
    wrong=("secret", "host", "port", "certificate"),
    slow=frozenset({"stall_after_dot", "connect_timeout"}),
)  # fmt: skip

FOLDER = Weather(wrong=("folder",))
