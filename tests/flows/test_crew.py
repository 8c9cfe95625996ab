"""A crew is as large as the target's slowness makes worth while, and never larger than the site allows."""

from __future__ import annotations

import threading

import pytest

from flows.crew import Crew

PATIENCE = 60.0


def test_results_come_in_the_order_of_the_items() -> None:
    with Crew(4) as crew:
        assert crew.map(lambda one: one * 2, range(100)) == [one * 2 for one in range(100)]
        assert crew.map(str, []) == []


def test_a_slow_target_is_called_by_as_many_threads_as_the_site_allows() -> None:
    together = threading.Barrier(6)
    with Crew(6) as crew:
        crew.map(lambda _: together.wait(PATIENCE), range(12))
    assert not together.broken


def test_no_more_threads_than_the_site_allows() -> None:
    at_once, most, lock, enough = 0, 0, threading.Lock(), threading.Event()

    def call(_: int) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == 3:
                threading.Timer(0.3, enough.set).start()
        enough.wait(PATIENCE)
        with lock:
            at_once -= 1

    with Crew(3) as crew:
        crew.map(call, range(9))
    assert most == 3


def test_a_target_that_answers_at_once_is_called_by_two_threads() -> None:
    with Crew(8) as crew:
        crew.map(abs, range(50))
        assert crew.width == 2


def test_a_call_that_hangs_holds_up_no_other() -> None:
    others = threading.Semaphore(0)

    def call(one: int) -> bool:
        if one:
            others.release()
            return True
        return all(others.acquire(timeout=PATIENCE) for _ in range(20))

    with Crew(2) as crew:
        crew.map(abs, range(5))
        assert all(crew.map(call, range(21)))


def test_what_a_call_raises_is_raised_when_all_have_ended() -> None:
    ended = []

    def call(one: int) -> None:
        ended.append(one)
        if one == 1:
            raise ValueError("one of ours")

    with Crew(2) as crew, pytest.raises(ValueError, match="one of ours"):
        crew.map(call, range(10))
    assert 1 in ended
