"""A model is told what it predicts, and sampled accordingly."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from safelight.diffusion.noise_schedule import discrete, scaled_linear_betas
from safelight.errors import BadInput
from safelight.models.model import Model
from safelight.nodes.registry import BUILTIN
from tests.studio import cond_for, loaded

MODEL = loaded("sd1").model
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5)) * 4
SIGMA = torch.tensor(3.0)


def told(node: str, **inputs: object) -> Model:
    model = BUILTIN[node](model=MODEL, **inputs)
    assert isinstance(model, Model)
    return model


class Asked(NamedTuple):
    """A model's estimate where its network answers 1 everywhere, and what the network was shown."""

    denoised: Tensor
    shown: Tensor
    clock: float


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Model], Asked]:
    told: list[tuple[Tensor, float]] = []

    def ones(network: object, x: Tensor, timestep: Tensor, *rest: object, **places: object) -> Tensor:
        told.append((x, float(timestep)))
        return torch.ones_like(x)

    def asked(model: Model) -> Asked:
        denoised = model.predict(X, SIGMA, cond_for("sd1").context)
        return Asked(denoised, *told[-1])

    monkeypatch.setattr("safelight.models.model.run_unet", ones)
    return asked


UNIT = 1 / (1 + 9) ** 0.5  # brings a latent of noise level 3 to unit variance
EDM_UNIT = 1 / (0.25 + 9) ** 0.5

# sampling -> the denoised latent that an answer of 1 stands for, and what the network is shown
DISCRETE = {
    "eps": (X - 3, X * UNIT),
    "v_prediction": (X / 10 - 3 * UNIT, X * UNIT),
    "x0": (torch.ones_like(X), X * UNIT),
    "lcm": (X - 3, X * UNIT),
    "img_to_img": (torch.ones_like(X), X),
}
CONTINUOUS = {
    "eps": (X - 3, X * UNIT),
    "v_prediction": (X / 10 - 3 * UNIT, X * UNIT),
    "edm": (X * 0.25 / 9.25 + 1.5 * EDM_UNIT, X * EDM_UNIT),
    "edm_playground_v2.5": (X * 0.25 / 9.25 + 1.5 * EDM_UNIT, X * EDM_UNIT),
    "cosmos_rflow": ((X - 3) / 4, X / 4),
}


@pytest.mark.parametrize("sampling", DISCRETE)
def test_a_discrete_model_is_read_as_what_it_predicts(sampling: str, ask: Callable[[Model], Asked]) -> None:
    expected, shown = DISCRETE[sampling]
    answer = ask(told("ModelSamplingDiscrete", sampling=sampling))
    torch.testing.assert_close(answer.denoised, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(answer.shown, shown)


@pytest.mark.parametrize("sampling", CONTINUOUS)
def test_a_continuous_model_is_read_as_what_it_predicts(sampling: str, ask: Callable[[Model], Asked]) -> None:
    expected, shown = CONTINUOUS[sampling]
    answer = ask(told("ModelSamplingContinuousEDM", sampling=sampling))
    torch.testing.assert_close(answer.denoised, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(answer.shown, shown)
    clock = 0.75 if sampling == "cosmos_rflow" else float(SIGMA.log()) / 4
    assert answer.clock == pytest.approx(clock)


def test_a_model_trained_with_an_angle_as_its_clock_is_asked_by_it(ask: Callable[[Model], Asked]) -> None:
    model = told("ModelSamplingContinuousV", sampling="v_prediction")
    assert (model.schedule.sigma_min, model.schedule.sigma_max) == pytest.approx((0.03, 500.0))
    answer = ask(model)
    torch.testing.assert_close(answer.denoised, CONTINUOUS["v_prediction"][0], rtol=1e-4, atol=1e-4)
    assert answer.clock == pytest.approx(float(SIGMA.atan()) / (torch.pi / 2))


def test_a_model_that_starts_from_pure_noise_has_higher_levels() -> None:
    model = told("ModelSamplingDiscrete", sampling="v_prediction", zsnr=True)
    expected = discrete(scaled_linear_betas(), zero_terminal_snr=True)
    assert torch.equal(model.schedule.sigmas, expected.sigmas)
    assert told("ModelSamplingDiscrete", sampling="eps").schedule.sigma_max == MODEL.schedule.sigma_max


def test_the_noise_levels_of_the_models_family_are_kept() -> None:
    upscaler = loaded("sd2_x4-v").model
    model = BUILTIN["ModelSamplingDiscrete"](model=upscaler, sampling="eps", zsnr=False)
    assert model.prediction == "eps"
    assert torch.equal(model.schedule.sigmas, upscaler.schedule.sigmas)


def test_a_consistency_model_knows_fifty_levels() -> None:
    schedule = told("ModelSamplingDiscrete", sampling="lcm").schedule
    assert len(schedule.sigmas) == 50
    assert int(schedule.timestep(torch.tensor(3.0))) % 20 == 19


def test_bounds_become_the_ends_of_the_schedule() -> None:
    schedule = told("ModelSamplingContinuousEDM", sampling="eps", sigma_max=60.0, sigma_min=0.01).schedule
    assert (schedule.sigma_min, schedule.sigma_max) == pytest.approx((0.01, 60.0))


@pytest.mark.parametrize("bounds", [(0.0, 10.0), (10.0, 10.0), (20.0, 10.0)])
def test_bounds_that_are_no_range_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(BadInput, match="are no range"):
        told("ModelSamplingContinuousEDM", sampling="eps", sigma_min=bounds[0], sigma_max=bounds[1])


def test_playgrounds_latents_are_brought_to_half_a_deviation_channel_by_channel() -> None:
    model = told("ModelSamplingContinuousEDM", sampling="edm_playground_v2.5")
    mean, std = (
        torch.tensor(values).reshape(1, 4, 1, 1)
        for values in ((-1.6574, 1.886, -1.383, 2.5155), (8.4927, 5.9022, 6.5498, 5.2299))
    )
    torch.testing.assert_close(model.scale_latent(mean + 2 * std), torch.ones(1, 4, 1, 1))
    torch.testing.assert_close(model.unscale_latent(model.scale_latent(X)), X, rtol=1e-4, atol=1e-4)
