"""ControlNets and T2I-Adapters in workflows."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.graph.document import Link
from safelight.models.control.picture_control import PictureControl, PictureNetwork
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.control import (
    clip_text_encode_controlnet,
    controlnet_apply,
    controlnet_apply_advanced,
    controlnet_inpainting_alimama_apply,
    controlnet_loader,
    diff_controlnet_loader,
    inpaint_preprocessor,
    set_union_controlnet_type,
)
from safelight.protocol.events import Failed
from tests import controls, tiny
from tests.nodes.running import RecordedRun
from tests.studio import Graph, Studio, changed, loaded, node_of, text_to_image

FILE = "control.safetensors"
PICTURE = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0))
CONDS = (Cond(torch.zeros(1, 77, 64)), Cond(torch.ones(1, 77, 64)))
NETWORK = cast(PictureNetwork, object())


def write_control(studio: Studio, shape: Any = tiny.SD1_UNET, layout: controls.Layout = "ldm") -> None:
    tensors = {name: tensor * 3 for name, tensor in controls.controlnet_tensors(shape, layout).items()}
    controls.write(studio.path("controlnet", FILE), tensors)


def steered(studio: Studio, kind: tiny.Kind = "sd1", apply: str = "ControlNetApplyAdvanced", **inputs: Any) -> Graph:
    """A picture that is steered by another."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(studio.path("input", "lines.png"))
    graph = text_to_image(studio.checkpoint(kind))
    sampler = graph[node_of(graph, "KSampler")].inputs
    network = graph.add("ControlNetLoader", control_net_name=FILE)
    image = graph.add("LoadImage", image="lines.png")
    shown = {"control_net": Link(network), "image": Link(image), "strength": 1.0}
    if apply == "ControlNetApply":
        node = graph.add(apply, conditioning=sampler["positive"], **(shown | inputs))
        return changed(graph, "KSampler", positive=Link(node))
    prompts = {"positive": sampler["positive"], "negative": sampler["negative"]}
    part = {"start_percent": 0.0, "end_percent": 1.0}
    node = graph.add(apply, **(prompts | shown | part | inputs))
    return changed(graph, "KSampler", positive=Link(node, 0), negative=Link(node, 1))


def pixels(studio: Studio, graph: Graph) -> NDArray[np.uint8]:
    return studio.run(graph).pixels


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


@pytest.mark.parametrize("apply", ["ControlNetApply", "ControlNetApplyAdvanced"])
def test_strength_0_changes_nothing_and_1_does(apply: str, studio: Studio) -> None:
    write_control(studio)
    plain = pixels(studio, text_to_image(studio.checkpoint("sd1")))
    assert np.array_equal(pixels(studio, steered(studio, apply=apply, strength=0.0)), plain)
    assert not np.array_equal(pixels(studio, steered(studio, apply=apply)), plain)


def test_the_simple_node_steers_the_negative_prompt_as_well(studio: Studio) -> None:
    write_control(studio)
    simple, both = (steered(studio, apply=apply) for apply in ("ControlNetApply", "ControlNetApplyAdvanced"))
    assert np.array_equal(pixels(studio, simple), pixels(studio, both))


def test_a_control_that_ends_before_it_begins_changes_nothing(studio: Studio) -> None:
    write_control(studio)
    plain = pixels(studio, text_to_image(studio.checkpoint("sd1")))
    assert np.array_equal(pixels(studio, steered(studio, start_percent=0.5, end_percent=0.4)), plain)


def test_sdxl_can_be_steered(studio: Studio) -> None:
    write_control(studio, tiny.SDXL_UNET, "diffusers")
    plain = pixels(studio, text_to_image(studio.checkpoint("sdxl")))
    assert not np.array_equal(pixels(studio, steered(studio, "sdxl")), plain)


def test_a_control_of_another_family_fails_in_words(studio: Studio) -> None:
    write_control(studio, tiny.SDXL_UNET)
    ran = studio.run(steered(studio, "sd1"))
    assert isinstance(ran.end, Failed)
    assert "control.safetensors is a ControlNet for" in str(ran.end)


