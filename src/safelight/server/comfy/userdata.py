"""`/userdata`: files that a person's graph editor keeps, such as workflows; all names go through `Folders`."""

import os
from pathlib import Path

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import USERDATA
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.view import sent

MOST_BYTES = 2**30
"""Of all that one person keeps here."""
MOST_FILES = 20_000


def listed(asked: Asked) -> Response:
    """`GET /userdata?dir=`: the files of a folder; with `recurse` those below too, with `full_info` or `split`."""
    name = asked.query.get("dir", "")
    if not name:
        raise Refused(400, "It is not said which folder.", mend="Give its name as ?dir=workflows.")
    directory = _directory(asked, name)
    files = [path for path in _walk(directory, deep=_is(asked, "recurse")) if path.is_file()]
    names = [path.relative_to(directory).as_posix() for path in files]
    if _is(asked, "full_info"):
        return answer([_about(name, path) for name, path in zip(names, files, strict=True)])
    if _is(asked, "split"):
        return answer([[name, *name.split("/")] for name in names])
    return answer(names)


def listed_as_tree(asked: Asked) -> Response:
    """`GET /v2/userdata?path=`: the files and folders in a folder, and below."""
    name = asked.query.get("path", "")
    top = _top(asked)
    directory = _directory(asked, name) if name else top
    found = []
    for path in _walk(directory, deep=True):
        entry: dict[str, object] = {"name": path.name, "path": path.relative_to(top).as_posix()}
        if path.is_dir():
            found.append({**entry, "type": "directory"})
        else:
            found.append({**_about(path.name, path), **entry, "type": "file"})
    return answer(found)


def read(asked: Asked) -> Response:
    """`GET /userdata/{file}`: a file as it is."""
    return sent(_existing(asked, asked.path("file")))


def write(asked: Asked) -> Response:
    """`POST /userdata/{file}`: the body becomes a file; without `overwrite` only where there is none."""
    name = asked.path("file")
    path = _target(asked, name)
    _see_to_room(asked, len(asked.body))
    write_whole(path, asked.body)
    return _written(asked, path)


def delete(asked: Asked) -> Response:
    """`DELETE /userdata/{file}`."""
    _existing(asked, asked.path("file")).unlink(missing_ok=True)
    return Response(status_code=204)


def move(asked: Asked) -> Response:
    """`POST /userdata/{file}/move/{dest}`: a file gets another name."""
    source = _existing(asked, asked.path("file"))
    path = _target(asked, asked.path("dest"))
    source.replace(path)
    return _written(asked, path)


def _top(asked: Asked) -> Path:
    top = asked.folders.directories[USERDATA][0]
    top.mkdir(parents=True, exist_ok=True)
    return top.resolve()


def _place(asked: Asked, name: str) -> Path:
    """Where a file or folder of that name is or would be."""
    try:
        return asked.folders.place(USERDATA, name)
    except BadInput as error:
        raise Refused(403, error.what, mend=error.mend) from error


def _directory(asked: Asked, name: str) -> Path:
    path = _place(asked, name.rstrip("/"))
    if not path.is_dir():
        raise Refused(404, f"There is no folder {name[:80]}.", mend="Save something in it first.")
    return path


def _existing(asked: Asked, name: str) -> Path:
    path = _place(asked, name)
    if not path.is_file():
        raise Refused(404, f"There is no file {name[:80]}.", mend="Look at the list of files.")
    return path


def _target(asked: Asked, name: str) -> Path:
    """Where a file of that name is to be written."""
    path = _place(asked, name)
    if path.is_dir():
        raise BadInput(f"{name[:80]} is a folder.", mend="Give the name of a file.")
    if path.exists() and asked.query.get("overwrite") == "false":
        raise Refused(409, f"There is a file {name[:80]} already.", mend="Give another name, or overwrite=true.")
    try:
        return asked.folders.writable(USERDATA, name)
    except OSError as error:  # a file where a folder would have to be
        raise BadInput(f"{name[:80]} cannot be written: {error.strerror}.", mend="Give another name.") from error


def _see_to_room(asked: Asked, more: int) -> None:
    """See that one person does not fill the disk."""
    files = [path for path in _walk(_top(asked), deep=True) if path.is_file()]
    if len(files) >= MOST_FILES or sum(path.stat().st_size for path in files) + more > MOST_BYTES:
        what = f"You keep {len(files)} files; at most {MOST_FILES} of {MOST_BYTES >> 20} MiB together are taken."
        raise Refused(413, what, mend="Delete some.")


def _written(asked: Asked, path: Path) -> Response:
    name = path.relative_to(_top(asked)).as_posix()
    return answer(_about(name, path) if _is(asked, "full_info") else name)


def _about(name: str, path: Path) -> dict[str, object]:
    stat = path.stat()
    times = {"modified": int(stat.st_mtime * 1000), "created": int(stat.st_ctime * 1000)}
    return {"path": name, "size": stat.st_size, **times}


def _walk(directory: Path, *, deep: bool) -> list[Path]:
    """What is in a directory, in alphabetical order; links are passed over."""
    found = []
    for place, inner, files in os.walk(directory):
        paths = [Path(place, name) for name in (*inner, *files)]
        found += [path for path in paths if not path.is_symlink()]
        if not deep:
            break
    return sorted(found)


def _is(asked: Asked, name: str) -> bool:
    return asked.query.get(name, "").lower() == "true"
