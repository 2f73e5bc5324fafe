"""Pictures that clients of other programs bring: decoded within limits, and written anew in their own format.

Programs name such a file in their workflows as they have named it themselves, so it keeps its kind; and a picture is
how people hand on a workflow, so the texts in it stay.
"""

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin

from safelight.files.picture_files import DAMAGE, damaged, frames, opened

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "PNG": {"compress_level": 4},
    "JPEG": {"quality": "keep"},
    "WEBP": {"lossless": True, "exact": True},
    "TIFF": {"compression": "tiff_deflate"},
    "BMP": {},
    "GIF": {},
}
"""Formats that are written as they came, losing nothing more, and how; others become PNG."""
MOVING = frozenset({"PNG", "WEBP", "GIF"})
"""Those of them that hold animations."""
WITH_TAGS = frozenset({"PNG", "JPEG", "WEBP"})
"""Those of them that hold EXIF tags."""
ENDINGS = frozenset((".png", ".apng", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"))
_PRIVATE = frozenset({b"comf"})
"""Chunks in which animated PNGs keep texts."""


@dataclass(frozen=True)
class Rewritten:
    """A picture, written anew.

    Attributes:
        content: The file.
        mime: How it is encoded.
        width, height: In pixels.
    """

    content: bytes
    mime: str
    width: int
    height: int


def rewritten(data: bytes) -> Rewritten:
    """Decode a picture, and write what was understood of it.

    Args:
        data: The file, in one of `picture_files.FORMATS`.

    Raises:
        BadInput: It is no picture, is damaged, or is beyond the limits of `picture_files`.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-") as place:
        path = Path(place, "The file")  # as messages call it
        path.write_bytes(data)
        with opened(path) as file:
            count = sum(1 for _ in frames(file, path))
            try:
                file.seek(0)
                return _written(file, count)
            except DAMAGE as error:
                raise damaged(path, error) from error


def name_for(given: str) -> str:
    """What an uploaded picture is called: the last part of the name it came with, ending as a picture does."""
    name = given.replace("\\", "/").rpartition("/")[2].strip(" .") or "picture"
    return name if Path(name).suffix.lower() in ENDINGS else f"{name}.png"


def _written(file: Image.Image, count: int) -> Rewritten:
    kind = str(file.format) if file.format in OPTIONS else "PNG"
    options = dict(OPTIONS[kind])
    if kind in WITH_TAGS and (tags := file.getexif()):
        options["exif"] = tags
    if kind in MOVING and count > 1:
        options["save_all"] = True
    if isinstance(file, PngImagePlugin.PngImageFile):
        options["pnginfo"] = _texts(file)
    target = io.BytesIO()
    picture = file if kind == file.format else _plain(file)
    picture.save(target, format=kind, **options)
    return Rewritten(target.getvalue(), Image.MIME[kind], *file.size)


def _plain(picture: Image.Image) -> Image.Image:
    """A picture of another format in a mode that a PNG can have."""
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _texts(file: PngImagePlugin.PngImageFile) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, text in file.text.items():  # what stands behind the pixels too
        chunks.add_text(key, str(text))
    for name, content, *_ in file.private_chunks:
        if name in _PRIVATE:
            chunks.add(name, content, after_idat=True)
    return chunks
