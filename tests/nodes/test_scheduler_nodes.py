"""The scheduler nodes give the published noise levels."""

import pytest
import torch
from torch import Tensor

from safelight.diffusion.schedulers import sigmas_for
from safelight.errors import BadInput
from safelight.nodes.registry import BUILTIN
from tests.studio import loaded

MODEL = loaded("sd1").model


def levels(node: str, **inputs: object) -> Tensor:
    sigmas = BUILTIN[node](**inputs)
    assert isinstance(sigmas, Tensor)
    return sigmas


@pytest.mark.parametrize(("node", "name"), [("KarrasScheduler", "karras"), ("ExponentialScheduler", "exponential")])
def test_the_defaults_are_the_levels_of_stable_diffusion(node: str, name: str) -> None:
    torch.testing.assert_close(levels(node, steps=7), sigmas_for(name, MODEL.schedule, 7), rtol=1e-4, atol=0)


def test_a_polyexponential_of_power_1_is_the_exponential() -> None:
    torch.testing.assert_close(levels("PolyexponentialScheduler", steps=7), levels("ExponentialScheduler", steps=7))


def test_laplace_levels_end_above_zero() -> None:
    sigmas = levels("LaplaceScheduler", steps=7)
    assert len(sigmas) == 7
    assert (sigmas.diff() < 0).all()
    assert float(sigmas[-1]) == pytest.approx(0.0291675)


def test_variance_preserving_levels_start_where_all_but_noise_is_gone() -> None:
    sigmas = levels("VPScheduler", steps=5)
    assert float(sigmas[0]) == pytest.approx(152.17, rel=1e-3)  # Song et al. 2021: beta from 0.1 to 20
    assert sigmas[-1] == 0


@pytest.mark.parametrize(
    ("steps", "denoise", "timesteps"),
    [(1, 1.0, [999]), (4, 1.0, [999, 899, 799, 699]), (2, 0.5, [499, 399]), (10, 0.3, [299, 199, 99])],
)
def test_turbo_models_take_steps_of_a_hundred(steps: int, denoise: float, timesteps: list[int]) -> None:
    sigmas = levels("SDTurboScheduler", model=MODEL, steps=steps, denoise=denoise)
    torch.testing.assert_close(sigmas, torch.cat([MODEL.schedule.sigmas[timesteps], torch.zeros(1)]))


@pytest.mark.parametrize(
    ("model_type", "published"),
    [  # Sabour et al. 2024, the authors' quick start guide, to three places
        ("SD1", [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0]),
        ("SDXL", [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0]),
        ("SVD", [700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0]),
    ],
)
def test_ten_aligned_steps_are_the_published_ones(model_type: str, published: list[float]) -> None:
    sigmas = levels("AlignYourStepsScheduler", model_type=model_type, steps=10)
    torch.testing.assert_close(sigmas, torch.tensor(published), rtol=0.015, atol=0)


@pytest.mark.parametrize("model_type", ["FLUX", "Wan", "Chroma"])
@pytest.mark.parametrize("steps", [3, 10, 33])
def test_optimal_steps_fall_to_zero_within_a_flow(model_type: str, steps: int) -> None:
    sigmas = levels("OptimalStepsScheduler", model_type=model_type, steps=steps)
    assert len(sigmas) == steps + 1
    assert sigmas[0] <= 1
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] == 0


@pytest.mark.parametrize("node", ["AlignYourStepsScheduler", "OptimalStepsScheduler"])
def test_denoising_in_part_takes_the_last_of_the_steps(node: str) -> None:
    usual = {"model_type": BUILTIN[node].spec.by_name["model_type"].choices[0], "steps": 8}  # type: ignore[index]
    whole = levels(node, **usual)
    torch.testing.assert_close(levels(node, **usual, denoise=0.5), whole[-5:])
    assert len(levels(node, **usual, denoise=0.0)) == 0


@pytest.mark.parametrize(("start", "cut"), [(-1.0, [14, 10.5, 7, 5, 3, 1, 0]), (10.0, [14, 7, 5, 3, 1, 0])])
def test_steps_above_a_level_are_cut_in_two(start: float, cut: list[float]) -> None:
    sigmas = torch.tensor([14.0, 7.0, 3.0, 1.0, 0.0])
    inputs = {"start_at_sigma": start, "end_at_sigma": 4.0, "spacing": "linear"}
    assert levels("ExtendIntermediateSigmas", sigmas=sigmas, **inputs).tolist() == cut


def test_a_part_of_the_way_is_a_noise_level() -> None:
    def sigma(percent: float, actual: bool = False) -> float:
        value = BUILTIN["SamplingPercentToSigma"](model=MODEL, sampling_percent=percent, return_actual_sigma=actual)
        assert isinstance(value, float)
        return value

    assert sigma(0.25) == sigma(0.25, actual=True) == MODEL.schedule.percent_to_sigma(0.25)
    assert (sigma(0.0), sigma(1.0)) == (999999999.9, 0.0)
    assert (sigma(0.0, actual=True), sigma(1.0, actual=True)) == (MODEL.schedule.sigma_max, MODEL.schedule.sigma_min)


@pytest.mark.parametrize(
    ("node", "inputs"),
    [
        ("KarrasScheduler", {"rho": 0.0}),
        ("ExponentialScheduler", {"sigma_min": 0.0}),
        ("PolyexponentialScheduler", {"sigma_max": 0.0}),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(node: str, inputs: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="needs it above 0"):
        levels(node, **inputs)


def test_a_straight_line_is_even_steps_of_its_scale() -> None:
    high, low = MODEL.schedule.sigma_max, MODEL.schedule.sigma_min
    even = torch.cat([torch.linspace(high, low, 7), torch.zeros(1)])
    torch.testing.assert_close(levels("SigmasFromCurve", model=MODEL, steps=7, scale="linear"), even)
    drawn = levels("SigmasFromCurve", model=MODEL, steps=7)
    torch.testing.assert_close(drawn, sigmas_for("exponential", MODEL.schedule, 7))
    assert (float(drawn[0]), float(drawn[-1])) == (high, 0.0)


@pytest.mark.parametrize("scale", ["logarithmic", "linear"])
@pytest.mark.parametrize("steps", [1, 2, 20])
def test_a_drawn_schedule_falls_to_zero_from_where_it_is_drawn(scale: str, steps: int) -> None:
    curve = ((0, 0.9), (0.3, 0.35), (0.8, 0.2), (1, 0))
    sigmas = levels("SigmasFromCurve", model=MODEL, steps=steps, curve=curve, scale=scale)
    assert len(sigmas) == steps + 1
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] == 0
    assert float(sigmas[0]) < MODEL.schedule.sigma_max
    if steps > 1:
        assert float(sigmas[-2]) == pytest.approx(MODEL.schedule.sigma_min)


@pytest.mark.parametrize("curve", [((0, 0), (1, 1)), ((0, 1), (0.5, 0.5), (1, 0.5)), ((0, 1), (0.5, 0))])
def test_a_drawn_schedule_that_does_not_fall_all_the_way_is_refused(curve: object) -> None:
    with pytest.raises(BadInput, match="does not fall after step"):
        levels("SigmasFromCurve", model=MODEL, steps=10, curve=curve)
