"""CLIP's text tower (Radford et al. 2021, arXiv:2103.00020), entered after the token table and left at any layer.

Prompts with learned embeddings come in as vectors, and clip skip leaves before the last layer; the tower of
`transformers` offers neither. Parameters have the names that it gives them, which LoRA files know too.
"""

from collections.abc import Callable
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from safelight.families.shapes import Layout, TextShape
from safelight.models.assemble import Source


def quick_gelu(x: Tensor) -> Tensor:
    """The GELU of the first CLIP models, by a sigmoid (Hendrycks & Gimpel 2016, arXiv:1606.08415)."""
    return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"quick_gelu": quick_gelu, "gelu": F.gelu}


class Embeddings(nn.Module):
    """Token and position tables."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.position_embedding = nn.Embedding(shape.positions, shape.width)


class SelfAttention(nn.Module):
    """Attention in which each token sees itself and those before it."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.width, shape.width)
        self.k_proj = nn.Linear(shape.width, shape.width)
        self.v_proj = nn.Linear(shape.width, shape.width)
        self.out_proj = nn.Linear(shape.width, shape.width)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, W] -> [B, T, W]
        q, k, v = (
            map_(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for map_ in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).flatten(2)))


class FeedForward(nn.Module):
    """Two linear maps with the tower's activation between them."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[shape.activation]
        self.fc1 = nn.Linear(shape.width, shape.intermediate)
        self.fc2 = nn.Linear(shape.intermediate, shape.width)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, W] -> [B, T, W]
        return cast(Tensor, self.fc2(self.activation(self.fc1(x))))


class Layer(nn.Module):
    """A transformer block with the norms in front."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(shape.width)
        self.self_attn = SelfAttention(shape)
        self.layer_norm2 = nn.LayerNorm(shape.width)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, W] -> [B, T, W]
        x = x + self.self_attn(self.layer_norm1(x))
        return cast(Tensor, x + self.mlp(self.layer_norm2(x)))


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))


class ClipText(nn.Module):
    """The whole tower."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.embeddings = Embeddings(shape)
        self.encoder = Encoder(shape)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.text_projection = nn.Linear(shape.width, shape.projection, bias=False) if shape.projection else None

    def forward(self, embeddings: Tensor, ends: Tensor, skip: int, *, final_norm: bool) -> tuple[Tensor, Tensor]:
        """Encode chunks of tokens.

        Args:
            embeddings: Token embeddings [B, T, W], without positions.
            ends: Where each text ends [B]: its vector there stands for the whole.
            skip: The layer whose result is returned, from the end; 1 is the last.
            final_norm: Whether the last layer norm is laid over it.

        Returns:
            Hidden states [B, T, W], and the pooled vectors [B, P] of the last layer, projected where the tower
            has a projection.
        """
        x = embeddings + self.embeddings.position_embedding.weight[: embeddings.shape[1]]
        wanted = len(self.encoder.layers) - skip
        hidden = x
        for index, layer in enumerate(self.encoder.layers):
            x = layer(x)
            if index == wanted:
                hidden = x
        last = self.final_layer_norm(x)
        if final_norm:
            hidden = last if skip == 1 else self.final_layer_norm(hidden)
        pooled = last[torch.arange(len(last), device=last.device), ends]
        return hidden, pooled if self.text_projection is None else self.text_projection(pooled)


def build_text(shape: TextShape) -> ClipText:
    """A text tower without weights, on the meta device."""
    with torch.device("meta"):
        return ClipText(shape)


def text_source(layout: Layout) -> Callable[[str], Source]:
    """Where each of `ClipText`'s parameters is in a file of that layout."""
    return Source if layout == "transformers" else _openclip


_OPENCLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
_OPENCLIP_OUTSIDE = {
    "embeddings.token_embedding.weight": Source("token_embedding.weight"),
    "embeddings.position_embedding.weight": Source("positional_embedding"),
    "final_layer_norm.weight": Source("ln_final.weight"),
    "final_layer_norm.bias": Source("ln_final.bias"),
    "text_projection.weight": Source("text_projection", transposed=True),
}
_THIRDS: dict[str, Literal[0, 1, 2]] = {"q_proj": 0, "k_proj": 1, "v_proj": 2}


def _openclip(name: str) -> Source:
    if name in _OPENCLIP_OUTSIDE:
        return _OPENCLIP_OUTSIDE[name]
    _, _, index, rest = name.split(".", 3)
    module, _, leaf = rest.rpartition(".")
    block = f"transformer.resblocks.{index}"
    third = _THIRDS.get(module.rpartition(".")[2])
    if third is not None:
        return Source(f"{block}.attn.in_proj_{leaf}", third=third)
    return Source(f"{block}.{_OPENCLIP_LAYER[module]}.{leaf}")