def test_both_prompts_get_the_same_control_behind_those_they_have() -> None:
    first = controlnet_apply_advanced(positive=CONDS, negative=CONDS[:1], control_net=NETWORK, image=PICTURE)
    second = controlnet_apply_advanced(
        positive=first.positive,
        negative=first.negative,
        control_net=NETWORK,
        image=PICTURE,
        strength=0.4,
        start_percent=0.1,
        end_percent=0.6,
    )
    chains = [cond.controls for cond in (*second.positive, *second.negative)]
    assert all(chain == chains[0] for chain in chains)
    _, last = chains[0]
    assert isinstance(last, PictureControl)
    assert (last.strength, last.start, last.end) == (0.4, 0.1, 0.6)


def test_only_the_simple_node_shares_its_control() -> None:
    (simple, _) = controlnet_apply(conditioning=CONDS, control_net=NETWORK, image=PICTURE)
    assert simple.controls_shared
    advanced = controlnet_apply_advanced(positive=(simple,), negative=(simple,), control_net=NETWORK, image=PICTURE)
    assert not advanced.positive[0].controls_shared


def test_a_mask_that_is_not_seen_is_told(run: RecordedRun) -> None:
    found = controlnet_inpainting_alimama_apply(
        positive=CONDS,
        negative=CONDS,
        control_net=NETWORK,
        vae=cast(Vae, None),
        image=PICTURE,
        mask=torch.ones(1, 16, 16),
        run=run,
    )
    assert found.positive[0].controls
    assert run.warnings == ["This ControlNet sees no mask, so the mask is not used."]


@pytest.mark.parametrize(("black", "mark"), [(False, -1.0), (True, 0.0)])
def test_what_is_to_be_painted_anew_is_marked(black: bool, mark: float) -> None:
    mask = torch.zeros(1, 8, 8)
    mask[:, :4] = 1
    marked = inpaint_preprocessor(image=PICTURE, mask=mask, black_pixel_for_xinsir_cn=black)
    assert (marked[:, :7] == mark).all()
    assert torch.equal(marked[:, 9:], PICTURE[:, 9:])


def test_a_control_is_shown_its_own_text(run: RecordedRun) -> None:
    clip = loaded("sd1").clip
    assert isinstance(clip, Clip)
    first, second = clip_text_encode_controlnet(clip=clip, conditioning=CONDS, text="a cat", run=run)
    assert first.control_context is not None
    assert first.control_context is second.control_context
    assert first.control_context.shape == (1, 77, 64)
    assert torch.equal(first.context, CONDS[0].context)


def with_file(run: RecordedRun, tensors: dict[str, Tensor]) -> RecordedRun:
    """The run in a home that has these tensors as a ControlNet."""
    controls.write(run.folders.directories["controlnet"][0] / FILE, tensors)
    run.models = ModelStore(Placement(run.device), precision("fp32", run.device), 0)
    return run


def test_a_difference_is_put_onto_a_model(run: RecordedRun) -> None:
    tensors = controls.controlnet_tensors(tiny.SD1_UNET, "ldm") | {"difference": torch.zeros(())}
    run = with_file(run, tensors)
    loose: Any = controlnet_loader(control_net_name=FILE, run=run)
    put: Any = diff_controlnet_loader(model=loaded("sd1").model, control_net_name=FILE, run=run)
    assert loose.added
    assert not put.added


def test_a_difference_without_a_model_counts_from_the_one_that_samples(studio: Studio) -> None:
    write_control(studio)
    whole = load_file(studio.path("controlnet", FILE))
    expected = pixels(studio, steered(studio))
    unet = load_file(studio.path("checkpoints", studio.checkpoint("sd1")))
    for name in whole:
        whole[name] -= unet.get(name.replace("control_model.", "model.diffusion_model."), torch.zeros(()))
    controls.write(studio.path("controlnet", "difference.safetensors"), whole | {"difference": torch.zeros(())})
    graph = changed(steered(studio), "ControlNetLoader", control_net_name="difference.safetensors")
    found = pixels(studio, graph)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_type_of_a_union_is_set(run: RecordedRun) -> None:
    run = with_file(run, controls.reference_union(tiny.SDXL_UNET).state_dict())
    network = controlnet_loader(control_net_name=FILE, run=run)
    told: Any = set_union_controlnet_type(control_net=network, type="depth")
    assert told.picture_type == 1
    again: Any = set_union_controlnet_type(control_net=told, type="auto")
    assert again.picture_type is None
