"""Pictures as arrays: decoding within the limits of `picture_files`, and writing with text in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, PngImagePlugin

from safelight.files.picture_files import PARAMETERS, frames, opened

LOSSLESS = 100
"""The quality at which a WebP keeps every pixel."""
JPEG_EXIF_BYTES = 65_000
"""What fits into the one segment that a JPEG has for EXIF tags, with room for its head."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture or animation, upright.

    Attributes:
        rgb: [frames, H, W, 3] in 0..1.
        alpha: [frames, H, W] in 0..1, or None where the file says nothing of transparency.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32] | None


def read_picture(path: Path) -> Picture:
    """Decode a picture file.

    Camera orientation is applied; palettes, grey, 16-bit and CMYK pictures become RGB. Frames whose size differs
    from the first one's are left out.

    Raises:
        BadInput: If the file is missing, is no picture, is damaged, or is beyond the limits above.
    """
    with opened(path) as file:
        decoded = [_decoded(frame) for frame in frames(file, path)]
    size = decoded[0][0].shape
    alike = [(rgb, alpha) for rgb, alpha in decoded if rgb.shape == size]
    rgb = np.stack([rgb for rgb, _ in alike])
    if all(alpha is None for _, alpha in alike):
        return Picture(rgb, None)
    opaque = np.ones(size[:2], np.float32)
    return Picture(rgb, np.stack([opaque if alpha is None else alpha for _, alpha in alike]))


def write_png(file: BinaryIO, pixels: NDArray[np.uint8], text: Mapping[str, str], *, compress_level: int = 4) -> None:
    """Write a PNG.

    Args:
        file: Where to.
        pixels: [H, W, 3] or [H, W, 4].
        text: Kept in the file by key; Latin-1 as `tEXt`, else as UTF-8 in `iTXt`.
        compress_level: 0 (quick) to 9 (small).
    """
    chunks = PngImagePlugin.PngInfo()
    for key, value in text.items():
        chunks.add_text(key, value)
    Image.fromarray(pixels).save(file, format="PNG", pnginfo=chunks, compress_level=compress_level)


def write_animated_png(
    file: BinaryIO,
    frames: Sequence[NDArray[np.uint8]],
    text: Mapping[str, str],
    *,
    fps: float,
    compress_level: int = 4,
) -> None:
    """Write an animated PNG; the texts stand behind the pixels, in private `comf` chunks, where clients look for them.

    Args:
        file: Where to.
        frames: Each [H, W, 3] or [H, W, 4].
        text: As in `write_png`.
        fps: Frames a second.
        compress_level: 0 (quick) to 9 (small).
    """
    chunks = PngImagePlugin.PngInfo()
    for key, value in text.items():
        chunks.add(b"comf", key.encode("latin-1", "replace") + b"\0" + value.encode(), after_idat=True)
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(
        file,
        format="PNG",
        pnginfo=chunks,
        compress_level=compress_level,
        save_all=True,
        append_images=rest,
        duration=1000 / fps,
    )


def write_animated_webp(
    file: BinaryIO,
    frames: Sequence[NDArray[np.uint8]],
    text: Mapping[str, str],
    *,
    fps: float,
    lossless: bool,
    quality: int,
    method: int,
) -> None:
    """Write an animated WebP; the texts are kept in EXIF tags from 0x0110 downward, as `key:text`.

    Args:
        file: Where to.
        frames: Each [H, W, 3] or [H, W, 4].
        text: As in `write_png`.
        fps: Frames a second.
        lossless: Keep every pixel as it is.
        quality: 0 to 100; for lossless files the effort.
        method: 0 (quick) to 6 (small).
    """
    first, *rest = (Image.fromarray(frame) for frame in frames)
    exif = _tags(text)
    first.save(
        file,
        format="WEBP",
        save_all=True,
        append_images=rest,
        duration=int(1000 / fps),
        lossless=lossless,
        quality=quality,
        method=method,
        exif=exif,
    )


def write_lossy(
    file: BinaryIO, pixels: NDArray[np.uint8], text: Mapping[str, str], *, kind: Literal["WEBP", "JPEG"], quality: int
) -> list[str]:
    """Write a WebP or JPEG; the texts are kept in EXIF tags as in an animated WebP, `parameters` as user comment.

    Args:
        file: Where to.
        pixels: [H, W, 3] or [H, W, 4]; a JPEG has no transparency.
        text: As in `write_png`.
        kind: Its format.
        quality: 0 to 100; 100 gives a WebP that keeps every pixel as it is.

    Returns:
        The keys of texts that had to be left out, the longest first: a JPEG has room for 64 KiB.
    """
    kept, left_out = dict(text), []
    exif = _tags(kept)
    while kind == "JPEG" and len(exif.tobytes()) > JPEG_EXIF_BYTES:
        longest = max(kept, key=lambda key: len(kept[key]))
        left_out.append(longest)
        del kept[longest]
        exif = _tags(kept)
    picture = Image.fromarray(pixels)
    if kind == "JPEG":
        picture.convert("RGB").save(file, format="JPEG", quality=quality, subsampling=0, exif=exif)
    else:
        picture.save(file, format="WEBP", quality=quality, lossless=quality == LOSSLESS, exif=exif)
    return left_out


def _tags(text: Mapping[str, str]) -> Image.Exif:
    """Texts as EXIF tags where clients look for them: from 0x0110 downward, and the user comment for `parameters`."""
    exif = Image.Exif()
    tagged = [f"{key}:{value}" for key, value in text.items() if key != PARAMETERS]
    for tag, value in zip(range(0x0110, 0, -1), tagged, strict=False):
        exif[tag] = value
    if parameters := text.get(PARAMETERS):
        comment = b"UNICODE\0" + parameters.encode("utf-16-be")
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif


def _decoded(upright: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """A frame as RGB [H, W, 3] and alpha [H, W]."""
    if upright.mode.startswith("I") or upright.mode == "F":
        # Pillow's own conversion to RGB cuts these off at 255.
        highest = 1.0 if upright.mode == "F" else 65535.0
        grey = (np.asarray(upright).astype(np.float32) / highest).clip(0, 1)
        return np.repeat(grey[..., None], 3, axis=-1), None
    if upright.has_transparency_data:
        rgba = _scaled(upright.convert("RGBA"))
        return rgba[..., :3], rgba[..., 3]
    return _scaled(upright.convert("RGB")), None


def _scaled(picture: Image.Image) -> NDArray[np.float32]:
    return np.asarray(picture).astype(np.float32) / np.float32(255)
