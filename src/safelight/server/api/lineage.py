"""What pictures were made from, and what was made from them."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection

from safelight.errors import BadInput
from safelight.files.folders import annotated
from safelight.graph.document import Workflow
from safelight.graph.formats import parse_api
from safelight.graph.pictures_named import Place, pictures_named
from safelight.graph.summary import upstream
from safelight.graph.wish_of import LOADERS, shown_by, sound
from safelight.server.access import Me
from safelight.server.api.answers import Id, refusals
from safelight.server.api.assets import AssetView, find, view_of
from safelight.server.api.recipes import kept_in
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import Asset, AssetFilter, assets_at, assets_by_id, page_of_assets
from safelight.store.jobs import get_job
from safelight.store.lineage import inputs_of, jobs_beginning_with, jobs_naming

router = APIRouter(prefix="/assets", tags=["assets"])

MOST = 60  # pictures of a tree in each direction
DEEPEST = 8
JOBS = 40  # that one picture may be used by


class RelativeView(BaseModel):
    """A picture in a tree: `job` made it (its `title` may be empty), and `relatives` are further away.

    `others` are names of pictures that it was made from and that are not among the assets: they were put into a folder
    by hand, or deleted since.
    """

    asset: AssetView
    job: str
    title: str
    relatives: list["RelativeView"]
    others: list[str]


class LineageView(BaseModel):
    """Where a picture comes from and what became of it.

    `parents` were used to make it, and have what they were made from as their relatives; `children` were made from it,
    and have what was made from these. `complete` is false where there are more than are told.
    """

    parents: list[RelativeView]
    children: list[RelativeView]
    others: list[str]
    complete: bool


@router.get("/{asset}/lineage", responses=refusals(404))
def show_lineage(asset: Id, studio: TheStudio, me: Me) -> LineageView:
    """The pictures that a picture was made from, and those that were made from it, as trees."""
    found = find(studio, me, asset)
    before, after = _Tree(studio, found), _Tree(studio, found)
    parents, others = before.parents(found, DEEPEST)
    children = after.children(found, DEEPEST)
    return LineageView(
        parents=parents, children=children, others=others, complete=before.is_complete and after.is_complete
    )


class _Tree:
    """A walk through the relatives of a picture, each of which comes once."""

    def __init__(self, studio: Studio, start: Asset) -> None:
        self._studio = studio
        self._seen = {start.id}
        self.is_complete = True

    def parents(self, asset: Asset, depth: int) -> tuple[list[RelativeView], list[str]]:
        """What a picture was made from; and names of pictures that are not in the books."""
        try:
            kept, job = kept_in(self._studio, asset)
        except BadInput:  # its file is gone or damaged
            return [], []
        shown = shown_by(kept.workflow, asset.node if asset.job else "")
        if not shown:
            return [], []
        places = dict.fromkeys(pictures_named(upstream(kept.workflow, shown)))
        since = None if not asset.job else job.created if job else asset.created
        with self._studio.database.read() as connection:
            found = _found(connection, asset, places, since)
        loaded = set(_loaded(kept.workflow, shown))
        others = [path for folder, path in places if (folder, path) in loaded and (folder, path) not in found]
        there = [found[place] for place in places if place in found]
        return [self._parent(each, depth) for each in self._new(there, depth)], others

    def _parent(self, asset: Asset, depth: int) -> RelativeView:
        relatives, others = self.parents(asset, depth - 1)
        return self._view(asset, relatives, others)

    def children(self, asset: Asset, depth: int) -> list[RelativeView]:
        """What was made from a picture."""
        made = list(self._made_from(asset))
        return [self._view(each, self.children(each, depth - 1), []) for each in self._new(made, depth)]

    def _made_from(self, asset: Asset) -> Iterator[Asset]:
        """The pictures that were saved by jobs with a picture among what feeds them; the newest jobs first."""
        place = (asset.folder, asset.path)
        with self._studio.database.read() as connection:
            jobs = jobs_beginning_with(connection, asset.id, JOBS)
            older = [job for job in jobs_naming(connection, asset.user, place, asset.created, JOBS) if job not in jobs]
            wanted = AssetFilter(user=asset.user, folder="output", kind="images")
            made = {
                job: page_of_assets(connection, replace(wanted, job=job), limit=MOST, oldest_first=True)
                for job in (*jobs, *older)
            }
        for job, pictures in made.items():
            workflow = self._workflow(pictures[0]) if pictures else {}
            places = set(jobs.get(job, [place]))
            for each in pictures:
                if each.node in workflow and places & set(pictures_named(upstream(workflow, each.node))):
                    yield each

    def _workflow(self, made: Asset) -> Workflow:
        """That of the job which made a picture; by the picture itself, where the job is deleted."""
        with self._studio.database.read() as connection:
            job = get_job(connection, made.job)
        if job is not None:
            return sound(parse_api(json.loads(job.workflow))[0])
        try:
            return kept_in(self._studio, made)[0].workflow
        except BadInput:
            return {}

    def _new(self, assets: Iterable[Asset], depth: int) -> Iterator[Asset]:
        for asset in assets:
            if asset.id in self._seen:
                continue
            if depth == 0 or len(self._seen) > MOST:
                self.is_complete = False
                return
            self._seen.add(asset.id)
            yield asset

    def _view(self, asset: Asset, relatives: list[RelativeView], others: list[str]) -> RelativeView:
        with self._studio.database.read() as connection:
            job = get_job(connection, asset.job) if asset.job else None
        return RelativeView(
            asset=view_of(asset), job=asset.job, title=job.title if job else "", relatives=relatives, others=others
        )


def _found(connection: Connection, asset: Asset, places: Collection[Place], since: float | None) -> dict[Place, Asset]:
    """The pictures that a picture was made from, by what its workflow calls them.

    Those that were in the books when its job was queued are known, whatever has their name by now. The others go by
    their names, unless they came later.

    Args:
        connection: To the database.
        asset: The picture.
        places: What its workflow names.
        since: When its job was queued, in seconds since 1970; None where it has none.
    """
    noted = inputs_of(connection, asset.job) if asset.job else {}
    known = {place: noted[place] for place in places if noted.get(place)}
    by_id = {each.id: each for each in assets_by_id(connection, [each for each in known.values() if each])}
    found = {place: by_id[each] for place, each in known.items() if each in by_id and by_id[each].deleted is None}
    unknown = [(asset.user, *place) for place in places if place not in known]
    for (_, *place), each in assets_at(connection, unknown).items():
        if since is None or each.created <= since:
            found[place[0], place[1]] = each
    return found


def _loaded(workflow: Workflow, node: str) -> Iterator[Place]:
    for call in upstream(workflow, node):
        name = call.inputs.get("image")
        if call.class_type in LOADERS and isinstance(name, str):
            folder, path = annotated("input", name)
            yield folder, path.replace("\\", "/")
