"""A note as it is sent: the reference as its last line, and, where it is too long, in parts (RULINGS 13, 20).

Mosaic takes 32,000 characters. A longer text is cut between paragraphs; the further parts are sent as appendments and
say which they are. Each part ends with its own reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mappings.wording import escaped

LIMIT = 32_000
REFERENCE_LIMIT = 64


def part_reference(reference: str, part: int) -> str:
    """The reference of a further part where the caller has none of its own: `...-2`.

    Raises ValueError when it would not fit Mosaic's 64 characters.
    """
    found = reference if part == 1 else f"{reference}-{part}"
    if len(found) > REFERENCE_LIMIT:
        raise ValueError("a reference of a part is longer than 64 characters")
    return found


def reference_line(reference: str) -> str:
    """The last line of every note, appendment and part."""
    return f"<p>Reference: {escaped(reference)}</p>"


def in_parts(blocks: Sequence[str], reference_of_part: Callable[[int], str], limit: int = LIMIT) -> tuple[str, ...]:
    """The blocks (each well-formed HTML) packed into as few parts as keep under the limit.

    Raises ValueError when one block alone is too long.
    """
    whole = "".join(blocks) + reference_line(reference_of_part(1))
    if len(whole) <= limit:
        return (whole,)
    room = limit - 200 - REFERENCE_LIMIT
    packed: list[list[str]] = [[]]
    filled = 0
    for block in blocks:
        if len(block) > room:
            raise ValueError("one paragraph is too long for a part")
        if filled + len(block) > room:
            packed.append([])
            filled = 0
        packed[-1].append(block)
        filled += len(block)
    return tuple(
        _part(part, len(packed), "".join(found), reference_of_part(part)) for part, found in enumerate(packed, start=1)
    )


def _part(part: int, parts: int, html: str, reference: str) -> str:
    more = "; it goes on in the appendments" if part == 1 else ""
    return f"<p><em>Part {part} of {parts}{more}.</em></p>{html}{reference_line(reference)}"
