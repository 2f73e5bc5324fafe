"""What pictures show, and what is said of them: one drawing, two, or several of one, on a background of some colour."""

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

from safelight.errors import BadInput
from safelight.training.recipe.drawings import Drawing
from safelight.training.recipe.told import Pictures, SceneName

Colour = tuple[int, int, int]
Gradient = Literal["", "down", "across", "round"]

BACKGROUNDS: Mapping[str, Colour] = {
    "white": (255, 255, 255),
    "black": (18, 18, 20),
    "gray": (128, 128, 130),
    "light gray": (205, 206, 210),
    "red": (218, 48, 45),
    "orange": (245, 140, 40),
    "yellow": (250, 215, 60),
    "green": (60, 172, 82),
    "dark green": (20, 88, 50),
    "blue": (48, 100, 222),
    "light blue": (150, 205, 246),
    "dark blue": (24, 38, 110),
    "purple": (130, 70, 192),
    "pink": (246, 150, 192),
    "brown": (130, 84, 50),
    "teal": (28, 150, 150),
    "beige": (241, 226, 196),
}
ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "light blue": ("sky blue",),
    "dark blue": ("navy",),
    "gray": ("grey",),
    "light gray": ("light grey",),
    "beige": ("cream",),
    "purple": ("violet",),
    "teal": ("turquoise",),
}
TINTS: Mapping[str, Colour] = {
    "red": (225, 45, 45),
    "orange": (245, 135, 30),
    "yellow": (248, 210, 50),
    "green": (60, 180, 75),
    "blue": (50, 105, 230),
    "purple": (140, 70, 200),
    "pink": (245, 130, 185),
    "brown": (140, 90, 50),
    "golden": (220, 170, 40),
    "black and white": (150, 150, 150),
}
COLOUR_WORDS = frozenset({*(word for name in (*BACKGROUNDS, *TINTS) for word in name.split()), "grey", "gold"})
BEGINNINGS = (
    *[""] * 5,
    *["a picture of "] * 3,
    "picture of ",
    "an image of ",
    "a photo of ",
    *["a drawing of "] * 2,
    "an illustration of ",
    "an icon of ",
    "an emoji of ",
    "a cartoon of ",
    "clip art of ",
    "a painting of ",
    "a sticker of ",
)
ENDINGS = ("high quality", "highly detailed", "sharp focus", "digital art", "simple", "cute", "clean", "vector art")
HAS_SIDES = re.compile("left|right|flag|letter|number|digit|clock|book|news|sign|calendar")
NO_THINGS = frozenset({"symbols", "other"})
"""Groups that are neither mirrored nor tinted."""
THINGS = frozenset({"animals & nature", "food & drink", "objects", "travel & places", "activities"})
"""Groups that are drawn together with others."""
PLACES: Mapping[int, tuple[tuple[float, float], ...]] = {
    2: ((0.27, 0.5), (0.73, 0.5)),
    3: ((0.19, 0.5), (0.5, 0.5), (0.81, 0.5)),
    4: ((0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)),
}
"""Of several drawings, as shares of the sides."""
COUNTED = {2: ("two", 0.44), 3: ("three", 0.31), 4: ("four", 0.44)}
"""In words, and how large each is."""


@dataclass(frozen=True)
class Placed:
    """A drawing in a picture.

    Attributes:
        drawing: The drawing.
        x, y: Where its middle is, as shares of the sides.
        size: Of its longer side, as a share of the picture's.
        turn: In degrees, clockwise.
        is_mirrored: Whether left is right.
        tint: What colour it has instead of its own.
    """

    drawing: Drawing
    x: float
    y: float
    size: float
    turn: float = 0.0
    is_mirrored: bool = False
    tint: Colour | None = None


@dataclass(frozen=True)
class Scene:
    """A picture before it is painted.

    Attributes:
        placed: The drawings in it, those behind first.
        colours: Of the background; where it has a gradient, from the first to the second.
        gradient: How.
        caption: What is to be seen.
    """

    placed: tuple[Placed, ...]
    colours: tuple[Colour, Colour]
    gradient: Gradient
    caption: str


class Stock:
    """Drawings to draw from, each as often as its weight says.

    Args:
        drawings: Some.
    """

    def __init__(self, drawings: Sequence[Drawing]) -> None:
        self.drawings = tuple(drawings)
        self._all = _Urn(self.drawings)
        self._things = _Urn([d for d in drawings if d.name.group in THINGS] or self.drawings)

    def any(self, source: random.Random) -> Drawing:
        return self._all.draw(source)

    def thing(self, source: random.Random) -> Drawing:
        """One that can stand beside others."""
        return self._things.draw(source)


