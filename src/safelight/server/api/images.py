"""Pictures from words, in one call."""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from safelight.errors import SafelightError
from safelight.files.picture_files import picture_size
from safelight.graph.formats import write_api
from safelight.graph.request import workflow_of
from safelight.graph.wish import DEFAULT_CHECKPOINT, Wish, requests_of
from safelight.jobs.hub import Listener, Told
from safelight.protocol.events import Cancelled, Done, Failed
from safelight.server.access import Me, Person
from safelight.server.api.answers import REFUSAL, TEXT, Words, refusals
from safelight.server.api.assets import find, path_of
from safelight.server.api.job_views import JobsView, JobView, views_of
from safelight.server.api.jobs import MOST_SEEDS, Priority
from safelight.server.api.submitting import Order, submit
from safelight.server.studio import Studio, TheStudio
from safelight.store import jobs as rows
from safelight.store.jobs import OPEN

router = APIRouter(prefix="/images", tags=["images"])

LONGEST_WAIT = 600  # seconds
LOOK = 5.0  # seconds until one that waits looks whether it is still wanted
_PREFERENCE = re.compile(r"\bwait(?:\s*=\s*\"?(\d{1,6}))?")
_ASSET = re.compile(r"[0-9a-f]{32}")

File = Annotated[str, Field(max_length=1000, pattern=TEXT)]
Prompt = Annotated[str, Field(max_length=100_000, pattern=TEXT)]
Side = Annotated[int, Field(ge=16, le=16384)]


class ImageWish(BaseModel):
    """Pictures to be made. What is null suits the checkpoint; the words are those of `safelight generate`."""

    prompt: Annotated[Prompt, Field(description="{a|b} draws one of several words.", examples=["a picture of a cat"])]
    negative: Prompt = ""
    checkpoint: Annotated[File, Field(description="A file of the checkpoints folder.")] = DEFAULT_CHECKPOINT
    vae: Annotated[File | None, Field(description="A file of the vae folder, for the checkpoint's own.")] = None
    steps: Annotated[int | None, Field(ge=1, le=10_000)] = None
    cfg: Annotated[float | None, Field(ge=0, le=100, allow_inf_nan=False)] = None
    sampler: Words | None = None
    scheduler: Words | None = None
    seed: Annotated[int | None, Field(ge=0, lt=2**64, description="Of the first picture; null draws one.")] = None
    width: Annotated[Side | None, Field(description="Pixels; rounded to a multiple of 8.")] = None
    height: Side | None = None
    batch: Annotated[int, Field(ge=1, le=4096, description="Pictures made at once, from one seed.")] = 1
    count: Annotated[int, Field(ge=1, le=MOST_SEEDS, description="Jobs; each seed is one more.")] = 1
    init_image: Annotated[File | None, Field(description="To start from: an asset's id, or a name among inputs.")] = (
        None
    )
    denoise: Annotated[float | None, Field(ge=0, le=1, description="How much of it to change.")] = None
    mask: Annotated[File | None, Field(description="White where the first is repainted: an id or a name.")] = None
    clip_skip: Annotated[int | None, Field(ge=1, le=24)] = None
    syntax: Literal["comfyui", "a1111"] = "comfyui"
    priority: Priority = 0
    front: bool = False


@router.post(
    "",
    status_code=202,
    response_model=JobsView,
    responses=refusals(400, 403, 429, 500)
    | REFUSAL
    | {
        200: {"model": JobsView, "content": {"image/png": {}}, "description": "It was waited for: the picture."},
        202: {"description": "The jobs, one for each seed."},
    },
)
async def make_images(
    wish: ImageWish,
    request: Request,
    response: Response,
    studio: TheStudio,
    me: Me,
    wait: Annotated[bool, Query(description=f"Answer when it is done, or after {LONGEST_WAIT} s.")] = False,
    prefer: Annotated[str, Header(description="`wait`, or `wait=SECONDS`.")] = "",
) -> Response | JobsView:
    """Make pictures from words.

    Answers at once with the jobs; or waits, and answers with the picture itself, or with the jobs where there are
    several pictures. A client that goes away does not cancel them.
    """
    seconds = waiting_time(wait, prefer)
    if not seconds:
        return await run_in_threadpool(_submit, studio, me, wish)
    listener = studio.hub.listen(me.id)
    try:
        begun = await run_in_threadpool(_submit, studio, me, wish)
        jobs = [job.id for job in begun.jobs]
        is_over = await _ended(studio, listener, jobs, seconds, request)
    finally:
        studio.hub.leave(listener)
    ended = JobsView(batch=begun.batch, jobs=await run_in_threadpool(_views, studio, jobs))
    if is_over:
        response.status_code = 200
        if len(jobs) == 1:
            return await run_in_threadpool(_picture, studio, me, ended.jobs[0]) or ended
    return ended


