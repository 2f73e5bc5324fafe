"""A figure, and how a table of them is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True)
class Row:
    """A figure: the median of at least five measurements.

    Attributes:
        what: What was measured.
        value: Of ours.
        unit: `s`, `ms`, `MiB`, `/s` for a rate, or `x` for a ratio.
        peer: The same of the peer, in the same unit; None where there is no peer.
        limit: The largest value that is good enough.
        ratio_limit: The largest share of the peer's value that is good enough.
    """

    what: str
    value: float
    unit: str
    peer: float | None = None
    limit: float | None = None
    ratio_limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours ÷ theirs."""
        return None if self.peer is None else self.value / self.peer


def table(title: str, rows: Sequence[Row]) -> Table:
    """Rows as they are printed; a figure beyond its limit is marked with `!`."""
    written = Table(title=title, title_justify="left", title_style="bold")
    written.add_column("")
    for heading in ("ours", "peer", "ours ÷ peer", "limit"):
        written.add_column(heading, justify="right")
    for row in rows:
        written.add_row(
            row.what,
            _number(row.value, row.unit) + _mark(row.value, row.limit),
            _number(row.peer, row.unit),
            _number(row.ratio, "x") + _mark(row.ratio, row.ratio_limit),
            _number(row.limit, row.unit) or _number(row.ratio_limit, "x"),
        )
    return written


def _mark(value: float | None, limit: float | None) -> str:
    return " !" if value is not None and limit is not None and value > limit else ""


def _number(value: float | None, unit: str) -> str:
    """Three significant digits, whole numbers from a hundred on."""
    if value is None:
        return ""
    return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:#.3g} {unit}"
