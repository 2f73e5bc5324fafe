"""Recordings of runs of tiny models, made without a session."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Conditioning
from safelight.diffusion.guidance import Guess
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.diffusion.types import Step
from safelight.families.latents import latent_of
from safelight.inspect.recording import Recorder, Recording, open_recording
from safelight.models.guider import Guider, run_sampler
from tests.studio import cond_for, loaded
from tests.tiny import Kind


@dataclass(frozen=True)
class Heard:
    """A recording, and what it should be about.

    Attributes:
        run: As it is read back.
        steps: What the sampler told.
        guesses: What was guided.
    """

    run: Recording
    steps: tuple[Step, ...]
    guesses: tuple[Guess, ...]


def guider_for(kind: Kind, *, positive: Conditioning = (), negative: Conditioning = (), **changes: Any) -> Guider:
    """A model under two prompts of random numbers; `changes` are of the model, but for `cfg`."""
    cfg = changes.pop("cfg", 5.0)
    model = replace(loaded(kind).model, **changes)
    return Guider(model, positive or (cond_for(kind, 1),), negative or (cond_for(kind, 2),), cfg)


def record(
    guider: Guider,
    *,
    sampler: str = "euler",
    scheduler: str = "karras",
    steps: int = 2,
    denoise: float = 1.0,
    latent: Tensor | None = None,
    mask: Tensor | None = None,
) -> Heard:
    """Run a sampler, and record it."""
    guesses: list[Guess] = []
    told: list[Step] = []

    def guessed(guess: Guess) -> Guess:
        guesses.append(guess)
        return guess

    spec, model = SAMPLERS[sampler], guider.model
    listened = replace(model, guidance=replace(model.guidance, before=(*model.guidance.before, guessed)))
    guider = replace(guider, model=listened)
    drops = spec.drops_penultimate_sigma
    sigmas = sigmas_for(scheduler, model.schedule, steps, denoise, drops_penultimate_sigma=drops)
    recorder = Recorder(guider, sigmas, latent_of(model.contents))

    def on_step(step: Step) -> None:
        told.append(step)
        recorder.step(step)

    samples = torch.zeros(1, 4, 8, 8) if latent is None else latent
    run_sampler(recorder.listening(), spec, sigmas, Latent(samples, mask), seed=1, on_step=on_step)
    with TemporaryDirectory() as folder:
        path = Path(folder, "run.safetensors")
        path.write_bytes(recorder.save())
        return Heard(open_recording(path), tuple(told), tuple(guesses))
