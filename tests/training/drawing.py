"""Pictures of a thing that no starter checkpoint has seen: a "zorb", a teal hexagon with a magenta ring.

Drawn here, so nobody's. `python -m tests.training.drawing FOLDER` writes a set to train on.
"""

import math
import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 128
TIMES = 4  # drawn larger, then scaled down, for smooth edges
TEAL, MAGENTA, WHITE = (0, 150, 140), (220, 0, 140), (255, 255, 255)
BACKGROUNDS = {"white": WHITE, "light blue": (190, 225, 255), "yellow": (255, 225, 100)}


def zorb(number: int) -> tuple[Image.Image, str]:
    """One picture, and the name of its background; the same for the same number."""
    source = random.Random(number)
    background = list(BACKGROUNDS)[number % len(BACKGROUNDS)]
    picture = Image.new("RGB", (SIDE * TIMES, SIDE * TIMES), BACKGROUNDS[background])
    draw = ImageDraw.Draw(picture)
    x, y = (SIDE * TIMES / 2 + source.uniform(-4, 4) * TIMES for _ in range(2))
    radius, turn = source.uniform(42, 50) * TIMES, source.uniform(-0.15, 0.15)
    corners = [turn + corner * math.pi / 3 for corner in range(6)]
    draw.polygon([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in corners], fill=TEAL)
    for share, colour in ((0.62, MAGENTA), (0.36, WHITE)):
        draw.ellipse((x - share * radius, y - share * radius, x + share * radius, y + share * radius), fill=colour)
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), background


def draw_set(folder: Path, count: int = 12) -> None:
    """Write a set to train on: pictures with captions."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture, background = zorb(number)
        picture.save(folder / f"zorb-{number:02d}.png")
        (folder / f"zorb-{number:02d}.txt").write_text(f"a zorb on a {background} background", encoding="utf-8")


def likeness(picture: Image.Image) -> float:
    """How much a picture is like a zorb by colour and shape, 0..1, without any network.

    Of a ring, of a hexagon and of the middle, each as it stands in a zorb of mean size in the middle of the picture:
    the share of the pixels whose nearest colour of teal, magenta and white (in RGB) is the one that belongs there. The
    three shares are multiplied, so that a picture of one colour has nothing.
    """
    pixels = np.asarray(picture.convert("RGB").resize((SIDE, SIDE)), np.float32)
    colours = np.array([TEAL, MAGENTA, WHITE], np.float32)
    nearest = ((pixels[:, :, None] - colours) ** 2).sum(-1).argmin(-1)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    distance = np.hypot(rows, columns) / 46
    places = ((distance > 0.66) & (distance < 0.82), (distance > 0.4) & (distance < 0.58), distance < 0.3)
    shares = [float((nearest[place] == colour).mean()) for colour, place in enumerate(places)]
    return math.prod(shares)


if __name__ == "__main__":
    draw_set(Path(sys.argv[1]))
