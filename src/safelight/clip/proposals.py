"""Captions proposed for pictures: the label that CLIP finds most fitting, and a plain background."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.clip.asking import TEMPLATE, Label, in_template, labels
from safelight.clip.looking import Eye, flat

WORDS = (
    *("cat", "dog", "horse", "cow", "pig", "sheep", "rabbit", "mouse", "bear", "panda", "fox", "lion", "tiger"),
    *("elephant", "monkey", "frog", "snake", "turtle", "bird", "owl", "duck", "penguin", "fish", "shark", "whale"),
    *("butterfly", "bee", "spider", "dragon", "unicorn", "man", "woman", "child", "baby", "crowd", "face", "hand"),
    *("eye", "heart", "ghost", "robot", "skull", "flower", "sunflower", "rose", "tree", "leaf", "cactus", "mushroom"),
    *("forest", "mountain", "beach", "sea", "river", "desert", "island", "sky", "cloud", "sun", "moon", "star"),
    *("rainbow", "fire", "snowman", "city", "street", "house", "castle", "church", "bridge", "tower", "tent", "room"),
    *("kitchen", "garden", "car", "bus", "truck", "train", "bicycle", "motorcycle", "boat", "ship", "plane"),
    *(
        "helicopter",
        "rocket",
        "balloon",
        "apple",
        "banana",
        "orange",
        "strawberry",
        "bunch of grapes",
        "lemon",
        "carrot",
    ),
    *(
        "tomato",
        "loaf of bread",
        "piece of cheese",
        "pizza",
        "burger",
        "cake",
        "ice cream",
        "egg",
        "cup",
        "bottle",
        "bowl",
        "fork",
    ),
    *("knife", "chair", "table", "bed", "sofa", "lamp", "clock", "mirror", "door", "window", "book", "letter"),
    *("pencil", "phone", "computer", "camera", "television", "guitar", "piano", "drum", "ball", "toy", "gift", "hat"),
    *(
        "shoe",
        "shirt",
        "dress",
        "bag",
        "pair of glasses",
        "umbrella",
        "crown",
        "ring",
        "key",
        "hammer",
        "pair of scissors",
        "gun",
    ),
    *("sword", "flag", "map", "sign", "arrow", "logo", "pattern", "painting", "drawing", "landscape", "building"),
)
"""What pictures show, where no better list is given: common things that can be seen, 150 and some."""

BACKGROUNDS = {
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "black": (0, 0, 0),
    "red": (220, 30, 30),
    "orange": (250, 150, 30),
    "yellow": (250, 225, 60),
    "green": (60, 160, 70),
    "light green": (160, 225, 150),
    "blue": (50, 90, 215),
    "light blue": (160, 210, 245),
    "purple": (130, 60, 170),
    "pink": (245, 160, 190),
    "brown": (130, 85, 45),
}
"""Names of plain colours, and what each looks like, red, green and blue in 0..255."""
EDGE = 0.05
"""Share of each side that is its edge."""
PLAIN = 24
"""How far, of 255, most of the edge may be from its middle colour where the background is plain."""
MOST = 0.8
"""What most of it is."""
SMALL = 128  # pixels: as large as a picture is looked at for its edge
BEST = 5  # labels that are told


@dataclass(frozen=True)
class Proposal:
    """A caption for a picture.

    Attributes:
        picture: Its file.
        caption: What could be written of it.
        labels: The labels that fit best, the best first.
        background: Its plain colour by name; empty where it has none.
    """

    picture: Path
    caption: str
    labels: tuple[Label, ...]
    background: str


def propose(pictures: Sequence[Path], eye: Eye, words: Sequence[str] = WORDS) -> tuple[Proposal, ...]:
    """Captions for pictures; nothing is written.

    Args:
        pictures: Their files; those that cannot be read are left out.
        eye: What compares pictures and words.
        words: What pictures may show, two at least.
    """
    vectors, problems = eye.look_at(pictures)
    seen = [picture for picture, problem in zip(pictures, problems, strict=True) if not problem]
    found = labels(vectors, eye.read(in_template(words, TEMPLATE)), words, eye.model.scale)
    return tuple(_proposal(picture, tuple(row[:BEST])) for picture, row in zip(seen, found, strict=True))


def background_of(path: Path) -> str:
    """The name of a picture's background where its edge is of one colour; else empty.

    Raises:
        BadInput: The picture cannot be read.
    """
    picture = flat(path, SMALL)
    picture.thumbnail((SMALL, SMALL))
    colours = np.asarray(picture).astype(np.float32)
    height, width = colours.shape[:2]
    inside = np.zeros((height, width), bool)
    rows, columns = max(1, round(height * EDGE)), max(1, round(width * EDGE))
    inside[rows:-rows, columns:-columns] = True
    edge = colours[~inside]
    middle = np.median(edge, axis=0)
    if (np.abs(edge - middle).max(axis=1) <= PLAIN).mean() < MOST:
        return ""
    return min(BACKGROUNDS, key=lambda name: float(np.square(middle - BACKGROUNDS[name]).sum()))


def _proposal(picture: Path, found: tuple[Label, ...]) -> Proposal:
    background = background_of(picture)
    behind = f" on {_a(background)} background" if background else ""
    return Proposal(picture, f"{_a(found[0].label)}{behind}", found, background)


def _a(words: str) -> str:
    """Words with their article."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"
