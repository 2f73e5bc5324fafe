"""Looks at what the recipes made: a sheet of pictures beside the starter's, and how far they follow what was asked.

python recipes/look.py chalk CHECKPOINT SHEET
python recipes/look.py edges CONTROLNET SHEET package
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import chalk
import edges
import numpy as np
import torch
from PIL import Image
from things import PLAIN, SIDE, THINGS, drawing, icons_of
from torch import Tensor

from safelight.clip.asking import TEMPLATE, in_template, similarity
from safelight.clip.model import open_clip_model
from safelight.diffusion.filters import dilate
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.files.folders import STARTER, STARTER_CHECKPOINT, STARTER_CLIP
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.control.edges import outlines
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl
from safelight.models.guider import Guider, run_sampler
from safelight.models.placement import Placement
from safelight.models.precision import precision

Way = tuple[str, str, int, float]
"""Sampler, scheduler, steps, guidance."""
STARTERS: Way = ("euler_ancestral", "normal", 20, 5.0)
CHALKS: Way = ("dpmpp_2m", "karras", 25, 5.0)
SEED = 1
SHOWN = 8  # pictures in a row
BORDER = 6  # pixels, in which a background is measured
NEAR = 5  # pixels: the side of the square in which an outline counts as met


def prompt(thing: str, background: str) -> str:
    """Words for a thing on a background."""
    named = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"
    return named if background == PLAIN else f"{named} on a {background} background"


def draw(opened: Opened, words: str, way: Way, count: int = 1, control: PictureControl | None = None) -> Tensor:
    """Pictures [count, H, W, 3] in 0..1."""
    sampler, scheduler, steps, cfg = way
    positive = opened.prompt(words)
    if control is not None:
        positive = tuple(replace(cond, controls=(control,), controls_shared=True) for cond in positive)
    guider = Guider(opened.model, positive, opened.prompt(""), cfg)
    sigmas = SCHEDULERS[scheduler](opened.model.schedule, steps)
    start = Latent(torch.zeros(count, 4, SIDE // 8, SIDE // 8))
    with torch.no_grad():
        latent, _ = run_sampler(guider, SAMPLERS[sampler], sigmas, start, seed=SEED, on_step=lambda _: None)
        return opened.vae.decode(latent.samples).clamp(0, 1)


def sheet(rows: Sequence[Tensor], path: Path) -> None:
    """Write rows of pictures [N, H, W, 3] as one."""
    whole = torch.cat([torch.cat(list(row), dim=1) for row in rows])
    Image.fromarray((whole * 255).round().to(torch.uint8).numpy()).save(path, quality=90)


def background_of(picture: Tensor, colours: dict[str, tuple[int, int, int]]) -> str:
    """The name of the colour that is nearest to the middle colour of a picture's border."""
    inside = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    middle = (picture[~inside] * 255).median(dim=0).values
    return min(colours, key=lambda name: float((middle - torch.tensor(colours[name])).square().sum()))


def look_at_chalk(checkpoint: Path, path: Path) -> None:
    """Two pictures of each thing on each of eight backgrounds: what they show, and on what."""
    clip = open_clip_model(STARTER / STARTER_CLIP)
    texts = clip.texts(in_template(list(THINGS), TEMPLATE))
    rows: list[Tensor] = []
    before, after = open_checkpoint(STARTER / STARTER_CHECKPOINT), open_checkpoint(checkpoint)
    asked = [(thing, list(chalk.BOARDS)[number % 8]) for number, thing in enumerate(THINGS)]
    asked += [(thing, PLAIN) for thing in THINGS] + [("cat", board) for board in chalk.BOARDS]
    for opened, way, colours in ((before, STARTERS, edges.BACKGROUNDS), (after, CHALKS, chalk.BOARDS)):
        things = boards = 0
        drawn = []
        for thing, board in asked:
            pictures = draw(opened, prompt(thing, board), way, count=2)
            found = similarity(clip.images(pictures), texts).argmax(dim=1)
            things += sum(list(THINGS)[number] == thing for number in found.tolist())
            boards += sum(background_of(picture, colours) == board for picture in pictures)
            drawn.append(pictures[0])
        total = 2 * len(asked)
        print(f"{things} of {total} show the thing, {boards} the background")
        rows.append(torch.stack(drawn))
    sheet([row[start : start + SHOWN] for start in range(0, len(THINGS), SHOWN) for row in rows], path)


def look_at_edges(controlnet: Path, path: Path, package: Path) -> None:
    """Pictures under outlines that were never seen: which share of them is met, with the network and without."""
    opened, icons, source = open_checkpoint(STARTER / STARTER_CHECKPOINT), icons_of(package), random.Random(3)
    network = load_control(controlnet, Placement(torch.device("cpu")), precision("fp32", torch.device("cpu")))
    rows: list[list[Tensor]] = [[], [], []]
    met, there = [0.0, 0.0], 0.0
    for thing, name in THINGS.items():
        pixels = np.asarray(edges.put(drawing(icons, name), source, edges.BACKGROUNDS[PLAIN]), np.float32) / 255
        lines = outlines(torch.from_numpy(pixels)[None])
        pictures = [
            draw(opened, prompt(thing, PLAIN), STARTERS, control=control)
            for control in (None, PictureControl(network, lines))
        ]
        for place, picture in enumerate(pictures):
            near = dilate(outlines(picture).movedim(-1, 1), NEAR).movedim(1, -1)
            met[place] += float((near * lines).sum())
        there += float(lines.sum())
        for row, picture in zip(rows, (lines, *pictures), strict=True):
            row.append(picture[0])
    print(f"met: {met[1] / there:.2f} of the outlines, {met[0] / there:.2f} without the network")
    stacked = [torch.stack(row) for row in rows]
    sheet([row[start : start + SHOWN] for start in range(0, len(THINGS), SHOWN) for row in stacked], path)


if __name__ == "__main__":
    kind, *paths = sys.argv[1:]
    {"chalk": look_at_chalk, "edges": look_at_edges}[kind](*map(Path, paths))  # type: ignore[operator]
