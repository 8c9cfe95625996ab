"""How the kit works: what each kind says of itself, and what no test of it can be talked out of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from connectors.conformance.documentation import asserted_by, assertion_of, reasons_of
from connectors.conformance.subject import Subject

Connect = Callable[[], Any]
Read = Callable[[Any], Any]
Write = Callable[[Any, int], Any]

WRITES = frozenset({"create", "append", "finish", "send"})
"""What a stand-in calls the requests that change something."""


class Kit:
    """What all kinds say of themselves, and the tools of their tests."""

    skips: ClassVar[Mapping[str, str]] = {}
    """What does not apply, by assertion (`C7`) or by test, each with the reason that the docs page prints."""

    # ---- what a kind says ----------------------------------------------------------------------------------------

    def write(self, connector: Any, number: int) -> Any:
        """One plain write, told apart by its number."""
        raise NotImplementedError

    def read(self, connector: Any) -> Any:
        """One plain read that goes to the far end."""
        raise NotImplementedError

    def held(self, subject: Subject) -> Mapping[str, str]:
        """What the far end holds of ours: the text by reference."""
        raise NotImplementedError

    def writes(self, subject: Subject, connect: Connect) -> Mapping[str, Write]:  # noqa: ARG002
        """Every write by its name, with what it needs put in place."""
        return {"write": self.write}

    def reads(self, subject: Subject, connect: Connect) -> Mapping[str, Read]:  # noqa: ARG002
        """Every read by its name, with what it needs put in place."""
        return {"read": self.read}

    def shown(self, connector: Any) -> Iterator[object]:
        """Things that the connector hands out, whose repr must show nothing."""
        yield connector

    # ---- how the kit works -----------------------------------------------------------------------------------------

    @pytest.fixture(autouse=True)
    def _applicable(self, request: pytest.FixtureRequest) -> None:
        name = request.function.__name__
        assertion, reasons = assertion_of(name), reasons_of(type(self))
        for key in (name, assertion or ""):
            if _says_why(reasons.get(key)):
                pytest.skip(f"{assertion}: {reasons[key]}")
            elif key in reasons:
                pytest.fail(f"{key} is skipped without a reason: say in a sentence why it cannot apply")
        if "subject" in request.fixturenames:
            try:
                request.getfixturevalue("subject")
            except pytest.skip.Exception as why:
                pytest.fail(f"{assertion} was skipped without a word in `skips`: {why}")

    @pytest.fixture
    def connect(self, subject: Subject) -> Iterator[Connect]:
        """Makes connectors, and closes them afterwards."""
        yield from _closing(subject.connect)

    @pytest.fixture
    def hurried(self, subject: Subject) -> Iterator[Connect]:
        """The same for connectors with a short deadline: use it where one has to run out."""
        yield from _closing(subject.hurried or subject.connect)

    def arm(self, subject: Subject, fault: str, **how: Any) -> None:
        """Arm a fault, or fail with what the author can do about a stand-in that does not have it."""
        try:
            subject.far_end.arm(fault, **how)
        except ValueError:
            pytest.fail(f"the stand-in cannot do {fault!r}: teach it, or give the reason in `skips`")

    def some(self, faults: Any, what: str) -> Any:
        """The faults of the subject's weather, or a failure: an assertion that tries nothing proves nothing."""
        if not faults:
            pytest.fail(f"the subject's weather has no {what}: name one, or give the reason in `skips`")
        return faults

    def requested(self, subject: Subject) -> list[str]:
        """The operations that were asked for, but for a pass."""
        return [seen.operation for seen in subject.far_end.requests() if seen.operation != "sign_in"]

    def signed_in(self, subject: Subject) -> int:
        """How often a new pass was asked for."""
        return sum(seen.operation == "sign_in" for seen in subject.far_end.requests())

    def test_every_assertion_is_run_or_skipped_with_a_reason(self) -> None:
        """No test of the kit is taken out or replaced, and every skip names one and says why."""
        kits, reasons = asserted_by(type(self)), reasons_of(type(self))
        replaced = [name for name, test in kits.items() if not _is_the_kits(test)]
        assert not replaced, f"these tests of the kit were replaced: {replaced}"
        known = {*kits, *(assertion_of(name) for name in kits)}
        assert not [name for name in reasons if name not in known], "a skip names no assertion of this kind"
        thin = [name for name, reason in reasons.items() if not _says_why(reason)]
        assert not thin, f"these skips give no reason: {thin}"


def _closing(connect: Connect) -> Iterator[Connect]:
    made: list[Any] = []

    def one() -> Any:
        made.append(connect())
        return made[-1]

    yield one
    for connector in made:
        close_of(connector)


def close_of(connector: Any) -> None:
    """Close a connector that can be closed."""
    close = getattr(connector, "close", None)
    if close is not None:
        close()


def _says_why(reason: str | None) -> bool:
    return len((reason or "").split()) >= 3


def _is_the_kits(test: Any) -> bool:
    return str(getattr(test, "__module__", "")).startswith(__name__.rpartition(".")[0])