def waiting_time(wait: bool, prefer: str) -> float:
    """Seconds that a client wants to wait, by its query or its `Prefer` header (RFC 7240); 0 for not at all."""
    asked = _PREFERENCE.search(prefer)
    if asked and asked[1]:
        return min(int(asked[1]), LONGEST_WAIT)
    return LONGEST_WAIT if wait or asked else 0


def _submit(studio: Studio, me: Person, wish: ImageWish) -> JobsView:
    folders = studio.folders_of(me.id)
    given = wish.model_dump(exclude={"priority", "front"})
    wanted = Wish(
        **given | {"init_image": _input_name(studio, me, wish.init_image), "mask": _input_name(studio, me, wish.mask)}
    )
    start = picture_size(folders.resolve("input", wanted.init_image)) if wanted.init_image else None
    documents = [write_api(workflow_of(one)) for one in requests_of(wanted, folders, start)]
    written = {"written": {"prompt": wish.prompt, "negative": wish.negative}}
    order = Order(priority=wish.priority, front=wish.front, title=wish.prompt[:200], notes=written)
    return submit(studio, me, documents[0], order, lambda _: documents)


def _input_name(studio: Studio, me: Person, picture: str | None) -> str | None:
    """What a node calls a picture that is an asset's id, or a name already."""
    if picture is None or not _ASSET.fullmatch(picture):
        return picture
    asset = find(studio, replace(me, admin=False), picture)  # a node finds the files of the job's owner alone
    return asset.path if asset.folder == "input" else f"{asset.path} [{asset.folder}]"


async def _ended(studio: Studio, listener: Listener, jobs: Collection[str], seconds: float, request: Request) -> bool:
    """Wait until all of some jobs have ended; False where that took too long, or the client went away."""
    left = set(jobs)
    until = asyncio.get_running_loop().time() + seconds
    while left and (now := asyncio.get_running_loop().time()) < until:
        try:
            news = await asyncio.wait_for(listener.take(), min(LOOK, until - now))
        except TimeoutError:
            if await request.is_disconnected():
                return False
            news = []
            left = await run_in_threadpool(_open, studio, left)  # as a listener that is far behind is cut off
        left -= {
            one.event.job for one in news if isinstance(one, Told) and isinstance(one.event, Done | Failed | Cancelled)
        }
    return not left


def _open(studio: Studio, jobs: Collection[str]) -> set[str]:
    with studio.database.read() as connection:
        return {row.id for row in rows.jobs_by_id(connection, list(jobs)) if row.state in OPEN}


def _views(studio: Studio, jobs: Sequence[str]) -> list[JobView]:
    with studio.database.read() as connection:
        return views_of(connection, rows.jobs_by_id(connection, jobs))


def _picture(studio: Studio, me: Person, job: JobView) -> FileResponse | None:
    """The one picture that a job made; None where it made none, or several.

    Raises:
        SafelightError: It failed.
    """
    if job.error is not None:
        raise SafelightError(job.error.what, where=job.error.where, mend=job.error.mend)
    pictures = [each.asset for each in job.outputs if each.asset and each.asset.folder == "output"]
    if len(pictures) != 1:
        return None
    asset = find(studio, me, pictures[0].id)
    headers = {"X-Job": job.id, "X-Asset": asset.id}
    return FileResponse(path_of(studio, asset), media_type=asset.mime, headers=headers)
