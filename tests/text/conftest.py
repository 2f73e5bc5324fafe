"""A CLIP text encoder of Stable Diffusion 1.5's size with the random weights that the recordings were made with."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from safelight.prompts.bpe import END_TOKEN
from tests.shared import shared_file

SEED = 20240607
PREFIX = "cond_stage_model.transformer.text_model."
HEADS = 12


@dataclass(frozen=True)
class RandomClipL:
    """CLIP-L written out from its paper's equations, so that these tests need none of the product's networks."""

    weights: Mapping[str, Tensor]
    name: str = "l"
    width: int = 768
    pad_token: int = END_TOKEN

    def embed(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.weights["embeddings.token_embedding.weight"])

    def encode(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor]:
        x = embeddings + self.weights["embeddings.position_embedding.weight"]
        states = [x := self._layer(f"encoder.layers.{index}", x) for index in range(12)]
        end = (tokens == END_TOKEN).int().argmax(-1)
        pooled = self._norm("final_layer_norm", states[-1])[torch.arange(len(tokens)), end]
        return self._norm("final_layer_norm", states[-skip]), pooled

    def _layer(self, key: str, x: Tensor) -> Tensor:
        normed = self._norm(f"{key}.layer_norm1", x)
        q, k, v = (
            self._linear(f"{key}.self_attn.{part}_proj", normed).reshape(*x.shape[:2], HEADS, -1).transpose(1, 2)
            for part in "qkv"
        )
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self._linear(f"{key}.self_attn.out_proj", attended)
        hidden = self._linear(f"{key}.mlp.fc1", self._norm(f"{key}.layer_norm2", x))
        return x + self._linear(f"{key}.mlp.fc2", hidden * torch.sigmoid(1.702 * hidden))

    def _linear(self, key: str, x: Tensor) -> Tensor:
        return F.linear(x, self.weights[f"{key}.weight"], self.weights[f"{key}.bias"])

    def _norm(self, key: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (self.width,), self.weights[f"{key}.weight"], self.weights[f"{key}.bias"])


@pytest.fixture(scope="session")
def random_weights() -> ModuleType:
    """The script that draws the recordings' weights."""
    spec = importlib.util.spec_from_file_location("make_checkpoints", shared_file("oracle/make_checkpoints.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def random_clip_l(random_weights: ModuleType) -> RandomClipL:
    weights = {
        key.removeprefix(PREFIX): torch.from_numpy(random_weights.fill(SEED, key, shape, kind, gain)).half().float()
        for key, shape, kind, gain, dtype in random_weights.layout("sd15")
        if key.startswith(PREFIX) and dtype == "F16"
    }
    return RandomClipL(weights)


@pytest.fixture(scope="session")
def foo_folder(random_weights: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recordings' textual inversion, `foo`, of three vectors."""
    folder = tmp_path_factory.mktemp("embeddings")
    [(key, shape, kind, gain, _)] = random_weights.layout("embedding")
    vectors = torch.from_numpy(random_weights.fill(SEED, key, shape, kind, gain)).half()
    save_file({key: vectors}, folder / "foo.safetensors")
    return folder
