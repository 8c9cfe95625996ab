"""Passes: renewed ahead of their end, once for all threads, and the second refusal in a row is final."""

from __future__ import annotations

import pytest

from connectors.errors import Unreachable
from connectors.sign_in import Pass, SignIn


class Office:
    """Issues numbered passes and counts them."""

    def __init__(self, life: float | None = None) -> None:
        self.life = life
        self.issued = 0
        self.closed = False

    def __call__(self) -> Pass:
        if self.closed:
            raise Unreachable("The office is closed.")
        self.issued += 1
        return Pass({"Authorization": str(self.issued)}, self.life)


def test_a_pass_is_used_until_shortly_before_its_end() -> None:
    now, office = [0.0], Office(life=3600)
    sign_in = SignIn(office, monotonic=lambda: now[0])
    seen = []
    for moment in (0, 100, 3500, 3545, 3600, 7000):
        now[0] = moment
        seen.append(sign_in.current().headers["Authorization"])
    assert seen == ["1", "1", "1", "2", "2", "2"]


def test_a_short_life_is_not_renewed_at_every_call() -> None:
    now, office = [0.0], Office(life=10)
    sign_in = SignIn(office, monotonic=lambda: now[0])
    for moment in (0, 1, 5, 7):
        now[0] = moment
        sign_in.current()
    assert office.issued == 1


def test_a_renewal_ahead_that_fails_leaves_the_good_pass_in_use() -> None:
    now, office = [0.0], Office(life=3600)
    sign_in = SignIn(office, monotonic=lambda: now[0])
    first = sign_in.current()
    now[0], office.closed = 3560, True
    assert sign_in.current() is first
    now[0] = 3601
    with pytest.raises(Unreachable):
        sign_in.current()


def test_the_refusal_of_a_pass_that_was_renewed_meanwhile_costs_nothing() -> None:
    office = Office()
    sign_in = SignIn(office)
    old = sign_in.current()
    assert sign_in.refused(old)
    sign_in.current()
    assert sign_in.refused(old)
    sign_in.current()
    assert office.issued == 2


def test_the_second_refusal_in_a_row_is_final_and_a_success_between_forgives() -> None:
    sign_in = SignIn(Office())
    for _ in range(3):
        assert sign_in.refused(sign_in.current())
        sign_in.current()
        sign_in.accepted()
    assert sign_in.refused(sign_in.current())
    assert not sign_in.refused(sign_in.current())


def test_a_pass_shows_nothing_of_itself() -> None:
    assert "secret" not in repr(Pass({"Authorization": "Bearer secret"}))
