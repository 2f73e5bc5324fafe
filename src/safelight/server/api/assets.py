"""Stored pictures and files."""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.rewriting import name_for, rewritten
from safelight.files.thumbnails import Side, forget, thumbnail
from safelight.files.uploads import keep
from safelight.jobs.quotas import check_room
from safelight.server.access import Me, Person
from safelight.server.api.answers import TEXT, Everyone, Id, Limit, NotThere, Offset, refusals
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import (
    Asset,
    AssetFilter,
    NewAsset,
    count_assets,
    forget_assets,
    get_asset,
    page_of_assets,
    put_asset,
    set_favourite,
)

router = APIRouter(prefix="/assets", tags=["assets"])

THUMBNAILS = "cache/thumbnails"
SHOWN_AS_THEY_ARE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""What a browser may show; all else is handed over as a file to be saved."""
FOREVER = "private, max-age=31536000, immutable"
"""A changed file gets another id."""

Text = Annotated[str, Query(max_length=500, pattern=TEXT)]
Time = Annotated[float | None, Query(allow_inf_nan=False, description="Seconds since 1970.")]
Pixels = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Of the longer side.")]


class AssetView(BaseModel):
    """A stored file; `url` is where it is, and `thumbnail` a small picture of it, where it is one."""

    id: str
    folder: str
    path: str
    kind: str
    mime: str
    bytes: int
    width: int | None
    height: int | None
    created: float
    job: str
    node: str
    prompt: str
    checkpoint: str
    favourite: bool
    url: str
    thumbnail: str | None


class AssetPage(BaseModel):
    """Some of the assets, the newest first, and how many there are."""

    assets: list[AssetView]
    total: int


class AssetChange(BaseModel):
    """What is to be changed of an asset."""

    favourite: bool


def view_of(asset: Asset) -> AssetView:
    """An asset as it is answered."""
    url = f"/api/v1/assets/{asset.id}"
    return AssetView(
        id=asset.id,
        folder=asset.folder,
        path=asset.path,
        kind=asset.kind,
        mime=asset.mime,
        bytes=asset.size,
        width=asset.width,
        height=asset.height,
        created=asset.created,
        job=asset.job,
        node=asset.node,
        prompt=asset.prompt,
        checkpoint=asset.checkpoint,
        favourite=asset.favourite,
        url=f"{url}/file",
        thumbnail=f"{url}/thumbnail" if asset.width else None,
    )


def find(studio: Studio, me: Person, asset: str) -> Asset:
    """An asset that a person may see.

    Raises:
        NotThere: There is none, or it is somebody else's.
    """
    with studio.database.read() as connection:
        found = get_asset(connection, asset)
    if found is None or (me.sees is not None and found.user != me.sees):
        raise NotThere(f"There is no asset {asset}.", mend="Look at the list of assets.")
    return found


def path_of(studio: Studio, asset: Asset) -> Path:
    """Where the file is.

    Raises:
        NotThere: Somebody has moved it away.
    """
    try:
        return studio.folders_of(asset.user).resolve(asset.folder, asset.path)
    except BadInput as error:
        raise NotThere(f"The file {asset.path} is gone.", mend="Delete the asset, or put the file back.") from error


@router.post("", status_code=201, responses=refusals(400, 413, 429))
def upload(
    studio: TheStudio,
    me: Me,
    file: Annotated[UploadFile, File(description="A picture: PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP.")],
    name: Annotated[str, Form(max_length=255, description="What to call it; else as the file is called.")] = "",
) -> AssetView:
    """Bring a picture, to be used as an input of workflows.

    It is decoded and written anew, and keeps its kind and its texts; what is neither PNG, JPEG, WebP, GIF, TIFF nor BMP
    becomes PNG. Its `path` is its name in the input folder.
    """
    picture = rewritten(file.file.read(studio.settings.upload_bytes + 1))
    with studio.database.read() as connection:
        check_room(connection, me.id, len(picture.content))
    path = keep(studio.folders_of(me.id), "input", name_for(name or file.filename or ""), picture.content)
    asset = NewAsset(
        user=me.id,
        folder="input",
        path=path,
        kind="images",
        mime=picture.mime,
        size=len(picture.content),
        width=picture.width,
        height=picture.height,
    )
    with studio.database.write() as connection:
        kept = put_asset(connection, asset)
    return view_of(find(studio, me, kept))


@router.get("", responses=refusals())
def list_assets(
    studio: TheStudio,
    me: Me,
    folder: Annotated[Literal["input", "output", "temp"] | None, Query()] = None,
    kind: Text = "",
    job: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = "",
    prompt: Annotated[str, Query(max_length=500, pattern=TEXT, description="Words that the prompt holds.")] = "",
    checkpoint: Text = "",
    since: Time = None,
    until: Time = None,
    least: Pixels = None,
    most: Pixels = None,
    favourite: bool | None = None,
    everyone: Everyone = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> AssetPage:
    """Your files, the newest first."""
    wanted = AssetFilter(
        user=me.sees if everyone else me.id,
        folder=folder or "",
        kind=kind,
        job=job,
        checkpoint=checkpoint,
        prompt=prompt,
        since=since,
        until=until,
        least=least,
        most=most,
        favourite=favourite,
    )
    with studio.database.read() as connection:
        found = page_of_assets(connection, wanted, limit=limit, offset=offset)
        total = count_assets(connection, wanted)
    return AssetPage(assets=[view_of(asset) for asset in found], total=total)


@router.get("/{asset}", responses=refusals(404))
def show_asset(asset: Id, studio: TheStudio, me: Me) -> AssetView:
    """What is known of one file."""
    return view_of(find(studio, me, asset))


@router.get(
    "/{asset}/file", response_class=FileResponse, responses=refusals(404) | {200: {"content": {"image/png": {}}}}
)
def download(
    asset: Id,
    studio: TheStudio,
    me: Me,
    save: Annotated[bool, Query(description="Whether browsers save it rather than show it.")] = False,
) -> FileResponse:
    """The file itself, with the recipe that it holds."""
    found = find(studio, me, asset)
    is_shown = found.mime in SHOWN_AS_THEY_ARE
    return FileResponse(
        path_of(studio, found),
        media_type=found.mime if is_shown else "application/octet-stream",
        filename=found.path.rpartition("/")[2],
        content_disposition_type="attachment" if save or not is_shown else "inline",
        headers={"Cache-Control": FOREVER},
    )


@router.get(
    "/{asset}/thumbnail",
    response_class=FileResponse,
    responses=refusals(400, 404) | {200: {"content": {"image/webp": {}}}},
)
def show_thumbnail(
    asset: Id,
    request: Request,
    studio: TheStudio,
    me: Me,
    size: Annotated[Side, Query(description="Pixels of the square that it fits into.")] = Side.MIDDLE,
) -> Response:
    """A small WebP of a picture."""
    found = find(studio, me, asset)
    etag = f'"{found.id}-{size}"'
    headers = {"ETag": etag, "Cache-Control": FOREVER}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if not found.width:
        raise BadInput(f"{found.path} is no picture.", mend="Download the file.")
    kept = thumbnail(path_of(studio, found), size, studio.settings.home / THUMBNAILS, found.id)
    return FileResponse(kept, media_type="image/webp", headers=headers)


@router.patch("/{asset}", responses=refusals(404))
def change_asset(asset: Id, change: AssetChange, studio: TheStudio, me: Me) -> AssetView:
    """Mark a file as a favourite, or take the mark away."""
    found = find(studio, me, asset)
    with studio.database.write() as connection:
        set_favourite(connection, found.id, change.favourite)
    return view_of(find(studio, me, asset))


@router.delete("/{asset}", status_code=204, responses=refusals(404))
def delete_asset(asset: Id, studio: TheStudio, me: Me) -> None:
    """Delete a file. No job's history names it any more."""
    found = find(studio, me, asset)
    with studio.database.write() as connection:
        forget_assets(connection, [found])
    studio.folders_of(found.user).writable(found.folder, found.path).unlink(missing_ok=True)
    forget(studio.settings.home / THUMBNAILS, found.id)
