"""Pictures drawn on the way, always of the same prompts and seeds, so that one sees what has been learned."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from safelight.diffusion.conditioning import Cond
from safelight.diffusion.control import Control
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.diffusion.types import Step
from safelight.files.atomic import whole
from safelight.files.pictures import write_png
from safelight.models.guider import Guider, run_sampler
from safelight.runs.settings import Samples
from safelight.training.lessons import Lesson

SAMPLER, SCHEDULER = "euler_ancestral", "normal"


def draw(
    lesson: Lesson,
    prompts: tuple[str, ...],
    size: tuple[int, int],
    settings: Samples,
    place: Callable[[int], Path],
    on_step: Callable[[Step], None] = lambda _: None,
    controls: Sequence[Control] = (),
) -> list[Path]:
    """Draw each prompt as what has been learned makes it.

    Args:
        lesson: What has been learned.
        prompts: What to draw.
        size: Width and height in pixels.
        settings: Seed, steps and guidance.
        place: Number of a prompt -> where its picture is kept.
        on_step: Told of each step of each picture.
        controls: What steers each of them, where anything does.

    Raises:
        Cancelled: From `on_step`.
    """
    opened = lesson.opened
    model, vae = opened.model, opened.vae
    width, height = (side // model.family.latent.compression for side in size)
    sigmas = SCHEDULERS[SCHEDULER](model.schedule, settings.steps)
    made = []
    with torch.no_grad(), lesson.worn():
        negative = _cond(lesson, "")
        for number, prompt in enumerate(prompts):
            cond = replace(_cond(lesson, prompt), controls=tuple(controls[number : number + 1]), controls_shared=True)
            guider = Guider(model, (cond,), (negative,), settings.cfg)
            start = Latent(torch.zeros(1, model.family.latent.channels, height, width))
            latent, _ = run_sampler(guider, SAMPLERS[SAMPLER], sigmas, start, seed=settings.seed, on_step=on_step)
            pixels = (vae.decode(latent.samples)[0] * 255).round().clamp(0, 255).to(torch.uint8)
            with whole(place(number)) as file:
                write_png(file, pixels.numpy(), {"parameters": prompt})
            made.append(place(number))
    return made


def _cond(lesson: Lesson, text: str) -> Cond:
    context, pooled = lesson.read([text])
    return Cond(context.float().cpu(), None if pooled is None else pooled.float().cpu())
