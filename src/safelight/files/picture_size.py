"""How large a picture is, from the head of its file alone: sets have thousands of them."""

import struct
from collections.abc import Callable
from pathlib import Path

from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.files.picture_files import DAMAGE, damaged, opened

SIGNATURE_BYTES = 8  # of a PNG
TELLING = frozenset((b"eXIf", b"tEXt", b"zTXt", b"iTXt"))
"""Chunks of a PNG that can say which way up it is."""


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is to be looked at.

    The orientation of a PNG may be told behind its pixels, for which Pillow decodes them all; the chunks are counted
    through first, and hardly any file has such a one.

    Raises:
        BadInput: As `opened`.
    """
    with opened(path) as file:
        if isinstance(file, TiffImagePlugin.TiffImageFile):
            return file.size  # which Pillow has turned already
        try:
            if isinstance(file, PngImagePlugin.PngImageFile) and not _tells_late(path):
                exif = Image.Image.getexif(file)
            else:
                exif = file.getexif()
            lies_on_its_side = exif.get(ExifTags.Base.Orientation, 1) >= 5
        except DAMAGE as error:
            raise damaged(path, error) from error
        return (file.height, file.width) if lies_on_its_side else file.size


def sizes_in(folders: Folders) -> Callable[[str, str], tuple[int, int] | None]:
    """From the folder and name of a picture to its width and height; None where it cannot be read."""

    def size_of(folder: str, name: str) -> tuple[int, int] | None:
        try:
            return picture_size(folders.resolve(folder, name))
        except BadInput:
            return None

    return size_of


def _tells_late(path: Path) -> bool:
    """Whether a PNG has text or EXIF tags behind its pixels."""
    is_behind = False
    with path.open("rb") as file:
        file.seek(SIGNATURE_BYTES)
        while len(head := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            is_behind |= name == b"IDAT"
            if is_behind and name in TELLING:
                return True
            file.seek(length + 4, 1)  # and its checksum
    return False
