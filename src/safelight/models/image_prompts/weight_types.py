"""How the weight of an image prompt is spread over the attention blocks of a denoiser."""

from collections.abc import Callable
from dataclasses import dataclass

WEAK = 0.2
FAINTEST = 0.05


@dataclass(frozen=True)
class Position:
    """Where an attention block stands among all of them, in the order in which they run.

    Attributes:
        index: From 0.
        down, count: Blocks on the way down, and in all; one is in the middle.
        few: Whether the finest level has no attention, as in SDXL.
    """

    index: int
    down: int
    count: int
    few: bool

    @property
    def share(self) -> float:
        """How far along it stands, 0 to nearly 1."""
        return self.index / self.count

    @property
    def off_centre(self) -> float:
        """How far from the middle of the order it stands, 0 to 1."""
        half = self.count / 2
        return abs(self.index - half) / half


def _ramp(share: float) -> float:
    return FAINTEST + (1 - FAINTEST) * share


def _style(at: Position) -> float:
    """SDXL has one block for it (Wang et al. 2024, arXiv:2404.02733); SD 1.x spreads it over the fine levels."""
    if at.few:
        return float(at.index == at.down + 2)
    return float(at.index < at.down - 2 or at.index > at.down + 2)


def _composition(at: Position) -> float:
    """The last block on the way down, by the same source; in SD 1.x a quarter of the one before as well."""
    if at.index == at.down - 1:
        return 1.0
    return 0.25 if at.index == at.down - 2 and not at.few else 0.0


WEIGHT_TYPES: dict[str, Callable[[Position], float]] = {
    "linear": lambda at: 1.0,
    "ease in": lambda at: _ramp(1 - at.share),
    "ease out": lambda at: _ramp(at.share),
    "ease in-out": lambda at: _ramp(1 - at.off_centre),
    "reverse in-out": lambda at: _ramp(at.off_centre),
    "weak input": lambda at: WEAK if at.index < at.down else 1.0,
    "weak output": lambda at: WEAK if at.index > at.down else 1.0,
    "weak middle": lambda at: WEAK if at.index == at.down else 1.0,
    "strong middle": lambda at: 1.0 if at.index == at.down else WEAK,
    "style transfer": _style,
    "composition": _composition,
    "strong style transfer": lambda at: float(_composition(at) == 0),
    "style and composition": lambda at: max(_style(at), _composition(at)),
}
"""Name -> the share of the weight that a block has."""