@dataclass
class _Urn:
    drawings: Sequence[Drawing]
    weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.weights = list(accumulate(drawing.weight for drawing in self.drawings))

    def draw(self, source: random.Random) -> Drawing:
        return source.choices(self.drawings, cum_weights=self.weights)[0]


def scene_at(stock: Stock, told: Pictures, number: int) -> Scene:
    """The scene of a number; all chance follows from it and the set's seed.

    Raises:
        BadInput: A thing that the set names is not in stock.
    """
    return SCENES[told.scenes](stock, told, number, random.Random(f"{told.name} {told.seed} {number}"))


def _mixed(stock: Stock, told: Pictures, number: int, source: random.Random) -> Scene:
    """Mostly one drawing of any size, place and colour; sometimes two, or several of one."""
    del told, number
    kind = source.choices((_one, _two, _several), (80, 15, 5))[0]
    placed, what = kind(stock, source)
    first = "white" if source.random() < 0.4 else source.choice(list(BACKGROUNDS))
    second = first
    gradient: Gradient = ""
    if first != "white" and source.random() < 0.12:
        gradient, second = source.choice(("down", "across", "round")), source.choice(list(BACKGROUNDS))
    ends = _background(first, second, gradient, source)
    style = placed[0].drawing.styles
    alike = all(each.drawing.set == placed[0].drawing.set for each in placed)
    tail = [source.choice(style)] if style and alike and source.random() < 0.35 else []
    tail += [source.choice(ENDINGS)] if source.random() < 0.05 else []
    source.shuffle(tail)
    caption = ", ".join([source.choice(BEGINNINGS) + what + ends, *tail])
    colours = (_nearly(first, source), _nearly(second, source))
    return Scene(placed, (colours[0], colours[0] if second == first else colours[1]), gradient, caption)


def _one(stock: Stock, source: random.Random) -> tuple[tuple[Placed, ...], str]:
    drawing = stock.any(source)
    name, label = _name(drawing, source), drawing.name.label
    how, size = "", source.uniform(0.66, 0.88)
    chance = source.random()
    if chance < 0.1:
        how, size = source.choice(("small", "small", "tiny", "little")), source.uniform(0.26, 0.4)
    elif chance < 0.18:
        how, size = source.choice(("big", "large", "huge")), source.uniform(0.92, 1.02)
    room = max(0.0, 1 - size) * 0.22
    x, y, where = 0.5 + source.uniform(-room, room), 0.5 + source.uniform(-room, room), ""
    if source.random() < 0.1 and size < 0.8:
        size = size if how else source.uniform(0.42, 0.58)
        edge, middle = 0.02 + size / 2, 0.5 + source.uniform(-0.08, 0.08)
        side = source.choice(("left", "right", "top", "bottom"))
        x, y = {
            "left": (edge, middle),
            "right": (1 - edge, middle),
            "top": (middle, edge),
            "bottom": (middle, 1 - edge),
        }[side]
        where = (
            f" at the {side}" if side in ("top", "bottom") else source.choice((f" on the {side}", f" at the {side}"))
        )
    tint = ""
    can_be_tinted = not set(label.split()) & COLOUR_WORDS and drawing.name.group not in NO_THINGS | {"people & body"}
    if can_be_tinted and source.random() < 0.07:
        tint = source.choice(list(TINTS))
    placed = Placed(drawing, x, y, size, _turn(source), _is_mirrored(drawing, source), TINTS.get(tint))
    tone = f", {drawing.tone}" if drawing.tone else ""
    what = " ".join(part for part in (how, tint, name) if part) + tone
    return (placed,), (_with_article(what) if source.random() < 0.65 else what) + where


def _two(stock: Stock, source: random.Random) -> tuple[tuple[Placed, ...], str]:
    drawings = stock.thing(source), stock.thing(source)
    is_beside = source.random() < 2 / 3
    placed = []
    for drawing, along in zip(drawings, (0.26, 0.74), strict=True):
        place = along + source.uniform(-0.015, 0.015), 0.5 + source.uniform(-0.12, 0.12)
        x, y = place if is_beside else place[::-1]
        size = source.uniform(0.4, 0.5)
        placed.append(Placed(drawing, x, y, size, _turn(source), _is_mirrored(drawing, source)))
    a, b = (_with_article(_short_name(drawing, source)) for drawing in drawings)
    said = [f"{a} and {b}"] * 3
    said += (
        [
            f"{a} next to {b}",
            f"{a} to the left of {b}",
            f"{b} to the right of {a}",
            f"{a} on the left and {b} on the right",
        ]
        if is_beside
        else [f"{a} above {b}", f"{a} on top of {b}", f"{b} below {a}", f"{a} at the top and {b} at the bottom"]
    )
    return tuple(placed), source.choice(said)


