"""A checkpoint and a picture, opened for looking at, without a server or a workflow: for scripts and notebooks."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Cond, Conditioning
from safelight.errors import BadInput
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.files.pictures import read_picture
from safelight.models.loader import load_checkpoint
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import PrecisionName, precision
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.text.encode import encode_prompt


@dataclass(frozen=True)
class Opened:
    """A checkpoint with all its parts.

    Attributes:
        model: Its denoiser.
        clip: Its text encoders.
        vae: Its image autoencoder.
    """

    model: Model
    clip: Clip
    vae: Vae

    def prompt(self, text: str) -> Conditioning:
        """A prompt, encoded for the model."""
        encoded = encode_prompt(text, self.clip.towers)
        return (Cond(encoded.context, encoded.pooled),)

    def latent(self, picture: Tensor) -> Tensor:
        """The latent [C, h, w] of a picture [H, W, 3] in 0..1, unscaled."""
        return self.vae.encode(picture[None])[0]


def open_checkpoint(
    path: Path = STARTER / STARTER_CHECKPOINT, *, device: str = "cpu", numbers: PrecisionName = "auto"
) -> Opened:
    """Load a checkpoint.

    Args:
        path: A file with denoiser, text encoders and VAE; by default the embedded one.
        device: Where it is to run: `cpu`, `cuda`, ….
        numbers: What it runs in.

    Raises:
        BadInput: The file is none, is damaged, or lacks a part.
    """
    place = torch.device(device)
    checkpoint = load_checkpoint(path, Placement(place), precision(numbers, place))
    if checkpoint.clip is None or checkpoint.vae is None:
        missing = "text encoder" if checkpoint.clip is None else "VAE"
        raise BadInput(f"{path.name} has no {missing}.", mend="Choose a checkpoint that is whole.")
    return Opened(checkpoint.model, checkpoint.clip, checkpoint.vae)


def open_picture(path: Path) -> Tensor:
    """A picture file as [H, W, 3] in 0..1; of an animated one, the first frame.

    Raises:
        BadInput: It is no picture, or is damaged.
    """
    return torch.from_numpy(read_picture(path).rgb[0])
