"""What leaves a connector is its error alone: a renderer that shows local variables finds no body on the way."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator

import pytest

from connectors.edge import bare
from connectors.errors import NotApplied, Uncertain

STORY = "canarystory"


@bare
def written(number: int) -> int:
    body = {"note": f"{STORY} {number}"}
    try:
        raise ConnectionError(STORY, body)
    except ConnectionError:
        if number:
            return number
        raise Uncertain("Nobody knows.")  # noqa: B904 - the chain is what must not come out


@bare
def walked() -> Iterator[int]:
    body = STORY
    yield len(body)
    raise NotApplied("Not now.")


@pytest.mark.parametrize("act", [lambda: written(0), lambda: list(walked())], ids=["a call", "a walk"])
def test_an_error_leaves_without_the_frames_that_it_came_through(act: Callable[[], object]) -> None:
    with pytest.raises((Uncertain, NotApplied)) as caught:
        act()
    error = caught.value
    shown = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
    assert STORY not in "".join(shown.format())
    assert error.__context__ is None
    assert error.__cause__ is None


def test_what_is_returned_or_yielded_comes_through() -> None:
    assert written(7) == 7
    assert next(walked()) == len(STORY)
