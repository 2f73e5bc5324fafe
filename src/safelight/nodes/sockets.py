"""Names for what flows through sockets, where the Python type does not say it."""

from typing import Annotated

from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.graph.catalog import CURVE
from safelight.graph.node import Socket

Image = Annotated[Tensor, Socket("IMAGE")]
"""Pictures [B, H, W, C], C = 3 or 4, values in 0..1, float32, on the CPU."""
Mask = Annotated[Tensor, Socket("MASK")]
"""Masks [B, H, W], values in 0..1, float32, on the CPU."""
Sigmas = Annotated[Tensor, Socket("SIGMAS")]
"""Noise levels [steps + 1], falling, float32, on the CPU."""
Conditioning = Annotated[tuple[Cond, ...], Socket("CONDITIONING")]
"""Encoded prompts with their limits."""
Curve = Annotated[tuple[tuple[float, float], ...], Socket(CURVE)]
"""Points (x, y) from left to right, both from 0 to 1; see `diffusion/curves.py` for what lies between."""
