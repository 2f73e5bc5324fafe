"""`/models`, `/embeddings` and `/view_metadata`: the model files there are."""

from pathlib import Path, PurePosixPath

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.files.folders import MODEL_FOLDERS, OLD_NAMES, STARTER, Folders
from safelight.files.previews import preview_of
from safelight.files.safetensors_header import read_safetensors_header
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.view import webp_of


def folders(asked: Asked) -> Response:
    """`GET /models`: the names of the folders."""
    return answer(list(MODEL_FOLDERS))


def files(asked: Asked) -> Response:
    """`GET /models/{folder}`: the names of the files in one."""
    return answer(asked.folders.list(_folder(asked)))


def embeddings(asked: Asked) -> Response:
    """`GET /embeddings`: their names, as prompts use them."""
    return answer([str(PurePosixPath(name).with_suffix("")) for name in asked.folders.list("embeddings")])


def places(asked: Asked) -> Response:
    """`GET /experiment/models`: the folders, and where they are."""
    kinds = [name for name in MODEL_FOLDERS if name != "configs"]
    return answer([{"name": name, "folders": [str(path) for path in _places(asked.folders, name)]} for name in kinds])


def details(asked: Asked) -> Response:
    """`GET /experiment/models/{folder}`: the files in one, with size and times."""
    folder = _folder(asked)
    directories = [place.resolve() for place in _places(asked.folders, folder)]
    found = []
    for name in asked.folders.list(folder):
        try:
            path = asked.folders.resolve(folder, name)
            stat = path.stat()
        except (BadInput, OSError):  # gone meanwhile
            continue
        index = next((number for number, place in enumerate(directories) if path.is_relative_to(place)), 0)
        about = {"size": stat.st_size, "created": stat.st_ctime, "modified": stat.st_mtime}
        found.append({"name": name, "pathIndex": index, **about})
    return answer(found)


def preview(asked: Asked) -> Response:
    """`GET /experiment/models/preview/{folder}/{path_index}/{filename}`: the picture beside a model, as WebP."""
    name = asked.path("filename")
    try:
        picture = preview_of(asked.folders, _folder(asked), name)
    except BadInput as error:
        raise Refused(404, error.what, mend=error.mend) from error
    if picture is None:
        raise Refused(404, f"{name[:80]} has no picture.", mend="Put one beside it, of the same name.")
    return Response(webp_of(picture), media_type="image/webp")


def metadata(asked: Asked) -> Response:
    """`GET /view_metadata/{folder}?filename=`: what the header of a safetensors file says of it."""
    name = asked.query.get("filename", "")
    if not name.endswith(".safetensors"):
        raise Refused(404, f"{name[:80]} is no safetensors file.", mend="Only these have such texts.")
    try:
        path = asked.folders.resolve(_folder(asked), name)
    except BadInput as error:
        raise Refused(404, error.what, mend=error.mend) from error
    texts = read_safetensors_header(path).metadata
    if not texts:
        raise Refused(404, f"{name[:80]} says nothing of itself.", mend="Ask where it came from.")
    return answer(texts)


def _folder(asked: Asked) -> str:
    name = asked.path("folder")
    if OLD_NAMES.get(name, name) not in MODEL_FOLDERS:
        raise Refused(404, f"There is no folder called {name[:80]}.", mend=f"Folders are: {', '.join(MODEL_FOLDERS)}.")
    return OLD_NAMES.get(name, name)


def _places(folders: Folders, name: str) -> tuple[Path, ...]:
    """Where a folder's files are: the numbers of these go with the files."""
    return (*folders.directories[name], *([STARTER] if MODEL_FOLDERS[name].starter else []))
