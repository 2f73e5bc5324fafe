"""`/view`: the bytes of pictures and other files."""

import io
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from starlette.responses import FileResponse, Response

from safelight.errors import BadInput
from safelight.files.folders import FILE_FOLDERS, annotated
from safelight.files.picture_files import frames, opened
from safelight.server.comfy.asking import Asked, Refused

SHOWN = frozenset(
    (
        *("image/png", "image/apng", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff", "image/avif"),
        *("video/mp4", "video/webm", "audio/mpeg", "audio/ogg", "audio/flac", "audio/x-wav", "audio/wav"),
        *("application/json", "text/plain"),
    )
)
"""Kinds that browsers show without running anything; others are handed over as a file to be saved."""
QUALITY = 90
CHANNELS = ("rgba", "rgb", "a")
PREVIEWS: Mapping[str, str] = {"webp": "WEBP", "jpeg": "JPEG"}


def view(asked: Asked) -> Response:
    """`GET /view`: a file as it is, a small-sized copy of a picture (`preview`), or some of its channels."""
    path = _file(asked)
    channel, preview = asked.query.get("channel", "rgba"), asked.query.get("preview", "")
    if channel not in CHANNELS:
        raise BadInput(f"channel is {channel[:20]!r}.", mend=f"It is one of: {', '.join(CHANNELS)}.")
    if not preview and channel == "rgba":
        return sent(path)
    kind, content = _converted(path, channel, preview)
    headers = {"Content-Disposition": _disposition(path.stem, kind), "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=Image.MIME[kind], headers=headers)


def sent(path: Path) -> Response:
    """A file as an answer: pictures to be shown, and what a browser could run only to be saved."""
    mime = mimetypes.guess_type(path.name)[0]
    is_shown = mime in SHOWN
    return FileResponse(
        path,
        media_type=mime if is_shown else "application/octet-stream",
        filename=path.name,
        content_disposition_type="inline" if is_shown else "attachment",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def webp_of(path: Path) -> bytes:
    """The first frame of a picture as WebP.

    Raises:
        BadInput: It is none, or beyond the limits of `picture_files`.
    """
    return _converted(path, "rgba", "webp")[1]


def _file(asked: Asked) -> Path:
    """The file that a request means."""
    folder, name = annotated(asked.query.get("type", "output"), asked.query.get("filename", ""))
    subfolder = asked.query.get("subfolder", "")
    mend = "Give filename, subfolder and type as the history has them."
    if not name or name.startswith(("/", "\\")) or ".." in name or folder not in FILE_FOLDERS:
        raise Refused(400, f"{folder[:20]}/{name[:80]} is no name of a file.", mend=mend)
    if subfolder.startswith(("/", "\\")) or ".." in subfolder:
        raise Refused(403, f"The sub-folder {subfolder[:80]} is outside of the folder.", mend=mend)
    try:
        return asked.folders.resolve(folder, "/".join(part for part in (subfolder.rstrip("/\\"), name) if part))
    except BadInput as error:
        raise Refused(404, error.what, mend=error.mend) from error


def _converted(path: Path, channel: str, preview: str) -> tuple[str, bytes]:
    """A picture in another form: the format, and the file."""
    with opened(path) as file:
        picture = next(frames(file, path))
    wanted, _, quality = preview.partition(";")
    kind = PREVIEWS.get(wanted, "WEBP") if preview else "PNG"
    if channel == "a":
        alpha = picture.convert("RGBA").getchannel("A")
        picture = Image.new("RGBA", picture.size)
        picture.putalpha(alpha)
        kind = "WEBP" if preview else "PNG"
    elif channel == "rgb" or kind == "JPEG":
        picture = picture.convert("RGB")
    else:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    options = {"quality": min(100, max(1, int(quality)))} if quality.isdecimal() and len(quality) < 4 else {}
    target = io.BytesIO()
    picture.save(target, format=kind, **({"quality": QUALITY} | options if preview else {"compress_level": 4}))
    return kind, target.getvalue()


def _disposition(stem: str, kind: str) -> str:
    name = f"{stem}.{kind.lower()}"
    plain = name.encode("ascii", "replace").decode().replace('"', "'").replace("\\", "/")
    return f'inline; filename="{plain}"'
