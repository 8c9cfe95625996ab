"""The conformance kit: what a connector must prove, as pytest classes that its author inherits.

    class TestCarebook(CaseNoteStoreConformance):
        @pytest.fixture
        def subject(self) -> Subject: ...

A subject is a factory of connectors and the stand-in that they talk to. What is asserted is what the stand-in holds,
never what the connector says of itself. An assertion that cannot apply is skipped by `skips = {"C7": "why"}`; the
reason is printed in the connector's docs page. Needs pytest.
"""

from __future__ import annotations

import pytest

# So that a failing assertion of the kit shows both sides, as one of the author's own tests would.
pytest.register_assert_rewrite(
    *(
        f"connectors.conformance.{name}"
        for name in ("base", "common", "source", "stores", "case_notes", "log", "notifier")
    ),
    "connectors.conformance.form_desk",
)

from connectors.conformance.case_notes import CaseNoteStoreConformance  # noqa: E402 - after the rewriting is set up
from connectors.conformance.common import CommonConformance  # noqa: E402
from connectors.conformance.examples import Damage, Report  # noqa: E402
from connectors.conformance.form_desk import FormDeskConformance  # noqa: E402
from connectors.conformance.log import LogStoreConformance  # noqa: E402
from connectors.conformance.notifier import NotifierConformance  # noqa: E402
from connectors.conformance.source import SourceConformance  # noqa: E402
from connectors.conformance.stand_in import Applied, Habit, Kept, Letter, Seen, StandIn  # noqa: E402
from connectors.conformance.subject import Subject, Wrong  # noqa: E402
from connectors.conformance.weather import FOLDER, HTTP, SMTP, Weather  # noqa: E402

__all__ = [
    "FOLDER",
    "HTTP",
    "SMTP",
    "Applied",
    "CaseNoteStoreConformance",
    "CommonConformance",
    "Damage",
    "FormDeskConformance",
    "Habit",
    "Kept",
    "Letter",
    "LogStoreConformance",
    "NotifierConformance",
    "Report",
    "Seen",
    "SourceConformance",
    "StandIn",
    "Subject",
    "Weather",
    "Wrong",
]
