"""Stored pictures and files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Connection

from safelight.errors import BadInput
from safelight.files.bin import place_in_bin, remove
from safelight.files.rewriting import name_for, rewritten
from safelight.files.thumbnails import Side, forget, thumbnail
from safelight.files.uploads import keep
from safelight.jobs.quotas import check_room
from safelight.server.access import Me, Person
from safelight.server.api.answers import ID, TEXT, Everyone, Id, Limit, NotThere, Offset, refusals
from safelight.server.looking import unpacked
from safelight.server.studio import Studio, TheStudio
from safelight.store import collections, tags
from safelight.store.assets import (
    Asset,
    AssetFilter,
    NewAsset,
    assets_by_id,
    count_assets,
    page_of_assets,
    put_asset,
    set_favourite,
)
from safelight.store.bin import forget_assets

router = APIRouter(prefix="/assets", tags=["assets"])

THUMBNAILS = "cache/thumbnails"
SHOWN_AS_THEY_ARE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""What a browser may show; all else is handed over as a file to be saved."""
FOREVER = "private, max-age=31536000, immutable"
"""A changed file gets another id."""

Text = Annotated[str, Query(max_length=500, pattern=TEXT)]
Time = Annotated[float | None, Query(allow_inf_nan=False, description="Seconds since 1970.")]
Pixels = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Of the longer side.")]
VECTOR = r"^[A-Za-z0-9_-]*$"
MOST_ALIKE = 400
"""Pictures that a search finds: beyond them likeness says little."""
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f,]*$")]
Tags = Annotated[list[Tag], Field(max_length=50)]


class AssetView(BaseModel):
    """A stored file; `url` is where it is, and `thumbnail` a small picture of it, where it is one.

    `deleted` is when it was put into the bin; null where it is not there.
    """

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
    tags: list[str]
    deleted: float | None
    url: str
    thumbnail: str | None


class AssetPage(BaseModel):
    """Some of the assets, and how many there are.

    `likeness` is how like each is to what was searched for, -1 to 1; empty where nothing was.
    """

    assets: list[AssetView]
    total: int
    likeness: list[float] = []


class AssetChange(BaseModel):
    """What is to be changed of an asset; what is left out stays. Tags take the place of those it has."""

    favourite: bool | None = None
    tags: Tags | None = None


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
        tags=list(asset.tags),
        deleted=asset.deleted,
        url=f"{url}/file",
        thumbnail=f"{url}/thumbnail" if asset.width else None,
    )


def find(studio: Studio, me: Person, asset: str) -> Asset:
    """An asset that a person may see.

    Raises:
        NotThere: There is none, or it is somebody else's.
    """
    with studio.database.read() as connection:
        return find_all(connection, me, [asset])[0]


def find_all(connection: Connection, me: Person, ids: Sequence[str]) -> list[Asset]:
    """Assets that a person may see, each once.

    Raises:
        NotThere: One of them is not there, or is somebody else's.
    """
    found = {asset.id: asset for asset in assets_by_id(connection, ids) if me.sees in (None, asset.user)}
    missing = next((asset for asset in ids if asset not in found), None)
    if missing is not None:
        raise NotThere(f"There is no asset {missing}.", mend="Look at the list of assets.")
    return list(found.values())


def path_of(studio: Studio, asset: Asset) -> Path:
    """Where the file is, in its folder or in the bin.

    Raises:
        NotThere: Somebody has moved it away.
    """
    gone = NotThere(f"The file {asset.path} is gone.", mend="Delete the asset, or put the file back.")
    if asset.deleted is not None:
        path = place_in_bin(studio.settings.home, asset.id)
        if not path.is_file():
            raise gone
        return path
    try:
        return studio.folders_of(asset.user).resolve(asset.folder, asset.path)
    except BadInput as error:
        raise gone from error


@router.post("", status_code=201, responses=refusals(400, 413, 429))
def upload(
    studio: TheStudio,
    me: Me,
    file: Annotated[UploadFile, File(description="A picture: PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP.")],
    name: Annotated[str, Form(max_length=255, description="What to call it; else as the file is called.")] = "",
    folder: Annotated[str, Form(max_length=255, description="A folder in the input folder to put it into.")] = "",
) -> AssetView:
    """Bring a picture, to be used as an input of workflows.

    It is decoded and written anew, and keeps its kind and its texts; what is neither PNG, JPEG, WebP, GIF, TIFF nor BMP
    becomes PNG. Its `path` is its name in the input folder.
    """
    picture = rewritten(file.file.read(studio.settings.upload_bytes + 1))
    with studio.database.read() as connection:
        check_room(connection, me.id, len(picture.content))
    called = name_for(name or file.filename or "")
    path = keep(studio.folders_of(me.id), "input", f"{folder}/{called}" if folder else called, picture.content)
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


