"""Jobs as they are answered."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import Connection

from safelight.files.folders import RECORDINGS
from safelight.server.api.answers import Document
from safelight.server.api.assets import AssetView, view_of
from safelight.server.studio import Studio
from safelight.store import events as stored
from safelight.store.assets import Asset, assets_at
from safelight.store.events import StoredEvent
from safelight.store.jobs import OPEN, JobRow, State


class OutputView(BaseModel):
    """What a node had to show: a file, which is an asset, or words."""

    node: str
    kind: str
    text: str
    asset: AssetView | None


class FailureView(BaseModel):
    """Why a job failed."""

    what: str
    where: str
    mend: str
    node: str
    class_type: str


class JobView(BaseModel):
    """A job. Times are seconds since 1970, `seconds` those of a device that it has had."""

    id: str
    state: State
    title: str
    batch: str
    priority: int
    created: float
    started: float | None
    ended: float | None
    seconds: float
    estimate: float | None
    engine: str
    error: FailureView | None
    outputs: list[OutputView]


class NodeView(BaseModel):
    """How far a node of a job is; those that have not begun are left out."""

    node: str
    state: Literal["running", "done", "cached", "failed"]


class StepView(BaseModel):
    """A node has done `value` of `total` steps."""

    node: str
    value: int
    total: int


class JobDetails(JobView):
    """A job with all that is known of it.

    `position` counts the jobs before it; it and `seconds_left` are null where the job has ended or nobody knows.
    `step` is how far the running node is.
    """

    position: int | None
    seconds_left: float | None
    step: StepView | None
    nodes: list[NodeView]
    workflow: Document
    targets: list[str] | None
    extra: Document


class JobPage(BaseModel):
    """Some jobs, and how many there are."""

    jobs: list[JobView]
    total: int


class JobsView(BaseModel):
    """The jobs of one request; `batch` is empty where it is one alone."""

    batch: str
    jobs: list[JobView]


def views_of(connection: Connection, jobs: Sequence[JobRow]) -> list[JobView]:
    """Jobs with what they made."""
    told = stored.events_of_jobs(connection, [job.id for job in jobs], ("output",))
    outputs = {job.id: [json.loads(event.data) for event in told[job.id]] for job in jobs}
    places = {(job.user, output["folder"], output["path"]) for job in jobs for output in outputs[job.id]}
    assets = assets_at(connection, sorted(place for place in places if place[2]))
    return [_view(job, outputs[job.id], assets) for job in jobs]


def details_of(studio: Studio, job: JobRow) -> JobDetails:
    """A job with all that is known of it."""
    with studio.database.read() as connection:
        (view,) = views_of(connection, [job])
        events = stored.events_of(connection, job.id)
    place = studio.queue.place(job) if job.state in OPEN else None
    running = studio.dispatcher.running().get(job.id)
    step = running.step if running else None
    return JobDetails(
        **dict(view),
        position=place.position if place else None,
        seconds_left=place.seconds_left if place else None,
        step=StepView(node=step.node, value=step.value, total=step.total) if step else None,
        nodes=_nodes(job, events),
        workflow=json.loads(job.workflow),
        targets=None if job.targets is None else list(job.targets),
        extra=json.loads(job.extra),
    )


def _view(job: JobRow, outputs: Sequence[Mapping[str, str]], assets: Mapping[tuple[str, str, str], Asset]) -> JobView:
    return JobView(
        id=job.id,
        state=job.state,
        title=job.title,
        batch=job.batch,
        priority=job.priority,
        created=job.created,
        started=job.started,
        ended=job.ended,
        seconds=job.device_seconds,
        estimate=job.estimate,
        engine=job.engine,
        error=FailureView(**json.loads(job.error)) if job.error else None,
        outputs=[
            OutputView(
                node=output["node"],
                kind=output["kind"],
                text=output["text"],
                asset=view_of(asset) if asset else None,
            )
            for output in outputs
            if output["folder"] != RECORDINGS  # those are found by the picture
            for asset in (assets.get((job.user, output["folder"], output["path"])),)
        ],
    )


def _nodes(job: JobRow, events: Sequence[StoredEvent]) -> list[NodeView]:
    """How far each node is, as far as the last attempt tells."""
    states: dict[str, Literal["running", "done", "cached", "failed"]] = {}
    running = ""
    for event in events:
        data = json.loads(event.data)
        match event.tag:
            case "started":
                states.clear()
                running = ""
            case "cached":
                states.update(dict.fromkeys(data["nodes"], "cached"))
            case "node":
                if running:
                    states[running] = "done"
                running = data["node"]
                states[running] = "running"
            case "done" | "failed" | "cancelled":
                if running:
                    states[running] = "failed" if data.get("node") == running else "done"
    if running and job.state == "queued":
        states.clear()
    return [NodeView(node=node, state=state) for node, state in states.items()]
