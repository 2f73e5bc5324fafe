"""Model files: what there is, what they are, and pictures of what they make."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, File, Query, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from safelight.errors import BadInput, SafelightError
from safelight.families.anatomy import AnatomyKind, anatomy
from safelight.families.describe import describe_file
from safelight.files.duplicates import twins
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import known_sha256, sha256, short
from safelight.files.header import read_header
from safelight.files.previews import preview_of, set_preview
from safelight.files.rewriting import rewritten
from safelight.server.access import Admin, Me
from safelight.server.api.answers import TEXT, Limit, NotThere, Offset, refusals
from safelight.server.api.assets import Tags
from safelight.server.api.model_views import HASHES, ModelView, views_of
from safelight.server.studio import TheStudio
from safelight.store import model_books as books

router = APIRouter(prefix="/models", tags=["models"])

AT_ONCE = 200_000_000  # bytes of a file that is hashed while one waits
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


class ModelPage(BaseModel):
    """Some models of a folder, by name, and how many there are."""

    models: list[ModelView]
    total: int


class ModelDetails(ModelView):
    """A model file with what its header says."""

    parameters: int
    metadata: dict[str, str]


class PieceView(BaseModel):
    """A part of a model file, a block of it, or a layer: how many numbers it has, and the bytes that they take.

    `dtypes` are how they are stored, with how many numbers each; `shapes` are those of a layer's tensors, by name.
    """

    model_config = ConfigDict(from_attributes=True)

    name: str
    kind: AnatomyKind
    parameters: int
    bytes: int
    dtypes: dict[str, int]
    pieces: list["PieceView"]
    shapes: dict[str, list[int]]


class AnatomyView(BaseModel):
    """What is in a model file: its parts, each with its blocks and layers; `about` is what it is, in words."""

    about: str
    parameters: int
    bytes: int
    parts: list[PieceView]


class HashView(BaseModel):
    """SHA-256 of a model file, and its first ten digits; null while it is worked out: ask again."""

    sha256: str | None
    short: str | None


class NotesChange(BaseModel):
    """What you note about a model file; what is left out stays."""

    notes: Annotated[str, Field(max_length=10_000, pattern=TEXT)] | None = None
    tags: Tags | None = None


class NotesView(BaseModel):
    """What you have noted about a model file."""

    notes: str
    tags: list[str]


class NamedModel(BaseModel):
    """A model file by its folder and name."""

    folder: str
    name: str


class DuplicatesView(BaseModel):
    """Files with the same content, each of so many bytes.

    `certain` is whether their hashes say so; else size and samples of the content are the same.
    """

    bytes: int
    models: list[NamedModel]
    certain: bool


class DuplicatesList(BaseModel):
    """The files that are there twice, the largest first."""

    groups: list[DuplicatesView]


@router.get("", responses=refusals())
def list_folders(studio: TheStudio, me: Me) -> FolderList:
    """The kinds of models there are."""
    folders = studio.folders_of(me.id)
    return FolderList(folders=[FolderView(name=name, count=len(folders.list(name))) for name in MODEL_FOLDERS])


@router.get("/duplicates", responses=refusals())
def list_duplicates(studio: TheStudio, me: Me) -> DuplicatesList:
    """Model files that are there twice, in whatever folders."""
    found = twins(studio.folders_of(me.id), studio.settings.home / HASHES)
    return DuplicatesList(
        groups=[
            DuplicatesView(
                bytes=group.files[0].size,
                models=[NamedModel(folder=file.folder, name=file.name) for file in group.files],
                certain=group.certain,
            )
            for group in found
        ]
    )


@router.get("/{folder}", responses=refusals(404))
def list_models(
    folder: Folder,
    studio: TheStudio,
    me: Me,
    search: Annotated[
        str, Query(max_length=200, pattern=TEXT, description="A part of the name, of a tag, or of your notes.")
    ] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> ModelPage:
    """The models of one kind."""
    folders = _known(studio.folders_of(me.id), folder)
    with studio.database.read() as connection:
        noted = books.notes_of(connection, me.id, folder) if search else {}

    def is_meant(name: str) -> bool:
        about = noted.get(name, books.ModelNotes())
        return any(search.casefold() in text.casefold() for text in (name, about.notes, *about.tags))

    names = [name for name in folders.list(folder) if is_meant(name)]
    return ModelPage(models=views_of(studio, me, folder, names[offset : offset + limit]), total=len(names))


@router.get("/{folder}/details", responses=refusals(404))
def show_model(folder: Folder, name: ModelName, studio: TheStudio, me: Me) -> ModelDetails:
    """What a model file is, by its header."""
    folders = _known(studio.folders_of(me.id), folder)
    path = _path(folders, folder, name)
    views = views_of(studio, me, folder, [name])
    if not views:
        raise NotThere(f"{name} is gone.", mend="Look at the list of models.")
    metadata, parameters = {}, 0
    try:
        header = read_header(path)
        metadata, parameters = dict(header.metadata), sum(tensor.numbers for tensor in header.tensors.values())
        about = describe_file(header)
    except SafelightError as error:
        about = error.what
    return ModelDetails(**dict(views[0]) | {"about": about}, parameters=parameters, metadata=metadata)


@router.get("/{folder}/anatomy", responses=refusals(400, 404))
def show_anatomy(folder: Folder, name: ModelName, studio: TheStudio, me: Me) -> AnatomyView:
    """What is in a model file, part by part and layer by layer, by its header."""
    header = read_header(_path(_known(studio.folders_of(me.id), folder), folder, name))
    try:
        about = describe_file(header)
    except SafelightError as error:
        about = error.what
    parts = [PieceView.model_validate(part) for part in anatomy(header)]
    return AnatomyView(
        about=about,
        parameters=sum(part.parameters for part in parts),
        bytes=sum(part.bytes for part in parts),
        parts=parts,
    )


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


@router.patch("/{folder}/notes", responses=refusals(404))
def change_notes(folder: Folder, name: ModelName, change: NotesChange, studio: TheStudio, me: Me) -> NotesView:
    """Note something about a model file, and give it tags; only you see them."""
    _path(_known(studio.folders_of(me.id), folder), folder, name)
    with studio.database.write() as connection:
        noted = books.notes_of(connection, me.id, folder).get(name, books.ModelNotes())
        if change.notes is not None:
            noted = replace(noted, notes=change.notes)
        if change.tags is not None:
            noted = replace(noted, tags=tuple(sorted(set(change.tags))))
        books.set_notes(connection, me.id, folder, name, noted)
    return NotesView(notes=noted.notes, tags=list(noted.tags))


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
