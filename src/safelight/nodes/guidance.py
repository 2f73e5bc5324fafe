"""How the estimates for two prompts are joined."""

from dataclasses import replace
from typing import Annotated

from safelight.diffusion.guidance import rescaled
from safelight.graph.node import Range, node
from safelight.models.model import Model


@node("RescaleCFG", category="advanced/model")
def rescale_cfg(*, model: Model, multiplier: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.7) -> Model:
    """Keep high guidance from burning colours and contrast; made for v-prediction models.

    Args:
        multiplier: 0 changes nothing, 1 gives the contrast of the unguided estimate.
    """
    return replace(model, rule=rescaled(multiplier))
