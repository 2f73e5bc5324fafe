"""Picture files: decoding with limits, and writing with text in them."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError

from safelight.errors import BadInput
from safelight.files.folders import Folders

MAX_BYTES = 512 * 2**20
"""Largest picture file that is opened."""
MAX_PIXELS = 2**27
"""Most pixels in all frames of a file together; as numbers they take 12 bytes each."""
MAX_FRAMES = 4096
"""Most frames of an animated file; the largest batch that nodes make."""

PARAMETERS = "parameters"
"""The key of the text in AUTOMATIC1111's form."""
LOSSLESS = 100
"""The quality at which a WebP keeps every pixel."""
JPEG_EXIF_BYTES = 65_000
"""What fits into the one segment that a JPEG has for EXIF tags, with room for its head."""

# Not every format Pillow knows: some start other programs (EPS), and each is code that strangers' files reach.
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "TGA", "PPM", "ICO")

STILL_FORMATS = frozenset({"MPO"})
"""Formats whose further frames are previews or a second eye's view, not an animation."""


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
    with _opened(path) as file:
        frames = list(_frames(file, path))
    size = frames[0][0].shape
    alike = [(rgb, alpha) for rgb, alpha in frames if rgb.shape == size]
    rgb = np.stack([rgb for rgb, _ in alike])
    if all(alpha is None for _, alpha in alike):
        return Picture(rgb, None)
    opaque = np.ones(size[:2], np.float32)
    return Picture(rgb, np.stack([opaque if alpha is None else alpha for _, alpha in alike]))


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is to be looked at, from the head of its file.

    Raises:
        BadInput: As `read_picture`.
    """
    with _opened(path) as file:
        try:
            lies_on_its_side = file.getexif().get(ExifTags.Base.Orientation, 1) >= 5  # PNG is read to its end for it
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(path, error) from error
        return (file.height, file.width) if lies_on_its_side else file.size


def sizes_in(folders: Folders) -> Callable[[str, str], tuple[int, int] | None]:
    """From the folder and name of a picture to its width and height; None where it cannot be read."""

    def size_of(folder: str, name: str) -> tuple[int, int] | None:
        try:
            return picture_size(folders.resolve(folder, name))
        except BadInput:
            return None

    return size_of


def read_text(path: Path) -> dict[str, str]:
    """The texts kept in a PNG, by key; none for other formats.

    Raises:
        BadInput: As `read_picture`.
    """
    with _opened(path) as file:
        if not isinstance(file, PngImagePlugin.PngImageFile):
            return {}
        try:
            return {key: str(text) for key, text in file.text.items()}
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(path, error) from error


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


def _opened(path: Path) -> Image.Image:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(
                what=f"{path.name} has {size / 2**20:.0f} MiB; pictures of up to {MAX_BYTES >> 20} MiB are read.",
                mend="Save it smaller or in a compressed format.",
            )
        Image.init()
        with warnings.catch_warnings():
            # Pillow warns from a size on that is allowed here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
    except FileNotFoundError as error:
        raise BadInput(what=f"There is no file {path.name}.", mend="Upload it, or choose another.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        raise BadInput(
            what=f"{path.name} is not a picture that can be read here.",
            mend=f"Save it as PNG, JPEG or WebP; known are {', '.join(FORMATS)}.",
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(path, error) from error


def _frames(file: Image.Image, path: Path) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
    """Each frame as RGB [H, W, 3] and alpha [H, W]."""
    pixels = 0
    try:
        for number, frame in enumerate(ImageSequence.Iterator(file)):
            pixels += frame.width * frame.height
            if pixels > MAX_PIXELS or number >= MAX_FRAMES:
                raise _too_large(path)
            yield _decoded(frame)
            if file.format in STILL_FORMATS:
                return
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(path, error) from error


def _decoded(frame: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    upright = ImageOps.exif_transpose(frame)
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


def _too_large(path: Path) -> BadInput:
    return BadInput(
        what=f"{path.name} is too large: pictures of up to {MAX_PIXELS / 1e6:.0f} million pixels "
        f"and {MAX_FRAMES} frames are read.",
        mend="Scale it down, or take fewer frames.",
    )


def _damaged(path: Path, error: Exception) -> BadInput:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return BadInput(
        what=f"{path.name or path} cannot be read: {reason}.",
        mend="Copy it again from where it came, or choose another.",
    )
