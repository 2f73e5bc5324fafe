"""`/upload`: pictures and masks that clients bring."""

import io
import json
from pathlib import Path

from PIL import Image, PngImagePlugin
from starlette.datastructures import UploadFile
from starlette.responses import Response

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import FILE_FOLDERS
from safelight.files.picture_files import frames, opened, read_text
from safelight.files.rewriting import Rewritten, name_for, rewritten
from safelight.files.uploads import keep
from safelight.graph.problems import shown
from safelight.jobs.quotas import check_room
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.store.assets import NewAsset, put_asset

TRUE = frozenset({"true", "1"})


def image(asked: Asked) -> Response:
    """`POST /upload/image`: a picture is kept, as what it was called where that name is free."""
    return _kept(asked, _picture(asked))


def mask(asked: Asked) -> Response:
    """`POST /upload/mask`: a picture of the person's is kept anew, with the transparency of the one that is brought."""
    brought = _picture(asked)
    original = _original(asked)
    with opened(original) as file:
        picture = next(frames(file, original)).convert("RGBA")
    with Image.open(io.BytesIO(brought.content)) as file:
        alpha = file.convert("RGBA").getchannel("A")
    if alpha.size != picture.size:
        sizes = f"{alpha.width}x{alpha.height}, and {original.name} {picture.width}x{picture.height}"
        raise BadInput(f"The mask has {sizes}.", mend="Draw it over the whole picture.")
    picture.putalpha(alpha)
    texts = PngImagePlugin.PngInfo()
    for key, text in read_text(original).items():
        texts.add_text(key, text)
    target = io.BytesIO()
    picture.save(target, format="PNG", pnginfo=texts, compress_level=4)
    return _kept(asked, Rewritten(target.getvalue(), "image/png", *picture.size))


def _file(asked: Asked) -> UploadFile:
    file = asked.form.get("image")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("There is no picture in the form.", mend="Send it as the file `image` of multipart/form-data.")
    return file


def _picture(asked: Asked) -> Rewritten:
    return rewritten(_file(asked).file.read())


def _original(asked: Asked) -> Path:
    """The picture that a mask is for."""
    given = asked.form.get("original_ref")
    try:
        reference = json.loads(given) if isinstance(given, str) else None
    except (ValueError, RecursionError) as error:
        raise BadInput("original_ref is not JSON.", mend='Send {"filename", "subfolder", "type"}.') from error
    if not isinstance(reference, dict) or not isinstance(reference.get("filename"), str):
        raise BadInput(f"original_ref is {shown(reference)}.", mend='Send {"filename", "subfolder", "type"}.')
    folder = _folder(str(reference.get("type") or "output"))
    return asked.folders.resolve(folder, _joined(str(reference.get("subfolder") or ""), reference["filename"]))


def _kept(asked: Asked, picture: Rewritten) -> Response:
    """Keep a picture where the form says, and answer what it is called."""
    folder = _folder(_field(asked, "type") or "input")
    wanted = _joined(_field(asked, "subfolder"), name_for(str(_file(asked).filename)))
    with asked.studio.database.read() as connection:
        check_room(connection, asked.me.id, len(picture.content))
    is_other = False
    with asked.comfy.naming:
        if _field(asked, "overwrite") in TRUE:
            path, name = asked.folders.writable(folder, wanted), wanted
            if path.is_dir():
                raise BadInput(f"{wanted} is a folder.", mend="Give the name of a file.")
            is_other = not path.is_file() or path.read_bytes() != picture.content
            write_whole(path, picture.content)
        else:
            name = keep(asked.folders, folder, wanted, picture.content)
    asset = NewAsset(
        user=asked.me.id,
        folder=folder,
        path=name,
        kind="images",
        mime=picture.mime,
        size=len(picture.content),
        width=picture.width,
        height=picture.height,
    )
    with asked.studio.database.write() as connection:
        put_asset(connection, asset, is_other=is_other)
    subfolder, _, last = name.rpartition("/")
    return answer({"name": last, "subfolder": subfolder, "type": folder})


def _field(asked: Asked, name: str) -> str:
    value = asked.form.get(name, "")
    return value if isinstance(value, str) else ""


def _folder(name: str) -> str:
    if name not in FILE_FOLDERS:
        raise Refused(400, f"There is no folder called {name[:80]}.", mend=f"There are: {', '.join(FILE_FOLDERS)}.")
    return name


def _joined(subfolder: str, name: str) -> str:
    """A name in a folder; that it stays there is seen to by `Folders`."""
    return f"{subfolder.rstrip('/')}/{name}" if subfolder else name
