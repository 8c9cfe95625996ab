"""Names that others chose, as they can be shown: in one line, and in any encoding that a screen or a ledger has."""

from __future__ import annotations


def printable(name: str) -> str:
    """A file's name without line breaks, and with what is no UTF-8 written out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in name)
