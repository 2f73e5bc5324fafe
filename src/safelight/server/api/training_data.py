"""The pictures that a training run learns from, and what is said of them."""

import os
from hashlib import blake2b
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import is_plain
from safelight.files.thumbnails import Side, thumbnail
from safelight.runs.data.caption_files import MAX_BYTES
from safelight.runs.data.folder import Example, picture_endings, read_examples, read_folder
from safelight.server.access import Me, Person
from safelight.server.api.answers import TEXT, Limit, Offset, refusals
from safelight.server.api.asset_sets import AssetsDeletion, delete_assets
from safelight.server.api.assets import THUMBNAILS
from safelight.server.data_folders import data_folder, picture_in, shown_name
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import NewAsset, assets_at, put_asset

router = APIRouter(prefix="/training/data", tags=["training"])

MOST_PROBLEMS = 100
MOST_FOLDERS = 200
MOST_PROPOSED = 64  # pictures of one request
DEEPEST = 3  # folders below the input folder
CAPTION_ENDING = ".txt"
PICTURE = "/api/v1/training/data/picture"

FolderName = Annotated[
    str,
    Field(min_length=1, max_length=1000, pattern=TEXT),
]
InFolder = Annotated[
    str,
    Query(
        min_length=1,
        max_length=1000,
        pattern=TEXT,
        description="In the input folder; an admin may give the path of any folder of the machine.",
    ),
]
Picture = Annotated[str, Field(min_length=1, max_length=1000, pattern=TEXT)]


class DataPicture(BaseModel):
    """A picture, and what is said of it; `caption` is null where nothing is."""

    name: str
    width: int
    height: int
    bytes: int
    caption: str | None
    repeats: int
    masked: bool
    thumbnail: str


class DataProblem(BaseModel):
    """What is wrong with a file of the folder."""

    file: str
    what: str
    mend: str
    kind: str


class DataView(BaseModel):
    """A folder of pictures; `total` and `captioned` count all of them."""

    folder: str
    pictures: list[DataPicture]
    total: int
    captioned: int
    problems: list[DataProblem]


