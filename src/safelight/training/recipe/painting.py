"""Scenes into pixels: each drawing rendered where it stands, by resvg, and laid over the background."""

import io
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.errors import BadInput
from safelight.training.recipe.scenes import Colour, Placed, Scene

LUMINANCE = np.array([0.3, 0.59, 0.11], np.float32)
MIDDLE = 0.6  # the luminance that has a tint's own colour
TINTED = 0.9  # share of a drawing's colours that a tint takes the place of


def renderer() -> Any:
    """The library that renders drawings.

    Raises:
        BadInput: It is not installed.
    """
    try:
        return import_module("resvg_py")
    except ImportError as error:
        raise BadInput(
            "Drawings are rendered by the library resvg-py, which is not installed.",
            mend="Install it with: pip install 'safelight[recipe]'.",
        ) from error


def paint(scene: Scene, side: int) -> Image.Image:
    """A scene as a square picture.

    Raises:
        BadInput: A drawing cannot be rendered, or the library for that is missing.
    """
    picture = Image.fromarray(_background(scene, side)).convert("RGBA")
    for placed in scene.placed:
        picture.alpha_composite(_tinted(_render(placed, side), placed.tint))
    return picture.convert("RGB")


def _render(placed: Placed, side: int) -> Image.Image:
    drawing, size = placed.drawing, placed.size * side
    box = " ".join(map(str, drawing.box))
    mirrored = "scale(-1 1)" if placed.is_mirrored else ""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{side}" height="{side}" viewBox="0 0 {side} {side}">'
        f'<g transform="translate({placed.x * side} {placed.y * side}) rotate({placed.turn}) {mirrored}">'
        f'<svg x="{-size / 2}" y="{-size / 2}" width="{size}" height="{size}" viewBox="{box}">{drawing.body}</svg>'
        "</g></svg>"
    )
    try:
        rendered = renderer().svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    except ValueError as error:
        raise BadInput(
            f"The drawing {drawing.icon} of {drawing.set} cannot be rendered: {error}.", mend="Mend it, or take it out."
        ) from error
    return Image.open(io.BytesIO(rendered)).convert("RGBA")


def _background(scene: Scene, side: int) -> NDArray[np.uint8]:
    first, second = (np.array(colour, np.float32) for colour in scene.colours)
    rows, columns = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j].astype(np.float32)
    share = {
        "": np.zeros_like(rows),
        "down": rows,
        "across": columns,
        "round": np.hypot(rows - 0.5, columns - 0.5) / np.sqrt(0.5),
    }[scene.gradient][..., None]
    colours: NDArray[np.uint8] = (first * (1 - share) + second * share).round().clip(0, 255).astype(np.uint8)
    return colours


def _tinted(drawing: Image.Image, tint: Colour | None) -> Image.Image:
    """A drawing in the shades of one colour, from black through it to white, as bright as it was."""
    if tint is None:
        return drawing
    pixels = np.asarray(drawing).astype(np.float32) / 255
    light = (pixels[..., :3] @ LUMINANCE)[..., None]
    colour = np.array(tint, np.float32) / 255
    shades = np.where(light < MIDDLE, colour * light / MIDDLE, colour + (1 - colour) * (light - MIDDLE) / (1 - MIDDLE))
    pixels[..., :3] = pixels[..., :3] * (1 - TINTED) + shades * TINTED
    return Image.fromarray((pixels * 255).round().clip(0, 255).astype(np.uint8))
