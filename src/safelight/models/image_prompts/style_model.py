"""Style models of T2I-Adapter: what CLIP sees in a picture, as a few words more (Mou et al. 2023, arXiv:2302.08453)."""

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.families.measure import Shapes
from safelight.models.assemble import Source, fill_from
from safelight.models.clip_text import quick_gelu
from safelight.models.device import HOST
from safelight.models.patches import Mix, Patches, Site
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import open_weights

HEADS = 8  # of every style model that there is; no tensor tells
ANCHOR = "style_embedding"


class FeedForward(nn.Module):
    """Two linear maps with the activation of CLIP between them."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, inner)
        self.c_proj = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, W] -> [B, T, W]
        return cast(Tensor, self.c_proj(quick_gelu(self.c_fc(x))))


class Layer(nn.Module):
    """A transformer block with the norms in front, named as CLIP's authors do."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, inner)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, W] -> [B, T, W]
        asking = self.ln_1(x)
        x = x + self.attn(asking, asking, asking, need_weights=False)[0]
        return cast(Tensor, x + self.mlp(self.ln_2(x)))


class StyleNetwork(nn.Module):
    """Learned tokens gather from the patches what a style is; the parameters have the names of the files.

    Args:
        width: Numbers per patch.
        tokens: How many learned tokens.
        context: Numbers per token of the prompt that they become part of.
        inner: Numbers inside the feed-forward maps.
        layers: Transformer blocks.
    """

    def __init__(self, *, width: int, tokens: int, context: int, inner: int, layers: int) -> None:
        super().__init__()
        self.style_embedding = nn.Parameter(torch.empty(1, tokens, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer_layes = nn.ModuleList(Layer(width, inner) for _ in range(layers))
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.empty(width, context))

    def forward(self, patches: Tensor) -> Tensor:  # [B, P, W] -> [B, S, context]
        x = torch.cat([patches, self.style_embedding.expand(len(patches), -1, -1)], dim=1)
        x = self.ln_pre(x)
        for layer in self.transformer_layes:
            x = layer(x)
        return cast(Tensor, self.ln_post(x[:, patches.shape[1] :]) @ self.proj)


@dataclass(frozen=True)
class StyleModel:
    """A style model, ready to run.

    Attributes:
        name: Of its file.
        network: Its weights.
        dtype: What it runs in.
        placement: Where it runs.
    """

    name: str
    network: StyleNetwork
    dtype: torch.dtype
    placement: Placement

    def tokens(self, patches: Tensor) -> Tensor:
        """Words for what CLIP saw.

        Args:
            patches: The last hidden states [B, P, W] of a CLIP vision model.

        Returns:
            [1, B * S, C], float32, on the CPU: the words for one picture after the other.

        Raises:
            BadInput: The CLIP vision model is another than the style model was trained with.
        """
        width = len(self.network.proj)
        if patches.shape[-1] != width:
            raise BadInput(
                what=f"{self.name} was trained with a CLIP vision model that gives {width} numbers per patch, and this "
                f"one gives {patches.shape[-1]}.",
                mend="Load the CLIP vision model that belongs to it: ViT-L/14.",
            )
        self.placement.bring(self.network)
        with torch.no_grad():
            found: Tensor = self.network(patches.to(self.placement.device, self.dtype))
        return found.flatten(0, 1)[None].to(HOST, torch.float32)


@dataclass(frozen=True, eq=False)
class Emphasis:
    """Words of a prompt that attention is to heed more, or less: `strength` times as much before all is brought to 1.

    Attributes:
        start, end: Which tokens of the prompt.
        strength: At 0 they are not heeded at all.
    """

    start: int
    end: int
    strength: float

    def __call__(self, site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        del site
        bias = torch.zeros(1, k.shape[-2])
        bias[:, self.start : self.end] = log(self.strength) if self.strength else -torch.inf
        emphasised = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q))
        # the difference, so that what others have added to the attention stays
        return mix(q, k, v) + emphasised - F.scaled_dot_product_attention(q, k, v)


def emphasis(start: int, end: int, strength: float) -> Patches:
    """See `Emphasis`. It is to be the change of one cond alone: then no prompt is repeated to the length of others."""
    return Patches(cross_mix=(Emphasis(start, end, strength),))


def load_style_model(path: Path, placement: Placement, precision: Precision) -> StyleModel:
    """Load a style model.

    Args:
        path: The file.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file is no style model, or a damaged one, or one for Flux.
    """
    weights = open_weights(path)
    if ANCHOR not in weights:
        raise BadInput(
            what=f"{path.name} is no style model for Stable Diffusion.",
            mend="Choose t2iadapter_style_sd14v1 or one like it; those called Redux are for Flux.",
        )
    shapes = Shapes(path.name, "style model", {name: tuple(weights[name].shape) for name in weights})
    with torch.device("meta"):
        network = StyleNetwork(
            width=shapes.size(ANCHOR, 2),
            tokens=shapes.size(ANCHOR, 1),
            context=shapes.size("proj", 1),
            inner=shapes.size("transformer_layes.0.mlp.c_fc.weight", 0),
            layers=shapes.count("transformer_layes.{}.mlp.c_fc.weight"),
        )
    dtype = precision.text
    stored = {name: name for name in weights}
    fill_from(network, weights, stored, Source, part="style", placement=placement, dtype=dtype)
    return StyleModel(path.name, network, dtype, placement)
