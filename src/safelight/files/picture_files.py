"""Opening picture files with limits, reading what their heads say, and the texts in them: without numpy."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError

from safelight.errors import BadInput

MAX_BYTES = 512 * 2**20
"""Largest picture file that is opened."""
MAX_PIXELS = 2**27
"""Most pixels in all frames of a file together; as numbers they take 12 bytes each."""
MAX_FRAMES = 4096
"""Most frames of an animated file; the largest batch that nodes make."""

# Not every format Pillow knows: some start other programs (EPS), and each is code that strangers' files reach.
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "TGA", "PPM", "ICO")

ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"))
"""How the files end that people keep pictures in."""

STILL_FORMATS = frozenset({"MPO"})
"""Formats whose further frames are previews or a second eye's view, not an animation."""

DAMAGE = (
    *(ArithmeticError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError),
    *(struct.error, zlib.error),
)
"""What Pillow raises where a file is damaged; which of them depends on the format."""

PARAMETERS = "parameters"
"""The key of the text in AUTOMATIC1111's form."""


def check_whole(path: Path) -> None:
    """Read a picture to its end.

    Raises:
        BadInput: As `opened`, and where it is damaged.
    """
    with opened(path) as file:
        for _ in frames(file, path):
            pass


def white_part(path: Path) -> tuple[float, float, float, float] | None:
    """Where a mask is white, at least a little: left, top, right and bottom as shares of its sides; None for nowhere.

    Raises:
        BadInput: As `opened`, and where it is damaged.
    """
    with opened(path) as file:
        picture = next(frames(file, path)).convert("RGB")
        box = picture.getchannel("R").getbbox()  # the channel that workflows take for the mask
        if box is None:
            return None
        left, top, right, bottom = box
        return left / picture.width, top / picture.height, right / picture.width, bottom / picture.height


def read_text(path: Path) -> dict[str, str]:
    """The texts kept in a PNG, by key; none for other formats.

    Raises:
        BadInput: As `opened`.
    """
    with opened(path) as file:
        if not isinstance(file, PngImagePlugin.PngImageFile):
            return {}
        try:
            return {key: str(text) for key, text in file.text.items()}
        except DAMAGE as error:
            raise damaged(path, error) from error


def opened(path: Path) -> Image.Image:
    """A picture whose head has been read.

    Raises:
        BadInput: The file is missing, is no picture, is damaged, or is beyond the limits above.
    """
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
    except DAMAGE as error:
        raise damaged(path, error) from error


def frames(file: Image.Image, path: Path) -> Iterator[Image.Image]:
    """Each frame of an opened picture, decoded and upright.

    Raises:
        BadInput: It is damaged, or beyond the limits above.
    """
    pixels = 0
    try:
        for number, frame in enumerate(ImageSequence.Iterator(file)):
            pixels += frame.width * frame.height
            if pixels > MAX_PIXELS or number >= MAX_FRAMES:
                raise _too_large(path)
            yield ImageOps.exif_transpose(frame)
            if file.format in STILL_FORMATS:
                return
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except DAMAGE as error:
        raise damaged(path, error) from error


def _too_large(path: Path) -> BadInput:
    return BadInput(
        what=f"{path.name} is too large: pictures of up to {MAX_PIXELS / 1e6:.0f} million pixels "
        f"and {MAX_FRAMES} frames are read.",
        mend="Scale it down, or take fewer frames.",
    )


def damaged(path: Path, error: Exception) -> BadInput:
    """What a person is told where a picture cannot be read."""
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return BadInput(
        what=f"{path.name or path} cannot be read: {reason}.",
        mend="Copy it again from where it came, or choose another.",
    )
