"""Model files into models."""

from typing import Annotated, NamedTuple, TypeVar, cast

from safelight.errors import BadInput
from safelight.graph.node import OPTIONAL, Choice, File, node
from safelight.graph.results import Blocked
from safelight.models.model import Model
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.run import Run

Part = TypeVar("Part", Clip, Vae)

WEIGHT_DTYPES = ("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2")
CLIP_TYPES = (
    "stable_diffusion",
    "stable_cascade",
    "sd3",
    "stable_audio",
    "mochi",
    "ltxv",
    "pixart",
    "cosmos",
    "lumina2",
    "wan",
    "hidream",
    "chroma",
    "ace",
    "omnigen2",
    "qwen_image",
    "hunyuan_image",
)
DUAL_CLIP_TYPES = (
    "sdxl",
    "sd3",
    "flux",
    "hunyuan_video",
    "hidream",
    "hunyuan_image",
)


class Loaded(NamedTuple):
    """The parts of a checkpoint."""

    model: Model
    clip: Clip
    vae: Vae


@node("CheckpointLoaderSimple", category="loaders", title="Load Checkpoint")
def checkpoint_loader_simple(*, ckpt_name: Annotated[str, File("checkpoints")], run: Run) -> Loaded:
    """Load a model from one file: the denoiser, the text encoder that guides it, and the VAE.

    Args:
        ckpt_name: A file in the checkpoints folder.
    """
    checkpoint = run.models.checkpoint(run.folders.resolve("checkpoints", ckpt_name))
    return Loaded(
        checkpoint.model,
        _or_blocked(checkpoint.clip, ckpt_name, "text encoder", "CLIPLoader or DualCLIPLoader"),
        _or_blocked(checkpoint.vae, ckpt_name, "VAE", "VAELoader"),
    )


@node("UNETLoader", category="advanced/loaders", title="Load Diffusion Model")
def unet_loader(
    *,
    unet_name: Annotated[str, File("diffusion_models")],
    weight_dtype: Annotated[str, Choice(WEIGHT_DTYPES)],
    run: Run,
) -> Model:
    """Load a denoiser alone.

    Args:
        unet_name: A file in the diffusion_models folder.
        weight_dtype: What its weights are kept in; only the default is supported yet.
    """
    if weight_dtype != "default":
        raise BadInput(f"Weights in {weight_dtype} are not supported yet.", mend="Choose default as the weight_dtype.")
    return run.models.unet(run.folders.resolve("diffusion_models", unet_name))


@node("VAELoader", category="loaders", title="Load VAE")
def vae_loader(*, vae_name: Annotated[str, File("vae")], run: Run) -> Vae:
    """Load a VAE, to use in place of the checkpoint's.

    Args:
        vae_name: A file in the vae folder.
    """
    return run.models.vae(run.folders.resolve("vae", vae_name))


@node("CLIPLoader", category="advanced/loaders", title="Load CLIP")
def clip_loader(
    *,
    clip_name: Annotated[str, File("text_encoders")],
    type: Annotated[str, Choice(CLIP_TYPES)],
    device: Annotated[str, Choice(("default", "cpu")), OPTIONAL] = "default",
    run: Run,
) -> Clip:
    """Load a text encoder alone.

    Args:
        clip_name: A file in the text_encoders folder.
        type: For what models; the file itself says it, so this is not used.
        device: Where it runs; it follows the settings.
    """
    del type, device
    return run.models.text([run.folders.resolve("text_encoders", clip_name)])


@node("DualCLIPLoader", category="advanced/loaders")
def dual_clip_loader(
    *,
    clip_name1: Annotated[str, File("text_encoders")],
    clip_name2: Annotated[str, File("text_encoders")],
    type: Annotated[str, Choice(DUAL_CLIP_TYPES)],
    device: Annotated[str, Choice(("default", "cpu")), OPTIONAL] = "default",
    run: Run,
) -> Clip:
    """Load the two text encoders of an SDXL model from two files.

    Args:
        clip_name1: A file in the text_encoders folder.
        clip_name2: Another; the order does not matter.
        type: For what models; the files themselves say it, so this is not used.
        device: Where they run; it follows the settings.
    """
    del type, device
    return run.models.text([run.folders.resolve("text_encoders", name) for name in (clip_name1, clip_name2)])


def _or_blocked(part: Part | None, file: str, name: str, loader: str) -> Part:
    """`part`, or what stops the nodes that would use it, and says why."""
    if part is not None:
        return part
    return cast(Part, Blocked(f"{file} has no {name} in it. Load one from another file with {loader}."))
