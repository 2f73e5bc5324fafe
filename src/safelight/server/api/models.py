"""Model files: what there is, what they are, and pictures of what they make."""

import threading
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, File, Query, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel

from safelight.errors import BadInput, SafelightError
from safelight.families.additions import Addition
from safelight.families.contents import look_into
from safelight.families.describe import describe, describe_file
from safelight.families.shapes import FileContents
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import known_sha256, sha256, short
from safelight.files.header import read_header
from safelight.files.previews import preview_of, set_preview
from safelight.files.rewriting import rewritten
from safelight.server.access import Admin, Me
from safelight.server.api.answers import TEXT, Limit, NotThere, Offset, refusals
from safelight.server.studio import TheStudio

router = APIRouter(prefix="/models", tags=["models"])

AT_ONCE = 200_000_000  # bytes of a file that is hashed while one waits
HASHES = "cache/hashes"
_HASHING = threading.Lock()
"""One file is hashed at a time: the disk is what it waits for."""

Folder = Annotated[str, InPath(pattern=r"^[a-z_]{1,40}$", examples=["checkpoints"])]
ModelName = Annotated[str, Query(max_length=1000, pattern=TEXT, description="As the folder lists it.")]


class FolderView(BaseModel):
    """A kind of models, and how many there are."""

    name: str
    count: int


class FolderList(BaseModel):
    """The kinds of models."""

    folders: list[FolderView]


class RecommendedView(BaseModel):
    """Settings that suit a checkpoint."""

    steps: int
    cfg: float
    sampler: str
    scheduler: str
    width: int
    height: int


class ModelView(BaseModel):
    """A model file; `families` are those that it goes with, `about` is what it is, in words."""

    folder: str
    name: str
    bytes: int
    modified: float
    kind: str
    families: list[str]
    about: str
    recommended: RecommendedView | None
    preview: str | None


class ModelPage(BaseModel):
    """Some models of a folder, by name, and how many there are."""

    models: list[ModelView]
    total: int


class ModelDetails(ModelView):
    """A model file with what its header says."""

    parameters: int
    metadata: dict[str, str]
    sha256: str | None


class HashView(BaseModel):
    """SHA-256 of a model file, and its first ten digits; null while it is worked out: ask again."""

    sha256: str | None
    short: str | None


@router.get("", responses=refusals())
def list_folders(studio: TheStudio, me: Me) -> FolderList:
    """The kinds of models there are."""
    folders = studio.folders_of(me.id)
    return FolderList(folders=[FolderView(name=name, count=len(folders.list(name))) for name in MODEL_FOLDERS])


@router.get("/{folder}", responses=refusals(404))
def list_models(
    folder: Folder,
    studio: TheStudio,
    me: Me,
    search: Annotated[str, Query(max_length=200, pattern=TEXT, description="A part of the name.")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> ModelPage:
    """The models of one kind."""
    folders = _known(studio.folders_of(me.id), folder)
    names = [name for name in folders.list(folder) if search.casefold() in name.casefold()]
    found = [view for name in names[offset : offset + limit] if (view := _view(folders, folder, name))]
    return ModelPage(models=found, total=len(names))


@router.get("/{folder}/details", responses=refusals(404))
def show_model(folder: Folder, name: ModelName, studio: TheStudio, me: Me) -> ModelDetails:
    """What a model file is, by its header."""
    folders = _known(studio.folders_of(me.id), folder)
    path = _path(folders, folder, name)
    view = _view(folders, folder, name)
    if view is None:
        raise NotThere(f"{name} is gone.", mend="Look at the list of models.")
    metadata, parameters = {}, 0
    try:
        header = read_header(path)
        metadata, parameters = dict(header.metadata), sum(tensor.numbers for tensor in header.tensors.values())
        about = describe_file(header)
    except SafelightError as error:
        about = error.what
    digest = known_sha256(path, studio.settings.home / HASHES)
    known = dict(view) | {"about": about}
    return ModelDetails(**known, parameters=parameters, metadata=metadata, sha256=digest)


@router.get("/{folder}/hash", responses=refusals(404) | {202: {"model": HashView, "description": "Ask again."}})
def show_hash(
    folder: Folder, name: ModelName, studio: TheStudio, me: Me, later: BackgroundTasks, response: Response
) -> HashView:
    """The hash of a model file, which for a large one is worked out in the background."""
    path = _path(_known(studio.folders_of(me.id), folder), folder, name)
    cache = studio.settings.home / HASHES
    digest = known_sha256(path, cache)
    if digest is None and path.stat().st_size <= AT_ONCE:
        digest = sha256(path, cache)
    if digest is None:
        response.status_code = 202
        later.add_task(_hash, path, cache)
        return HashView(sha256=None, short=None)
    return HashView(sha256=digest, short=short(digest))


@router.get(
    "/{folder}/preview",
    response_class=FileResponse,
    responses=refusals(404) | {200: {"content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}}},
)
def show_preview(folder: Folder, name: ModelName, studio: TheStudio, me: Me) -> FileResponse:
    """The picture that lies beside a model file."""
    folders = _known(studio.folders_of(me.id), folder)
    _path(folders, folder, name)
    picture = preview_of(folders, folder, name)
    if picture is None:
        raise NotThere(f"There is no picture of {name}.", mend="Put one there.")
    return FileResponse(picture)


@router.put("/{folder}/preview", status_code=204, responses=refusals(400, 403, 404, 413))
def put_preview(
    folder: Folder, name: ModelName, file: Annotated[UploadFile, File()], studio: TheStudio, me: Admin
) -> None:
    """Put a picture beside a model file: PNG, JPEG or WebP."""
    folders = _known(studio.folders_of(me.id), folder)
    _path(folders, folder, name)
    set_preview(folders, folder, name, rewritten(file.file.read(studio.settings.upload_bytes + 1)))


def _hash(path: Path, cache: Path) -> None:
    with _HASHING:
        sha256(path, cache)


def _known(folders: Folders, folder: str) -> Folders:
    if folder not in MODEL_FOLDERS:
        raise NotThere(f"There is no folder {folder} for models.", mend=f"There are: {', '.join(MODEL_FOLDERS)}.")
    return folders


def _path(folders: Folders, folder: str, name: str) -> Path:
    try:
        return folders.resolve(folder, name)
    except BadInput as error:
        raise NotThere(error.what, mend=error.mend) from error


def _view(folders: Folders, folder: str, name: str) -> ModelView | None:
    """A model as it is answered; None where it has gone meanwhile."""
    try:
        path = folders.resolve(folder, name)
        facts = path.stat()
        picture = preview_of(folders, folder, name)
    except (BadInput, OSError):
        return None
    look = look_into(folders)(folder, name)
    contents = look.contents if look else None
    recommended = None
    if isinstance(contents, FileContents) and contents.recommended and contents.native_size:
        width, height = contents.native_size
        recommended = RecommendedView(**vars(contents.recommended), width=width, height=height)
    return ModelView(
        folder=folder,
        name=name,
        bytes=facts.st_size,
        modified=facts.st_mtime,
        kind=contents.kind if contents else "unknown",
        families=sorted(look.families) if look else [],
        about="" if contents is None else str(contents) if isinstance(contents, Addition) else describe(contents),
        recommended=recommended,
        preview=f"/api/v1/models/{folder}/preview?name={quote(name)}" if picture else None,
    )
