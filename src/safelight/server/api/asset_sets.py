"""Many stored pictures at once: what there is, marking, deleting and restoring, an archive."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from safelight.errors import SafelightError
from safelight.files.archive import archive
from safelight.files.bin import put_away, put_back
from safelight.server.access import Me
from safelight.server.api.answers import ID, NotThere, refusals
from safelight.server.api.assets import Tags, delete_for_good, find_all, path_of
from safelight.server.studio import Studio, TheStudio
from safelight.store import tags
from safelight.store.assets import Asset, AssetFilter, assets_at, set_favourite
from safelight.store.bin import put_into_bin, take_from_bin

router = APIRouter(prefix="/assets", tags=["assets"])

MOST = 2000  # assets of one request
FIRST_DAY = date(1970, 1, 1).toordinal()

AssetIds = Annotated[list[Annotated[str, Field(pattern=ID)]], Field(max_length=MOST)]


class NumberOf(BaseModel):
    """How many assets have something."""

    name: str
    count: int


class DayView(BaseModel):
    """How many assets were made on a day."""

    day: str
    count: int


class FacetsView(BaseModel):
    """What your pictures can be filtered by, the most frequent first; days the newest first."""

    total: int
    tags: list[NumberOf]
    checkpoints: list[NumberOf]
    days: list[DayView]


class Assets(BaseModel):
    """Which assets are meant."""

    assets: AssetIds


class AssetsChange(Assets):
    """What is to be changed of several assets; what is left out stays."""

    favourite: bool | None = None
    add_tags: Tags = []
    remove_tags: Tags = []


class AssetsDeletion(Assets):
    """What is to be deleted: into the bin, or `forever`."""

    forever: bool = False


class AssetCount(BaseModel):
    """How many assets were changed."""

    count: int


@router.get("/facets", responses=refusals())
def show_facets(
    studio: TheStudio,
    me: Me,
    ahead: Annotated[int, Query(ge=-1440, le=1440, description="Minutes that your clock is ahead of UTC.")] = 0,
) -> FacetsView:
    """What there is to filter your pictures by."""
    wanted = AssetFilter(user=me.id, folder="output", kind="images")
    with studio.database.read() as connection:
        found = tags.facets(connection, wanted, ahead * 60)
    return FacetsView(
        total=found.total,
        tags=[NumberOf(name=name, count=count) for name, count in found.tags.items()],
        checkpoints=[NumberOf(name=name, count=count) for name, count in found.checkpoints.items()],
        days=[
            DayView(day=date.fromordinal(FIRST_DAY + day).isoformat(), count=count) for day, count in found.days.items()
        ],
    )


@router.post("/change", responses=refusals(404))
def change_assets(change: AssetsChange, studio: TheStudio, me: Me) -> AssetCount:
    """Mark several files as favourites, or give them tags and take tags away."""
    with studio.database.write() as connection:
        found = [asset.id for asset in find_all(connection, me, change.assets)]
        if change.favourite is not None:
            set_favourite(connection, found, change.favourite)
        tags.add_tags(connection, found, dict.fromkeys(change.add_tags))
        tags.remove_tags(connection, found, change.remove_tags)
    return AssetCount(count=len(found))


@router.post("/delete", responses=refusals(404))
def delete_assets(deletion: AssetsDeletion, studio: TheStudio, me: Me) -> AssetCount:
    """Put files into the bin, from which they can be restored for seven days; or delete them for good."""
    if deletion.forever:
        with studio.database.read() as connection:
            found = find_all(connection, me, deletion.assets)
        delete_for_good(studio, found)
        return AssetCount(count=len(found))
    moved: list[Asset] = []
    try:
        with studio.database.write() as connection:
            found = [asset for asset in find_all(connection, me, deletion.assets) if asset.deleted is None]
            put_into_bin(connection, found)
            for asset in found:
                put_away(studio.folders_of(asset.user), asset.folder, asset.path, asset.id)
                moved.append(asset)
    except SafelightError:  # the books are as they were, and so are the files to be
        for asset in moved:
            put_back(studio.folders_of(asset.user), asset.folder, asset.path, asset.id, lambda _: False)
        raise
    return AssetCount(count=len(found))


@router.post("/restore", responses=refusals(404))
def restore_assets(which: Assets, studio: TheStudio, me: Me) -> AssetCount:
    """Take files from the bin, back to where they were; where another has that name now, a number is added."""
    failed: SafelightError | None = None
    with studio.database.write() as connection:
        found = [asset for asset in find_all(connection, me, which.assets) if asset.deleted is not None]
        for asset in found:
            try:
                _restore(studio, connection, asset)
            except SafelightError as error:  # those before it are restored, and the books say so
                failed = error
                break
    if failed is not None:
        raise failed
    return AssetCount(count=len(found))


@router.post(
    "/archive",
    response_class=StreamingResponse,
    responses=refusals(404) | {200: {"content": {"application/zip": {}}, "description": "The archive."}},
)
def make_archive(which: Assets, studio: TheStudio, me: Me) -> StreamingResponse:
    """Several files as one ZIP archive."""
    with studio.database.read() as connection:
        found = find_all(connection, me, which.assets)
    files = []
    for asset in found:
        try:
            files.append((asset.path, path_of(studio, asset)))
        except NotThere:  # somebody has moved it away
            continue
    name = f"safelight-{datetime.now(UTC):%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(archive(files), media_type="application/zip", headers=headers)


def _restore(studio: Studio, connection: Connection, asset: Asset) -> None:
    def is_taken(name: str) -> bool:
        return bool(assets_at(connection, [(asset.user, asset.folder, name)]))

    path = put_back(studio.folders_of(asset.user), asset.folder, asset.path, asset.id, is_taken)
    take_from_bin(connection, asset, path)
