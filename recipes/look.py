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
import torch.nn.functional as F
from PIL import Image
from things import PLAIN, SIDE, THINGS, drawing, icons_of
from torch import Tensor

from safelight.diffusion.filters import dilate
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.inspect.opening import Opened, open_checkpoint, open_picture
from safelight.models.control.edges import outlines
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl
from safelight.models.guider import Guider, run_sampler
from safelight.models.placement import Placement
from safelight.models.precision import precision

SAMPLER, SCHEDULER, STEPS, CFG = "euler_ancestral", "normal", 20, 5.0
"""As the starter's file says."""
SEED = 1
SHOWN = 8  # pictures in a row
BORDER = 6  # pixels, in which a background is measured
COARSE = 4  # pixels that are one where shapes are compared
NEAR = 5  # pixels: the side of the square in which an outline counts as met


def prompt(thing: str, background: str) -> str:
    """Words for a thing on a background."""
    named = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"
    return named if background == PLAIN else f"{named} on a {background} background"


def draw(opened: Opened, words: str, count: int = 1, control: PictureControl | None = None) -> Tensor:
    """Pictures [count, H, W, 3] in 0..1."""
    positive = opened.prompt(words)
    if control is not None:
        positive = tuple(replace(cond, controls=(control,), controls_shared=True) for cond in positive)
    guider = Guider(opened.model, positive, opened.prompt(""), CFG)
    sigmas = SCHEDULERS[SCHEDULER](opened.model.schedule, STEPS)
    start = Latent(torch.zeros(count, 4, SIDE // 8, SIDE // 8))
    with torch.no_grad():
        latent, _ = run_sampler(guider, SAMPLERS[SAMPLER], sigmas, start, seed=SEED, on_step=lambda _: None)
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


def shape_of(pictures: Tensor) -> Tensor:
    """What lies on the background [N, D], as unit vectors: pictures of the same thing are near each other."""
    border = torch.ones(SIDE, SIDE, dtype=torch.bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    middle = pictures[:, border].median(dim=1).values[:, None, None]
    small = F.avg_pool2d((pictures - middle).movedim(-1, 1), COARSE)
    return F.normalize(small.flatten(1), dim=1)


def look_at_chalk(checkpoint: Path, path: Path, folder: Path) -> None:
    """Two pictures of each thing on one of eight backgrounds and on none: what they show, and on what.

    What one shows is what the nearest of the drawings shows that were trained on.
    """
    files = sorted(folder.glob("*.png"))
    known = shape_of(torch.stack([open_picture(file) for file in files]))
    rows = []
    asked = [(thing, list(chalk.BOARDS)[number % 8]) for number, thing in enumerate(THINGS)]
    asked += [(thing, PLAIN) for thing in THINGS] + [("cat", board) for board in chalk.BOARDS]
    looks = ((STARTER / STARTER_CHECKPOINT, edges.BACKGROUNDS), (checkpoint, chalk.BOARDS))
    for place, colours in looks:
        opened = open_checkpoint(place)
        things = backgrounds = 0
        drawn = []
        for thing, background in asked:
            pictures = draw(opened, prompt(thing, background), count=2)
            nearest = (shape_of(pictures) @ known.T).argmax(dim=1).tolist()
            things += sum(files[number].stem.rpartition("-")[0] == thing for number in nearest)
            backgrounds += sum(background_of(picture, colours) == background for picture in pictures)
            drawn.append(pictures[0])
        print(
            f"{place.name}: of {2 * len(asked)}, {backgrounds} are on what was asked; {things} are nearest its drawings"
        )
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
            draw(opened, prompt(thing, PLAIN), control=control) for control in (None, PictureControl(network, lines))
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