class NewCaption(BaseModel):
    """What a picture shows; null takes its caption file away."""

    folder: FolderName
    name: Picture
    caption: Annotated[str | None, Field(max_length=MAX_BYTES // 4, pattern=TEXT)]


class DataFolder(BaseModel):
    """A folder of your input folder, and how many pictures are in it itself."""

    folder: str
    pictures: int


class DataFolders(BaseModel):
    """Folders with pictures, those that were changed last first."""

    folders: list[DataFolder]


class CaptionsWanted(BaseModel):
    """Pictures of a folder that captions are to be proposed for."""

    folder: FolderName
    names: Annotated[list[Picture], Field(min_length=1, max_length=MOST_PROPOSED)]


class ProposedCaption(BaseModel):
    """What could be written of a picture; nothing is written yet."""

    name: str
    caption: str


class ProposedCaptions(BaseModel):
    """Captions, but for pictures that cannot be read."""

    proposals: list[ProposedCaption]


class DataPictureOf(BaseModel):
    """A picture of a folder."""

    folder: FolderName
    name: Picture


class RemovedPicture(BaseModel):
    """A picture that is in the bin now, and the caption that it had."""

    asset: str
    caption: str | None


@router.get("", responses=refusals(400, 403))
def list_data(folder: InFolder, studio: TheStudio, me: Me, limit: Limit = 200, offset: Offset = 0) -> DataView:
    """The pictures of a folder and of those in it, with their captions, and what is wrong there."""
    path = data_folder(studio, me, folder)
    listing = read_folder(path)
    examples = listing.examples
    return DataView(
        folder=shown_name(studio, me, path),
        pictures=[_view(path, folder, example) for example in examples[offset : offset + limit]],
        total=len(examples),
        captioned=sum(bool(example.caption) for example in examples),
        problems=[
            DataProblem(file=problem.file, what=problem.what, mend=problem.mend, kind=problem.kind)
            for problem in listing.problems[:MOST_PROBLEMS]
        ],
    )


@router.get("/folders", responses=refusals())
def list_data_folders(studio: TheStudio, me: Me) -> DataFolders:
    """The folders of your input folder that have pictures in them."""
    top = studio.folders_of(me.id).directories["input"][0]
    found: list[tuple[float, DataFolder]] = []
    for place, inner, names in os.walk(top):
        path = Path(place).relative_to(top)
        inner[:] = [] if len(path.parts) == DEEPEST else [name for name in inner if not name.startswith(".")]
        count = sum(Path(name).suffix.lower() in picture_endings() for name in names if not name.startswith("."))
        if count and path.parts and is_plain(path.as_posix()):
            found.append((Path(place).stat().st_mtime, DataFolder(folder=path.as_posix(), pictures=count)))
    found.sort(key=lambda each: each[0], reverse=True)
    return DataFolders(folders=[folder for _, folder in found[:MOST_FOLDERS]])


@router.post("/proposals", responses=refusals(400, 403, 404))
def propose_captions(wanted: CaptionsWanted, studio: TheStudio, me: Me) -> ProposedCaptions:
    """What CLIP sees in pictures, and a plain background, as captions to begin with; nothing is written."""
    folder = data_folder(studio, me, wanted.folder)
    pictures = {str(picture_in(folder, me, name)): name for name in wanted.names}
    captions = studio.looking.judge("captions", [Path(picture) for picture in pictures], ()).result["captions"]
    assert isinstance(captions, dict), "that is what was asked for"
    return ProposedCaptions(
        proposals=[ProposedCaption(name=pictures[picture], caption=caption) for picture, caption in captions.items()]
    )


@router.get(
    "/picture",
    response_class=FileResponse,
    responses=refusals(400, 403, 404) | {200: {"content": {"image/webp": {}}}},
)
def show_data_picture(
    folder: InFolder,
    name: Annotated[str, Query(min_length=1, max_length=1000, pattern=TEXT)],
    request: Request,
    studio: TheStudio,
    me: Me,
    size: Annotated[Side, Query(description="Pixels of the square that it fits into.")] = Side.MIDDLE,
) -> Response:
    """A small WebP of a picture."""
    path = picture_in(data_folder(studio, me, folder), me, name)
    facts = path.stat()
    key = blake2b(str(path).encode(errors="surrogateescape"), digest_size=16).hexdigest()
    etag = f'"{key}-{facts.st_mtime_ns:x}-{facts.st_size:x}-{size}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    kept = thumbnail(path, size, studio.settings.home / THUMBNAILS, key)
    return FileResponse(kept, media_type="image/webp", headers=headers)


@router.put("/caption", responses=refusals(400, 403, 404))
def write_caption(new: NewCaption, studio: TheStudio, me: Me) -> DataPicture:
    """Say what a picture shows: NAME.txt beside it is written or replaced."""
    folder = data_folder(studio, me, new.folder)
    picture = picture_in(folder, me, new.name)
    if new.caption is None:
        picture.with_suffix(CAPTION_ENDING).unlink(missing_ok=True)
    else:
        try:
            write_whole(picture.with_suffix(CAPTION_ENDING), f"{' '.join(new.caption.split())}\n".encode())
        except OSError as error:
            raise BadInput(
                f"The caption cannot be written: {error.strerror}.",
                mend="See that the folder may be written to, and that the disk has room.",
            ) from error
    return _view(folder, new.folder, _example(folder, picture))


@router.post("/remove", responses=refusals(400, 403, 404))
def remove_data_picture(which: DataPictureOf, studio: TheStudio, me: Me) -> RemovedPicture:
    """Put a picture of your input folder into the bin, and take its caption away. It can be restored as any other."""
    folder = data_folder(studio, me, which.folder)
    picture = picture_in(folder, me, which.name)
    top = studio.folders_of(me.id).directories["input"][0].resolve()
    if not picture.resolve().is_relative_to(top):
        raise BadInput(
            "Only pictures in your input folder can be put into the bin.", mend="Take it out of its folder yourself."
        )
    example = _example(folder, picture)
    asset = _asset_of(studio, me, picture.resolve().relative_to(top).as_posix(), example)
    delete_assets(AssetsDeletion(assets=[asset]), studio, me)
    picture.with_suffix(CAPTION_ENDING).unlink(missing_ok=True)
    return RemovedPicture(asset=asset, caption=example.caption)


def _example(folder: Path, picture: Path) -> Example:
    found = next((each for each in read_examples(folder) if each.picture == picture), None)
    if found is None:
        raise BadInput(f"{picture.name} cannot be read.", mend="Save it anew, or take it out.")
    return found


def _view(folder: Path, given: str, example: Example) -> DataPicture:
    name = example.picture.relative_to(folder).as_posix()
    return DataPicture(
        name=name,
        width=example.size[0],
        height=example.size[1],
        bytes=example.stamp[0],
        caption=example.caption,
        repeats=example.repeats,
        masked=example.mask is not None,
        thumbnail=f"{PICTURE}?{urlencode({'folder': given, 'name': name}, errors='surrogateescape')}",
    )


def _asset_of(studio: Studio, me: Person, name: str, example: Example) -> str:
    """The id of the asset that a picture of the input folder is; one that was put there by hand becomes one."""
    place = (me.id, "input", name)
    with studio.database.write() as connection:
        known = assets_at(connection, [place]).get(place)
        if known is not None:
            return known.id
        asset = NewAsset(
            user=me.id,
            folder="input",
            path=name,
            kind="images",
            mime=guess_type(name)[0] or "application/octet-stream",
            size=example.stamp[0],
            width=example.size[0],
            height=example.size[1],
        )
        return put_asset(connection, asset)
