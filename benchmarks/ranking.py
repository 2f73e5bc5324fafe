"""Whether CLIP's choice is a good one: the best of eight pictures by its score against the mean of the eight.

What is asked for is a background of some colour, and the check does not use CLIP: the colour that the background has,
which is measured at the border of the picture, and how far it is from the one asked for. Distances are in OKLab
(Ottosson 2020), in which equal ones look equal; black and white are 1 apart.

The starter nearly always hits the colour that it is asked for, so that there would be nothing to choose between. Each
of the eight is therefore made from a prompt in which another colour competes: the encoded prompt is mixed with that
of the same thing on another background, in a share that is drawn. CLIP is asked for the first colour, and knows
nothing of the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb
from random import Random
from statistics import mean

import torch
from torch import Tensor

from benchmarks.ours import load_ours
from benchmarks.rows import Row
from safelight.clip.asking import rank, similarity
from safelight.clip.model import ClipModel, open_clip_model
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.files.folders import STARTER, STARTER_CHECKPOINT, STARTER_CLIP
from safelight.models.guider import Guider, run_sampler
from safelight.text.encode import encode_prompt

THINGS = ("cat", "dog", "car", "rocket", "strawberry", "heart", "fish")
COLORS = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "pink": (255, 192, 203),
    "light blue": (173, 216, 230),
}
"""The backgrounds that the starter knows, and what these names stand for on the web (CSS Color 3)."""

PROMPTS = 50
PICTURES = 8
STEPS = 8
CFG = 3.0
BORDER = 6  # pixels at each edge, which no thing reaches

Make = Callable[[str, str, int], Tensor]
"""(thing, colour, seed) -> pictures [8, H, W, 3] in 0..1."""


@dataclass(frozen=True)
class Choice:
    """How far from the colour asked for the background is, in OKLab.

    Attributes:
        best: Of the picture that CLIP scores best.
        mean: Of the eight, on average.
        nearest: Of the picture that has it best, which a perfect judge would choose.
    """

    best: float
    mean: float
    nearest: float


def measure() -> list[Row]:
    """Distances of the chosen pictures and of all, and how often the choice is the better one."""
    clip = open_clip_model(STARTER / STARTER_CLIP)
    found = choices(starter_maker(), clip, PROMPTS)
    wins, losses = (sum(sign * (one.mean - one.best) > 0 for one in found) for sign in (1, -1))
    chosen, by_chance, nearest = (mean(getattr(one, name) for one in found) for name in ("best", "mean", "nearest"))
    return [
        Row(
            f"distance to the colour asked for, {len(found)} prompts: best of 8 by CLIP", chosen, "", by_chance, None, 1
        ),
        Row("the same of the picture that is nearest, which a perfect judge takes", nearest, "", by_chance),
        Row("prompts for which the choice is better than the mean", wins, ""),
        Row("prompts for which it is worse", losses, ""),
        Row("chance of so many by luck alone (sign test, one-sided)", sign_test(wins, losses), "", None, 0.01),
    ]


def choices(make: Make, clip: ClipModel, prompts: int) -> list[Choice]:
    """What CLIP chooses for so many prompts, each of another thing and colour."""
    pairs = list(product(COLORS, THINGS))[:prompts]
    return [_chosen(make, clip, thing, color, seed) for seed, (color, thing) in enumerate(pairs)]


def starter_maker(pictures: int = PICTURES) -> Make:
    """Makes pictures with the starter, in few Euler steps, from prompts in which two colours compete."""
    checkpoint = load_ours(STARTER / STARTER_CHECKPOINT)
    model, clip, vae = checkpoint.model, checkpoint.clip, checkpoint.vae
    assert clip is not None
    assert vae is not None
    towers = clip.towers
    sigmas = sigmas_for("normal", model.schedule, STEPS)

    def encoded(prompt: str) -> Tensor:
        return encode_prompt(prompt, towers).context

    def make(thing: str, color: str, seed: int) -> Tensor:
        chance = Random(seed)
        others = chance.choices([other for other in COLORS if other != color], k=pictures)
        shares = torch.tensor([chance.random() for _ in others])[:, None, None]
        competing = torch.cat([encoded(prompt_of(thing, other)) for other in others])
        mixed = torch.lerp(encoded(prompt_of(thing, color)), competing, shares)
        guider = Guider(model, (Cond(mixed),), (Cond(encoded("")),), CFG)
        start = Latent(torch.zeros(pictures, 4, 16, 16))
        latent, _ = run_sampler(guider, SAMPLERS["euler"], sigmas, start, seed=seed, on_step=lambda step: None)
        return vae.decode(latent.samples)

    return make


def prompt_of(thing: str, color: str) -> str:
    """What is asked for."""
    return f"a {thing} on a {color} background"


def background(pictures: Tensor) -> Tensor:
    """The colour of the border of pictures [B, H, W, 3]: the median of its pixels [B, 3]."""
    edge = torch.ones(pictures.shape[1:3], dtype=torch.bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    colors: Tensor = pictures[:, edge].median(dim=1).values
    return colors


def distance(ours: Tensor, theirs: Tensor) -> Tensor:
    """How different colours [..., 3] look, sRGB in 0..1."""
    apart: Tensor = (_oklab(ours) - _oklab(theirs)).norm(dim=-1)
    return apart


def sign_test(wins: int, losses: int) -> float:
    """How likely at least so many wins are where both are as likely."""
    games = wins + losses
    return sum(comb(games, count) for count in range(wins, games + 1)) / float(2**games)


def _chosen(make: Make, clip: ClipModel, thing: str, color: str, seed: int) -> Choice:
    pictures = make(thing, color, seed)
    scores: Sequence[float] = similarity(clip.images(pictures), clip.texts([prompt_of(thing, color)]))[:, 0].tolist()
    far = distance(background(pictures), torch.tensor(COLORS[color]) / 255)
    return Choice(float(far[rank(scores, 1)[0].index]), float(far.mean()), float(far.min()))


def _oklab(color: Tensor) -> Tensor:
    """Source: Ottosson 2020, https://bottosson.github.io/posts/oklab/."""
    linear = torch.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    cones = linear @ torch.tensor(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return cones.clamp(min=0) ** (1 / 3) @ torch.tensor(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
