"""From a file to what can be run: networks are built from the sizes that detection found, then filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.diffusion.noise_schedule import schedule_of
from safelight.errors import BadInput
from safelight.families import FAMILIES
from safelight.families.base import Family
from safelight.families.detect import identify
from safelight.families.shapes import FileContents, Part, TextShape, UNetShape, VaeShape
from safelight.models.assemble import fill
from safelight.models.clip_text import build_text, text_source
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.unclip import picture_label
from safelight.models.unet import build_unet, unet_source
from safelight.models.vae import Vae
from safelight.models.vae_network import build_vae, vae_source
from safelight.models.weights import Weights, open_weights

KINDS = {"checkpoint": "a checkpoint", "unet": "a denoiser (UNet)", "vae": "a VAE", "text": "a text encoder"}
FOLDERS = {"checkpoint": "checkpoints", "unet": "diffusion_models", "vae": "vae", "text": "text_encoders"}


@dataclass(frozen=True)
class Checkpoint:
    """A file's networks, ready to run; what the file does not have is None."""

    contents: FileContents
    model: Model
    clip: Clip | None
    vae: Vae | None


def load_checkpoint(path: Path, placement: Placement, precision: Precision) -> Checkpoint:
    """Load a checkpoint.

    Args:
        path: A file with a denoiser, and mostly a VAE and text encoders.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file is none, is damaged, or is of a family that is not supported.
    """
    weights = open_weights(path)
    contents = identify(weights.header)
    family = contents.family
    if contents.unet is None or family is None:
        raise _misplaced(path, contents, "checkpoint")
    return Checkpoint(
        contents,
        _model(weights, contents, contents.unet, family, placement=placement, precision=precision),
        Clip(_towers(weights, contents.text, family, placement, precision), family) if contents.text else None,
        None if contents.vae is None else _vae(weights, contents.vae, placement, precision),
    )


def load_unet(path: Path, placement: Placement, precision: Precision) -> Model:
    """Load the denoiser of a file, which may hold nothing else. Parameters and errors as for `load_checkpoint`."""
    weights = open_weights(path)
    contents = identify(weights.header)
    if contents.unet is None or contents.family is None:
        raise _misplaced(path, contents, "unet")
    return _model(weights, contents, contents.unet, contents.family, placement=placement, precision=precision)


def load_vae(path: Path, placement: Placement, precision: Precision) -> Vae:
    """Load the VAE of a file, which may hold nothing else. Parameters and errors as for `load_checkpoint`."""
    weights = open_weights(path)
    contents = identify(weights.header)
    if contents.vae is None:
        raise _misplaced(path, contents, "vae")
    return _vae(weights, contents.vae, placement, precision)


def load_text(paths: Sequence[Path], placement: Placement, precision: Precision) -> Clip:
    """Load the text encoders of one file or several; the family is the one that uses just these towers.

    Other parameters and errors as for `load_checkpoint`.
    """
    found = []
    for path in paths:
        weights = open_weights(path)
        contents = identify(weights.header)
        if not contents.text:
            raise _misplaced(path, contents, "text")
        found += [(weights, part) for part in contents.text]
    names = sorted(part.shape.tower for _, part in found)
    family = next((f for f in FAMILIES.values() if sorted(tower.name for tower in f.towers) == names), None)
    if family is None:
        raise BadInput(
            what=f"No family uses these text encoders together: {', '.join(path.name for path in paths)}.",
            mend="SD 1.x uses CLIP-L, SD 2.x CLIP-H, SDXL CLIP-L and CLIP-G.",
        )
    towers = [tower for weights, part in found for tower in _towers(weights, (part,), family, placement, precision)]
    order = [tower.name for tower in family.towers]
    return Clip(tuple(sorted(towers, key=lambda tower: order.index(tower.name))), family)


def _model(
    weights: Weights,
    contents: FileContents,
    part: Part[UNetShape],
    family: Family,
    *,
    placement: Placement,
    precision: Precision,
) -> Model:
    network = build_unet(part.shape)
    fill(network, weights, part, unet_source(part.shape, part.layout), placement=placement, dtype=precision.unet)
    schedule = schedule_of(family.schedule, contents.prediction, zero_terminal_snr=contents.zero_terminal_snr)
    return Model(
        network,
        family,
        contents,
        contents.prediction,
        schedule,
        precision.unet,
        placement,
        picture_label=picture_label(weights, part.shape.label_width or 0),
    )


def _vae(weights: Weights, part: Part[VaeShape], placement: Placement, precision: Precision) -> Vae:
    network = build_vae(part.shape)
    source = vae_source(part.shape, part.layout, weights)
    fill(network, weights, part, source, placement=placement, dtype=precision.vae)
    return Vae(network, part.shape, precision.vae, placement, stored=part.dtype)


def _towers(
    weights: Weights, parts: Sequence[Part[TextShape]], family: Family, placement: Placement, precision: Precision
) -> tuple[TextEncoder, ...]:
    used = {tower.name: tower for tower in family.towers}
    towers = []
    for part in parts:
        network = build_text(part.shape)
        fill(network, weights, part, text_source(part.layout), placement=placement, dtype=precision.text)
        towers.append(TextEncoder(network, part.shape, used[part.shape.tower], placement, stored=part.dtype))
    return tuple(towers)


def _misplaced(path: Path, contents: FileContents, wanted: str) -> BadInput:
    return BadInput(
        what=f"{path.name} is {KINDS[contents.kind]}, not {KINDS[wanted]}.",
        mend=f"Move it into the folder {FOLDERS[contents.kind]}/, and choose another file here.",
    )
