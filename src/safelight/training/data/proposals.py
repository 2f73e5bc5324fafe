"""Captions proposed for pictures that have none: the label that CLIP finds most fitting, and a plain background."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight.clip.asking import TEMPLATE, Label, in_template, labels
from safelight.clip.looking import TOGETHER, Eye
from safelight.runs.data.folder import Example
from safelight.training.data.views import on_white, whole_picture

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

OnProgress = Callable[[int, int], None]


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


def propose(
    examples: Sequence[Example], eye: Eye, words: Sequence[str] = WORDS, on_progress: OnProgress | None = None
) -> tuple[Proposal, ...]:
    """Captions for the pictures that have none, or an empty one; nothing is written.

    Args:
        examples: Pictures; those that cannot be read any more are left out.
        eye: What compares pictures and words.
        words: What pictures may show, two at least.
        on_progress: Told how many are done, and how many there are.
    """
    bare = [example.picture for example in examples if not example.caption]
    texts = eye.read(in_template(words, TEMPLATE) if bare else [])
    proposals: list[Proposal] = []
    for start in range(0, len(bare), TOGETHER):
        some = bare[start : start + TOGETHER]
        vectors, problems = eye.look_at(some)
        seen = [picture for picture, problem in zip(some, problems, strict=True) if not problem]
        found = labels(vectors, texts, words, eye.model.scale)
        proposals += [_proposal(picture, tuple(row[:BEST])) for picture, row in zip(seen, found, strict=True)]
        if on_progress is not None:
            on_progress(start + len(some), len(bare))
    return tuple(proposals)


def write_captions(proposals: Sequence[Proposal]) -> tuple[Path, ...]:
    """Write proposals as NAME.txt beside their pictures; what is there already stays as it is.

    Returns:
        The files that were written.

    Raises:
        OSError: The folder cannot be written to.
    """
    written = []
    for proposal in proposals:
        path = proposal.picture.with_suffix(".txt")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(proposal.caption + "\n")
        except FileExistsError:
            continue
        written.append(path)
    return tuple(written)


def background_of(path: Path) -> str:
    """The name of a picture's background where its edge is of one colour; else empty.

    Raises:
        BadInput: The picture cannot be read.
    """
    picture = on_white(whole_picture(path))
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
