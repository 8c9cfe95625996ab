"""What a sync of 100,000 incidents takes of memory, beside one of 1,000.

    python -m benchmarks.sync_memory [--many 100000] [--few 1000]

Both run against fresh stand-ins in processes of their own; the figure is the peak of the syncing process.
"""

from __future__ import annotations

import argparse

from benchmarks.end_to_end import peak_mb
from benchmarks.sync_speed.far_end import Load


def main() -> None:
    """Print both peaks and their ratio beside the bar and the goal."""
    asked = argparse.ArgumentParser(description="Memory of a large sync beside a small one's.")
    asked.add_argument("--many", type=int, default=100_000)
    asked.add_argument("--few", type=int, default=1_000)
    given = asked.parse_args()
    few, many = peak_mb(Load(given.few)), peak_mb(Load(given.many))
    print(
        f"a sync of {given.many:,} incidents: {many:.0f} MB at its peak; of {given.few:,}: {few:.0f} MB; "
        f"{many / few:.2f} times (bar 1.3 and 250 MB, goal 1.1)"
    )


if __name__ == "__main__":
    main()
