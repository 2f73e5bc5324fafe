"""Models into files."""

from collections.abc import Iterable
from itertools import chain

from safelight.graph.node import node
from safelight.models.model import Model
from safelight.models.saving import (
    Entry,
    clip_entries,
    metadata_of,
    model_entries,
    tower_entries,
    vae_entries,
)
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.run import Run
from safelight.nodes.saving import save_weights

MERGING = "advanced/model_merging"


@node("CheckpointSave", category=MERGING, title="Save Checkpoint", output=True)
def checkpoint_save(
    *, model: Model, clip: Clip, vae: Vae, filename_prefix: str = "checkpoints/ComfyUI", run: Run
) -> None:
    """Save a model, its text encoder and its VAE as one file, with all that was changed in their weights.

    The file stands in the output folder and is listed among the checkpoints.

    Args:
        model: The denoiser.
        clip: Its text encoder.
        vae: Its VAE.
        filename_prefix: Beginning of the file name, as for Save Image.
    """
    entries = chain(model_entries(model), vae_entries(vae, "first_stage_model."), clip_entries(clip))
    _save(entries, metadata_of(model), filename_prefix, run)


@node("ModelSave", category=MERGING, output=True)
def model_save(*, model: Model, filename_prefix: str = "diffusion_models/ComfyUI", run: Run) -> None:
    """Save a denoiser alone, with all that was changed in its weights.

    Args:
        model: The denoiser.
        filename_prefix: Beginning of the file name, as for Save Image.
    """
    _save(model_entries(model), metadata_of(model), filename_prefix, run)


@node("CLIPSave", category=MERGING, output=True)
def clip_save(*, clip: Clip, filename_prefix: str = "clip/ComfyUI", run: Run) -> None:
    """Save text encoders, each as a file of its own, with all that was changed in their weights.

    Args:
        clip: The text encoders.
        filename_prefix: Beginning of the file name, as for Save Image; `_clip_l`, `_clip_g` or `_clip_h` is added.
    """
    for tower in clip.towers:
        _save(tower_entries(tower), {}, f"{filename_prefix}_clip_{tower.name}", run)


@node("VAESave", category=MERGING, output=True)
def vae_save(*, vae: Vae, filename_prefix: str = "vae/ComfyUI_vae", run: Run) -> None:
    """Save a VAE alone.

    Args:
        vae: The VAE.
        filename_prefix: Beginning of the file name, as for Save Image.
    """
    _save(vae_entries(vae), {}, filename_prefix, run)


def _save(entries: Iterable[Entry], told: dict[str, str], prefix: str, run: Run) -> None:
    title = {"modelspec.title": prefix.rpartition("/")[2]} if told else {}
    path = save_weights(entries, told | title, prefix, run)
    run.text(f"Saved as {path.relative_to(run.folders.writable('output', 'x').parent)}.")
