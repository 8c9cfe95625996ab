"""The rate limit: evenly spaced moments, shared by threads, nothing at all without a rate."""

from __future__ import annotations

import pytest

from connectors.rate_limit import RateLimit


def test_calls_are_spaced_by_the_configured_rate() -> None:
    waits: list[float] = []
    limit = RateLimit(4, wait=waits.append, monotonic=lambda: 100.0)
    taken = [limit.take() for _ in range(4)]
    assert taken == pytest.approx([0, 0.25, 0.5, 0.75])
    assert waits == pytest.approx([0.25, 0.5, 0.75])


def test_a_quiet_time_earns_no_burst() -> None:
    now = [100.0]
    limit = RateLimit(1, wait=lambda _: None, monotonic=lambda: now[0])
    limit.take()
    now[0] += 60
    assert [limit.take(), limit.take()] == [0, 1]


def test_without_a_rate_nobody_waits() -> None:
    waits: list[float] = []
    limit = RateLimit(None, wait=waits.append)
    assert [limit.take() for _ in range(100)] == [0.0] * 100
    assert waits == []
