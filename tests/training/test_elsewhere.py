"""Trained files in other programs: diffusers reads them, and makes the same of them."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders import StableDiffusionLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin
from safetensors.torch import load_file
from torch import Tensor

from safelight.models.lora.file import load_lora
from safelight.models.lora.laying import lay_on_model
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.unet_forward import run_unet
from tests.tiny import Kind
from tests.training.test_adapters import disturbed, lesson_of, opened, saved, settings_of

CPU = torch.device("cpu")
LOADERS: dict[str, Any] = {"sd1": StableDiffusionLoraLoaderMixin, "sd2-v": StableDiffusionLoraLoaderMixin}


@pytest.mark.parametrize("family", ["sd1", "sd2-v"])
@pytest.mark.parametrize("layers", [["attentions"], ["attentions", "resnets", "samplers"]], ids=["attention", "all"])
def test_diffusers_loads_a_lora_and_predicts_the_same(family: Kind, layers: list[str], tmp_path: Path) -> None:
    """diffusers 0.42 with peft 0.21, on the same network; to the rounding of float32."""
    on = opened(family)
    path = saved(
        disturbed(lesson_of(on, settings_of(layers=layers, text_layers=[], alpha=8))), tmp_path / "a.safetensors"
    )
    theirs = copy.deepcopy(on.model.network)
    loader = LOADERS[family]
    state, alphas = loader.lora_state_dict(path.parent, weight_name=path.name)
    loader.load_lora_into_unet(state, alphas, theirs)
    lora = load_lora(path, Placement(CPU), precision("fp32", CPU))
    expected = theirs_of(theirs, on.model)
    assert not torch.allclose(ours_of(on.model), expected, atol=1e-2)
    torch.testing.assert_close(ours_of(lay_on_model(lora, on.model, 1.0)), expected, atol=2e-5, rtol=1e-4)


def test_diffusers_reads_all_of_a_lora_for_sdxl(tmp_path: Path) -> None:
    """Blocks are numbered as in the files of kohya's scripts, which diffusers turns into its own names."""
    on = opened("sdxl")
    path = saved(disturbed(lesson_of(on, settings_of(layers=["attentions"]))), tmp_path / "a.safetensors")
    state, alphas = StableDiffusionXLLoraLoaderMixin.lora_state_dict(
        load_file(path), unet_config=on.model.network.config
    )
    written = load_file(path)
    assert len(state) == sum(not name.endswith(".alpha") for name in written)
    assert len(alphas) == sum(name.endswith(".alpha") for name in written)
    theirs = copy.deepcopy(on.model.network)
    StableDiffusionXLLoraLoaderMixin.load_lora_into_unet(state, alphas, theirs)
    loaded = [name for name, _ in theirs.named_modules() if name.endswith("lora_A.default_0")]
    assert len(loaded) == sum(name.startswith("lora_unet") and name.endswith("lora_down.weight") for name in written)


def inputs(model: Model) -> tuple[Tensor, Tensor, Tensor]:
    source = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 8, 8, generator=source)
    return x, torch.tensor([700.0, 20.0]), torch.randn(2, 77, model.shape.context_width, generator=source)


def ours_of(model: Model) -> Tensor:
    model.placement.bring(model.network, model.weights)
    with torch.no_grad():
        return run_unet(model.network, *inputs(model), None)


def theirs_of(network: torch.nn.Module, model: Model) -> Tensor:
    with torch.no_grad():
        found: Tensor = network(*inputs(model), return_dict=False)[0]
    return found
