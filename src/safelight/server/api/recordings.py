"""How pictures came about: the recorded steps of their samplers, and the words as CLIP saw them."""

import json
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.folders import RECORDINGS, Folders, recording_name
from safelight.graph.document import Workflow
from safelight.graph.first_prompt import first_prompt
from safelight.graph.wish_of import shown_by
from safelight.graph.work import samplings, work_of
from safelight.prompts.counting import Syntax
from safelight.prompts.reading import ReadPrompt, read_prompt
from safelight.server.access import Me
from safelight.server.api.answers import Id, NotThere, Words, refusals
from safelight.server.api.assets import find
from safelight.server.api.job_views import JobsView
from safelight.server.api.recipes import kept_in
from safelight.server.api.submitting import Order, Variant, submit
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import Asset
from safelight.store.events import events_of

router = APIRouter(prefix="/assets", tags=["assets"])

Shown = Literal["denoised", "noisy", "guidance"]


class PromptTokenView(BaseModel):
    """A token of a prompt; `place` is its row in the attention of the recording.

    `text` ends in a space where a word ends; `id` is null for a row of a learned embedding.
    """

    place: int
    chunk: int
    text: str
    id: int | None
    weight: float
    word: int


class PromptView(BaseModel):
    """A prompt as CLIP sees it: `ends` are the places of the end marks of its chunks, `missing` absent embeddings.

    `syntax` is how its brackets were read.
    """

    prompt: str
    syntax: Syntax
    tokens: list[PromptTokenView]
    chunks: int
    ends: list[int]
    missing: list[str]


class SamplingView(BaseModel):
    """A sampler behind a picture, and whether its run is recorded."""

    node: str
    class_type: str
    recorded: bool
    bytes: int
    words: PromptView | None


class RecordingView(BaseModel):
    """The samplers behind a picture, the last one first; `picture` is its number in their batch."""

    samplings: list[SamplingView]
    picture: int


@router.get("/{asset}/recording", responses=refusals(400, 404))
def show_recording(asset: Id, studio: TheStudio, me: Me) -> RecordingView:
    """What is known of how a picture came about."""
    found = find(studio, me, asset)
    workflow, nodes = _behind(studio, found)
    folders = studio.folders_of(found.user)
    views = []
    for node in nodes:
        path = _path(folders, workflow, node)
        size = path.stat().st_size if path.is_file() else 0
        views.append(
            SamplingView(
                node=node,
                class_type=workflow[node].class_type,
                recorded=size > 0,
                bytes=size,
                words=_words(folders, workflow, node),
            )
        )
    return RecordingView(samplings=views, picture=_number_in_batch(studio, found))


@router.get(
    "/{asset}/recording/file",
    response_class=FileResponse,
    responses=refusals(400, 404) | {200: {"content": {"application/octet-stream": {}}}},
)
def download_recording(
    asset: Id,
    studio: TheStudio,
    me: Me,
    node: Annotated[Words, Query(description="The sampler; empty for the last.")] = "",
) -> FileResponse:
    """The recorded run, a safetensors file; docs/inspect.md has its arrays."""
    path = _recorded(studio, find(studio, me, asset), node)
    return FileResponse(path, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


@router.get(
    "/{asset}/recording/film",
    response_class=Response,
    responses=refusals(400, 404) | {200: {"content": {"image/webp": {}}}},
)
def show_film(
    asset: Id,
    studio: TheStudio,
    me: Me,
    what: Annotated[Shown, Query(description="The estimate of the clean latent, the noisy one, or cond - uncond.")],
    node: Annotated[Words, Query(description="The sampler; empty for the last.")] = "",
    picture: Annotated[int, Query(ge=0, lt=10_000, description="Which of its batch, from 0.")] = 0,
    save: Annotated[bool, Query(description="To be saved rather than shown.")] = False,
) -> Response:
    """The recorded run as an animated WebP, a frame for each step."""
    from safelight.files.film import write_film  # noqa: PLC0415 (numpy, for those who ask for films)

    film = write_film(_recorded(studio, find(studio, me, asset), node), what, picture)
    headers = {"Cache-Control": "no-cache"}
    if save:
        headers["Content-Disposition"] = f'attachment; filename="{what}.webp"'
    return Response(film, media_type="image/webp", headers=headers)


@router.post("/{asset}/recording", status_code=202, responses=refusals(400, 404, 429))
def record(asset: Id, studio: TheStudio, me: Me) -> JobsView:
    """Run the samplers behind a picture again, and record them. No picture is saved."""
    found = find(studio, me, asset)
    workflow, nodes = _behind(studio, found)
    if not nodes:
        raise BadInput(f"No sampler is behind {found.path}.", mend="Choose a picture that was made by one.")
    order = Order(targets=nodes, title="Recording", extra={"record": True}, front=True)
    return submit(studio, me, [Variant(workflow)], order)


def _behind(studio: Studio, asset: Asset) -> tuple[Workflow, list[str]]:
    kept, job = kept_in(studio, asset)
    shown = shown_by(kept.workflow, asset.node if job else "")
    return kept.workflow, samplings(kept.workflow, shown) if shown else []


def _recorded(studio: Studio, asset: Asset, node: str) -> Path:
    workflow, nodes = _behind(studio, asset)
    chosen = node or (nodes[0] if nodes else "")
    path = _path(studio.folders_of(asset.user), workflow, chosen) if chosen in nodes else None
    if path is None or not path.is_file():
        raise NotThere("How this picture came about was not recorded.", mend="Record it: POST to the same address.")
    return path


def _path(folders: Folders, workflow: Workflow, node: str) -> Path:
    return folders.directories[RECORDINGS][0] / recording_name(work_of(workflow, node))


def _words(folders: Folders, workflow: Workflow, node: str) -> PromptView | None:
    """The first positive prompt of a sampler, read; None where no node behind it has it written down."""
    prompt = first_prompt(workflow, node)
    if prompt is None:
        return None
    read: ReadPrompt = read_prompt(prompt.text, prompt.syntax, folders.directories["embeddings"])
    tokens = [PromptTokenView.model_validate(token, from_attributes=True) for token in read.tokens]
    return PromptView(
        prompt=prompt.text,
        syntax=prompt.syntax,
        tokens=tokens,
        chunks=read.chunks,
        ends=list(read.ends),
        missing=list(read.missing),
    )


def _number_in_batch(studio: Studio, asset: Asset) -> int:
    """Which picture of its batch an asset is, from 0; those of one node are saved in order."""
    if not asset.job:
        return 0
    with studio.database.read() as connection:
        told = events_of(connection, asset.job)
    outputs = [json.loads(event.data) for event in told if event.tag == "output"]
    paths = [output["path"] for output in outputs if output["node"] == asset.node and output["kind"] == asset.kind]
    return paths.index(asset.path) if asset.path in paths else 0
