"""A denoiser that begins as chance, with the VAE and the text encoder of others: an opened checkpoint like any."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from safelight.diffusion.noise_schedule import BETAS, TRAIN_STEPS, discrete
from safelight.errors import BadInput
from safelight.families.measure import HEADS
from safelight.families.recommend import recommended
from safelight.families.shapes import FileContents, Part, UNetShape
from safelight.inspect.opening import Opened
from safelight.models.fresh import fill_with_chance
from safelight.models.loader import load_text, load_vae
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.text_encoder import Clip
from safelight.models.unet import build_unet
from safelight.runs.settings import TrainingSettings
from safelight.training.scratch.networks import place_and_numbers

USUAL_SIDE = 128
"""Pixels, where no resolution is said."""
PREFIX = "model.diffusion_model."
FAMILY = "sd1"
LAST_OF_ITS_BLOCK = (".conv2.", ".proj_out.", "conv_out.")
"""Maps that begin as zero, so that every block passes on what it is given (Ho et al. 2020, arXiv:2006.11239)."""


def open_new(vae: Path, clip: Path, settings: TrainingSettings, device: str) -> Opened:
    """A denoiser without experience, beside a VAE and a text encoder.

    Args:
        vae: A file with the VAE.
        clip: A file with the text encoder of SD 1.x: a whole CLIP model, or a checkpoint.
        settings: Of the run.
        device: Where it is trained.

    Raises:
        BadInput: A file does not have what is wanted of it.
    """
    place, numbers = place_and_numbers(device, settings.run.dtype)
    placement, types = Placement(place), precision(numbers, place)
    towers, told = _without_projection(load_text([clip], placement, types)), settings.denoiser
    if towers.family.name != FAMILY:
        raise BadInput(
            f"{clip.name} has a text encoder of {towers.family.title}; denoisers from scratch are of SD 1.x.",
            where="denoiser.clip",
            mend="Choose a CLIP model or a checkpoint of SD 1.x.",
        )
    autoencoder = load_vae(vae, placement, types)
    (tower,) = towers.towers
    levels = len(told.channels)
    shape = UNetShape(
        in_channels=autoencoder.latent_channels,
        out_channels=autoencoder.latent_channels,
        block_channels=told.channels,
        layers_per_block=told.blocks,
        transformer_depth=tuple(int(level in told.attention) for level in range(levels)),
        mid_depth=1,
        context_width=tower.width,
        heads=(HEADS,) * levels,
        linear_projection=False,
        label_width=None,
    )
    network = build_unet(shape)
    fill_with_chance(network, settings.run.seed, placement, types.unet, _is_last)
    side = settings.data.resolution or USUAL_SIDE
    metadata = {"modelspec.resolution": f"{side}x{side}"}
    zero = settings.loss.zero_terminal_snr
    parameters = sum(parameter.numel() for parameter in network.parameters())
    contents = FileContents(
        kind="checkpoint",
        family=towers.family,
        unet=Part("unet", PREFIX, "ldm", "fp16", parameters, shape),
        vae=None,
        text=(),
        prediction=towers.family.prediction,
        zero_terminal_snr=zero,
        variant="base",
        native_size=(side, side),
        recommended=recommended(metadata, towers.family, towers.family.prediction, zero_terminal_snr=zero),
        metadata=metadata,
        ema_parameters=0,
    )
    schedule = discrete(BETAS[towers.family.schedule](), zero_terminal_snr=zero)
    model = Model(network, towers.family, contents, towers.family.prediction, schedule, types.unet, placement)
    return Opened(model, towers, autoencoder)


def tables_of_checkpoint(clip: Clip) -> dict[str, Tensor]:
    """What the files of Stable Diffusion 1.x have beside weights: its noise schedule, and numbers of places."""
    betas = BETAS[clip.family.schedule]()
    kept = torch.cumprod(1 - betas, 0)
    before = torch.cat([torch.ones(1, dtype=kept.dtype), kept[: TRAIN_STEPS - 1]])
    schedule = {
        "betas": betas,
        "alphas_cumprod": kept,
        "alphas_cumprod_prev": before,
        "sqrt_alphas_cumprod": kept.sqrt(),
        "sqrt_one_minus_alphas_cumprod": (1 - kept).sqrt(),
        "log_one_minus_alphas_cumprod": (1 - kept).log(),
        "sqrt_recip_alphas_cumprod": (1 / kept).sqrt(),
        "sqrt_recipm1_alphas_cumprod": (1 / kept - 1).sqrt(),
    }
    (tower,) = clip.towers
    places = torch.arange(tower.shape.positions)[None]
    return {
        **{name: table.float() for name, table in schedule.items()},
        "cond_stage_model.transformer.text_model.embeddings.position_ids": places,
    }


def _without_projection(clip: Clip) -> Clip:
    """Text encoders as checkpoints of SD 1.x have them: what is projected is for comparing only."""
    towers = []
    for tower in clip.towers:
        tower.network.text_projection = None
        towers.append(replace(tower, shape=replace(tower.shape, projection=None)))
    return replace(clip, towers=tuple(towers))


def _is_last(name: str) -> bool:
    return any(part in name for part in LAST_OF_ITS_BLOCK)
