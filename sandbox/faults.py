"""Bad weather on demand: one table of faults, and the small protocol by which every stand-in is armed and asked.

A stand-in has one `Weather`. `arm` names a fault of the table below, the operation it waits for, and how often it
strikes; `applied` says what really happened at the stand-in, counted there and nowhere else; `requests` says what
arrived; `advance` moves the stand-in's own clock (token expiry, draft time-out, late commits, blind reads).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """Where in an exchange a fault strikes."""

    LISTEN = "listen"  # nobody gets in; no operation is known, lasts until disarmed
    HEAD = "head"  # the head was read, the body is not
    BEFORE = "before"  # the request was read, nothing is applied
    AFTER = "after"  # the request was applied, the answer is spoilt
    CONNECT = "connect"  # SMTP: at the greeting
    HELLO = "hello"  # SMTP: what EHLO offers
    AUTH = "auth"  # SMTP: at AUTH
    SENDER = "sender"  # SMTP: at MAIL FROM
    RECIPIENT = "recipient"  # SMTP: at RCPT TO
    DATA = "data"  # SMTP: after the final dot


@dataclass(frozen=True)
class Fault:
    """One kind of bad weather. `applied`: whether the effect is there afterwards. `seconds`: its default duration."""

    name: str
    stage: Stage
    applied: bool
    says: str
    seconds: float = 0.0


def _table(*faults: Fault) -> Mapping[str, Fault]:
    return {fault.name: fault for fault in faults}


#: Every fault there is. Rows of WEATHER section 2 (HTTP), section 3 (SMTP) and of the contracts' own bad weather.
FAULTS: Mapping[str, Fault] = _table(
    # -- nobody gets in (until disarmed; `times` and `when` do not count here) --
    Fault("refuse", Stage.LISTEN, False, "the port refuses connections; open ones are cut"),
    Fault("connect_timeout", Stage.LISTEN, False, "the port never answers a connection attempt"),
    # -- not applied --
    Fault("close_before_read", Stage.HEAD, False, "accepted, then reset before the body is read"),
    Fault("close_before", Stage.BEFORE, False, "read all, not applied, connection closed"),
    Fault("reset_before", Stage.BEFORE, False, "read all, not applied, connection reset"),
    Fault("stall_before", Stage.BEFORE, False, "read all, not applied, silence", 3600),
    Fault("error_500_before", Stage.BEFORE, False, "500 problem, not applied"),
    Fault("error_502_html", Stage.BEFORE, False, "502 from a proxy, HTML, not applied"),
    Fault("error_504_html", Stage.BEFORE, False, "504 from a proxy, HTML, not applied"),
    Fault("html_200_before", Stage.BEFORE, False, "200 with a proxy's HTML page, not applied"),
    Fault("redirect_302", Stage.BEFORE, False, "302 to a login page on the same server, not applied"),
    Fault("redirect_307", Stage.BEFORE, False, "307 to a login page on the same server, not applied"),
    Fault("redirect_308", Stage.BEFORE, False, "308 to a login page on the same server, not applied"),
    Fault("400", Stage.BEFORE, False, "400 problem without field paths"),
    Fault("400_quoting", Stage.BEFORE, False, "400 problem whose detail quotes the request's body"),
    Fault("401", Stage.BEFORE, False, "401 problem"),
    Fault("403", Stage.BEFORE, False, "403 problem"),
    Fault("404", Stage.BEFORE, False, "404 problem"),
    Fault("409", Stage.BEFORE, False, "409 problem"),
    Fault("410", Stage.BEFORE, False, "410 problem, without merged_into"),
    Fault("413", Stage.BEFORE, False, "413 problem"),
    Fault("422", Stage.BEFORE, False, "422 problem"),
    Fault("422_naming", Stage.BEFORE, False, "422 problem that names the body's fields and quotes their values"),
    Fault("423", Stage.BEFORE, False, "423 problem"),
    Fault("429", Stage.BEFORE, False, "429, Retry-After in seconds", 2),
    Fault("429_http_date", Stage.BEFORE, False, "429, Retry-After as an HTTP date", 2),
    Fault("429_past_date", Stage.BEFORE, False, "429, Retry-After as a date an hour ago"),
    Fault("429_garbage", Stage.BEFORE, False, "429, Retry-After: soon"),
    Fault("429_absent", Stage.BEFORE, False, "429 without Retry-After"),
    Fault("429_day", Stage.BEFORE, False, "429, Retry-After: 86400"),
    Fault("503", Stage.BEFORE, False, "503 problem from the system itself, Retry-After in seconds", 2),
    Fault("503_http_date", Stage.BEFORE, False, "503 problem, Retry-After as an HTTP date", 2),
    Fault("503_absent", Stage.BEFORE, False, "503 problem without Retry-After"),
    Fault("503_html", Stage.BEFORE, False, "503 from a proxy, HTML, Retry-After in seconds, not applied", 2),
    # -- applied, and the answer spoilt --
    Fault("close_after_apply", Stage.AFTER, True, "read all, applied, connection closed"),
    Fault("reset_after_apply", Stage.AFTER, True, "read all, applied, connection reset"),
    Fault("stall_after_apply", Stage.AFTER, True, "read all, applied, silence", 3600),
    Fault("cut_status_line", Stage.AFTER, True, "applied; `HTTP/1.1 201 Crea`, then closed"),
    Fault("cut_headers", Stage.AFTER, True, "applied; status line and half a header, then closed"),
    Fault("short_body", Stage.AFTER, True, "applied; fewer bytes than Content-Length, then closed"),
    Fault("cut_chunk", Stage.AFTER, True, "applied; a chunked body cut off"),
    Fault("truncated_json", Stage.AFTER, True, "applied; well-formed HTTP, JSON cut in half"),
    Fault("html_201", Stage.AFTER, True, "applied; 201 with an HTML page"),
    Fault("html_200", Stage.AFTER, True, "applied; 200 with an HTML error page"),
    Fault("empty_body", Stage.AFTER, True, "applied; the right status and no body at all"),
    Fault("other_json", Stage.AFTER, True, "applied; the right status, JSON of another shape"),
    Fault("redirect_302_after_apply", Stage.AFTER, True, "applied; 302 to a login page"),
    Fault("redirect_307_after_apply", Stage.AFTER, True, "applied; 307 to a login page"),
    Fault("error_500_after_apply", Stage.AFTER, True, "applied; 500 problem"),
    Fault("error_500_html_after_apply", Stage.AFTER, True, "applied; 500 with an HTML page"),
    Fault("503_html_after_apply", Stage.AFTER, True, "applied; 503 from a proxy, HTML, Retry-After in seconds", 2),
    Fault("slow_drip", Stage.AFTER, True, "applied; the right answer, a few bytes at a time", 5),
    Fault("late", Stage.AFTER, True, "applied; the right answer, late", 2),
    Fault("wrong_clock", Stage.AFTER, True, "applied, right answer; its Date is so many seconds off", 43200),
    Fault("close_idle", Stage.AFTER, True, "applied, right answer; the kept connection is then closed"),
    Fault("commit_later", Stage.AFTER, True, "closed without an answer; applied when the clock has moved on", 30),
    # -- SMTP --
    Fault("greeting_421", Stage.CONNECT, False, "421 instead of a greeting"),
    Fault("close_at_connect", Stage.CONNECT, False, "accepted, closed before the greeting"),
    Fault("no_starttls", Stage.HELLO, False, "STARTTLS is not offered"),
    Fault("auth_535", Stage.AUTH, False, "the credentials are refused"),
    Fault("sender_550", Stage.SENDER, False, "550 to MAIL FROM"),
    Fault("greylist", Stage.RECIPIENT, False, "451 to RCPT TO, come back later"),
    Fault("recipient_550", Stage.RECIPIENT, False, "550 to RCPT TO (`recipient=` names whom; else anybody)"),
    Fault("data_451", Stage.DATA, False, "451 after the dot, not taken"),
    Fault("data_554", Stage.DATA, False, "554 after the dot, not taken"),
    Fault("data_disconnect_before", Stage.DATA, False, "read to the dot, not taken, closed"),
    Fault("disconnect_after_dot", Stage.DATA, True, "taken, then closed without an answer"),
    Fault("stall_after_dot", Stage.DATA, True, "taken, then silence", 3600),
    Fault("late_after_dot", Stage.DATA, True, "taken; 250, late", 2),
    Fault("drip_after_dot", Stage.DATA, True, "taken; a 250 of many lines, one every fifth of a second", 5),
)

_REFUSALS = ("400", "400_quoting", "403", "404", "409", "410", "413", "422", "422_naming")
_FINAL = frozenset([*_REFUSALS, "redirect_302", "redirect_307", "redirect_308"])
#: HTTP faults that pass: after them, trying or looking again ends well. The others reject a record or stop a system.
TRANSIENT = frozenset(
    fault.name
    for fault in FAULTS.values()
    if fault.stage in (Stage.HEAD, Stage.BEFORE, Stage.AFTER)
    and fault.name not in _FINAL | {"429_day", "redirect_302_after_apply", "redirect_307_after_apply"}
)

READS = frozenset({"pull", "index", "get", "find", "list", "person", "log_find", "log_list"})
WRITES = frozenset({"create", "append", "complete", "log_create", "log_correct", "submit"})
LOOKS = frozenset({"get", "find", "list", "log_find", "log_list"})
#: Words of `when` that mean several operations.
GROUPS: Mapping[str, frozenset[str]] = {"read": READS, "write": WRITES, "look": LOOKS}


@dataclass
class Armed:
    """A fault that waits. `times` None: for ever."""

    fault: Fault
    operations: frozenset[str] | None
    times: int | None
    skip: int
    probability: float
    seconds: float
    recipient: str | None
    path: str | None
    chance: random.Random = field(repr=False)

    def strikes(self, operation: str, recipient: str | None, path: str) -> bool:
        """Whether it strikes this operation; counts what it skips."""
        if self.operations is not None and operation not in self.operations:
            return False
        if self.recipient is not None and (recipient or "").lower() != self.recipient.lower():
            return False
        if self.path is not None and self.path not in path:
            return False
        if self.probability < 1 and self.chance.random() >= self.probability:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        return True


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that was really applied. `at` is the stand-in's own clock, UTC. No body, no name."""

    order: int
    target: str
    operation: str
    reference: str | None
    subject: str
    remote_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived, and the fault that met it."""

    method: str
    path: str
    operation: str
    at: datetime
    fault: str | None


class Clock:
    """A stand-in's own clock: the real one plus what it was advanced by. UTC."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> datetime:
        """The moment by this clock."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def time(self) -> float:
        """The same as a Unix time stamp."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._ahead += seconds

    def reset(self) -> None:
        """Back to real time."""
        self._ahead = 0.0


