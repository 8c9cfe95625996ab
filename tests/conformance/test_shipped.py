"""Every shipped connector proves what the kit asks, over real sockets and real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.conformance import (
    CaseNoteStoreConformance,
    FormDeskConformance,
    LogStoreConformance,
    NotifierConformance,
    SourceConformance,
    Subject,
)
from tests.conformance import subjects

_FOLDER_FILES = "A folder: no network, no sign-in and no answer that could go wrong on the way."
_KEEPS_NOTHING = (
    "The ledger keeps one body for each key and sends that one at every try; the connector keeps nothing between calls."
)
_NO_DELETION = "A log has no deletion that shows: an entry that vanished is for reconciliation to find."


class TestMosaicRest(CaseNoteStoreConformance):
    """Mosaic over REST."""

    skips: ClassVar = {"W11": _KEEPS_NOTHING}

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.mosaic(tmp_path) as subject:
            yield subject


class TestRecordingRest(SourceConformance):
    """The recording system over REST."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.recording(tmp_path) as subject:
            yield subject


class TestRecordingFiles(SourceConformance):
    """The recording system as a drop folder."""

    skips: ClassVar = {
        **dict.fromkeys(("C3", "C5", "C6", "C7", "C8", "test_c2_a_far_ends_wrong_clock_is_told"), _FOLDER_FILES),
        **dict.fromkeys(("S4", "test_s10_the_index_is_whole_however_it_is_paged"), "A folder of files has no cursor."),
        "test_s7_a_start_in_the_future_gives_nothing": (
            "The folder is the cursor: whatever was not yet stored is read, because an export may bring old reports."
        ),
        "test_s11_what_is_forbidden_is_not_gone": "A file has no rights for one report alone.",
        "test_s11_a_report_that_another_home_has_now_is_moved": (
            "Two homes' exports may use one id for two reports, so files cannot say that one of them moved."
        ),
    }

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.drop_folder(tmp_path) as subject:
            yield subject


class TestDailyLogRest(LogStoreConformance):
    """The daily log over REST."""

    skips: ClassVar = {"W10": _NO_DELETION, "W11": _KEEPS_NOTHING}

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.daily_log(tmp_path) as subject:
            yield subject


class TestDailyLogFiles(LogStoreConformance):
    """The daily log as files."""

    skips: ClassVar = {
        **dict.fromkeys(("C3", "C4", "C5", "C6", "C7", "C8", "test_c2_a_far_ends_wrong_clock_is_told"), _FOLDER_FILES),
        "W3": "A file is written before the call returns: nothing can commit later.",
        "W9": "The row is written by this connector itself, into the home's own file.",
        "W10": _NO_DELETION,
        "test_w12_a_repeated_cursor_is_an_error": "A folder of files has no cursor.",
    }

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.log_folder(tmp_path) as subject:
            yield subject


class TestSmtp(NotifierConformance):
    """Mail over SMTP."""

    skips: ClassVar = {
        "C3": "SMTP signs in anew with each connection: no pass that could expire.",
        **dict.fromkeys(
            ("C4", "C5", "C7"),
            "SMTP has no such statuses, no Retry-After and no redirect; what its answers prove is N2 and N3.",
        ),
        "test_c6_a_kept_connection_that_was_closed_costs_nothing": "HTTP's own: SMTP says that it closes.",
        "test_c6_a_read_that_could_not_see_is_never_an_empty_answer": "SMTP reads nothing.",
        "test_c8_a_slow_drip_does_not_stretch_a_read": "SMTP reads nothing.",
        "test_c2_a_far_ends_wrong_clock_is_told": "A mail server does not tell its time before it takes a mail.",
        "N5": "Accepted is final for SMTP (RULINGS 16): a bounce comes to the sender's mailbox, which is not read.",
    }

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.mail(tmp_path) as subject:
            yield subject


class TestLadoPackage(FormDeskConformance):
    """LADO packages in a folder."""

    skips: ClassVar = {
        "test_c2_a_far_ends_wrong_clock_is_told": _FOLDER_FILES,
        **dict.fromkeys(("F1", "F2"), "It writes files and opens no form."),
    }

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.lado_desk(tmp_path) as subject:
            yield subject


class TestLadoPrefill(FormDeskConformance):
    """The council's online form, filled in in a browser."""

    skips: ClassVar = {
        "test_c2_a_far_ends_wrong_clock_is_told": "A form's page does not tell the time.",
        "C11": "Each call has a browser of its own, and one person in front of it.",
        "F3": "It writes no files.",
    }

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with subjects.lado_form(tmp_path) as subject:
            yield subject
