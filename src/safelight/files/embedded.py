"""What programs write into pictures about how they were made: texts in PNG, EXIF tags in WebP and JPEG."""

import re
import struct
from pathlib import Path

from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from safelight.errors import BadInput
from safelight.files.picture_files import MAX_BYTES, PARAMETERS

SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""How files that can hold such texts begin."""
_FORMATS = ("PNG", "JPEG", "WEBP")
_KEYED = re.compile(r"\s*(?P<key>[A-Za-z_]\w{0,60}):\s*(?P<text>[{\[\"].*)", re.DOTALL)
_ANIMATION_CHUNK = b"comf"


def embedded(path: Path) -> dict[str, str]:
    """The texts kept in a PNG, WebP or JPEG, by key; none for other formats.

    Read are the texts of a PNG (`tEXt`, `zTXt`, `iTXt`), the private `comf` chunks of an animated one, EXIF tags that
    hold `key:{JSON}` (of whatever number), and the EXIF user comment, which is the `parameters` text.

    Raises:
        BadInput: The file is missing, is no picture, is damaged, or is beyond the limits for pictures.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path.name} has more than {MAX_BYTES >> 20} MiB.", mend="Save it in a compressed format.")
        with Image.open(path, formats=_FORMATS) as picture:
            texts = _png_texts(picture) if isinstance(picture, PngImagePlugin.PngImageFile) else {}
            return _exif_texts(picture.getexif()) | texts
    except UnidentifiedImageError as error:
        with path.open("rb") as file:
            if not file.read(len(max(SIGNATURES, key=len))).startswith(SIGNATURES):
                return {}
        what = f"{path.name} is not a picture that can be read here."
        raise BadInput(what, mend="Copy it again from where it came.") from error
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.", mend="Copy it again from where it came.") from error


def _png_texts(file: PngImagePlugin.PngImageFile) -> dict[str, str]:
    texts = {key: str(text) for key, text in file.text.items()}  # reads all frames, and what stands behind them
    for name, content, *_ in file.private_chunks:
        key, zero, text = content.partition(b"\0")
        if name == _ANIMATION_CHUNK and zero:
            texts[key.decode("latin-1")] = text.decode("utf-8", "replace")
    return texts


def _exif_texts(exif: Image.Exif) -> dict[str, str]:
    texts = {}
    for value in exif.values():
        if isinstance(value, str) and (found := _KEYED.fullmatch(_plain(value))):
            texts[found["key"].lower()] = found["text"]
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    if comment:
        text = _user_comment(comment) if isinstance(comment, bytes) else str(comment)
        texts.setdefault(PARAMETERS, text.rstrip("\0"))
    return texts


def _plain(value: str) -> str:
    """The text of a tag: the standard knows only ASCII, Pillow reads Latin-1, and programs write UTF-8."""
    try:
        return value.rstrip("\0").encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value.rstrip("\0")


def _user_comment(comment: bytes) -> str:
    """The text of a user comment: eight bytes that name its code, then the text in it."""
    code, content = comment[:8], comment[8:]
    if code.startswith(b"UNICODE"):
        # The byte order is not said; programs do not agree. In the wrong one, plain letters have nothing but zeros low.
        low_zeros, high_zeros = content[1::2].count(0), content[::2].count(0)
        return content.decode("utf-16-le" if low_zeros > high_zeros else "utf-16-be", "replace")
    if code.startswith((b"ASCII", b"\0\0\0\0")):
        return content.decode("utf-8", "replace")
    return comment.decode("utf-8", "replace")
