"""Batches of pictures as one animated file."""

from typing import Annotated

from safelight.files.pictures import write_animated_png, write_animated_webp
from safelight.graph.node import Choice, Range, node
from safelight.nodes.run import Run
from safelight.nodes.saving import Series, kept_texts, to_pixels
from safelight.nodes.sockets import Image

Rate = Annotated[float, Range(0.01, 1000.0, step=0.01)]

WEBP_METHODS = {"default": 4, "fastest": 0, "slowest": 6}
"""How much effort goes into small files."""


@node("SaveAnimatedPNG", category="image/animation", output=True)
def save_animated_png(
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Rate = 6.0,
    compress_level: Annotated[int, Range(0, 9)] = 4,
    run: Run,
) -> None:
    """Save a batch of pictures as an animated PNG in the output folder.

    Args:
        filename_prefix: Beginning of the file name, as for Save Image.
        fps: Pictures a second.
        compress_level: 0 is quick, 9 gives small files.
    """
    frames = list(to_pixels(images, run).numpy())
    texts = kept_texts(run)
    path = Series("output", filename_prefix, images.shape[2], images.shape[1], run).add(
        ".png", lambda file: write_animated_png(file, frames, texts, fps=fps, compress_level=compress_level)
    )
    run.show("images", path, "output")


@node("SaveAnimatedWEBP", category="image/animation", output=True)
def save_animated_webp(
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Rate = 6.0,
    lossless: bool = True,
    quality: Annotated[int, Range(0, 100)] = 80,
    method: Annotated[str, Choice(WEBP_METHODS)],
    run: Run,
) -> None:
    """Save a batch of pictures as an animated WebP in the output folder.

    Args:
        filename_prefix: Beginning of the file name, as for Save Image.
        fps: Pictures a second.
        lossless: Keep every pixel as it is.
        quality: 0 to 100; for lossless files the effort.
        method: `slowest` gives the smallest files.
    """
    frames = list(to_pixels(images, run).numpy())
    texts = kept_texts(run)
    effort = WEBP_METHODS[method]
    path = Series("output", filename_prefix, images.shape[2], images.shape[1], run).add(
        ".webp",
        lambda file: write_animated_webp(
            file, frames, texts, fps=fps, lossless=lossless, quality=quality, method=effort
        ),
    )
    run.show("images", path, "output")
