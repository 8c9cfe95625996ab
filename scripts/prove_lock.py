"""Proves a fresh environment: a Prefect server comes up in it, and a flow runs against that server to its end.

`python scripts/prove_lock.py FOLDER`; FOLDER takes the server's database and log. Exit code 0, or 1 with one sentence.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The project is not installed in the environment under test: only the lock is.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flows.prefect_environment import harden, unhardened
from flows.prefect_server import PrefectServerError, client_environment, running_server


def main(folder: Path) -> int:
    """Start the server, run a flow of a thousand small steps in one task, say what came of it."""
    try:
        with running_server(folder) as url:
            return _run(url, folder / "client")
    except PrefectServerError as why:
        sys.stderr.write(f"{why}\n")
        return 1


def _run(url: str, home: Path) -> int:
    harden(os.environ)
    os.environ.update(client_environment(url, home))
    import prefect
    from prefect.settings import get_current_settings

    @prefect.task
    def count(most: int) -> int:
        return sum(1 for _ in range(most))

    @prefect.flow(name="prove-lock")
    def prove(most: int) -> int:
        return count(most)

    if prove(1000) != 1000:
        sys.stderr.write("The flow ran, but its result is wrong.\n")
        return 1
    if open_doors := unhardened(get_current_settings()):
        sys.stderr.write(f"Prefect ignores these settings of ours: {', '.join(open_doors)}.\n")
        return 1
    sys.stdout.write(f"Prefect {prefect.__version__}: a server came up and a flow ran to its end.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
