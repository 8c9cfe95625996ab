"""`python -m sandbox`: every stand-in in the foreground, for a developer who tries a connector."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.house import House, start


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the stand-ins, say where they are, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="seed of the made-up month")
    parser.add_argument("--folder", type=Path, default=None, help="where certificate and home file go; else temporary")
    parser.add_argument("--bulk", type=int, default=0, help="load so many plain reports instead of the month")
    parser.add_argument("--empty", action="store_true", help="load nothing")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with start(seed=chosen.seed, folder=chosen.folder) as house:
            if chosen.bulk:
                house.load_bulk(chosen.bulk)
            elif not chosen.empty:
                house.load()
            sys.stdout.write(announcement(house))
            sys.stdout.flush()
            while True:
                signal.pause()
    except KeyboardInterrupt:
        sys.stdout.write("The sandbox is closed.\n")
    return 0


def announcement(house: House) -> str:
    """Where everything is, as text that a shell can read."""
    settings = "".join(f"export {name}='{value}'\n" for name, value in house.environment().items())
    return (
        f"# Recording system and daily log: {house.recording.base_url}\n"
        f"# Mosaic: {house.mosaic.base_url}\n"
        f"# Mail: {house.mail.host}:{house.mail.port}\n"
        f"# LADO contact form: {house.lado_form.url}\n"
        f"# Control: {house.control_url}\n"
        f"{settings}# Ctrl-C ends it.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
