"""Pictures from words, in one call."""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from safelight.errors import SafelightError
from safelight.files.picture_files import white_part
from safelight.files.picture_size import picture_size
from safelight.graph.formats import write_api
from safelight.graph.layout import to_editor
from safelight.graph.request import ImageRequest, workflow_of
from safelight.graph.wanted import Control, Lora, Outpaint, Reference, Upscale, Variation
from safelight.graph.wish import DEFAULT_CHECKPOINT, Wish, filled_in, requests_of
from safelight.jobs.hub import Listener, Told
from safelight.protocol.events import Cancelled, Done, Failed
from safelight.server.access import Me, Person
from safelight.server.api.answers import REFUSAL, TEXT, Document, Words, refusals
from safelight.server.api.assets import find, path_of
from safelight.server.api.job_views import JobsView, JobView, views_of
from safelight.server.api.jobs import MOST_SEEDS, Priority
from safelight.server.api.submitting import Order, Variant, submit
from safelight.server.studio import Studio, TheStudio
from safelight.store import jobs as rows
from safelight.store.jobs import OPEN

router = APIRouter(prefix="/images", tags=["images"])

LONGEST_WAIT = 600  # seconds
MOST_PARTS = 16  # LoRAs and pictures of each kind
LOOK = 5.0  # seconds until one that waits looks whether it is still wanted
_PREFERENCE = re.compile(r"\bwait(?:\s*=\s*\"?(\d{1,6}))?")
_ASSET = re.compile(r"[0-9a-f]{32}")

File = Annotated[str, Field(max_length=1000, pattern=TEXT)]
Prompt = Annotated[str, Field(max_length=100_000, pattern=TEXT)]
Side = Annotated[int, Field(ge=16, le=16384)]
Margin = Annotated[int, Field(ge=0, le=8192)]
Share = Annotated[float, Field(ge=0, le=1)]


class LoraWish(BaseModel):
    """A LoRA; strength 1 is as it was trained."""

    name: Annotated[File, Field(description="A file of the loras folder.")]
    strength: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)] = 1.0


class ControlWish(BaseModel):
    """A picture to be followed, from `start` to `end` of the way."""

    model: Annotated[File, Field(description="A ControlNet or T2I-Adapter: a file of the controlnet folder.")]
    image: Annotated[File, Field(description="An asset's id, or a name among inputs.")]
    strength: Annotated[float, Field(ge=0, le=10)] = 1.0
    start: Share = 0.0
    end: Share = 1.0
    preprocess: Annotated[
        Words | None, Field(description="`canny`, or a kind of ControlNetPreprocessor; null shows the picture itself.")
    ] = None


class ReferenceWish(BaseModel):
    """A picture as a part of the prompt."""

    image: Annotated[File, Field(description="An asset's id, or a name among inputs.")]
    weight: Annotated[float, Field(ge=-1, le=5)] = 1.0
    model: Annotated[File | None, Field(description="A file of the ipadapter folder; null for one that fits.")] = None


class OutpaintWish(BaseModel):
    """Pixels added around a picture; `feather` is how far the new part reaches into it."""

    left: Margin = 0
    top: Margin = 0
    right: Margin = 0
    bottom: Margin = 0
    feather: Annotated[int, Field(ge=0, le=256)] = 24


class UpscaleWish(BaseModel):
    """A second pass, `by` times as wide and high."""

    by: Annotated[float, Field(ge=1, le=4)] = 2.0
    denoise: Annotated[float | None, Field(ge=0, le=1, description="How much is painted anew; 0 only enlarges.")] = None
    steps: Annotated[int | None, Field(ge=1, le=10_000)] = None
    model: Annotated[File | None, Field(description="A file of the upscale_models folder.")] = None


