"""Model files into models."""

import json
import re
from dataclasses import replace
from pathlib import Path
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


@node(
    "CheckpointLoader", category="advanced/loaders", title="Load Checkpoint With Config (DEPRECATED)", deprecated=True
)
def checkpoint_loader(
    *,
    config_name: Annotated[str, File("configs")],
    ckpt_name: Annotated[str, File("checkpoints")],
    run: Run,
) -> Loaded:
    """Load a model from one file, and take from a description beside it whether it predicts v.

    All else is seen in the file itself, as Load Checkpoint does.

    Args:
        config_name: A file in the configs folder.
        ckpt_name: A file in the checkpoints folder.
    """
    loaded = checkpoint_loader_simple(ckpt_name=ckpt_name, run=run)
    config = run.folders.resolve("configs", config_name).read_text(encoding="utf-8", errors="replace")
    predicts_v = re.search(r"""^\s*parameterization:\s*["']?v\b""", config, re.MULTILINE)
    return loaded._replace(model=replace(loaded.model, prediction="v")) if predicts_v else loaded


@node("DiffusersLoader", category="advanced/loaders/deprecated", deprecated=True)
def diffusers_loader(*, model_path: Annotated[str, File("diffusers")], run: Run) -> Loaded:
    """Load a model from a folder as the diffusers library writes it.

    Args:
        model_path: A folder in the diffusers folder.
    """
    folder = run.folders.resolve("diffusers", model_path).parent
    model = run.models.unet(_weights_in(folder / "unet"))
    if _predicts_v(folder / "scheduler" / "scheduler_config.json"):
        model = replace(model, prediction="v")
    towers = [_weights_in(folder / name) for name in ("text_encoder", "text_encoder_2") if (folder / name).is_dir()]
    vae = folder / "vae"
    return Loaded(
        model,
        _or_blocked(run.models.text(towers) if towers else None, model_path, "text encoder", "CLIPLoader"),
        _or_blocked(run.models.vae(_weights_in(vae)) if vae.is_dir() else None, model_path, "VAE", "VAELoader"),
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


def _weights_in(folder: Path) -> Path:
    """The file of weights in a part's folder: the whole-precision safetensors where there are several."""
    for pattern in ("*.safetensors", "*.fp16.safetensors", "*.bin"):
        if found := sorted(path for path in folder.glob(pattern) if ".fp16." not in path.name or "fp16" in pattern):
            return found[0]
    raise BadInput(
        f"There are no weights in {folder}.",
        mend="Put the whole folder of the model there, with its .safetensors files.",
    )


def _predicts_v(path: Path) -> bool:
    """Whether a diffusers scheduler's description says so."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("prediction_type") == "v_prediction"


def _or_blocked(part: Part | None, file: str, name: str, loader: str) -> Part:
    """`part`, or what stops the nodes that would use it, and says why."""
    if part is not None:
        return part
    return cast(Part, Blocked(f"{file} has no {name} in it. Load one from another file with {loader}."))
