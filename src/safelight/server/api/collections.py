"""Collections of pictures."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from safelight.errors import BadInput
from safelight.server.access import Me
from safelight.server.api.answers import Id, refusals
from safelight.server.api.asset_sets import AssetCount, Assets
from safelight.server.api.assets import AssetView, find_all, find_collection, view_of
from safelight.server.studio import TheStudio
from safelight.store import collections as rows
from safelight.store.collections import Collection

router = APIRouter(prefix="/collections", tags=["collections"])

MOST_KEPT = 1000  # collections of a person

CollectionName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


class NewCollection(BaseModel):
    """What a collection is to be called."""

    name: CollectionName


class CollectionView(BaseModel):
    """A collection; `cover` is the newest picture in it."""

    id: str
    name: str
    count: int
    cover: AssetView | None
    created: float


class CollectionList(BaseModel):
    """All collections, by name."""

    collections: list[CollectionView]


@router.get("", responses=refusals())
def list_collections(studio: TheStudio, me: Me) -> CollectionList:
    """Your collections. Their pictures are those of `/assets?collection=ID`."""
    with studio.database.read() as connection:
        return CollectionList(collections=[_view(found) for found in rows.collections_of(connection, me.id)])


@router.post("", status_code=201, responses=refusals(400))
def make_collection(new: NewCollection, studio: TheStudio, me: Me) -> CollectionView:
    """Make an empty collection."""
    with studio.database.write() as connection:
        if rows.count_collections(connection, me.id) >= MOST_KEPT:
            raise BadInput(f"You have {MOST_KEPT} collections, which is the most.", mend="Delete some.")
        made = rows.add_collection(connection, me.id, new.name)
        return _view(find_collection(connection, me, made))


@router.patch("/{collection}", responses=refusals(400, 404))
def rename_collection(collection: Id, new: NewCollection, studio: TheStudio, me: Me) -> CollectionView:
    """Give a collection another name."""
    with studio.database.write() as connection:
        find_collection(connection, me, collection)
        rows.rename_collection(connection, collection, new.name)
        return _view(find_collection(connection, me, collection))


@router.delete("/{collection}", status_code=204, responses=refusals(404))
def delete_collection(collection: Id, studio: TheStudio, me: Me) -> None:
    """Delete a collection; the pictures stay."""
    with studio.database.write() as connection:
        find_collection(connection, me, collection)
        rows.delete_collection(connection, collection)


@router.post("/{collection}/add", responses=refusals(404))
def add_to_collection(collection: Id, which: Assets, studio: TheStudio, me: Me) -> AssetCount:
    """Put pictures of yours into a collection; those that are in it stay."""
    with studio.database.write() as connection:
        find_collection(connection, me, collection)
        found = [asset.id for asset in find_all(connection, replace(me, admin=False), which.assets)]
        rows.add_to(connection, collection, found)
    return AssetCount(count=len(found))


@router.post("/{collection}/remove", responses=refusals(404))
def remove_from_collection(collection: Id, which: Assets, studio: TheStudio, me: Me) -> AssetCount:
    """Take pictures out of a collection; they stay among your files."""
    with studio.database.write() as connection:
        find_collection(connection, me, collection)
        found = [asset.id for asset in find_all(connection, replace(me, admin=False), which.assets)]
        rows.remove_from(connection, collection, found)
    return AssetCount(count=len(found))


def _view(found: Collection) -> CollectionView:
    return CollectionView(
        id=found.id,
        name=found.name,
        count=found.count,
        cover=view_of(found.cover) if found.cover else None,
        created=found.created,
    )
