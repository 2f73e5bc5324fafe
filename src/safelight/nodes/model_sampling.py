"""What a model predicts and the noise it was trained with, where its file does not say so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from safelight.diffusion.noise_schedule import (
    BETAS,
    LCM_STRIDE,
    NoiseSchedule,
    continuous_edm,
    continuous_flow,
    continuous_v,
    discrete,
)
from safelight.errors import BadInput
from safelight.families.sdxl import PLAYGROUND_LATENT
from safelight.graph.node import Choice, Range, node
from safelight.models.model import Model

CATEGORY = "advanced/model"

Sigma = Annotated[float, Range(0.0, 1000.0, step=0.001)]

# name in workflows -> name in PREDICTIONS
DISCRETE = {"eps": "eps", "v_prediction": "v", "lcm": "lcm", "x0": "x0", "img_to_img": "image"}

# name in workflows -> (name in PREDICTIONS, the levels between two bounds)
CONTINUOUS: dict[str, tuple[str, Callable[[float, float], NoiseSchedule]]] = {
    "v_prediction": ("v", continuous_edm),
    "edm": ("edm", continuous_edm),
    "edm_playground_v2.5": ("edm", continuous_edm),
    "eps": ("eps", continuous_edm),
    "cosmos_rflow": ("exploding_flow", continuous_flow),
}


@node("ModelSamplingDiscrete", category=CATEGORY)
def model_sampling_discrete(*, model: Model, sampling: Annotated[str, Choice(DISCRETE)], zsnr: bool = False) -> Model:
    """Say what a model predicts, which was trained on the thousand noise levels of Stable Diffusion.

    Args:
        model: The model.
        sampling: What it predicts: the noise (`eps`), the velocity (`v_prediction`), or the picture (`x0`,
            `img_to_img`); `lcm` for latent consistency models.
        zsnr: Whether it was trained to start from pure noise.
    """
    stride = LCM_STRIDE if sampling == "lcm" else 1
    schedule = discrete(BETAS[model.family.schedule](), zero_terminal_snr=zsnr, stride=stride)
    return replace(model, prediction=DISCRETE[sampling], schedule=schedule)


@node("ModelSamplingContinuousEDM", category=CATEGORY)
def model_sampling_continuous_edm(
    *,
    model: Model,
    sampling: Annotated[str, Choice(CONTINUOUS)],
    sigma_max: Sigma = 120.0,
    sigma_min: Sigma = 0.002,
) -> Model:
    """Say what a model predicts, which was trained on any noise level between two, with their logarithm as its clock.

    Args:
        model: The model.
        sampling: What it predicts.
        sigma_max: The highest noise level.
        sigma_min: The lowest one.
    """
    _check_range(sigma_min, sigma_max)
    prediction, schedule = CONTINUOUS[sampling]
    family = model.family
    if sampling == "edm_playground_v2.5":
        family = replace(family, latent=PLAYGROUND_LATENT)
    return replace(model, prediction=prediction, schedule=schedule(sigma_min, sigma_max), family=family)


@node("ModelSamplingContinuousV", category=CATEGORY)
def model_sampling_continuous_v(
    *,
    model: Model,
    sampling: Annotated[str, Choice(("v_prediction",))],
    sigma_max: Sigma = 500.0,
    sigma_min: Sigma = 0.03,
) -> Model:
    """Say what a model predicts, which was trained on any noise level between two, with an angle as its clock.

    Args:
        model: The model.
        sampling: What it predicts.
        sigma_max: The highest noise level.
        sigma_min: The lowest one.
    """
    _check_range(sigma_min, sigma_max)
    return replace(model, prediction="v", schedule=continuous_v(sigma_min, sigma_max))


def _check_range(sigma_min: float, sigma_max: float) -> None:
    if not 0 < sigma_min < sigma_max:
        raise BadInput(
            what=f"Noise levels from {sigma_min:g} up to {sigma_max:g} are no range.",
            mend="Set sigma_min above 0, and sigma_max above sigma_min.",
        )
