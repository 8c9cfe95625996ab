"""The control port: another process arms faults, reads what was applied, and plays the people at the far ends.

A separate port, so that bad weather never touches it. `GET /_sandbox` names the stand-ins and what each can be told;
`POST /_sandbox/{stand-in}/{command}` takes the command's arguments as a JSON object and answers `{"answer": ...}`.
`RemoteStandIn` is the same from Python.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Protocol, Self

from sandbox.faults import FAULTS, Weather
from sandbox.http_stand_in import HttpServer
from sandbox.messages import Answer, Request, as_json, problem

ROOT = "/_sandbox"
Command = Callable[..., Any]


class StandIn(Protocol):
    """What every stand-in can be told."""

    weather: Weather

    def reset(self) -> None:
        """Fair weather, and nothing counted."""


class Control:
    """Serves the commands of some stand-ins on a free loopback port."""

    def __init__(self, stand_ins: Mapping[str, StandIn], environment: Callable[[], Mapping[str, str]] = dict) -> None:
        self._commands = {name: commands(stand_in) for name, stand_in in stand_ins.items()}
        self._environment = environment
        self.server = HttpServer(self, Weather("control"))

    @property
    def url(self) -> str:
        """The control port's address."""
        return self.server.root + ROOT

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def operation(self, request: Request) -> str:
        """Control has one operation."""
        return "control"

    def answer(self, request: Request, operation: str) -> Answer:
        """Do as told."""
        parts = request.path.removeprefix(ROOT).strip("/").split("/")
        if parts == [""]:
            known = {name: sorted(found) for name, found in self._commands.items()}
            return as_json(
                200, {"stand_ins": known, "environment": dict(self._environment()), "faults": sorted(FAULTS)}
            )
        command = self._commands.get(parts[0], {}).get(parts[1]) if len(parts) == 2 else None
        if command is None:
            return problem(404, "No such stand-in or command")
        try:
            told = json.loads(request.body) if request.body else request.parameters()
            return as_json(200, {"answer": plain(command(**told))})
        except (TypeError, ValueError, KeyError, AttributeError) as why:
            return problem(400, "That cannot be done", detail=str(why))


def commands(stand_in: StandIn) -> dict[str, Command]:
    """What a stand-in can be told: the faults' protocol, and its own commands."""
    weather = stand_in.weather
    found: dict[str, Command] = {
        "arm": weather.arm,
        "disarm": weather.disarm,
        "armed": weather.armed,
        "applied": weather.applied,
        "requests": weather.requests,
        "advance": weather.advance,
        "reset": stand_in.reset,
    }
    if hasattr(stand_in, "gateway"):
        found["gateway"] = lambda **modes: set_modes(stand_in.gateway, modes)
    own = getattr(stand_in, "commands", ())
    return found | {name: getattr(stand_in, name) for name in own}


def set_modes(modes: Any, wanted: Mapping[str, Any]) -> Any:
    """Set a gateway's modes by name; `paging` takes an object of its own. Raises AttributeError for an unknown one."""
    known = {field.name for field in fields(modes) if not field.name.startswith("_")}
    for name, value in wanted.items():
        if name not in known:
            raise AttributeError(f"there is no mode called {name}; valid names are {', '.join(sorted(known))}")
        current = getattr(modes, name)
        if is_dataclass(current):
            set_modes(current, value)
        else:
            setattr(modes, name, frozenset(value) if isinstance(current, frozenset) else value)
    return modes


def plain(found: Any) -> Any:
    """Something a command answered, as plain JSON values."""
    if is_dataclass(found) and not isinstance(found, type):
        shown = getattr(found, "as_json", None)
        return plain(shown() if shown else {f.name: getattr(found, f.name) for f in fields(found) if f.repr})
    if isinstance(found, Mapping):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple | set | frozenset):
        return [plain(item) for item in found]
    return found.isoformat() if isinstance(found, datetime | date) else found


class RemoteStandIn:
    """A stand-in in another process. Every command is a method: `RemoteStandIn(url, "mosaic").arm(fault="429")`."""

    def __init__(self, control_url: str, name: str) -> None:
        self._url = f"{control_url.rstrip('/')}/{name}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __getattr__(self, command: str) -> Callable[..., Any]:
        def tell(**told: Any) -> Any:
            asked = urllib.request.Request(f"{self._url}/{command}", json.dumps(told).encode(), method="POST")
            with self._opener.open(asked, timeout=30) as answer:
                return json.load(answer)["answer"]

        return tell
