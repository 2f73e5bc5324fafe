"""Long lists of ids, in portions that a statement takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

PORTION = 500
"""Values in one statement, of which databases take a limited number."""
Key = TypeVar("Key", str, int)


def in_portions(ids: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Ids as many at a time as a statement takes."""
    for first in range(0, len(ids), PORTION):
        yield ids[first : first + PORTION]
