"""The LoRA nodes: what they change, what they tell, and what they save."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.graph.document import Link
from safelight.models.lora.file import LoraModel, read_lora
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.models.text_encoder import Clip
from safelight.models.weight_patches import WeightPatches
from safelight.nodes.registry import BUILTIN
from tests.nodes.running import RecordedRun
from tests.studio import Graph, Studio, node_of, text_to_image
from tests.tiny import tiny_checkpoint

CPU = torch.device("cpu")
UNET = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
UNET_WEIGHT = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"
TEXT = "lora_te_text_model_encoder_layers_0_mlp_fc1"
TEXT_WEIGHT = "encoder.layers.0.mlp.fc1.weight"


def factors(module: str, rows: int, columns: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        f"{module}.lora_up.weight": torch.randn(rows, 4, generator=generator),
        f"{module}.lora_down.weight": torch.randn(4, columns, generator=generator),
    }


TENSORS = {**factors(UNET, 64, 64), **factors(TEXT, 256, 64)}


@pytest.fixture
def loading(run: RecordedRun) -> RecordedRun:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    save_file(TENSORS, run.folders.directories["loras"][0] / "l.safetensors")
    return run


@pytest.fixture
def parts(loading: RecordedRun) -> tuple[Model, Clip]:
    path = tiny_checkpoint(loading.folders.directories["checkpoints"][0] / "m.safetensors", "sd1")
    checkpoint = loading.models.checkpoint(path)
    assert checkpoint.clip is not None
    return checkpoint.model, checkpoint.clip


def call(node: str, run: RecordedRun, **inputs: Any) -> Any:
    return BUILTIN[node](**inputs, run=run)


def seen(part: Any, name: str) -> Tensor:
    weight: Tensor = part.placement.wardrobe.weight(part.network, name, part.weights)
    return weight


def delta(part: Any, name: str) -> Tensor:
    own: Tensor = part.network.get_parameter(name)
    return seen(part, name) - own


def product(module: str) -> Tensor:
    return TENSORS[f"{module}.lora_up.weight"] @ TENSORS[f"{module}.lora_down.weight"]


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_lora_changes_denoiser_and_text_encoder_by_their_strengths(
    loading: RecordedRun, parts: tuple[Model, Clip]
) -> None:
    model, clip = call(
        "LoraLoader",
        loading,
        model=parts[0],
        clip=parts[1],
        lora_name="l.safetensors",
        strength_model=0.8,
        strength_clip=0.6,
    )
    close(delta(model, UNET_WEIGHT), 0.8 * product(UNET))
    close(delta(clip.towers[0], TEXT_WEIGHT), 0.6 * product(TEXT))
    assert loading.warnings == []


def test_strength_0_gives_the_very_same_parts(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    given = {"lora_name": "l.safetensors", "strength_model": 0.0}
    model, clip = call("LoraLoader", loading, model=parts[0], clip=parts[1], strength_clip=0.0, **given)
    assert model is parts[0]
    assert clip is parts[1]
    assert call("LoraLoaderModelOnly", loading, model=parts[0], **given) is parts[0]


def test_the_denoiser_alone_can_be_changed(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    model = call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="l.safetensors", strength_model=0.5)
    close(delta(model, UNET_WEIGHT), 0.5 * product(UNET))
    assert loading.warnings == []


def test_a_lora_that_another_node_gives_is_laid_on(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    lora = read_lora("trained", None, TENSORS)
    close(
        delta(call("LoraModelLoader", loading, model=parts[0], lora=lora, strength_model=2.0), UNET_WEIGHT),
        2 * product(UNET),
    )
    assert call("LoraModelLoader", loading, model=parts[0], lora=lora, strength_model=0.0) is parts[0]


def test_what_fits_nothing_is_counted_and_named(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    path = loading.folders.directories["loras"][0] / "odd.safetensors"
    save_file({**TENSORS, **factors("lora_unet_nowhere", 8, 8), **factors("lora_unet_conv_in", 8, 8)}, path)
    call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="odd.safetensors")
    (warning,) = loading.warnings
    assert warning.startswith("4 of the 8 tensors of odd.safetensors fit nothing in this model and are left out: ")
    assert "lora_unet_nowhere.lora_up.weight" in warning
    assert warning.endswith(" and 1 more.")


def test_a_lora_for_another_family_is_refused(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    path = loading.folders.directories["loras"][0] / "xl.safetensors"
    save_file(factors("lora_unet_output_blocks_2_1_transformer_blocks_1_attn2_to_k", 640, 2048), path)
    with pytest.raises(BadInput, match=r"xl\.safetensors is a LoRA for .*SDXL.*, and the model is one of .*1"):
        call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="xl.safetensors")


def test_a_file_that_is_no_lora_says_what_it_is(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    folder = loading.folders.directories["loras"][0]
    save_file({"control_model.zero_convs.0.0.weight": torch.zeros(4, 4, 1, 1)}, folder / "c.safetensors")
    save_file({"something": torch.zeros(3, 4, 5)}, folder / "s.safetensors")
    with pytest.raises(BadInput, match=r"c\.safetensors is a ControlNet, not a LoRA"):
        call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="c.safetensors")
    with pytest.raises(BadInput, match=r"s\.safetensors has nothing of a LoRA in it"):
        call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="s.safetensors")


def test_a_lora_is_opened_once(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    first, second = (
        call("LoraLoaderModelOnly", loading, model=parts[0], lora_name="l.safetensors", strength_model=strength)
        for strength in (0.2, 0.9)
    )
    changes = [model.weights.of[UNET_WEIGHT][0].func for model in (first, second)]
    assert changes[0] is changes[1]


def test_a_saved_lora_is_the_lora(loading: RecordedRun) -> None:
    loading.workflow = {"1": {"class_type": "SaveLoRANode"}}
    call("SaveLoRANode", loading, lora=read_lora("trained", None, TENSORS), prefix="loras/mine", steps=16)
    path = loading.folders.directories["output"][0] / "loras" / "mine_16_steps_00001_.safetensors"
    saved = load_file(path)
    assert saved.keys() == TENSORS.keys()
    assert all(torch.equal(saved[name], tensor) for name, tensor in TENSORS.items())
    assert b"SaveLoRANode" in path.read_bytes()[:1000]


def extracted(run: RecordedRun, **inputs: Any) -> LoraModel:
    """What LoraSave writes, read again."""
    settings = {"filename_prefix": "loras/x", "rank": 4, "lora_type": "standard", "bias_diff": False}
    call("LoraSave", run, **(settings | inputs))
    folder: Path = run.folders.directories["output"][0] / "loras"
    path = max(folder.glob("x_*"))
    tensors = load_file(path)
    assert all(tensor.dtype == torch.float16 for tensor in tensors.values())
    return read_lora(path.name, None, tensors)


def nothing(network: nn.Module) -> WeightPatches:
    """Patches that make every weight 0."""
    return WeightPatches({name: (torch.zeros_like,) for name, _ in network.named_parameters()})


def differences(model: Model, changes: dict[str, Tensor]) -> Model:
    """A model whose weights are these differences, and 0 elsewhere."""

    def to(value: Tensor) -> Any:
        return lambda weight: value

    return replace(model, weights=nothing(model.network).plus({name: to(value) for name, value in changes.items()}))


def test_a_difference_of_low_rank_is_extracted_whole(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    difference = differences(parts[0], {UNET_WEIGHT: product(UNET)})
    lora = extracted(loading, model_diff=difference)
    model = call("LoraModelLoader", loading, model=parts[0], lora=lora, strength_model=1.0)
    error = (delta(model, UNET_WEIGHT) - product(UNET)).abs().max() / product(UNET).abs().max()
    assert error < 2e-3  # kept in half precision
    assert loading.warnings == []


def test_extraction_keeps_the_nearest_matrix_of_its_rank(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    whole = torch.randn(64, 64, generator=torch.Generator().manual_seed(1))
    lora = extracted(loading, model_diff=differences(parts[0], {UNET_WEIGHT: whole}), rank=8)
    model = call("LoraModelLoader", loading, model=parts[0], lora=lora, strength_model=1.0)
    missing = torch.linalg.matrix_norm(delta(model, UNET_WEIGHT) - whole)
    torch.testing.assert_close(missing, torch.linalg.svdvals(whole)[8:].norm(), rtol=1e-3, atol=0)


def test_whole_differences_of_convolutions_norms_and_biases_are_extracted(
    loading: RecordedRun, parts: tuple[Model, Clip]
) -> None:
    network = parts[0].network
    names = ["conv_in.weight", "conv_in.bias", "conv_norm_out.weight", UNET_WEIGHT]
    changes = {name: torch.ones_like(network.get_parameter(name)) for name in names}
    lora = extracted(loading, model_diff=differences(parts[0], changes), lora_type="full_diff", bias_diff=True)
    model = call("LoraModelLoader", loading, model=parts[0], lora=lora, strength_model=1.0)
    for name in names:
        close(delta(model, name), changes[name])
    close(delta(model, "conv_out.weight"), torch.zeros_like(network.get_parameter("conv_out.weight")))
    assert loading.warnings == []


def test_the_difference_of_text_encoders_is_extracted(loading: RecordedRun, parts: tuple[Model, Clip]) -> None:
    tower = parts[1].towers[0]
    difference = replace(tower, weights=nothing(tower.network).plus({TEXT_WEIGHT: lambda weight: product(TEXT)}))
    lora = extracted(loading, text_encoder_diff=replace(parts[1], towers=(difference,)))
    assert set(lora.tensors) > {
        "text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1.lora_up.weight",
        "text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1.lora_down.weight",
    }


def with_lora(checkpoint: str, strength: float) -> Graph:
    """Text to image through a LoRA."""
    graph = text_to_image(checkpoint)
    loader = node_of(graph, "CheckpointLoaderSimple")
    lora = graph.add(
        "LoraLoader",
        model=Link(loader, 0),
        clip=Link(loader, 1),
        lora_name="l.safetensors",
        strength_model=strength,
        strength_clip=strength,
    )
    through = {Link(loader, output): Link(lora, output) for output in (0, 1)}
    for number in graph.keys() - {lora}:
        inputs = {
            name: through.get(value, value) if isinstance(value, Link) else value
            for name, value in graph[number].inputs.items()
        }
        graph[number] = graph[number]._replace(inputs=inputs)
    return graph


def test_a_picture_without_the_lora_is_the_same_after_one_with_it(home: Path) -> None:
    studio = Studio(home)
    checkpoint = studio.checkpoint("sd1")
    save_file({name: 0.3 * tensor for name, tensor in TENSORS.items()}, studio.path("loras", "l.safetensors"))
    plain = studio.run(text_to_image(checkpoint)).pixels
    assert not (studio.run(with_lora(checkpoint, 1.0)).pixels == plain).all()
    assert (studio.run(with_lora(checkpoint, 0.0)).pixels == plain).all()
    other = text_to_image(checkpoint, seed=8)
    assert (studio.run(other).pixels == Studio(home).run(other).pixels).all()
