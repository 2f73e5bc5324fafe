"""Small pictures of pictures, made once and kept on disk."""

import threading
from enum import IntEnum
from pathlib import Path

from PIL import Image

from safelight.files.atomic import whole
from safelight.files.picture_files import frames, opened

QUALITY = 80


class Side(IntEnum):
    """Pixels of the squares that thumbnails fit into."""

    SMALL = 128
    MIDDLE = 256
    LARGE = 512


_A_FEW = threading.BoundedSemaphore(2)
"""Decoding takes memory and a processor, and a page of thumbnails is asked for all at once."""


def thumbnail(picture: Path, side: Side, cache: Path, key: str) -> Path:
    """A WebP of a picture, that fits into a square.

    Args:
        picture: The file.
        side: Of the square.
        cache: Folder where they are kept.
        key: Tells the picture from all others; a plain word.

    Raises:
        BadInput: It is no picture, is damaged, or is beyond the limits of `picture_files`.
        OSError: The thumbnail cannot be written.
    """
    kept = cache / key[:2] / f"{key}-{picture.stat().st_mtime_ns:x}-{side.value}.webp"
    if kept.is_file():
        return kept
    with _A_FEW, opened(picture) as file:
        file.draft("RGB", (side, side))  # a JPEG is decoded no larger than needed
        small = next(frames(file, picture))
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        with whole(kept) as target:
            small.convert("RGBA" if small.has_transparency_data else "RGB").save(target, "WEBP", quality=QUALITY)
    return kept


def forget(cache: Path, key: str) -> None:
    """Remove the thumbnails of a picture."""
    for kept in (cache / key[:2]).glob(f"{key}-*.webp"):
        kept.unlink(missing_ok=True)
