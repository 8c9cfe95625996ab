"""A real Prefect server as a child process: for the demo, the tests and the proof of the lock.

Prefect's own temporary server is never used: it gives up after 20 seconds on a slow machine and prints pages of
cancelled tasks when it ends. This one has its own folder (`PREFECT_HOME`, database, log), listens on loopback only,
says nothing on the screen and is given as long as a slow machine needs. One folder, one server: starting another
on the same folder stops the one that a killed run left behind. This module does not import Prefect.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.prefect_environment import harden

START_LIMIT_SECONDS = 240.0
STOP_LIMIT_SECONDS = 15.0
_RECORD = "server.json"
_LOG = "server.log"
_PORT_TRIES = 3

Progress = Callable[[float, float], None]
"""Called about twice a second while the server starts, with the seconds waited and the limit in seconds."""


class PrefectServerError(Exception):
    """The Prefect server did not start; one sentence that says where its log is."""


@dataclass(frozen=True)
class PrefectServer:
    """A server that runs now. `url` is what `PREFECT_API_URL` wants; `born` tells a reused process id apart."""

    url: str
    pid: int
    born: str
    home: Path

    @property
    def ui(self) -> str:
        """Where a person looks at it."""
        return self.url.removesuffix("/api")

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.home / _LOG


@contextmanager
def running_server(home: Path, port: int | None = None, progress: Progress | None = None) -> Iterator[str]:
    """A Prefect server in `home` for the length of a `with` block; gives its API address.

    Raises PrefectServerError when it does not answer within START_LIMIT_SECONDS or ends while starting.
    """
    server = start_detached(home, port, progress)
    try:
        yield server.url
    finally:
        stop(home)


def start_detached(home: Path, port: int | None = None, progress: Progress | None = None) -> PrefectServer:
    """Start a Prefect server that goes on until `stop(home)`; returns when it answers.

    Raises PrefectServerError as `running_server` does; nothing is left running then.
    """
    home = home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop(home)
    for attempt in range(1, _PORT_TRIES + 1):
        chosen = port if port is not None else _free_port()
        process = _launch(home, chosen)
        server = PrefectServer(f"http://127.0.0.1:{chosen}/api", process.pid, _born(process.pid), home)
        (home / _RECORD).write_text(json.dumps({**asdict(server), "home": str(home)}), "utf-8")
        try:
            if _answers(process, chosen, progress):
                return server
        except BaseException:
            stop(home)
            raise
        stop(home)
        if port is not None or attempt == _PORT_TRIES or not _port_was_taken(server):
            break
    raise PrefectServerError(f"The Prefect server ended while it was starting; its log is {home / _LOG}.")


def stop(home: Path) -> bool:
    """Stop the server of this folder: a request first, force after STOP_LIMIT_SECONDS. Whether there was one.

    The request is SIGINT: on SIGTERM Prefect 3.8 dies at once, without closing its database.
    """
    server = running(home)
    (home / _RECORD).unlink(missing_ok=True)
    if server is None:
        return False
    _signal_group(server.pid, signal.SIGINT)
    if not _gone(server, STOP_LIMIT_SECONDS):
        _signal_group(server.pid, signal.SIGKILL)
        _gone(server, STOP_LIMIT_SECONDS)
    return True


def running(home: Path) -> PrefectServer | None:
    """The server that runs in this folder now, if one does."""
    try:
        kept = json.loads((home / _RECORD).read_text("utf-8"))
        server = PrefectServer(kept["url"], kept["pid"], kept["born"], Path(kept["home"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server if _born(server.pid) == server.born else None


def client_environment(url: str, home: Path) -> Mapping[str, str]:
    """What a process that runs flows against `url` needs in its environment, on top of `harden`.

    `home` keeps the client's own files out of the person's home folder.
    """
    return {"PREFECT_API_URL": url, "PREFECT_HOME": str(home), "NO_PROXY": "127.0.0.1,localhost"}


def _server_environment(home: Path, port: int) -> dict[str, str]:
    """The server's own environment: nobody else's Prefect settings, and none of our secrets."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BRIDGE_"))}
    harden(environ)
    environ.update(
        {
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_CLI_PROMPT": "false",
        }
    )
    return environ


def _launch(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    log = os.open(home / _LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # A folder of its own to work in: Prefect would read a .env, prefect.toml or pyproject.toml that it finds.
        return subprocess.Popen(  # noqa: S603 (our own interpreter, no shell, no outside word)
            command,
            cwd=home,
            env=_server_environment(home, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)


def _answers(process: subprocess.Popen[bytes], port: int, progress: Progress | None) -> bool:
    """Whether the server came up; False when it ended by itself. Raises PrefectServerError at the limit."""
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < START_LIMIT_SECONDS:
        if process.poll() is not None:
            return False
        if _healthy(port):
            return True
        if progress is not None:
            progress(waited, START_LIMIT_SECONDS)
        time.sleep(0.5)
    raise PrefectServerError(
        f"The Prefect server did not answer on port {port} within {START_LIMIT_SECONDS:.0f} seconds."
    )


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        return answer.status == http.client.OK and answer.read() == b"true"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _port_was_taken(server: PrefectServer) -> bool:
    return "already in use" in " ".join(server.log.read_text("utf-8", errors="replace").split())


def _born(pid: int) -> str:
    """When the process began, in the kernel's own ticks; empty when there is no such process (a zombie is none)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] == "Z" else after_name[19]


def _gone(server: PrefectServer, limit: float) -> bool:
    begun = time.monotonic()
    while time.monotonic() - begun < limit:
        _reap(server.pid)
        if _born(server.pid) != server.born:
            return True
        time.sleep(0.1)
    return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # Not our child: another process started it, detached.


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return  # It ended by itself in this moment.