def _several(stock: Stock, source: random.Random) -> tuple[tuple[Placed, ...], str]:
    drawing, count = stock.thing(source), source.choice((2, 2, 3, 4))
    word, size = COUNTED[count]
    size, is_mirrored = size * source.uniform(0.92, 1.05), _is_mirrored(drawing, source)
    placed = tuple(Placed(drawing, x, y, size, is_mirrored=is_mirrored) for x, y in PLACES[count])
    name = _short_name(drawing, source)
    return placed, f"{word} {name}{'' if name.endswith('s') else 's'}"


def _things(stock: Stock, told: Pictures, number: int, source: random.Random) -> Scene:
    """One thing of a short list in the middle, of nearly one size: what a small network can learn by heart."""
    things: list[str | None] = [*told.things] or [None]
    thing = things[number % len(things)]
    drawing = stock.any(source) if thing is None else _find(stock, told, thing)
    # every thing in turn before one of them comes again, then on the next colour
    background = told.backgrounds[(number // len(things)) % len(told.backgrounds)]
    name = drawing.name.label if thing is None else thing
    others = [other for other in drawing.name.others if other != name]
    if others and source.random() < 0.25:
        name = source.choice(others)
    what = source.choice(BEGINNINGS) + (_with_article(name) if source.random() < 0.75 else name)
    if background != "white" or source.random() < 0.2:
        what += f" on {_with_article(background)} background"
    if drawing.styles and source.random() < 0.1:
        what += f", {drawing.styles[0]}"
    x, y = (0.5 + source.uniform(-0.025, 0.025) for _ in range(2))
    is_mirrored = _is_mirrored(drawing, source)
    placed = Placed(drawing, x, y, source.uniform(0.76, 0.82), is_mirrored=is_mirrored)
    colour = BACKGROUNDS[background]
    return Scene((placed,), (colour, colour), "", what)


SCENES: Mapping[SceneName, Callable[[Stock, Pictures, int, random.Random], Scene]] = {
    "mixed": _mixed,
    "things": _things,
}
"""(drawings, set, number, source of chance) -> a scene."""


def _find(stock: Stock, told: Pictures, thing: str) -> Drawing:
    icons = told.things[thing]
    found = {d.icon: d for d in reversed(stock.drawings) if not told.set or d.set == told.set}
    drawing = next((found[icon] for icon in icons if icon in found), None)
    if drawing is None:
        raise BadInput(
            f"There is no drawing called {' or '.join(icons)}, of which {told.name} is to show a {thing}.",
            where=told.set,
            mend="Give sources that have it, or take it out of the recipe.",
        )
    return drawing


def _name(drawing: Drawing, source: random.Random) -> str:
    name, chance = drawing.name, source.random()
    if name.others and chance < 0.33:
        return source.choice(name.others)
    if len(name.tags) >= 2 and chance > 0.95:
        return ", ".join([name.label, *source.sample(name.tags, min(3, len(name.tags)))])
    return name.label


def _short_name(drawing: Drawing, source: random.Random) -> str:
    name = drawing.name
    return source.choice(name.others) if name.others and source.random() < 0.27 else name.label


def _background(first: str, second: str, gradient: str, source: random.Random) -> str:
    """What a caption says of the background; often nothing where it is white."""
    one = _called(first, source)
    if gradient:
        both = f"{one} and {_called(second, source)} gradient"
        return f" on {_with_article(source.choice((both, f'{one} gradient', 'gradient')))} background"
    if source.random() >= (0.22 if first == "white" else 0.9):
        return ""
    place = f"{_with_article(one)} background"
    return source.choices((f" on {place}", f" with {place}", f", {one} background"), (60, 15, 25))[0]


def _called(colour: str, source: random.Random) -> str:
    return source.choice((colour, *ALSO_CALLED.get(colour, ())))


def _nearly(colour: str, source: random.Random) -> Colour:
    """A colour as it may also look; white is white."""
    spread = 0 if colour == "white" else 9
    red, green, blue = (round(min(255, max(0, c + source.uniform(-spread, spread)))) for c in BACKGROUNDS[colour])
    return red, green, blue


def _turn(source: random.Random) -> float:
    return math.degrees(source.gauss(0, 0.06)) if source.random() < 0.5 else 0.0


def _is_mirrored(drawing: Drawing, source: random.Random) -> bool:
    chance = source.random() < 0.3
    return chance and not HAS_SIDES.search(drawing.name.label) and drawing.name.group not in NO_THINGS


def _with_article(name: str) -> str:
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