class Weather:
    """The faults, effects and requests of one stand-in. Safe to use from any thread."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.clock = Clock()
        self.lock = threading.RLock()
        self._armed: list[Armed] = []
        self._effects: list[Effect] = []
        self._seen: list[Seen] = []
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._watchers: list[Callable[[frozenset[str]], None]] = []

    # ---- for tests, the demo and the control port ----

    def arm(
        self,
        fault: str,
        *,
        when: str = "*",
        times: int | None = 1,
        skip: int = 0,
        probability: float = 1.0,
        seed: int = 0,
        seconds: float | None = None,
        recipient: str | None = None,
        path: str | None = None,
    ) -> None:
        """Let a fault strike.

        `when`: operations or groups (`read`, `write`, `look`), separated by commas, or `*`. `times` None: until
        disarmed. `skip`: let the first n pass. `probability` with `seed`: a storm that repeats itself exactly.
        `seconds` overrides how long a stall, a drip or a Retry-After lasts. `path`: only requests whose path
        has this in it, such as `/persons/4108/`; `recipient`: only this address. Raises ValueError for a fault
        that the table does not have.
        """
        if fault not in FAULTS:
            raise ValueError(f"there is no fault called {fault}; valid names are {', '.join(FAULTS)}")
        kind = FAULTS[fault]
        armed = Armed(
            kind,
            _operations(when),
            None if kind.stage is Stage.LISTEN else times,
            skip,
            probability,
            kind.seconds if seconds is None else seconds,
            recipient,
            path,
            random.Random(seed),
        )
        with self.lock:
            self._armed.append(armed)
        self._tell()

    def storm(
        self, probability: float, seed: int, *, among: Iterable[str] = (), when: str = "*", seconds: float = 0.5
    ) -> None:
        """Arm many faults at once, each with this probability, until disarmed: those of TRANSIENT, or `among`."""
        for n, fault in enumerate(sorted(among) or sorted(TRANSIENT)):
            self.arm(fault, when=when, times=None, probability=probability, seed=seed * 1000 + n, seconds=seconds)

    def disarm(self, fault: str | None = None) -> None:
        """Take back one kind of fault, or all."""
        with self.lock:
            self._armed = [armed for armed in self._armed if fault is not None and armed.fault.name != fault]
        self._tell()

    def armed(self) -> list[str]:
        """Names of the faults that still wait."""
        with self.lock:
            return [armed.fault.name for armed in self._armed]

    def applied(self, operation: str | None = None) -> list[Effect]:
        """Every effect in order of application, or those of one operation."""
        self.settle()
        with self.lock:
            return [effect for effect in self._effects if operation is None or effect.operation == operation]

    def requests(self, operation: str | None = None) -> list[Seen]:
        """Every request in order of arrival, or those of one operation."""
        with self.lock:
            return [seen for seen in self._seen if operation is None or seen.operation == operation]

    def advance(self, seconds: float) -> None:
        """Move the stand-in's clock on, and do what became due."""
        with self.lock:
            self.clock.advance(seconds)
        self.settle()

    def reset(self) -> None:
        """Forget faults, effects, requests and what was still to come; back to real time."""
        with self.lock:
            self._armed.clear()
            self._effects.clear()
            self._seen.clear()
            self._later.clear()
            self.clock.reset()
        self._tell()

    # ---- for the stand-ins ----

    @property
    def has_armed(self) -> bool:
        """Whether any fault waits."""
        return bool(self._armed)

    def take(
        self, operation: str, stages: Iterable[Stage] = (), *, recipient: str | None = None, path: str = ""
    ) -> Armed | None:
        """The fault that strikes this operation now, if one does; it is used up by one."""
        if not self._armed:
            return None
        wanted = frozenset(stages)
        with self.lock:
            for armed in self._armed:
                if (wanted and armed.fault.stage not in wanted) or armed.fault.stage is Stage.LISTEN:
                    continue
                if not armed.strikes(operation, recipient, path):
                    continue
                if armed.times is not None:
                    armed.times -= 1
                    if armed.times <= 0:
                        self._armed.remove(armed)
                return armed
        return None

    def saw(self, method: str, path: str, operation: str, fault: str | None = None) -> None:
        """Note a request that arrived."""
        self._seen.append(Seen(method, path, operation, self.clock.now(), fault))

    def apply(self, operation: str, *, reference: str | None, subject: str, remote_id: str, target: str = "") -> None:
        """Note an effect. Call it in the same locked step that makes the effect."""
        with self.lock:
            order = len(self._effects) + 1
            self._effects.append(
                Effect(order, target or self.target, operation, reference, subject, remote_id, self.clock.now())
            )

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """Do something when the clock has moved on by so much."""
        with self.lock:
            self._later.append((self.clock.time() + seconds, effect))

    def settle(self) -> None:
        """Do what has become due."""
        if not self._later:
            return
        with self.lock:
            moment = self.clock.time()
            due = sorted((item for item in self._later if item[0] <= moment), key=lambda item: item[0])
            self._later = [item for item in self._later if item[0] > moment]
            for _when, effect in due:
                effect()

    def watch(self, watcher: Callable[[frozenset[str]], None]) -> None:
        """Tell `watcher` the armed faults' names whenever they change: for what happens before any request."""
        self._watchers.append(watcher)

    def _tell(self) -> None:
        names = frozenset(self.armed())
        for watcher in self._watchers:
            watcher(names)


def _operations(when: str) -> frozenset[str] | None:
    if when.strip() == "*":
        return None
    found: set[str] = set()
    for word in when.replace(",", " ").split():
        found |= GROUPS.get(word, {word})
    return frozenset(found)
