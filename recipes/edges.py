"""Draws what `edges.toml` trains on: the starter's sixteen things wherever, however large and turned, with captions.

    python recipes/edges.py package PICTURES

`things.py` says what `package` is. The drawings are changed: scaled, moved, turned and mirrored, and put on plain
backgrounds. The same pictures come of it each time.
"""

import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from things import PLAIN, SIDE, THINGS, TIMES, Pixels, caption, drawing, icons_of

BACKGROUNDS = {
    "white": (255, 255, 255),
    "black": (18, 18, 20),
    "blue": (48, 100, 222),
    "light blue": (150, 205, 246),
    "green": (60, 172, 82),
    "yellow": (250, 215, 60),
    "red": (218, 48, 45),
    "pink": (246, 150, 192),
}
"""As the starter was taught them."""
EACH = 60  # pictures of each thing
PLAINS = 0.5  # share of them on white
SIDES = (56, 116)  # pixels
TURN = 25.0  # degrees to either side


def put(pixels: Pixels, source: random.Random, background: tuple[int, int, int]) -> Image.Image:
    """A thing somewhere on a background."""
    straight = np.concatenate([pixels[..., :3] / np.maximum(pixels[..., 3:], 1 / 255), pixels[..., 3:]], axis=-1)
    if source.random() < 0.5:
        straight = straight[:, ::-1]
    whole = Image.fromarray((straight * 255).round().clip(0, 255).astype(np.uint8), "RGBA")
    turned = whole.rotate(source.uniform(-TURN, TURN), Image.Resampling.BICUBIC)
    side = source.randint(*SIDES)
    left, top = (source.randint(0, (SIDE - side) * TIMES) for _ in range(2))
    small = turned.resize((side * TIMES, side * TIMES), Image.Resampling.LANCZOS)
    picture = Image.new("RGBA", (SIDE * TIMES, SIDE * TIMES), (*background, 255))
    picture.alpha_composite(small, (left, top))
    return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)


def draw_set(package: Path, folder: Path) -> int:
    """Write all pictures with their captions, and say how many there are."""
    icons = icons_of(package)
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(2)
    others = [name for name in BACKGROUNDS if name != PLAIN]
    for thing, name in THINGS.items():
        pixels = drawing(icons, name)
        for number in range(EACH):
            background = PLAIN if source.random() < PLAINS else source.choice(others)
            stem = folder / f"{thing}-{number:02d}"
            put(pixels, source, BACKGROUNDS[background]).save(f"{stem}.png")
            Path(f"{stem}.txt").write_text(caption(thing, background, source), encoding="utf-8")
    return len(THINGS) * EACH


if __name__ == "__main__":
    print(draw_set(Path(sys.argv[1]), Path(sys.argv[2])), "pictures")
