"""A connector's edge: an error leaves as itself alone, without the frames that it came through.

Those frames hold bodies, answers and tokens; a renderer that shows local variables would print them. What happened
is in the error's class, reason and sentence.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, ParamSpec, TypeVar, cast

from connectors.errors import ConnectorError

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def bare(method: Callable[Asked, Given]) -> Callable[Asked, Given]:
    """Let a public method's ConnectorErrors leave without traceback, cause or context."""
    if inspect.isgeneratorfunction(method):
        return cast("Callable[Asked, Given]", _bare_walk(cast("Callable[Asked, Generator[Any]]", method)))

    @functools.wraps(method)
    def at_the_edge(*args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        try:
            return method(*args, **kwargs)
        except ConnectorError as why:
            error = why
        raise _alone(error)

    return at_the_edge


def _bare_walk(method: Callable[Asked, Generator[Any]]) -> Callable[Asked, Generator[Any]]:
    @functools.wraps(method)
    def at_the_edge(*args: Asked.args, **kwargs: Asked.kwargs) -> Generator[Any]:
        try:
            yield from method(*args, **kwargs)
        except ConnectorError as why:
            error = why
        else:
            return
        raise _alone(error)

    return at_the_edge


def _alone(error: ConnectorError) -> ConnectorError:
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
