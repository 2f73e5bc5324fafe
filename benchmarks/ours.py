"""Our side: the functions that the nodes of a text-to-image workflow call, without the engine around them."""

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from benchmarks.pictures import Maker, Order
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.models.device import HOST
from safelight.models.guider import Guider, run_sampler
from safelight.models.loader import Checkpoint, load_checkpoint
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.text.encode import encode_prompt


def load_ours(path: Path) -> Checkpoint:
    """A checkpoint in fp32 on the CPU."""
    return load_checkpoint(path, Placement(HOST), precision("fp32", HOST))


def our_maker(checkpoint: Checkpoint) -> Maker:
    """Makes pictures with a checkpoint that has all its parts."""
    model, clip, vae = checkpoint.model, checkpoint.clip, checkpoint.vae
    assert clip is not None
    assert vae is not None

    def encode(text: str) -> tuple[Cond, ...]:
        encoded = encode_prompt(text, clip.towers)
        return (Cond(encoded.context, encoded.pooled),)

    def make(order: Order, on_step: Callable[[], None]) -> Image.Image:
        sampler = SAMPLERS["euler"]
        guider = Guider(model, encode(order.prompt), encode(order.negative), order.cfg)
        cells = order.size // vae.compression
        latent, _ = run_sampler(
            guider,
            sampler,
            sigmas_for("normal", model.schedule, order.steps),
            Latent(torch.zeros(1, vae.latent_channels, cells, cells)),
            seed=order.seed,
            on_step=lambda step: on_step(),
        )
        pixels = vae.decode(latent.samples)[0]
        return Image.fromarray((pixels * 255).to(torch.uint8).numpy())

    return make