class VariationWish(BaseModel):
    """Other noise mixed into that of the seed: 0 changes nothing, 1 is another picture."""

    seed: Annotated[int | None, Field(ge=0, lt=2**64, description="Of the other noise; null draws one.")] = None
    strength: Share = 0.1


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
    mask_feather: Annotated[int, Field(ge=0, le=64, description="Pixels over which the mask's edge is softened.")] = 0
    inpaint_area: Annotated[
        Literal["whole", "masked"],
        Field(description="Sample the whole picture, or the masked part alone, at the size that the checkpoint knows."),
    ] = "whole"
    outpaint: Annotated[OutpaintWish | None, Field(description="Added around the picture to start from.")] = None
    loras: Annotated[list[LoraWish], Field(max_length=MOST_PARTS)] = []
    controls: Annotated[list[ControlWish], Field(max_length=MOST_PARTS, description="Pictures to follow.")] = []
    references: Annotated[
        list[ReferenceWish], Field(max_length=MOST_PARTS, description="Pictures as parts of the prompt.")
    ] = []
    upscale: Annotated[UpscaleWish | None, Field(description="A second pass, larger.")] = None
    variation: Annotated[
        VariationWish | None, Field(description="Nearly the same picture; count makes several of them.")
    ] = None
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


class ImageWorkflow(BaseModel):
    """What a wish would run, in both formats; `wish` has all filled in that was left to the checkpoint or to chance."""

    workflow: Document
    editor: Document
    wish: ImageWish


@router.post("/workflow", responses=refusals(400))
def show_workflow(wish: ImageWish, studio: TheStudio, me: Me) -> ImageWorkflow:
    """The workflow that a wish comes to; nothing is run."""
    understood = _understood(studio, me, wish)
    first = workflow_of(understood.requests[0])
    editor = to_editor(first, studio.shelf.catalog())
    pictures = {"init_image": wish.init_image, "mask": wish.mask}
    filled = asdict(filled_in(understood.wish, understood.requests[0], understood.start)) | pictures
    for name in ("controls", "references"):
        for said, found in zip(getattr(wish, name), filled[name], strict=True):
            found["image"] = said.image
    full = ImageWish(**filled, priority=wish.priority, front=wish.front)
    return ImageWorkflow(workflow=write_api(first), editor=editor, wish=full)


def waiting_time(wait: bool, prefer: str) -> float:
    """Seconds that a client wants to wait, by its query or its `Prefer` header (RFC 7240); 0 for not at all."""
    asked = _PREFERENCE.search(prefer)
    if asked and asked[1]:
        return min(int(asked[1]), LONGEST_WAIT)
    return LONGEST_WAIT if wait or asked else 0


@dataclass(frozen=True)
class _Understood:
    """A wish whose pictures were found, and what it comes to; `start` is the size of the picture to start from."""

    wish: Wish
    requests: Sequence[ImageRequest]
    start: tuple[int, int] | None


def _submit(studio: Studio, me: Person, wish: ImageWish) -> JobsView:
    variants = [Variant(workflow_of(one)) for one in _understood(studio, me, wish).requests]
    order = Order(
        priority=wish.priority,
        front=wish.front,
        title=wish.prompt[:200],
        are_alike=True,
        notes={"written": {"prompt": wish.prompt, "negative": wish.negative}},
    )
    return submit(studio, me, variants, order)


def _understood(studio: Studio, me: Person, wish: ImageWish) -> _Understood:
    folders = studio.folders_of(me.id)

    def found(picture: str) -> str:
        return _input_name(studio, me, picture)

    given = wish.model_dump(
        exclude={"priority", "front", "loras", "controls", "references", "outpaint", "upscale", "variation"}
    )
    pictures = {name: found(given[name]) if given[name] else None for name in ("init_image", "mask")}
    wanted = Wish(
        **given | pictures,
        loras=tuple(Lora(**dict(lora)) for lora in wish.loras),
        controls=tuple(Control(**dict(each) | {"image": found(each.image)}) for each in wish.controls),
        references=tuple(Reference(**dict(each) | {"image": found(each.image)}) for each in wish.references),
        outpaint=Outpaint(**dict(wish.outpaint)) if wish.outpaint else None,
        upscale=Upscale(**dict(wish.upscale)) if wish.upscale else None,
        variation=Variation(**dict(wish.variation)) if wish.variation else None,
    )
    start = picture_size(folders.resolve("input", wanted.init_image)) if wanted.init_image else None
    hole = None
    if start and wanted.mask and wanted.inpaint_area == "masked":
        hole = white_part(folders.resolve("input", wanted.mask))
    return _Understood(wanted, requests_of(wanted, folders, start, hole), start)


def _input_name(studio: Studio, me: Person, picture: str) -> str:
    """What a node calls a picture that is an asset's id, or a name already."""
    if not _ASSET.fullmatch(picture):
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
