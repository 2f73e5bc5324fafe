"""Pictures in place of words, for unCLIP checkpoints."""

from dataclasses import replace
from typing import Annotated, NamedTuple

from safelight.diffusion.conditioning import SeenPicture
from safelight.graph.node import File, Range, node
from safelight.models.clip_vision import ClipVision, ClipVisionOutput, load_clip_vision
from safelight.models.model import Model
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.loaders import checkpoint_loader_simple
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning


class Loaded(NamedTuple):
    """The parts of an unCLIP checkpoint."""

    model: Model
    clip: Clip
    vae: Vae
    clip_vision: ClipVision


@node("unCLIPCheckpointLoader", category="loaders")
def unclip_checkpoint_loader(*, ckpt_name: Annotated[str, File("checkpoints")], run: Run) -> Loaded:
    """Load an unCLIP model from one file: denoiser, text encoder, VAE, and the CLIP model that looks at pictures.

    Args:
        ckpt_name: A file in the checkpoints folder.
    """
    vision = run.models.get(load_clip_vision, run.folders.resolve("checkpoints", ckpt_name))
    return Loaded(*checkpoint_loader_simple(ckpt_name=ckpt_name, run=run), vision)


@node("unCLIPConditioning", category="conditioning")
def unclip_conditioning(
    *,
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """Show an unCLIP model a picture that the result is to be like; several add up.

    Args:
        conditioning: The prompt.
        clip_vision_output: The picture, as CLIP sees it.
        strength: How much it counts.
        noise_augmentation: How loosely it is followed.
    """
    if strength == 0:
        return conditioning
    picture = SeenPicture(clip_vision_output.image_embeds, strength, noise_augmentation)
    return tuple(replace(cond, pictures=(*cond.pictures, picture)) for cond in conditioning)
