"""GLIGEN: things put into boxes, by attention to their words and places (Li et al. 2023, arXiv:2301.07093)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from safelight.diffusion.conditioning import NetworkChange
from safelight.errors import BadInput
from safelight.models.assemble import Source, fill_from
from safelight.models.patches import Patches, Site
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import Weights, open_weights

PLACES = 30  # things that these networks were trained with at once; places left over hold a learned nothing
FREQUENCIES = 8  # of the sines and cosines that say where a box is
WAVES = 4 * 2 * FREQUENCIES
CONTEXT_OF_SD1, HEADS_OF_SD1 = 768, 8
CHANNELS_PER_HEAD = 64  # in other families

WAYS = {"down": "input_blocks.{}", "middle": "middle_block", "up": "output_blocks.{}"}
_FUSER = re.compile(
    r"(?:.*\.)?((?:input_blocks\.\d+|middle_block|output_blocks\.\d+)\.1\.transformer_blocks\.\d+)\.fuser\.(.+)"
)
_POSITION = re.compile(r"(?:.*\.)?(position_net\..+)")


class Box(NamedTuple):
    """A thing in its place: its words as one vector [1, P], and edges in latent cells."""

    words: Tensor
    left: int
    top: int
    right: int
    bottom: int


class PositionNet(nn.Module):
    """Words and boxes to one vector for each thing; the paper's equation 5."""

    def __init__(self, words: int, hidden: int, out: int) -> None:
        super().__init__()
        self.linears = nn.Sequential(
            nn.Linear(words + WAVES, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, out)
        )
        self.null_positive_feature = nn.Parameter(torch.zeros(words))
        self.null_position_feature = nn.Parameter(torch.zeros(WAVES))

    def forward(self, words: Tensor, edges: Tensor) -> Tensor:  # [P, W], [P, 4] in 0..1 -> [1, PLACES, out]
        left_over = PLACES - len(words)
        words = torch.cat([words, self.null_positive_feature.expand(left_over, -1)])
        waves = torch.cat([_waves(edges), self.null_position_feature.expand(left_over, -1)])
        found: Tensor = self.linears(torch.cat([words, waves], dim=-1))
        return found[None]


def _waves(edges: Tensor) -> Tensor:  # [P, 4] -> [P, WAVES]
    frequencies = 100 ** (torch.arange(FREQUENCIES, device=edges.device) / FREQUENCIES)
    angles = edges[:, None] * frequencies.to(edges)[:, None]
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class Attention(nn.Module):
    """Self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor) -> Tensor:  # [N, T, C] -> [N, T, C]
        q, k, v = (to(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for to in (self.to_q, self.to_k, self.to_v))
        mixed: Tensor = self.to_out[0](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return mixed


class GatedLinear(nn.Module):
    """A linear map, gated by another of the same input (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * out)

    def forward(self, x: Tensor) -> Tensor:  # [N, T, C] -> [N, T, out]
        inner, gate = self.proj(x).chunk(2, dim=-1)
        gated: Tensor = inner * F.gelu(gate)
        return gated


