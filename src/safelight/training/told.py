"""What a trained file says of itself, in the words that other programs read: kohya's `ss_…` and the modelspec."""

import json
from collections import Counter
from pathlib import Path

from safelight.inspect.opening import Opened
from safelight.models.saving import SUITING
from safelight.runs.settings import TrainingSettings, toml_of
from safelight.training.data.captions import tags_of
from safelight.training.data.report import DataReport

KINDS = {"lora": "networks.lora", "dora": "networks.lora", "loha": "lycoris.kohya", "lokr": "lycoris.kohya"}
VERSIONS = {"sd1": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0"}
ARCHITECTURE = {"lora": "/lora", "inversion": "/textual-inversion", "controlnet": "/controlnet"}

OF_WEIGHTS = ("modelspec.license", "training_data")
KEPT = {"full": (*SUITING, *OF_WEIGHTS), "denoiser": SUITING, "controlnet": OF_WEIGHTS}
"""What goes over from the checkpoint's own words, by the kind of the run: its licence to all that holds its weights."""


def told_of(settings: TrainingSettings, opened: Opened, found: DataReport, base: str, rate: float) -> dict[str, str]:
    """What the file of a run says of itself.

    Args:
        settings: Of the run.
        opened: The checkpoint that it was trained on.
        found: Its data.
        base: SHA-256 of that checkpoint.
        rate: The learning rate.

    Source: https://github.com/Stability-AI/ModelSpec, and the keys of kohya's training scripts.
    """
    model, adapter = opened.model, settings.adapter
    told = {
        **told_of_run(settings, found, rate),
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": model.family.architectures[0] + ARCHITECTURE.get(settings.kind, ""),
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.prediction_type": {"eps": "epsilon"}.get(model.prediction, model.prediction),
        "ss_base_model_version": VERSIONS.get(model.family.name, model.family.name),
    }
    if settings.kind != "denoiser":
        told |= {"ss_sd_model_name": settings.checkpoint, "ss_new_sd_model_hash": base}
    if settings.kind == "lora":
        told |= {
            "ss_network_module": KINDS[adapter.kind],
            "ss_network_dim": str(adapter.rank),
            "ss_network_alpha": f"{adapter.alpha or adapter.rank:g}",
        }
    if settings.data.trigger:
        told["modelspec.trigger_phrase"] = settings.data.trigger
    kept = model.contents.metadata
    told |= {key: kept[key] for key in KEPT.get(settings.kind, ()) if key in kept}
    return told


def told_of_run(settings: TrainingSettings, found: DataReport, rate: float) -> dict[str, str]:
    """What the file of any run says of the run. Parameters and source as of `told_of`."""
    run = settings.run
    tags = Counter(tag for example in found.examples for tag in tags_of(example.caption or ""))
    return {
        "modelspec.title": settings.name,
        "ss_output_name": settings.name,
        "ss_num_train_images": str(len(found.examples)),
        "ss_max_train_steps": str(run.steps),
        "ss_batch_size_per_device": str(run.batch),
        "ss_learning_rate": f"{rate:g}",
        "ss_optimizer": settings.optimizer.name,
        "ss_seed": str(run.seed),
        "ss_tag_frequency": json.dumps({settings.data.folder.name: dict(tags.most_common(200))}, ensure_ascii=False),
        "safelight.training": toml_of(_shareable(settings)),
    }


def _shareable(settings: TrainingSettings) -> TrainingSettings:
    """Settings without where folders lie, which is nobody's business who gets the file."""
    data = settings.data
    prior = None if data.prior_folder is None else Path(data.prior_folder.name)
    names = {"folder": Path(data.folder.name), "prior_folder": prior}
    return settings.model_copy(update={"data": data.model_copy(update=names)})
