"""Guidance by CLIP makes pictures more like a text, whatever the network predicts."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from safelight.clip.guidance import guided_by_clip
from safelight.clip.model import ClipModel
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.guidance import Guess
from safelight.diffusion.latent import Latent
from safelight.diffusion.noise_schedule import discrete, linear_flow, scaled_linear_betas
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.diffusion.types import Step
from safelight.errors import BadInput, Cancelled
from safelight.models.guider import Guider, run_sampler
from safelight.models.loader import Checkpoint, load_checkpoint
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.text.encode import encode_prompt
from tests.models.starter import STARTER

TEXT = "a picture of a red cat"
SEEDS = 8
STEPS = 4

pytestmark = pytest.mark.weights


@pytest.fixture
def checkpoint(placement: Placement, fp32: Precision) -> Checkpoint:
    return load_checkpoint(STARTER, placement, fp32)


def guided(checkpoint: Checkpoint, clip: ClipModel, **settings: float) -> Model:
    assert checkpoint.vae is not None
    wanted = {"strength": 0.5, "start": 0.0, "end": 1.0} | settings
    return guided_by_clip(checkpoint.model, clip, checkpoint.vae, TEXT, **wanted)


def made(checkpoint: Checkpoint, model: Model, seeds: int = SEEDS, steps: int = STEPS) -> Tensor:
    """A picture for each seed, of a prompt that says no colour."""
    assert checkpoint.clip is not None
    assert checkpoint.vae is not None
    cond = (Cond(encode_prompt("a picture of a cat", checkpoint.clip.towers).context),)
    sigmas = SCHEDULERS["normal"](model.schedule, steps)
    latents = [
        run_sampler(
            Guider(model, cond),
            SAMPLERS["euler"],
            sigmas,
            Latent(torch.zeros(1, 4, 16, 16)),
            seed=seed,
            on_step=lambda step: None,
        )[0].samples
        for seed in range(seeds)
    ]
    return checkpoint.vae.decode(torch.cat(latents))


def test_pictures_of_eight_seeds_are_more_like_the_text(checkpoint: Checkpoint, starter: ClipModel) -> None:
    wanted = starter.texts([TEXT])[0]
    plain, towards = (
        starter.images(made(checkpoint, model)) @ wanted
        for model in (checkpoint.model, guided(checkpoint, starter, strength=0.1, start=0.5))
    )
    assert (towards > plain).sum() >= SEEDS - 1
    assert (towards - plain).mean() > 0.05


@pytest.mark.parametrize("prediction", ["eps", "v", "flow"])
def test_one_move_raises_the_similarity_whatever_is_predicted(
    prediction: str, checkpoint: Checkpoint, starter: ClipModel
) -> None:
    assert checkpoint.vae is not None
    schedule = linear_flow() if prediction == "flow" else discrete(scaled_linear_betas())
    model = replace(checkpoint.model, prediction=prediction, schedule=schedule)
    model = guided_by_clip(model, starter, checkpoint.vae, TEXT, strength=0.05, start=0.0, end=1.0)
    denoised = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 0.5
    guess = Guess(denoised, denoised, denoised, torch.tensor(0.9), 1.0)
    moved = model.guidance(guess)

    def likeness(latent: Tensor) -> float:
        assert checkpoint.vae is not None
        picture = checkpoint.vae.decode(model.unscale_latent(latent))
        return float(starter.images(picture) @ starter.texts([TEXT])[0])

    assert likeness(moved) > likeness(denoised) + 0.005
    away = guided_by_clip(checkpoint.model, starter, checkpoint.vae, TEXT, strength=-0.05, start=0.0, end=1.0)
    assert likeness(away.guidance(guess)) < likeness(denoised)


def test_a_large_picture_is_decoded_no_larger_than_clip_looks_at_it(
    checkpoint: Checkpoint, starter: ClipModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkpoint.vae is not None
    decoded = []
    network = checkpoint.vae.network
    network.decoder.register_forward_hook(lambda *made: decoded.append(tuple(made[2].shape[-2:])))
    latent = torch.randn(1, 4, 32, 64, generator=torch.Generator().manual_seed(0))
    moved = guided(checkpoint, starter).guidance(Guess(latent, latent, latent, torch.tensor(5.0), 1.0))
    assert decoded == [(128, 256)]
    assert moved.shape == latent.shape
    assert not moved.requires_grad


@pytest.mark.parametrize(("start", "end", "moves"), [(0.0, 0.5, False), (0.5, 1.0, True)])
def test_it_counts_only_in_its_part_of_the_way(
    start: float, end: float, moves: bool, checkpoint: Checkpoint, starter: ClipModel
) -> None:
    latent = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    guess = Guess(latent, latent, latent, torch.tensor(0.5), 1.0)
    moved = guided(checkpoint, starter, start=start, end=end).guidance(guess)
    assert torch.equal(moved, latent) != moves


def test_no_strength_leaves_the_model_as_it_is(checkpoint: Checkpoint, starter: ClipModel) -> None:
    assert guided(checkpoint, starter, strength=0.0) is checkpoint.model


def test_a_run_can_be_stopped(checkpoint: Checkpoint, starter: ClipModel) -> None:
    assert checkpoint.clip is not None
    model = guided(checkpoint, starter)
    cond = (Cond(encode_prompt("a cat", checkpoint.clip.towers).context),)
    sigmas = SCHEDULERS["normal"](model.schedule, 20)
    seen = []

    def stop(step: Step) -> None:
        seen.append(step.index)
        raise Cancelled

    latent = Latent(torch.zeros(1, 4, 16, 16))
    with pytest.raises(Cancelled):
        run_sampler(Guider(model, cond), SAMPLERS["euler"], sigmas, latent, seed=0, on_step=stop)
    assert seen == [0]


def test_a_vae_of_other_latents_is_refused(checkpoint: Checkpoint, starter: ClipModel) -> None:
    assert checkpoint.vae is not None
    wide = replace(checkpoint.vae, shape=replace(checkpoint.vae.shape, latent_channels=16))
    with pytest.raises(BadInput, match="latents have 4 channels, and those of the VAE 16"):
        guided_by_clip(checkpoint.model, starter, wide, TEXT, strength=0.5, start=0.0, end=1.0)
