"""What every connector must prove: C1 to C11."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from connectors.conformance.base import WRITES, Connect, Kit, Read, Write, close_of
from connectors.conformance.documentation import skip_table
from connectors.conformance.examples import CANARIES, reference
from connectors.conformance.stand_in import Habit
from connectors.conformance.subject import Subject, Wrong
from connectors.conformance.watch import rendered, watching
from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected

_GRACE = 4.0
"""Seconds that a busy machine may add to a deadline."""
_WORKERS = 8
_SECRETIVE = frozenset({"secret", "password", "passphrase", "token", "credential", "key"})
"""How the name of a secret ends."""


class CommonConformance(Kit):
    """The part of the kit that all kinds share; inherit one of the kinds."""

    # ---- C1, C2: check -----------------------------------------------------------------------------------------------

    def test_c1_a_check_is_one_line_and_writes_nothing(self, subject: Subject, connect: Connect) -> None:
        """A check with good settings says so in one line, and writes nothing at the far end."""
        health = connect().check()
        assert health.ok, health.sentence
        assert _is_one_line(health.sentence)
        assert not subject.far_end.applied(), "a check wrote something"

    def test_c2_each_wrong_setting_has_a_sentence_of_its_own(self, subject: Subject) -> None:
        """Wrong secret, path, host, port or certificate: each a different sentence that names the setting to change."""
        self.some(subject.weather.wrong, "wrong settings")
        missing = [name for name in subject.weather.wrong if name not in subject.wrong]
        assert not missing, f"the subject has no connector with a wrong {missing}"
        said: dict[str, str] = {}
        for name, wrong in subject.wrong.items():
            setting, said[name] = _told(wrong)
            assert setting == wrong.setting, f"{name}: the setting at fault is {wrong.setting}, not {setting}"
            assert wrong.setting in said[name], f"{name}: the sentence does not name {wrong.setting}"
            assert _is_one_line(said[name])
            assert not [secret for secret in subject.secrets if secret in said[name]]
        assert len(set(said.values())) == len(said), "two different mistakes have one sentence"
        assert not subject.far_end.applied()

    def test_c2_a_far_ends_wrong_clock_is_told(self, subject: Subject, connect: Connect) -> None:
        """A far end whose clock is hours off is worth a word in the check."""
        fault = self.some(subject.weather.wrong_clock, "wrong clock")
        self.arm(subject, fault, when="read", times=None)
        assert "clock" in connect().check().sentence.lower()

    # ---- C3: signing in ----------------------------------------------------------------------------------------------

    def test_c3_a_sign_in_that_expires_in_mid_run_is_renewed_once(self, subject: Subject, connect: Connect) -> None:
        """A pass that expires in mid-run is renewed once, whichever worker met it; nobody sees a failure."""
        connector = connect()
        self.read(connector)
        before = self.signed_in(subject)
        self.arm(subject, Habit.SIGN_IN_EXPIRES)
        failures = together([lambda: self.read(connector)] * _WORKERS)
        assert not failures, f"a renewed sign-in was seen as a failure: {failures[0]}"
        assert self.signed_in(subject) - before <= 1, "the workers stormed the sign-in"

    def test_c3_a_pass_that_is_refused_for_good_stops(self, subject: Subject, connect: Connect) -> None:
        """A pass that is refused again after its renewal is Misconfigured, after a few requests and not a storm."""
        connector = connect()
        self.arm(subject, self.some(subject.weather.unauthorised, "refusal of a pass"), when="read", times=None)
        with pytest.raises(Misconfigured):
            self.read(connector)
        assert len(subject.far_end.requests()) <= 6

    # ---- C4 to C8: what an answer proves ---------------------------------------------------------------------------

    def test_c4_a_401_on_a_write_was_not_applied_and_is_not_sent_again(
        self, subject: Subject, connect: Connect
    ) -> None:
        """A 401 on a write is NotApplied; the connector does not send it a second time."""
        fault = self.some(subject.weather.unauthorised, "refusal of a pass")
        for name, write in self.writes(subject, connect).items():
            connector, came = self._signed(subject, connect)
            applied = len(subject.far_end.applied())
            self.arm(subject, fault, when="write")
            with pytest.raises(NotApplied):
                write(connector, 1)
            sent = sum(one in WRITES for one in came())
            assert sent == 1, f"{name}: it was sent {sent} times (the stand-in saw {came()})"
            assert len(subject.far_end.applied()) == applied, f"{name}: it was applied"

    def test_c4_a_forbidden_record_says_that_access_must_be_granted(self, subject: Subject, connect: Connect) -> None:
        """A 403 on a write is Rejected, and says who must be let at the record."""
        fault = self.some(subject.weather.forbidden, "forbidden record")
        for name, write in self.writes(subject, connect).items():
            connector, _ = self._signed(subject, connect)
            self.arm(subject, fault, when="write")
            with pytest.raises(Rejected) as caught:
                write(connector, 1)
            assert caught.value.cause is Cause.RESTRICTED, name
            assert "access" in caught.value.message, name

    def test_c4_refused_fields_are_named_without_their_values(self, subject: Subject, connect: Connect) -> None:
        """A 400 or 422 is Rejected with the field's path, and never a value that the answer quotes."""
        faults = self.some(subject.weather.invalid, "refused fields")
        for fault, (name, write) in itertools.product(faults, self.writes(subject, connect).items()):
            connector, _ = self._signed(subject, connect)
            self.arm(subject, fault, when="write")
            with pytest.raises(Rejected) as caught:
                write(connector, 1)
            assert caught.value.cause is Cause.INVALID, name
            assert not _marks(f"{caught.value} {caught.value.field}", subject)
            if fault == faults[-1]:
                assert caught.value.field, f"{name}: the answer named the field, the error does not"

    def test_c5_a_write_waits_as_long_as_it_is_asked_to(self, subject: Subject, connect: Connect) -> None:
        """Retry-After in seconds, as a date, past, garbled, absent, a day long: never less than asked, never slept."""
        patience = self.some(subject.weather.patience, "request for patience")
        writes = self.writes(subject, connect)
        applied = len(subject.far_end.applied())
        for (fault, least), (name, write) in itertools.product(patience.items(), writes.items()):
            connector, _ = self._signed(subject, connect)
            self.arm(subject, fault, when="write")
            began = time.monotonic()
            with pytest.raises(NotApplied) as caught:
                write(connector, 1)
            assert (caught.value.retry_after or 0.0) >= least, f"{name}, {fault}: less patience than was asked for"
            assert time.monotonic() - began < subject.deadline + _GRACE, f"{name}, {fault}: it was slept through"
        assert len(subject.far_end.applied()) == applied

    def test_c5_a_read_gives_a_long_wait_back(self, subject: Subject, connect: Connect) -> None:
        """A wait longer than the deadline goes back to the caller: not slept, not shortened, not asked again."""
        patience = self.some(subject.weather.patience, "request for patience")
        fault = max(patience, key=lambda name: patience[name])
        for name, read in self.reads(subject, connect).items():
            connector, came = self._signed(subject, connect)
            self.arm(subject, fault, when="read", times=None)
            began = time.monotonic()
            with pytest.raises(NotApplied) as caught:
                read(connector)
            subject.far_end.disarm()
            assert (caught.value.retry_after or 0.0) >= patience[fault] - 1, name
            assert time.monotonic() - began < subject.deadline + _GRACE, f"{name}: it was slept through"
            assert len(came()) == 1, f"{name}: it was asked again"

    def test_c6_each_failure_of_a_write_is_the_class_that_it_proves(
        self, subject: Subject, connect: Connect, hurried: Connect
    ) -> None:
        """What was never sent is NotApplied, what was refused is Rejected; only doubt is Uncertain."""
        proven = self.some(subject.weather.proven, "proven failure")
        writes = self.writes(subject, connect)
        applied = len(subject.far_end.applied())
        for (fault, wanted), (name, write) in itertools.product(proven.items(), writes.items()):
            connector = (hurried if fault in subject.weather.slow else connect)()
            self.arm(subject, fault, when="write")
            found: type[ConnectorError] | None = None
            try:
                write(connector, 1)
            except ConnectorError as why:
                found = type(why)
            subject.far_end.disarm()
            assert found is not None, f"{name}, {fault}: this is told as a success"
            assert issubclass(found, wanted), f"{name}, {fault}: proves {wanted.__name__}, not {found.__name__}"
            assert len(subject.far_end.applied()) == applied

    def test_c6_a_kept_connection_that_was_closed_costs_nothing(self, subject: Subject, connect: Connect) -> None:
        """A kept connection that the far end has closed is opened again, and the next write is there once."""
        for fault in self.some(subject.weather.harmless, "harmless fault"):
            connector = connect()
            self.arm(subject, fault, when="write")
            for number in (1, 2):
                self.write(connector, number)
        assert len(self.held(subject)) == 2

    def test_c6_a_read_that_could_not_see_is_never_an_empty_answer(self, subject: Subject, connect: Connect) -> None:
        """A read that fails raises NotApplied or Misconfigured: what was not seen is not absent."""
        faults = self.some(subject.weather.blind, "fault of a read")
        for fault, (name, read) in itertools.product(faults, self.reads(subject, connect).items()):
            connector = connect()
            self.arm(subject, fault, when="read", times=None)
            blind = False
            try:
                read(connector)
            except ConnectorError as why:
                blind = isinstance(why, NotApplied | Misconfigured)
            subject.far_end.disarm()
            assert blind, f"{name}, {fault}: a read that saw nothing did not say so"

    def test_c7_a_redirected_write_is_not_followed(self, subject: Subject, connect: Connect) -> None:
        """A redirect of a write is Misconfigured; nothing goes to the other address."""
        acts = {name: lambda c, w=write: w(c, 1) for name, write in self.writes(subject, connect).items()}
        self._redirected(subject, connect, "write", acts)

    def test_c7_a_redirected_read_is_not_followed(self, subject: Subject, connect: Connect) -> None:
        """A redirect of a read is Misconfigured too: a login page is no answer."""
        self._redirected(subject, connect, "read", self.reads(subject, connect))

    def test_c8_a_slow_drip_does_not_stretch_a_write(self, subject: Subject, hurried: Connect) -> None:
        """A write ends at its total deadline, however slowly its answer drips."""
        for name, write in self.writes(subject, hurried).items():
            connector, _ = self._signed(subject, hurried)
            assert self._dripped(subject, "write", lambda w=write, c=connector: w(c, 1)), name  # type: ignore[misc]
            subject.far_end.disarm()

    def test_c8_a_slow_drip_does_not_stretch_a_read(self, subject: Subject, hurried: Connect) -> None:
        """Every read ends at its total deadline, however slowly its answer drips."""
        reads = self.reads(subject, hurried)
        ready = [(read, self._signed(subject, hurried)[0]) for read in reads.values()]
        acts = [lambda one=one: one[0](one[1]) for one in ready]
        assert self._dripped(subject, "read", lambda: together(acts)), f"one of {', '.join(reads)} was stretched"

    # ---- C9 to C11: what shows, and what is shared -----------------------------------------------------------------

    def test_c9_no_mark_comes_out_anywhere(
        self, subject: Subject, connect: Connect, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """No name, word of a report, address or secret is in a log, an exception (causes, notes and locals rendered), a
        repr or the output, whatever goes wrong.
        """
        said: list[str] = []
        with watching() as watch:
            for why in self.provoked(subject, connect):
                said.append(rendered(why))
            for thing in (*self.shown(connect()), connect().check()):
                said += [repr(thing), str(thing)]
        output = capfd.readouterr()
        for place, text in {"log": watch.lines, "exception or repr": said, "output": [*output]}.items():
            found = _marks("\n".join(text), subject)
            assert not found, f"{found} came out in the {place}"

    def provoked(self, subject: Subject, connect: Connect) -> Iterator[Exception]:
        """Everything that can go wrong, once for each write and once for each read."""
        acts: list[tuple[str, Write]] = [("write", write) for write in self.writes(subject, connect).values()]
        acts += [("read", lambda c, _, r=read: r(c)) for read in self.reads(subject, connect).values()]  # type: ignore[misc]
        for number, fault in enumerate(subject.weather.quick()):
            for when, act in acts:
                connector = connect()
                with suppress(ValueError):
                    subject.far_end.arm(fault, when=when, times=None)
                try:
                    act(connector, 1000 + number)
                except ConnectorError as why:
                    yield why
                finally:
                    subject.far_end.disarm()

    def test_c10_every_setting_is_described_and_no_secret_shows(self, subject: Subject) -> None:
        """Every setting has a description that is a sentence; secrets are hidden in the type."""
        section = subject.settings
        for name, field in type(section).model_fields.items():
            described = (field.description or "").strip()
            assert described.endswith("."), f"{name} has no description that is a sentence"
            if is_secretive(name):
                assert "SecretStr" in str(field.annotation), f"{name} must be a {SecretStr.__name__}"
        hidden = {value.get_secret_value() for _, value in section if isinstance(value, SecretStr)}
        assert hidden <= {*subject.secrets}, "the subject does not name every secret that its settings hold"
        shown = f"{section!r} {section} {section.model_dump_json()}"
        assert not [secret for secret in subject.secrets if secret in shown], "a secret shows in the settings"

    def test_c10_the_docs_name_every_setting_and_every_skip(self, subject: Subject) -> None:
        """The docs page names each setting as the environment has it, and prints each skip with its reason."""
        text = "\n".join(page.read_text("utf-8") for page in subject.docs)
        names = [f"{subject.prefix}{name.upper()}" for name in type(subject.settings).model_fields]
        assert not [name for name in names if f"`{name}`" not in text], "the docs lack settings"
        lacking = [line for line in skip_table(type(self)) if line not in text]
        assert not lacking, f"the docs lack these lines of connectors.conformance.documentation.skip_table: {lacking}"

    def test_c11_two_connectors_at_once_share_nothing(self, subject: Subject, connect: Connect) -> None:
        """Two connectors, two threads each, interleaved: every record is there once, with its own words."""
        numbers = range(1, 25)
        pairs = [(connect(), numbers[share::4]) for share in range(2)]
        pairs += [(connector, numbers[share + 2 :: 4]) for share, (connector, _) in enumerate(pairs)]

        def work(connector: Any, mine: Sequence[int]) -> None:
            for number in mine:
                self.write(connector, number)

        failures = together([lambda pair=pair: work(*pair) for pair in pairs])  # type: ignore[misc]
        assert not failures, f"together they failed: {failures[0]}"
        held = self.held(subject)
        assert sorted(held) == sorted(reference(number) for number in numbers)
        assert len(subject.far_end.applied()) == len(numbers)
        assert not [one for one, text in held.items() if one not in text], "a record has another one's words"

    # ----

    def _signed(self, subject: Subject, connect: Connect) -> tuple[Any, Callable[[], list[str]]]:
        """A connector that has signed in, and the requests that come after that."""
        connector = connect()
        self.warm(connector)
        before = len(self.requested(subject))
        return connector, lambda: self.requested(subject)[before:]

    def warm(self, connector: Any) -> None:
        """Whatever the connector does before its first call proper, such as asking for a token."""
        self.read(connector)

    def _redirected(self, subject: Subject, connect: Connect, when: str, acts: Mapping[str, Read]) -> None:
        applied = len(subject.far_end.applied())
        faults = self.some(subject.weather.redirects, "redirect")
        for fault, (name, act) in itertools.product(faults, acts.items()):
            connector, came = self._signed(subject, connect)
            self.arm(subject, fault, when=when)
            with pytest.raises(Misconfigured):
                act(connector)
            # A write may be prepared by reads; whatever was redirected is the last that was asked.
            first = next((n for n, one in enumerate(came()) if when == "read" or one in WRITES), -1)
            assert first == len(came()) - 1, f"{name}, {fault}: it went on from there: {came()}"
        assert len(subject.far_end.applied()) == applied

    def _dripped(self, subject: Subject, when: str, act: Callable[[], Any]) -> bool:
        drip = self.some(subject.weather.drip, "slow drip")
        self.arm(subject, drip, when=when, times=None, seconds=subject.deadline + _GRACE + 1.5)
        began = time.monotonic()
        with suppress(ConnectorError):
            act()
        return time.monotonic() - began < subject.deadline + _GRACE


def together(acts: Sequence[Callable[[], Any]]) -> list[Exception]:
    """Do all of them at once, each in a thread; what they raised."""
    failures: list[Exception] = []

    def one(act: Callable[[], Any]) -> None:
        try:
            act()
        except Exception as why:  # noqa: BLE001 - whatever it is, it is the test's to show
            failures.append(why)

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def _told(wrong: Wrong) -> tuple[str | None, str]:
    """Which setting, and in which words, a connector with one setting wrong complains."""
    try:
        connector = wrong.connect()
    except (ConfigurationError, Misconfigured) as why:
        return why.setting, str(why)
    try:
        health = connector.check()
    finally:
        close_of(connector)
    assert not health.ok, f"a check is content although {wrong.setting} is wrong"
    return health.setting, health.sentence


def _marks(text: str, subject: Subject) -> list[str]:
    return [mark for mark in (*CANARIES, *subject.secrets) if mark in text]


def is_secretive(name: str) -> bool:
    """Whether a setting with this name holds a secret; `token_url` and `key_column` hold none."""
    return name.rpartition("_")[2].removesuffix("s") in _SECRETIVE


def _is_one_line(sentence: str) -> bool:
    return bool(sentence.strip()) and "\n" not in sentence
