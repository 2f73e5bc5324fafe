"""Draws what `chalk.toml` trains on: the starter's sixteen things in chalk on a board, with captions.

    python recipes/chalk.py package PICTURES

`things.py` says what `package` is. The drawings are changed: outlined, tinted, scaled, moved and mirrored. The same
pictures come of it each time.
"""

import random
import sys
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from things import PLAIN, SIDE, THINGS, TIMES, Pixels, caption, drawing, icons_of

BOARDS = {
    "white": (44, 52, 58),
    "black": (18, 18, 21),
    "blue": (26, 42, 104),
    "light blue": (52, 92, 128),
    "green": (22, 74, 52),
    "yellow": (122, 98, 24),
    "red": (116, 30, 32),
    "pink": (128, 62, 92),
}
"""The starter's backgrounds -> the board that stands for each; plain slate for white, which no words name."""
SLATES = 12  # of the pictures of each thing; the other boards have as many as `EACH`
EACH = 3
CHALK = np.array((246, 243, 234), np.float32)
LINE = 3  # pixels of the large drawing to each side of an edge
EDGE = (0.10, 0.26)  # steps of colour, 0..1, at which a line begins and is whole
FILL = 0.34  # how much of a thing's own colour is on the board
PALE = 0.30  # how much of it is in the line


def placed(pixels: Pixels, side: int, left: int, top: int) -> Pixels:
    """A drawing of another size, somewhere in the picture, still four times as large."""
    bands = [
        Image.fromarray(pixels[..., band]).resize((side * TIMES, side * TIMES), Image.Resampling.LANCZOS)
        for band in range(4)
    ]
    found = np.zeros_like(pixels)
    rows, columns = slice(top * TIMES, (top + side) * TIMES), slice(left * TIMES, (left + side) * TIMES)
    found[rows, columns] = np.stack([np.asarray(band) for band in bands], axis=-1).clip(0, 1)
    return found


def lines(pixels: Pixels) -> Pixels:
    """Where chalk lies [H, W] in 0..1: along the edges of colours and of the whole."""
    steps = np.zeros(pixels.shape[:2], np.float32)
    for band in range(4):
        soft = gaussian_filter(pixels[..., band], 2)
        down = np.abs(soft[4:, 2:-2] - soft[:-4, 2:-2])
        right = np.abs(soft[2:-2, 4:] - soft[2:-2, :-4])
        steps[2:-2, 2:-2] = np.maximum(steps[2:-2, 2:-2], np.hypot(down, right))
    drawn = ((steps - EDGE[0]) / (EDGE[1] - EDGE[0])).clip(0, 1)
    found: Pixels = (gaussian_filter(drawn, LINE) * 1.6).clip(0, 1)
    return found


def in_chalk(pixels: Pixels, board: tuple[int, int, int]) -> Image.Image:
    """A placed drawing in chalk on a board."""
    opacity = pixels[..., 3:]
    own = pixels[..., :3] / np.maximum(opacity, 1 / 255) * 255
    ground = np.broadcast_to(np.array(board, np.float32), own.shape)
    ground = ground + FILL * opacity * (own - ground)
    chalk = CHALK + PALE * opacity * (np.maximum(own, 90) - CHALK)
    chalked = ground + lines(pixels)[..., None] * (chalk - ground)
    picture = Image.fromarray(chalked.round().clip(0, 255).astype(np.uint8))
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


def draw_set(package: Path, folder: Path) -> int:
    """Write all pictures with their captions, and say how many there are."""
    icons = icons_of(package)
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(1)
    boards = [PLAIN] * SLATES + [board for board in BOARDS if board != PLAIN for _ in range(EACH)]
    for thing, name in THINGS.items():
        pixels = drawing(icons, name)
        # no two alike: the thing's size, where it is, and whether it is mirrored
        ways = source.sample(list(product((98, 104), range(-3, 4), range(-3, 4), (False, True))), len(boards))
        for number, (board, (side, right, down, is_mirrored)) in enumerate(zip(boards, ways, strict=True)):
            left, top = ((SIDE - side) // 2 + moved for moved in (right, down))
            own = pixels[:, ::-1] if is_mirrored else pixels
            stem = folder / f"{thing}-{number:02d}"
            in_chalk(placed(np.ascontiguousarray(own), side, left, top), BOARDS[board]).save(f"{stem}.png")
            Path(f"{stem}.txt").write_text(caption(thing, board, source), encoding="utf-8")
    return len(THINGS) * len(boards)


if __name__ == "__main__":
    print(draw_set(Path(sys.argv[1]), Path(sys.argv[2])), "pictures")
