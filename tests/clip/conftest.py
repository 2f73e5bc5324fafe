"""Small CLIP models with random weights, and the embedded one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.clip.model import ClipModel, load_clip_model
from safelight.files.folders import STARTER
from safelight.models.placement import Placement
from safelight.models.precision import Precision, precision

SIDE = 32
DIMS = 48

Load = Callable[[Mapping[str, Tensor]], ClipModel]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def placement() -> Placement:
    return Placement(torch.device("cpu"))


@pytest.fixture
def fp32() -> Precision:
    return precision("fp32", torch.device("cpu"))


@pytest.fixture
def starter(placement: Placement, fp32: Precision) -> ClipModel:
    return load_clip_model(STARTER / "clip.safetensors", placement, fp32)


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Load:
    def load(tensors: Mapping[str, Tensor]) -> ClipModel:
        path = tmp_path / "some-clip.safetensors"
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
        return load_clip_model(path, placement, fp32)

    return load


def reference(
    vision: tuple[int, int] = (64, 1), text: tuple[int, int] = (64, 1), *, activation: str = "quick_gelu"
) -> Any:
    """CLIP of transformers with random weights; the towers are (width, heads)."""
    from transformers import CLIPConfig, CLIPModel  # noqa: PLC0415 (slow to import)

    torch.manual_seed(0)
    sizes = [
        {"hidden_size": width, "num_attention_heads": heads, "intermediate_size": 2 * width, "num_hidden_layers": 2}
        for width, heads in (text, vision)
    ]
    shared = {"hidden_act": activation, "projection_dim": DIMS}
    marks = {"bos_token_id": 49406, "eos_token_id": 49407}
    config = CLIPConfig(
        text_config=sizes[0] | shared | marks,
        vision_config=sizes[1] | shared | {"patch_size": 8, "image_size": SIDE},
        projection_dim=DIMS,
    )
    return CLIPModel(config).eval()
