"""Workflows in which files of several families meet, for tests of what is known before a run."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from safelight.families.contents import look_into
from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog, InputSpec, NodeSpec, OutputSpec
from safelight.graph.document import Workflow
from safelight.graph.kinship import Kinship, relate
from safelight.graph.plan import plan
from safelight.nodes.registry import BUILTIN
from tests.studio import tiny_file
from tests.tiny import Kind

MODULE = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
CONTROLNET = {"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}
CROSS_ATTENTION = "control_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"


INTERPOSER = NodeSpec(
    "LatentInterposer",
    "LatentInterposer",
    "latent",
    "A latent, as another family has it.",
    (InputSpec("samples", "LATENT"),),
    (OutputSpec("LATENT", "LATENT"),),
    module="a plugin",
)
CATALOG: Catalog = {name: node.spec for name, node in BUILTIN.items()} | {INTERPOSER.class_type: INTERPOSER}


def put(folders: Folders, kind: Kind, name: str) -> None:
    """Put a tiny checkpoint among the others."""
    path = folders.directories["checkpoints"][0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tiny_file(kind), path)


def put_tensors(folders: Folders, folder: str, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Path:
    """Put a file with tensors of zeros into a folder."""
    path = folders.directories[folder][0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({tensor: torch.zeros(shape) for tensor, shape in shapes.items()}, path)
    return path


def put_lora(folders: Folders, name: str, width: int) -> Path:
    """Put a LoRA for prompts of `width` features into its folder, in kohya's layout."""
    return put_tensors(
        folders, "loras", name, {f"{MODULE}.lora_down.weight": (4, width), f"{MODULE}.lora_up.weight": (640, 4)}
    )


def put_controlnet(folders: Folders, name: str, width: int) -> Path:
    """Put the beginnings of a ControlNet into its folder, in the LDM layout."""
    return put_tensors(folders, "controlnet", name, CONTROLNET | {CROSS_ATTENTION: (640, width)})


def related(workflow: Workflow, folders: Folders) -> Kinship:
    """What is known of a workflow's values."""
    return relate(plan(workflow, CATALOG), look_into(folders))
