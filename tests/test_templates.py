"""The workflows that ship: the same in both formats, valid, and each makes its picture."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from safelight.errors import BadInput
from safelight.files.templates import FOLDER, INDEX, find_template, templates
from safelight.graph.document import NodeCall, Workflow
from safelight.graph.editor import parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import load_api
from safelight.nodes.registry import BUILTIN
from tests import tiny
from tests.controls import controlnet_tensors, write
from tests.models.test_unclip import unclip_checkpoint
from tests.models.test_upscaler import esrgan
from tests.studio import Graph, Studio
from tests.test_docs import DOCS, first_column

CATALOG = {name: node.spec for name, node in BUILTIN.items()}
NAMES = sorted(templates())
SMALL = {"width": 64, "height": 64, "target_width": 64, "target_height": 64}


def lora(path: Path) -> None:
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    save_file({f"{name}.lora_up.weight": torch.ones(32, 2), f"{name}.lora_down.weight": torch.ones(2, 64)}, path)


FILES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "your-lora.safetensors": ("loras", lora),
    "your-controlnet.safetensors": (
        "controlnet",
        lambda path: write(path, controlnet_tensors(tiny.SD1_UNET, "ldm")),
    ),
    "your-unclip-checkpoint.safetensors": ("checkpoints", unclip_checkpoint),
    "your-sdxl-base.safetensors": ("checkpoints", lambda path: tiny.tiny_checkpoint(path, "sdxl")),
    "your-sdxl-refiner.safetensors": ("checkpoints", lambda path: tiny.tiny_checkpoint(path, "refiner")),
    "your-upscaler.safetensors": ("upscale_models", lambda path: save_file(esrgan(), path)),
    # stands in the starter's place, so that it is taken instead
    "starter-128.safetensors": ("checkpoints", lambda path: tiny.tiny_checkpoint(path, "sd1")),
}


def written(name: str) -> Workflow:
    workflow, problems = load_api(find_template(name).api.read_bytes())
    assert problems == []
    return workflow


def quick(workflow: Workflow) -> Graph:
    """The same with two steps, and small where it is as large as a full-size model wants it."""

    def value(name: str, given: object) -> object:
        if name == "steps":
            return 2
        if name == "start_at_step":
            return min(1, int(str(given)))
        if name == "end_at_step":
            return 1 if given == 20 else given
        large = isinstance(given, int) and given >= 512
        return SMALL[name] if name in SMALL and large else given

    return Graph(
        {
            number: NodeCall(
                call.class_type, {name: value(name, given) for name, given in call.inputs.items()}, call.title
            )
            for number, call in workflow.items()
        }
    )


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_the_same_in_both_formats(name: str) -> None:
    document, unread = parse_editor(json.loads(find_template(name).editor.read_bytes()))
    converted, problems = to_api(document, CATALOG)
    assert [*unread, *problems] == []
    assert converted == written(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_runs_and_makes_its_picture(name: str, studio: Studio) -> None:
    workflow = quick(written(name))
    named = {value for call in workflow.values() for value in call.inputs.values() if isinstance(value, str)}
    for file in named & set(FILES):
        folder, make = FILES[file]
        make(studio.path(folder, file))
    ran = studio.run(workflow)
    pictures = [path for path in ran.saved if path.suffix == ".png"]
    assert len(pictures) == 1, ran.end


def test_no_file_in_the_folder_is_left_out() -> None:
    names = {f"{name}{ending}" for name in NAMES for ending in (".json", ".api.json", ".webp")}
    assert {path.name for path in FOLDER.iterdir()} == names | {INDEX.name}


def test_the_page_tells_of_each() -> None:
    assert sorted(first_column((DOCS / "templates.md").read_text())) == NAMES


def test_an_unknown_template_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(BadInput, match="two-pas") as refused:
        find_template("two-pas")
    assert refused.value.mend == "Did you mean two-pass?"
    with pytest.raises(BadInput) as refused:
        find_template("xyz")
    assert all(name in (refused.value.mend or "") for name in NAMES)