def filter_of(
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
    tag: Annotated[list[Tag] | None, Query(max_length=20, description="All of them.")] = None,
    collection: Annotated[str | None, Query(pattern=ID, description="The id of one of yours.")] = None,
    model: Annotated[str, Query(max_length=500, pattern=TEXT, description="A model file that its job names.")] = "",
    deleted: Annotated[bool, Query(description="Those in the bin.")] = False,
    everyone: Everyone = False,
) -> AssetFilter:
    """Which files somebody asks for."""
    if collection is not None:
        with studio.database.read() as connection:
            find_collection(connection, me, collection)
    return AssetFilter(
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
        tags=tuple(tag or ()),
        collection=collection or "",
        model=model,
        deleted=deleted,
    )


def sought_by(
    studio: TheStudio,
    me: Me,
    like: Annotated[
        str, Query(max_length=500, pattern=TEXT, description="Words for what is to be seen; the most alike come first.")
    ] = "",
    near: Annotated[
        str | None, Query(pattern=ID, description="The id of a picture; the most alike come first.")
    ] = None,
    vector: Annotated[
        str, Query(max_length=8000, pattern=VECTOR, description="Of a picture, from `/clip/vector`.")
    ] = "",
) -> bytes:
    """The vector that is searched with; empty for none.

    Raises:
        BadInput: Several are given, or one that is none; or there is no such picture.
    """
    words = like.strip()
    if (bool(words) + bool(vector) + (near is not None)) > 1:
        raise BadInput("A search is by words or by a picture.", mend="Give one of `like`, `near` and `vector`.")
    if words:
        return studio.looking.vector_of_text(words)
    if near is not None:
        asset = find(studio, me, near)
        return studio.looking.vector_of_asset(asset, path_of(studio, asset))
    return unpacked(vector) if vector else b""


Wanted = Annotated[AssetFilter, Depends(filter_of)]
Sought = Annotated[bytes, Depends(sought_by)]


@router.get("", responses=refusals(400, 404))
def list_assets(
    studio: TheStudio,
    wanted: Wanted,
    sought: Sought,
    order: Annotated[Literal["newest", "oldest"], Query(description="Which come first.")] = "newest",
    limit: Limit = 50,
    offset: Offset = 0,
) -> AssetPage:
    """Your files.

    With one of `like`, `near` and `vector` they are found by what is in them: the 400 that are the most alike, of those
    that CLIP has looked at.
    """
    if sought:
        nearest = studio.looking.find(sought, wanted, MOST_ALIKE)
        page = {one.asset: one.likeness for one in nearest[offset : offset + limit]}
        with studio.database.read() as connection:
            found = assets_by_id(connection, list(page))
        views = [view_of(asset) for asset in found]
        return AssetPage(assets=views, total=len(nearest), likeness=[page[asset.id] for asset in found])
    with studio.database.read() as connection:
        found = page_of_assets(connection, wanted, limit=limit, offset=offset, oldest_first=order == "oldest")
        total = count_assets(connection, wanted)
    return AssetPage(assets=[view_of(asset) for asset in found], total=total)


def find_collection(connection: Connection, me: Person, collection: str) -> collections.Collection:
    """A person's collection.

    Raises:
        NotThere: There is none of that id, or it is somebody else's.
    """
    found = collections.get_collection(connection, collection)
    if found is None or found.user != me.id:
        raise NotThere(f"There is no collection {collection}.", mend="Look at the list of collections.")
    return found


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
    """Mark a file as a favourite, or take the mark away; give it tags."""
    with studio.database.write() as connection:
        find_all(connection, me, [asset])
        if change.favourite is not None:
            set_favourite(connection, [asset], change.favourite)
        if change.tags is not None:
            tags.remove_tags(connection, [asset])
            tags.add_tags(connection, [asset], dict.fromkeys(change.tags))
        found = find_all(connection, me, [asset])
    return view_of(found[0])


@router.delete("/{asset}", status_code=204, responses=refusals(404))
def delete_asset(asset: Id, studio: TheStudio, me: Me) -> None:
    """Delete a file for good. No job's history names it any more."""
    delete_for_good(studio, [find(studio, me, asset)])


def delete_for_good(studio: Studio, assets: Sequence[Asset]) -> None:
    """Remove files and all that is known of them."""
    with studio.database.write() as connection:
        forget_assets(connection, assets)
        for asset in assets:  # before anybody could find a file that is in no book any more, and take it back
            if asset.deleted is None:
                studio.folders_of(asset.user).writable(asset.folder, asset.path).unlink(missing_ok=True)
            else:
                remove(studio.settings.home, asset.id)
    for asset in assets:
        forget(studio.settings.home / THUMBNAILS, asset.id)
