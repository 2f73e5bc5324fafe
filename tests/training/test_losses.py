"""Targets, weightings and errors against their closed forms."""

import pytest
import torch

from safelight.diffusion.noise_schedule import (
    NoiseSchedule,
    discrete,
    scaled_linear_betas,
    sd3,
)
from safelight.diffusion.prediction import PREDICTIONS
from safelight.runs.settings import Loss
from safelight.training.losses import WEIGHTINGS, errors_of, snr, target_of, weights_of

DIFFUSION = discrete(scaled_linear_betas())
FLOW = sd3()
CLEAN, NOISE = torch.randn(2, 4, 4, 8, 8, generator=torch.Generator().manual_seed(0)).unbind()


def sigmas_of(schedule: NoiseSchedule) -> torch.Tensor:
    return schedule.sigmas[[1, 300, 700, -1]].reshape(4, 1, 1, 1)


@pytest.mark.parametrize("name", [name for name in PREDICTIONS if name not in ("flow", "lcm")])
@pytest.mark.parametrize("zero_terminal_snr", [False, True])
def test_what_is_taught_is_what_samplers_take_for_the_clean_latent(name: str, zero_terminal_snr: bool) -> None:
    schedule = discrete(scaled_linear_betas(), zero_terminal_snr=zero_terminal_snr)
    sigma = sigmas_of(schedule)[: 3 if zero_terminal_snr else 4]  # at the last level rounding leaves nothing of it
    x = CLEAN[: len(sigma)] + sigma * NOISE[: len(sigma)]
    target = target_of(name, schedule, sigma, CLEAN[: len(sigma)], NOISE[: len(sigma)])
    found = PREDICTIONS[name](sigma).calculate_denoised(x, target)
    torch.testing.assert_close(found, CLEAN[: len(sigma)], atol=1e-4, rtol=1e-4)


def test_the_same_holds_of_a_flow() -> None:
    sigma = sigmas_of(FLOW)
    x = (1 - sigma) * CLEAN + sigma * NOISE
    target = target_of("flow", FLOW, sigma, CLEAN, NOISE)
    torch.testing.assert_close(target, NOISE - CLEAN)  # Liu et al. 2022, arXiv:2209.03003, equation 1
    torch.testing.assert_close(PREDICTIONS["flow"](sigma).calculate_denoised(x, target), CLEAN)


def test_eps_is_taught_the_noise_itself() -> None:
    found = target_of("eps", DIFFUSION, sigmas_of(DIFFUSION), CLEAN, NOISE)
    torch.testing.assert_close(found, NOISE, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("zero_terminal_snr", [False, True])
def test_v_is_taught_the_velocity(zero_terminal_snr: bool) -> None:
    """alpha noise - sigma clean, in the variance-preserving writing (Salimans & Ho 2022, arXiv:2202.00512, app. D)."""
    schedule = discrete(scaled_linear_betas(), zero_terminal_snr=zero_terminal_snr)
    sigma = sigmas_of(schedule)
    alpha = (1 + sigma.double() ** 2).rsqrt()
    expected = alpha * NOISE - sigma * alpha * CLEAN
    torch.testing.assert_close(target_of("v", schedule, sigma, CLEAN, NOISE), expected.float(), atol=1e-5, rtol=1e-5)


def test_min_snr_counts_as_published_for_each_prediction() -> None:
    """Hang et al. 2023, arXiv:2303.09556, section 3.4: min(SNR, 5) over SNR, over SNR + 1, and by itself."""
    sigma = sigmas_of(DIFFUSION)
    ratio = 1 / sigma**2
    least = ratio.clamp(max=5)
    loss = Loss(weighting="min_snr", gamma=5)
    for name, expected in (("eps", least / ratio), ("v", least / (ratio + 1)), ("x0", least)):
        torch.testing.assert_close(weights_of(loss, name, DIFFUSION, sigma), expected)


def test_min_snr_of_a_flow_counts_errors_of_the_clean_latent_alike() -> None:
    sigma = sigmas_of(FLOW)[:3]
    ratio = ((1 - sigma) / sigma) ** 2
    torch.testing.assert_close(snr(FLOW, sigma), ratio)
    weights = weights_of(Loss(weighting="min_snr", gamma=5), "flow", FLOW, sigma)
    torch.testing.assert_close(weights, ratio.clamp(max=5) * sigma**2)


def test_debiased_counts_as_published() -> None:
    """Yu et al. 2023, arXiv:2310.08442: 1 / sqrt(SNR) for the noise."""
    sigma = sigmas_of(DIFFUSION)
    torch.testing.assert_close(weights_of(Loss(weighting="debiased"), "eps", DIFFUSION, sigma), sigma)
    assert set(WEIGHTINGS) | {"none"} == {"none", "min_snr", "debiased"}


def test_the_gradient_of_the_mean_square_is_that_of_the_formula() -> None:
    output = CLEAN.clone().requires_grad_()
    torch.autograd.backward(errors_of(output, NOISE, None, Loss()).mean())
    torch.testing.assert_close(output.grad, 2 * (CLEAN - NOISE) / CLEAN.numel())


def test_huber_is_the_square_for_small_errors_and_a_line_for_large_ones() -> None:
    target = torch.zeros(2, 4, 8, 8)
    output = torch.stack([torch.full((4, 8, 8), 0.05), torch.full((4, 8, 8), 3.0)])
    found = errors_of(output, target, None, Loss(kind="huber", huber=0.1))
    torch.testing.assert_close(found, torch.tensor([0.05**2, 2 * 0.1 * (3 - 0.05)]))


def test_what_is_outside_of_a_mask_teaches_nothing() -> None:
    mask = torch.zeros(4, 1, 8, 8)
    mask[:, :, :, :4] = 1
    mask[3] = 0
    output = CLEAN.clone().requires_grad_()
    found = errors_of(output, NOISE, mask, Loss())
    expected = (CLEAN - NOISE)[:, :, :, :4].square().mean((1, 2, 3))
    torch.testing.assert_close(found[:3], expected[:3])
    assert found[3] == 0
    torch.autograd.backward(found.sum())
    assert output.grad is not None
    assert not output.grad[:, :, :, 4:].any()
    assert not output.grad[3].any()
    assert output.grad[:3, :, :, :4].all()
