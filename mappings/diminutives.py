"""Short forms of first names that staff in an English children's home write without thinking.

Each line of `diminutives.txt` is a formal name and its short forms. A child recorded under any of them may be called
by any other of the line. A home adds its own in `[[known_as]]`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


def other_forms(first_name: str) -> frozenset[str]:
    """What else a child with this first name may be called. Takes and gives folded lower-case words."""
    return _diminutives().get(first_name, frozenset())


@lru_cache(maxsize=1)
def _diminutives() -> dict[str, frozenset[str]]:
    together: dict[str, set[str]] = {}
    for line in files("mappings").joinpath("diminutives.txt").read_text("utf-8").splitlines():
        names = line.split()
        for name in names:
            together.setdefault(name, set()).update(names)
    return {name: frozenset(names - {name}) for name, names in together.items()}
