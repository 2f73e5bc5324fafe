"""The networks of IP-Adapters (Ye et al. 2023, arXiv:2308.06721), their parameters named as in the authors' files."""

from collections.abc import Mapping
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD_WIDTH = 64  # of a resampler's attention

KeysValues = tuple[Tensor, Tensor]
"""Of a cross attention for a picture, heads not yet split: each [1, S, C]."""


class Projection(nn.Module):
    """The plain adapter: a picture's vector becomes a few tokens."""

    def __init__(self, seen: int, width: int, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.proj = nn.Linear(seen, tokens * width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:  # [B, E] -> [B, S, W]
        return cast(Tensor, self.norm(self.proj(x).unflatten(-1, (self.tokens, -1))))


class FullProjection(nn.Module):
    """The "full" adapter: each patch becomes a token."""

    def __init__(self, seen: int, inner: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(nn.Linear(seen, inner), nn.GELU(), nn.Linear(inner, width), nn.LayerNorm(width))

    def forward(self, x: Tensor) -> Tensor:  # [B, P, E] -> [B, P, W]
        return cast(Tensor, self.proj(x))


class Asking(nn.Module):
    """Attention in which learned queries ask the patches and each other."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor, queries: Tensor) -> Tensor:  # [B, P, D], [B, S, D] -> [B, S, D]
        queries = self.norm2(queries)
        asked = torch.cat([self.norm1(x), queries], dim=1)
        q, k, v = (
            part.unflatten(-1, (-1, HEAD_WIDTH)).transpose(1, 2)
            for part in (self.to_q(queries), *self.to_kv(asked).chunk(2, dim=-1))
        )
        return cast(Tensor, self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)))


class Resampler(nn.Module):
    """The "plus" adapter: learned queries gather a few tokens from all patches (Alayrac et al. 2022, arXiv:2204.14198).

    Args:
        seen: Numbers per patch.
        width: Numbers per token.
        queries: Tokens.
        inside: Numbers per query.
        attended: Numbers inside an attention.
        fed: Numbers inside a feed-forward map.
        depth: Layers.
    """

    def __init__(
        self, *, seen: int, width: int, queries: int, inside: int, attended: int, fed: int, depth: int
    ) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.empty(1, queries, inside))
        self.proj_in = nn.Linear(seen, inside)
        self.proj_out = nn.Linear(inside, width)
        self.norm_out = nn.LayerNorm(width)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    Asking(inside, attended),
                    nn.Sequential(
                        nn.LayerNorm(inside),
                        nn.Linear(inside, fed, bias=False),
                        nn.GELU(),
                        nn.Linear(fed, inside, bias=False),
                    ),
                ]
            )
            for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:  # [B, P, E] -> [B, S, W]
        x = self.proj_in(x)
        queries = self.latents.expand(len(x), -1, -1)
        for layer in self.layers:
            asking, feeding = cast(nn.ModuleList, layer)
            queries = queries + asking(x, queries)
            queries = queries + feeding(queries)
        return cast(Tensor, self.norm_out(self.proj_out(queries)))


class Layer(nn.Module):
    """A cross attention's own keys and values for pictures."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.to_k_ip = nn.Linear(width, channels, bias=False)
        self.to_v_ip = nn.Linear(width, channels, bias=False)


class IpAdapterNetwork(nn.Module):
    """The whole adapter: its parameters have the names of the files."""

    def __init__(self, image_proj: nn.Module, width: int, channels: Mapping[str, int]) -> None:
        super().__init__()
        self.image_proj = image_proj
        self.ip_adapter = nn.ModuleDict({number: Layer(width, size) for number, size in channels.items()})

    def forward(self, seen: Tensor) -> list[KeysValues]:
        """Keys and values of every cross attention for what CLIP saw, one picture's tokens after the other's."""
        tokens = self.image_proj(seen).flatten(0, 1)[None]
        layers = [cast(Layer, layer) for layer in self.ip_adapter.values()]
        return [(layer.to_k_ip(tokens), layer.to_v_ip(tokens)) for layer in layers]
