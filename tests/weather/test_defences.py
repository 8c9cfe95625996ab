"""WEATHER section 4, Z-1: with any one defence switched off, at least one row turns red. So the matrix can fail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import true

import flows.deliver
import flows.mail_check
import flows.packages
import flows.pull
import flows.reconcile
import flows.senders
import ledger.encryption
import ledger.outbox
import ledger.states
import ledger.steps
import reconciliation.notes_side
from connectors.breaker import Breaker
from connectors.mosaic_rest.look_up import LookUp
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import Found, Receipt
from flows.senders import DailyLogSender, MailSender, MosaicSender
from ledger.states import DeliveryState, Event
from mappings.redactor import Redactor
from tests.weather import test_email_rows as email
from tests.weather import test_ledger_rows as ledger_rows
from tests.weather import test_people_rows as people
from tests.weather import test_source_rows as source
from tests.weather import test_target_faults as faults
from tests.weather import test_target_rows as target
from tests.weather import test_time_rows as times
from tests.weather.scene import Scene

Off = Callable[[pytest.MonkeyPatch, Scene], object]


def no_look_up(patch: pytest.MonkeyPatch, _: Scene) -> None:
    for sender in (MosaicSender, DailyLogSender):
        patch.setattr(sender, "look", lambda *_: Found())


def one_look(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(ledger.outbox, "LOOKS_BEFORE_RESEND", 1)


def no_settling(_: pytest.MonkeyPatch, scene: Scene) -> None:
    scene.environ["BRIDGE_DELIVERY__SETTLE_SECONDS"] = "0"


def no_fencing(patch: pytest.MonkeyPatch, _: Scene) -> None:
    def held(connection: Any, claims: Any) -> dict[int, Any]:
        rows = connection.execute(ledger.outbox.select(ledger.outbox.delivery)).all()
        wanted = {one.id for one in claims}
        return {row.id: row for row in rows if row.id in wanted}

    patch.setattr(ledger.outbox, "held", held)
    patch.setattr(ledger.outbox, "after", lambda state, event: ledger.states.TRANSITIONS.get((state, event), "pending"))


def no_margin(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.deliver, "_LEASE_MARGIN", 0.0)


def an_expired_lease_means_not_sent(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setitem(ledger.states.TRANSITIONS, (DeliveryState.SENDING, Event.LEASE_EXPIRED), DeliveryState.PENDING)


def doubt_means_not_sent(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setitem(ledger.states.TRANSITIONS, (DeliveryState.SENDING, Event.AMBIGUOUS), DeliveryState.PENDING)


def no_order(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(ledger.outbox, "_not_waiting", true)
    patch.setattr(ledger.outbox, "_due", ledger.outbox._due.__wrapped__)


def no_overlap(_: pytest.MonkeyPatch, scene: Scene) -> None:
    scene.environ["BRIDGE_RECORDING__OVERLAP_MINUTES"] = "0"


def no_second_walk(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.pull, "_WALKS", 1)


def nothing_is_walked_again(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.pull, "_unconfirmed", lambda _site, _home, since: since)


def no_sweep(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.reconcile, "_fetch", lambda *_: 0)


def no_quarantine(patch: pytest.MonkeyPatch, _: Scene) -> None:
    whole = flows.pull._sorted
    patch.setattr(flows.pull, "_sorted", lambda *told: (whole(*told)[0], []))


def future_stamps_are_believed(patch: pytest.MonkeyPatch, _: Scene) -> None:
    whole = flows.pull._marks
    patch.setattr(flows.pull, "_marks", lambda read, began: whole(read, began.replace(year=began.year + 5)))


def the_latest_is_not_compared(patch: pytest.MonkeyPatch, _: Scene) -> None:
    import ledger.reports

    patch.setattr(ledger.reports, "_is_older", lambda *_: False)


def no_redaction(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(Redactor, "text", lambda _self, text: text)


def no_sealing(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(
        ledger.encryption.Vault, "seal", lambda _self, text, _r: text.encode() if isinstance(text, str) else text
    )
    patch.setattr(ledger.encryption.Vault, "open", lambda _self, sealed, _r: bytes(sealed))
    patch.setattr(ledger.encryption.Vault, "is_current", lambda *_: True)


def an_answer_is_believed(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(MosaicRest, "_created", lambda *_: Receipt("700001"))


def any_person_is_right(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(LookUp, "survives", lambda *_: True)


def a_text_is_not_read_back(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(reconciliation.notes_side, "text_part", lambda *_: ("text", True))


def nothing_is_noted(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(ledger.steps, "note", lambda *_: None)


def a_new_message_id_each_time(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(MailSender, "message_id", lambda *_: f"<{uuid.uuid4()}@example.invalid>")


def recipients_are_not_checked_again(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.deliver, "withdraw_changed_recipients", lambda *_: 0)


def packages_are_not_rebuilt(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(flows.packages, "rebuild", lambda *_: 0)


def no_breaker(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(Breaker, "admit", lambda _self: 0.0)


def a_deleted_note_is_not_seen(patch: pytest.MonkeyPatch, _: Scene) -> None:
    patch.setattr(Found, "absent", property(lambda found: not found.receipts and found.unfinished is None))


def leases_go_by_the_hosts_clock(_: pytest.MonkeyPatch, scene: Scene) -> None:
    scene.clock.lease_is_wrong_too = True


RED: dict[str, tuple[Off, Callable[..., None], dict[str, Any]]] = {
    "look-up": (no_look_up, faults.test_whatever_goes_wrong_once_each_record_is_there_once, {"fault": "html_201"}),
    "doubt": (
        doubt_means_not_sent,
        faults.test_whatever_goes_wrong_once_each_record_is_there_once,
        {"fault": "reset_after_apply"},
    ),
    "two looks": (
        one_look,
        target.test_t19_what_commits_before_the_second_look_is_not_written_again,
        {"seconds": 100, "operation": "create"},
    ),
    "settling": (
        no_settling,
        target.test_t19_what_commits_before_the_second_look_is_not_written_again,
        {"seconds": 30, "operation": "log_create"},
    ),
    "fencing": (no_fencing, ledger_rows.test_l5_a_worker_that_was_asleep_for_longer_than_its_lease_changes_nothing, {}),
    "the margin of a lease": (no_margin, ledger_rows.test_l5_no_note_is_begun_when_its_lease_is_nearly_over, {}),
    "a lease that ran out is a doubt": (
        an_expired_lease_means_not_sent,
        ledger_rows.test_l5_an_answer_that_comes_after_the_lease_is_not_written_and_nothing_is_sent_twice,
        {},
    ),
    "order": (no_order, target.test_an_amendment_that_comes_while_the_note_is_in_doubt_waits_for_it, {}),
    "overlap": (
        no_overlap,
        source.test_s2_a_late_commit_within_the_overlap_is_found_by_the_next_pull,
        {"behind": source.timedelta(minutes=59)},
    ),
    "a second walk": (
        no_second_walk,
        source.test_s3_an_edit_between_pages_loses_no_other_report,
        {"style": "offset"},
    ),
    "a walk that was never confirmed": (
        nothing_is_walked_again,
        source.test_s3_what_a_walk_skipped_that_could_not_be_confirmed_is_found_by_the_next_pull,
        {"times": 1},
    ),
    "the index sweep": (
        no_sweep,
        source.test_s2_a_late_commit_beyond_the_overlap_is_found_by_the_index_sweep,
        {"behind": source.timedelta(days=3)},
    ),
    "quarantine": (
        no_quarantine,
        source.test_s6_a_report_that_cannot_be_understood_waits_whole_and_blocks_nobody,
        {"drift": "a missing key"},
    ),
    "stamps from the future": (
        future_stamps_are_believed,
        times.test_c3_a_report_changed_on_a_clock_that_is_ahead_hides_no_later_one,
        {},
    ),
    "yesterday's copy": (
        the_latest_is_not_compared,
        source.test_yesterdays_copy_of_a_report_on_a_later_page_is_no_revision,
        {},
    ),
    "redaction": (no_redaction, source.test_two_children_of_one_report_get_a_note_each_and_never_each_others, {}),
    "sealing": (no_sealing, target.test_t24_a_locked_record_is_tried_again_later, {}),
    "an answer is no proof": (
        an_answer_is_believed,
        faults.test_whatever_goes_wrong_once_each_record_is_there_once,
        {"fault": "html_200_before"},
    ),
    "the right person": (
        any_person_is_right,
        target.test_t28_a_note_that_lands_on_another_childs_record_is_rejected_with_an_alarm,
        {},
    ),
    "reading back": (
        a_text_is_not_read_back,
        target.test_t25_a_note_that_a_person_changed_is_a_finding_and_one_that_was_added_to_is_not,
        {},
    ),
    "a trace of each effect": (nothing_is_noted, target.test_t24_a_locked_record_is_tried_again_later, {}),
    "one Message-ID": (
        a_new_message_id_each_time,
        email.test_m_a_fault_that_passes_leaves_one_letter_or_a_repeat_under_one_message_id,
        {"fault": "disconnect_after_dot"},
    ),
    "recipients looked at again": (
        recipients_are_not_checked_again,
        email.test_m8_a_recipient_who_changes_before_it_is_sent_is_not_told_and_the_new_one_is,
        {},
    ),
    "packages after a crash": (
        packages_are_not_rebuilt,
        people.test_k12_a_package_that_was_not_written_again_after_its_approval_is_written_by_the_next_run,
        {},
    ),
    "the breaker": (
        no_breaker,
        target.test_t22_a_target_that_asks_for_patience_gets_it_and_no_storm,
        {"fault": "429_garbage"},
    ),
    "deleted is not absent": (
        a_deleted_note_is_not_seen,
        target.test_t25_a_note_that_was_deleted_before_anybody_looked_is_not_made_again,
        {},
    ),
    "leases by the database's clock": (
        leases_go_by_the_hosts_clock,
        times.test_c2_two_hosts_five_minutes_apart_take_nothing_from_each_other,
        {},
    ),
}


@pytest.mark.parametrize("defence", RED)
def test_z1_without_this_defence_a_row_turns_red(
    defence: str, mail_scene: Scene, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    off, row, told = RED[defence]
    wants = set(row.__code__.co_varnames[: row.__code__.co_argcount])
    given = mail_scene if "mail_scene" in wants else scene
    off(monkeypatch, given)
    name = next(name for name in ("mail_scene", "scene_on_both", "scene") if name in wants)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        row(**{name: given}, **told)