class FeedForward(nn.Module):
    """Each token for itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedLinear(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:  # [N, T, C] -> [N, T, C]
        fed: Tensor = self.net(x)
        return fed


class Fuser(nn.Module):
    """Gated attention of a picture's cells to the things in it; the paper's equation 8."""

    def __init__(self, width: int, things: int) -> None:
        super().__init__()
        heads = HEADS_OF_SD1 if things == CONTEXT_OF_SD1 else max(1, width // CHANNELS_PER_HEAD)
        self.linear = nn.Linear(things, width)
        self.attn = Attention(width, heads)
        self.ff = FeedForward(width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.alpha_attn, self.alpha_dense = (nn.Parameter(torch.zeros(())) for _ in range(2))

    def forward(self, x: Tensor, things: Tensor) -> Tensor:  # [N, T, C], [1, PLACES, W] -> [N, T, C]
        together = torch.cat([x, self.linear(things).expand(len(x), -1, -1)], dim=1)
        x = x + self.alpha_attn.tanh() * self.attn(self.norm1(together))[:, : x.shape[1]]
        fed: Tensor = x + self.alpha_dense.tanh() * self.ff(self.norm2(x))
        return fed


class GligenNetwork(nn.Module):
    """All that GLIGEN adds to a denoiser.

    Args:
        position: Widths of the words, inside, and of the things.
        fusers: Place in the denoiser, as LDM's files name it -> width there.
    """

    def __init__(self, position: tuple[int, int, int], fusers: Mapping[str, int]) -> None:
        super().__init__()
        self.position_net = PositionNet(*position)
        self.fusers = nn.ModuleDict({_key(place): Fuser(width, position[2]) for place, width in fusers.items()})

    def fuser(self, site: Site) -> Fuser | None:
        """What stands at a place of the denoiser, if anything."""
        place = f"{WAYS[site.way].format(site.block)}.1.transformer_blocks.{site.layer}"
        if _key(place) not in self.fusers:
            return None
        fuser = self.fusers[_key(place)]
        assert isinstance(fuser, Fuser), "nothing else is put there"
        return fuser


@dataclass(frozen=True, eq=False)
class Gligen:
    """A GLIGEN model, ready to run.

    Attributes:
        network: Its weights.
        name: Of its file.
        words: Numbers in the words of a thing.
        dtype: What it runs in.
        placement: Where it runs.
    """

    network: GligenNetwork
    name: str
    words: int
    dtype: torch.dtype
    placement: Placement


@dataclass(frozen=True, eq=False)
class Grounding(Patches):
    """Things in their boxes, as a change of the denoiser; made by `grounded`."""

    shared: ClassVar[bool] = True
    gligen: Gligen | None = None
    boxes: tuple[Box, ...] = ()


def grounded(changes: Sequence[NetworkChange], gligen: Gligen, box: Box) -> tuple[NetworkChange, ...]:
    """The changes, with one more thing in its box; those of one model are seen together.

    Raises:
        BadInput: There are too many, or its words do not fit.
    """
    earlier = [change for change in changes if isinstance(change, Grounding) and change.gligen is gligen]
    others = [change for change in changes if change not in earlier]
    boxes = (*(found for change in earlier for found in change.boxes), box)
    if len(boxes) > PLACES:
        raise BadInput(f"A GLIGEN model places at most {PLACES} things.", mend="Take some of the boxes away.")
    if box.words.shape[-1] != gligen.words:
        raise BadInput(
            f"{gligen.name} reads texts of {gligen.words} numbers, and this text encoder writes {box.words.shape[-1]}.",
            mend="Use the text encoder of a checkpoint of the family that the GLIGEN model was made for.",
        )

    def fuse(site: Site, x: Tensor) -> Tensor:
        fuser = gligen.network.fuser(site)
        if fuser is None:
            return x
        if fuser.linear.out_features != x.shape[-1]:
            raise BadInput(
                f"{gligen.name} was made for another family than the checkpoint's.",
                mend="Use it with a checkpoint of its own family, mostly SD 1.x.",
            )
        asked = site.asked
        gligen.placement.bring(gligen.network)
        if (fuse, asked.size) not in asked.memory:
            asked.memory[fuse, asked.size] = _things(gligen, boxes, asked.size, x.device)
        fused: Tensor = fuser(x.to(gligen.dtype), asked.memory[fuse, asked.size])
        return fused.to(x)

    return (*others, Grounding(between=(fuse,), gligen=gligen, boxes=boxes))


def _things(gligen: Gligen, boxes: Sequence[Box], size: tuple[int, int], device: torch.device) -> Tensor:
    height, width = size
    words = torch.cat([box.words for box in boxes])
    edges = torch.tensor(
        [[box.left / width, box.top / height, box.right / width, box.bottom / height] for box in boxes]
    )
    things: Tensor = gligen.network.position_net(words.to(device, gligen.dtype), edges.to(device, gligen.dtype))
    return things


def load_gligen(path: Path, placement: Placement, precision: Precision) -> Gligen:
    """Load what GLIGEN adds to a denoiser, from a file with or without the denoiser itself.

    Args:
        path: The file.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file is no GLIGEN model for boxes of texts, or damaged.
    """
    weights = open_weights(path)
    stored = _tensors(weights)
    shapes = {name: tuple(weights[there].shape) for name, there in stored.items()}
    ends = [name.removesuffix(".linear.weight") for name in shapes if name.endswith(".linear.weight")]
    first, last = (f"position_net.linears.{layer}.weight" for layer in (0, 4))
    words = "position_net.null_positive_feature"
    if not ends or any(name not in shapes for name in (first, last, words)):
        raise BadInput(
            f"{path.name} is no GLIGEN model for boxes and texts.",
            mend="Choose one such as gligen_sd14_textbox_pruned.safetensors.",
        )
    fusers = {end.removeprefix("fusers.").replace("-", "."): shapes[f"{end}.linear.weight"][0] for end in ends}
    with torch.device("meta"):
        network = GligenNetwork((shapes[words][0], shapes[first][0], shapes[last][0]), fusers)
    dtype = precision.unet
    fill_from(network, weights, stored, Source, part="GLIGEN", placement=placement, dtype=dtype)
    return Gligen(network, path.name, shapes[words][0], dtype, placement)


def _tensors(weights: Weights) -> dict[str, str]:
    """Name in the network -> name in the file."""
    found: dict[str, str] = {}
    for name in weights:
        if match := _FUSER.fullmatch(name):
            found[f"fusers.{_key(match[1])}.{match[2]}"] = name
        elif match := _POSITION.fullmatch(name):
            found[match[1]] = name
    return found


def _key(place: str) -> str:
    """A place as the name of a module, which may have no dots."""
    return place.replace(".", "-")
