"""LoRA and its relatives: nothing at first, then what whoever loads the file sees."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import BadInput
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.lora.file import load_lora
from safelight.models.lora.laying import lay_on_clip, lay_on_model, unfit_for
from safelight.models.placement import Placement, weight_of
from safelight.models.precision import precision
from safelight.models.saving import write_safetensors
from safelight.runs.settings import TrainingSettings, checked
from safelight.training.adapters import modules_of, split
from safelight.training.lessons import LESSONS, Lesson
from safelight.training.noising import generator_at
from safelight.training.wearing import changed
from tests.studio import tiny_file
from tests.tiny import Kind

KINDS = ("lora", "dora", "loha", "lokr")
CPU = torch.device("cpu")


def opened(kind: Kind = "sd1") -> Opened:
    return open_checkpoint(tiny_file(kind), numbers="fp32")


def settings_of(kind: str = "lora", **adapter: object) -> TrainingSettings:
    told = {"kind": kind, "layers": [""], "text_layers": ["self_attn"], "rank": 4, **adapter}
    return checked({"name": "x", "data": {"folder": "."}, "adapter": told}, "test")


def lesson_of(on: Opened, settings: TrainingSettings) -> Lesson:
    return LESSONS["lora"](on, settings, generator_at(0, -1))


def disturbed(lesson: Lesson) -> Lesson:
    """As if it had been trained."""
    source = generator_at(1, 0)
    with torch.no_grad():
        for tensor in lesson.learned.values():
            tensor.add_(0.05 * torch.randn(tensor.shape, generator=source))
    return lesson


def saved(lesson: Lesson, path: Path) -> Path:
    with path.open("wb") as file:
        write_safetensors(file, list(lesson.entries(lesson.learned)), {})
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_adapter_changes_nothing(kind: str) -> None:
    on = opened()
    lesson = lesson_of(on, settings_of(kind))
    assert len(lesson.model_changes) == len(modules_of(on.model.network, ("",)))
    for name, change in lesson.model_changes.items():
        own = on.model.network.get_parameter(name).detach()
        bound = 1e-6 if kind == "dora" else 0  # DoRA divides by lengths and multiplies by them again
        torch.testing.assert_close(changed(own, change), own, atol=bound, rtol=bound)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["sd1", "sd2-v", "sdxl"])
def test_what_is_trained_is_what_the_file_does(kind: str, family: Kind, tmp_path: Path) -> None:
    """To the half precision that the file is written in."""
    on = opened(family)
    lesson = disturbed(lesson_of(on, settings_of(kind)))
    lora = load_lora(saved(lesson, tmp_path / "a.safetensors"), Placement(CPU), precision("fp32", CPU))
    assert not unfit_for(lora, on.model, on.clip)
    model, clip = lay_on_model(lora, on.model, 1.0), lay_on_clip(lora, on.clip, 1.0)
    wearers = [(model, on.model, lesson.model_changes)]
    wearers += zip(clip.towers, on.clip.towers, lesson.tower_changes, strict=True)  # type: ignore[arg-type]
    count = 0
    for laid, own, changes in wearers:
        assert changes
        for name, change in changes.items():
            worn = changed(own.network.get_parameter(name), change)
            torch.testing.assert_close(weight_of(laid, name), worn.detach(), atol=5e-3, rtol=5e-3)
            assert not torch.equal(worn, own.network.get_parameter(name))
            count += 1
    assert count > 50


@pytest.mark.parametrize("kind", KINDS)
def test_at_strength_0_the_file_changes_nothing(kind: str, tmp_path: Path) -> None:
    on = opened()
    lora = load_lora(
        saved(disturbed(lesson_of(on, settings_of(kind))), tmp_path / "a.safetensors"),
        Placement(CPU),
        precision("fp32", CPU),
    )
    assert lay_on_model(lora, on.model, 0.0) is on.model


def test_gradients_of_a_lora_are_those_of_the_formula() -> None:
    """W' = W + s B A, so the gradients are s G A^T and s B^T G for a gradient G of W' (Hu et al. 2021, section 4.1)."""
    on = opened()
    lesson = disturbed(lesson_of(on, settings_of(rank=4, alpha=8)))
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    stem = f"lora_unet_{name.replace('.', '_')}"
    up, down = (lesson.learned[f"{stem}.lora_{way}.weight"] for way in ("up", "down"))
    worn = changed(on.model.network.get_parameter(f"{name}.weight"), lesson.model_changes[f"{name}.weight"])
    gradient = torch.randn(worn.shape, generator=generator_at(2, 0))
    torch.autograd.backward(worn, gradient)
    torch.testing.assert_close(up.grad, 2 * gradient @ down.detach().T)
    torch.testing.assert_close(down.grad, 2 * up.detach().T @ gradient)


def test_ranks_go_by_the_names_of_layers() -> None:
    lesson = lesson_of(opened(), settings_of(text_layers=[], ranks={"attn2": 2, "to_q": 3}))
    ranks = {name: t.shape[0] for name, t in lesson.learned.items() if name.endswith("lora_down.weight")}
    assert all(rank == 2 for name, rank in ranks.items() if "attn2" in name)
    assert all(rank == 3 for name, rank in ranks.items() if "attn1_to_q" in name)
    assert ranks["lora_unet_mid_block_resnets_0_conv1.lora_down.weight"] == 4


def test_layers_that_are_not_there_are_told() -> None:
    with pytest.raises(BadInput, match="'nowhere' in its name"):
        lesson_of(opened(), settings_of(layers=["nowhere"]))


@given(st.integers(1, 4096), st.integers(-1, 64))
def test_a_split_gives_the_size_back(size: int, factor: int) -> None:
    small, large = split(size, factor)
    assert small * large == size
    assert small <= large or factor < 1
    assert factor < 1 or small <= factor
