"""The children whom a home knows, as the ledger keeps them: in order of first appearance, whatever was rolled back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest

from ledger import children
from ledger.database import Ledger
from ledger.reports import store
from mappings.incident import Child, Incident
from mappings.owed import History, Plan
from tests.ledger.owed import HOME, keep, plan, readable, report


def _named(incident_id: str, child_id: str, name: str) -> object:
    return report(incident_id=incident_id, children=(Child(child_id=child_id, name=name),))


def test_each_page_sees_the_children_of_all_pages_before_it(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    keep(ledger, _named("a", "child-1", "Jo Sample"))
    keep(ledger, _named("b", "child-2", "Jim Sample"), _named("c", "child-1", "Jo Sample"))
    keep(ledger, _named("d", "child-1", "Ann Other"))
    assert list(children.committed(ledger, HOME)) == [
        ("child-1", "Jo Sample"),
        ("child-2", "Jim Sample"),
        ("child-1", "Ann Other"),
    ]
    assert children.committed(ledger, HOME).initials("child-2") == "J.S.2"


def test_names_of_a_page_that_was_rolled_back_take_nobodys_initials(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()

    def fail(_report: object, history: History) -> Plan:
        assert history.known_children.initials("child-1") == "J.S."
        raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="the disk is gone"):
        store(
            ledger,
            HOME,
            "rest",
            readable=[readable(_named("a", "child-1", "Jo Sample"))],
            unreadable=(),
            watermark=None,
            plan=fail,
            actor="test",
        )
    keep(ledger, _named("b", "child-2", "Jim Sample"))
    keep(ledger, _named("a", "child-1", "Jo Sample"))
    known = children.committed(ledger, HOME)
    assert (known.initials("child-2"), known.initials("child-1")) == ("J.S.", "J.S.2")


def test_another_workers_children_are_known_too_and_in_the_same_order(open_ledger: Callable[..., Ledger]) -> None:
    one, other = open_ledger(), open_ledger()
    keep(one, _named("a", "child-1", "Jo Sample"))
    keep(other, _named("b", "child-2", "Jim Sample"))
    keep(one, _named("c", "child-3", "Jan Sample"))
    assert list(children.committed(one, HOME)) == list(children.committed(other, HOME))
    assert children.committed(other, HOME).initials("child-3") == "J.S.3"


def test_a_name_that_another_worker_is_about_to_commit_is_not_missed(open_ledger: Callable[..., Ledger]) -> None:
    """Two workers on PostgreSQL: a name with a lower key that became visible later was never read by the other."""
    one, other = open_ledger(), open_ledger()
    meanwhile = Thread(target=keep, args=(other, _named("b", "child-2", "Jim Sample")))

    def slow(found: Incident, history: History) -> Plan:
        meanwhile.start()
        meanwhile.join(0.5)
        return plan(found, history)

    values = {"readable": [readable(_named("a", "child-1", "Jo Sample"))], "unreadable": (), "watermark": None}
    store(one, HOME, "rest", plan=slow, actor="test", **values)  # type: ignore[arg-type]
    meanwhile.join()
    keep(other, _named("c", "child-3", "Jan Sample"))
    both = [list(children.committed(ledger, HOME)) for ledger in (one, other)]
    assert both[0] == both[1]
    assert len(both[0]) == 3


def test_children_of_another_home_are_strangers(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    keep(ledger, _named("a", "child-1", "Jo Sample"))
    values = {"readable": [readable(_named("z", "child-9", "Jil Sample"))], "unreadable": (), "watermark": None}
    store(ledger, "OTHER", "rest", **values, plan=plan, actor="test")
    assert list(children.committed(ledger, HOME)) == [("child-1", "Jo Sample")]
    assert children.committed(ledger, "OTHER").initials("child-9") == "J.S."
