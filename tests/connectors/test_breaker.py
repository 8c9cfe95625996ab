"""The breaker: opens on failures in a row, lets one probe through after a pause, never shortens what was asked."""

from __future__ import annotations

from connectors.breaker import Breaker


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock, *, failures: int = 3, pause: float = 10, longest: float = 35) -> Breaker:
    breaker = Breaker(failures=failures, pause=pause, longest=longest, monotonic=clock)
    for _ in range(failures):
        assert breaker.admit() == 0
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker(failures=3, pause=10, monotonic=Clock())
    breaker.failed()
    breaker.failed()
    assert breaker.admit() == 0
    breaker.failed()
    assert breaker.admit() == 10


def test_a_success_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(failures=2, monotonic=Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.admit() == 0


def test_after_the_pause_one_probe_goes_and_the_others_wait() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    assert breaker.admit() == 0
    assert breaker.admit() > 0


def test_a_good_probe_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    breaker.admit()
    breaker.succeeded()
    assert [breaker.admit(), breaker.admit()] == [0, 0]


def test_a_bad_probe_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    clock = Clock()
    breaker, pauses = opened(clock), []
    for _ in range(4):
        pauses.append(breaker.admit())
        clock.now += pauses[-1]
        assert breaker.admit() == 0
        breaker.failed()
    assert pauses == [10, 20, 35, 35]


def test_a_probe_that_says_nothing_about_the_system_makes_room_for_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 10
    breaker.admit()
    breaker.released()
    assert breaker.admit() == 0


def test_the_pause_is_never_shorter_than_what_the_system_asked_for() -> None:
    breaker = Breaker(failures=1, pause=5, monotonic=Clock())
    breaker.failed(asked=3600)
    assert breaker.admit() == 3600


def test_a_late_failure_does_not_shorten_the_pause() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=5, monotonic=clock)
    breaker.failed(asked=3600)
    clock.now += 1
    breaker.failed()
    assert breaker.admit() == 3599
