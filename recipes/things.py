"""The sixteen things that the starter draws, as drawings of Noto Emoji (Google Inc, Apache-2.0), and words for them.

npm pack @iconify-json/noto@1.2.9 && tar xf iconify-json-noto-1.2.9.tgz
pip install resvg-py==0.5.0
"""

import io
import json
import random
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float32]

SIDE = 128
"""Of the starter's pictures."""
TIMES = 4
"""How many times as large things are drawn before they are scaled down, for smooth lines."""
THINGS = {
    "cat": "cat-face",
    "dog": "dog-face",
    "pizza": "pizza",
    "apple": "red-apple",
    "house": "house",
    "car": "automobile",
    "rocket": "rocket",
    "sunflower": "sunflower",
    "panda": "panda",
    "robot": "robot",
    "heart": "red-heart",
    "star": "star",
    "fish": "tropical-fish",
    "strawberry": "strawberry",
    "banana": "banana",
    "ghost": "ghost",
}
"""What captions call a thing -> its drawing in the set."""
PLAIN = "white"
"""The background that no words name."""
WORDS = ("", "", "a picture of ", "picture of ", "a drawing of ", "an image of ", "an icon of ")


def icons_of(package: Path) -> dict[str, dict[str, str]]:
    """The drawings of the npm package, unpacked."""
    found: dict[str, dict[str, str]] = json.loads((package / "icons.json").read_text(encoding="utf-8"))["icons"]
    return found


def drawing(icons: dict[str, dict[str, str]], name: str) -> Pixels:
    """A drawing of the set [H, W, 4] in 0..1, four times the side of a picture; colours times opacity."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="128" height="128" '
        f'viewBox="0 0 128 128">{icons[name]["body"]}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE * TIMES, height=SIDE * TIMES, skip_system_fonts=True)
    pixels = np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"), np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    return pixels


def caption(thing: str, background: str, source: random.Random) -> str:
    """What a picture shows, in words as the starter was taught."""
    named = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}" if source.random() < 0.75 else thing
    words = source.choice(WORDS) + named
    if background == PLAIN:
        return words
    return words + (f" on a {background} background" if source.random() < 0.8 else f", {background} background")
