"""Long lists of ids, in portions that a statement takes."""

from collections.abc import Iterator, Sequence

PORTION = 500
"""Values in one statement, of which databases take a limited number."""


def in_portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids as many at a time as a statement takes."""
    for first in range(0, len(ids), PORTION):
        yield ids[first : first + PORTION]
