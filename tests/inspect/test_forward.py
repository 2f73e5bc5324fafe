"""The forward process mixes as training does, and says by how much a model errs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from safelight.diffusion.noise import initial_noise
from safelight.diffusion.noise_schedule import sd3
from safelight.diffusion.prediction import PREDICTIONS
from safelight.inspect.forward import PREDICTED, forward_diffusion
from safelight.nodes.registry import BUILTIN
from tests.studio import cond_for, loaded
from tests.tiny import Kind

MODEL = loaded("sd1").model
CONDS = (cond_for("sd1"),)
LATENT = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(1)) * 5


def test_the_network_is_shown_latent_and_noise_in_the_shares_of_ddpm() -> None:
    found = forward_diffusion(MODEL, CONDS, LATENT, levels=4, seed=7)
    kept = 1 / (1 + found.sigmas.astype(np.float64) ** 2)  # alpha-bar of the papers
    noise = initial_noise(7, (1, 4, 8, 8))[0].numpy()
    clean = LATENT.numpy() * MODEL.family.latent.scale
    for level, share in enumerate(kept):
        np.testing.assert_allclose(found.noisy[level], share**0.5 * clean + (1 - share) ** 0.5 * noise, atol=1e-5)
    np.testing.assert_allclose(found.noise, noise, atol=1e-6)
    assert found.shares.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert found.sigmas[-1] == pytest.approx(MODEL.schedule.sigma_max)


@pytest.mark.parametrize("prediction", ["eps", "v", "flow"])
def test_noise_and_estimate_add_up_to_what_the_model_was_shown(prediction: str) -> None:
    model = replace(MODEL, prediction=prediction, schedule=sd3() if prediction == "flow" else MODEL.schedule)
    found = forward_diffusion(model, CONDS, LATENT, levels=3)
    sigmas = torch.from_numpy(found.sigmas)
    signals = model.schedule.process.signal(sigmas)
    for level, (sigma, signal) in enumerate(zip(sigmas.tolist(), signals.tolist(), strict=True)):
        mixed = signal * found.clean + sigma * found.noise
        again = signal * found.estimates[level] + sigma * found.predicted[level]
        np.testing.assert_allclose(again, mixed, rtol=1e-3, atol=1e-3)


def test_what_training_makes_small_is_the_error_of_the_networks_own_prediction() -> None:
    eps = forward_diffusion(MODEL, CONDS, LATENT, levels=2)
    np.testing.assert_allclose(eps.training_errors, eps.noise_errors, rtol=1e-3)
    np.testing.assert_allclose(eps.estimate_errors, eps.sigmas * eps.noise_errors, rtol=1e-3)
    flow = forward_diffusion(replace(MODEL, prediction="flow", schedule=sd3()), CONDS, LATENT, levels=2)
    # noise less latent is predicted, and the estimate is x less sigma times it
    np.testing.assert_allclose(flow.training_errors, flow.estimate_errors / flow.sigmas, rtol=1e-3)


@pytest.mark.parametrize("kind", ["sd2-v", "sdxl-v-ztsnr"])
def test_the_noise_that_a_velocity_means_is_worked_out_as_its_paper_does(kind: Kind) -> None:
    parts = loaded(kind)
    found = forward_diffusion(parts.model, (cond_for(kind),), LATENT, levels=3)
    alpha = (1 / (1 + found.sigmas.astype(np.float64) ** 2))[:, None, None, None] ** 0.5
    sigma = (1 - alpha**2) ** 0.5
    velocity = (alpha * found.noisy - found.estimates) / sigma  # x0 = alpha z - sigma v
    np.testing.assert_allclose(found.predicted, sigma * found.noisy + alpha * velocity, rtol=2e-3, atol=2e-3)
    errors = ((velocity - (alpha * found.noise - sigma * found.clean)) ** 2).mean(axis=(1, 2, 3)) ** 0.5
    np.testing.assert_allclose(found.training_errors, errors, rtol=2e-3)
    np.testing.assert_allclose(found.noise_errors, errors * alpha[:, 0, 0, 0], rtol=2e-3)


@pytest.mark.parametrize("kind", ["sd1-inpaint", "sdxl", "refiner"])
def test_the_figures_of_every_kind_are_of_one_scale(kind: Kind) -> None:
    found = forward_diffusion(loaded(kind).model, (cond_for(kind),), LATENT, levels=2)
    assert found.noisy.shape == (2, 4, 8, 8)
    np.testing.assert_allclose(found.estimate_errors, found.sigmas * found.noise_errors, rtol=1e-3)


def test_a_flow_ends_in_noise_alone_in_which_no_error_can_be_made() -> None:
    found = forward_diffusion(replace(MODEL, prediction="flow", schedule=sd3()), CONDS, LATENT, levels=2)
    assert (found.sigmas[-1], found.noise_errors[-1], found.log_snr[-1]) == (1, 0, -np.inf)
    np.testing.assert_allclose(found.noisy[-1], found.noise, atol=1e-6)


@pytest.mark.parametrize(
    ("node", "inputs"),
    [
        ("PerpNeg", {"empty_conditioning": CONDS}),
        ("SelfAttentionGuidance", {}),
        ("EasyCache", {"reuse_threshold": 3.0}),
    ],
)
def test_what_changes_only_how_pictures_are_made_does_not_count(node: str, inputs: dict[str, object]) -> None:
    changed = forward_diffusion(BUILTIN[node](model=MODEL, **inputs), CONDS, LATENT, levels=8)
    plain = forward_diffusion(MODEL, CONDS, LATENT, levels=8)
    np.testing.assert_allclose(changed.estimates, plain.estimates, atol=1e-4)


def test_every_prediction_has_words_but_the_noise_itself() -> None:
    assert set(PREDICTED) == set(PREDICTIONS) - {"eps", "lcm"}


def test_the_same_seed_gives_the_same_levels() -> None:
    first, second, other = (forward_diffusion(MODEL, CONDS, LATENT, levels=1, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.estimates, second.estimates)
    assert not np.array_equal(first.noise, other.noise)


def test_each_level_is_told_as_it_is_done() -> None:
    told: list[tuple[int, int]] = []
    forward_diffusion(MODEL, CONDS, LATENT, levels=2, on_level=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
