"""Jobs: put in, look, move, cancel, retry, delete."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from safelight.errors import BadInput
from safelight.files.picture_size import sizes_in
from safelight.graph.catalog import Catalog
from safelight.graph.changes import Change, with_changes
from safelight.graph.check import check
from safelight.graph.document import Workflow
from safelight.graph.formats import write_api
from safelight.graph.missing import missing_files, unknown_types
from safelight.graph.seeds import with_seeds
from safelight.jobs.admission import WorkflowRejected, admit
from safelight.server.access import Me
from safelight.server.api.answers import (
    ID,
    Document,
    Everyone,
    Id,
    Limit,
    MissingView,
    Offset,
    ProblemView,
    Words,
    check_json,
    missing_views,
    problem_views,
    refusals,
)
from safelight.server.api.job_views import JobDetails, JobPage, JobsView, JobView, details_of, views_of
from safelight.server.api.reasons import ReasonList, why
from safelight.server.api.submitting import Order, Variant, check_priority, meant, submit
from safelight.server.studio import Studio, TheStudio
from safelight.store.jobs import ENDED, OPEN, State

router = APIRouter(prefix="/jobs", tags=["jobs"])

MOST_SEEDS = 1000
MOST_CHANGES = 100  # of one run
EVERY: tuple[State, ...] = (*OPEN, *ENDED)
EXAMPLE = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "black"}},
}

JobId = Annotated[str, Field(pattern=ID)]
Targets = Annotated[list[Annotated[str, Field(max_length=255)]], Field(min_length=1, max_length=1000)]
Priority = Annotated[int, Field(ge=-1000, le=1000, description="Higher goes first; above 0 for admins only.")]


class ChangeOf(BaseModel):
    """Another value for an input that holds one."""

    node: Annotated[str, Field(max_length=255)]
    input: Annotated[str, Field(max_length=255)]
    value: Annotated[Any, Field(description="A text, a number, a truth value; a list or an object where it takes one.")]


ApiWorkflow = Annotated[
    Document | None,
    Field(description="In the API format; null to run the editor's document.", examples=[EXAMPLE]),
]


class NewJobs(BaseModel):
    """A workflow to be run: once, with several seeds, or with several values in its inputs."""

    workflow: ApiWorkflow = None
    targets: Annotated[Targets | None, Field(description="Nodes to run for; null: all that save or show.")] = None
    count: Annotated[int, Field(ge=1, le=MOST_SEEDS, description="Runs; each has all seeds one higher.")] = 1
    seeds: Annotated[
        list[Annotated[int, Field(ge=0, lt=2**64)]] | None,
        Field(min_length=1, max_length=MOST_SEEDS, description="The seed of each run, in place of count."),
    ] = None
    priority: Priority = 0
    front: Annotated[bool, Field(description="Before all others of this priority.")] = False
    title: Words = ""
    editor: Annotated[Document | None, Field(description="The graph editor's document, kept in saved pictures.")] = None
    extra: Annotated[Document, Field(description="Kept with the job, and given back.")] = {}
    changes: Annotated[
        list[Annotated[list[ChangeOf], Field(max_length=MOST_CHANGES)]] | None,
        Field(
            min_length=1,
            max_length=MOST_SEEDS,
            description="A run for each entry, with these values in place of the workflow's; in place of count.",
        ),
    ] = None


class CheckedWorkflow(BaseModel):
    """A workflow to be checked."""

    workflow: ApiWorkflow = None
    editor: Annotated[Document | None, Field(description="A graph editor's document, in its place.")] = None
    targets: Targets | None = None


class EstimateView(BaseModel):
    """What a workflow will take: bytes, calls of the model, seconds of sampling; null is unknown."""

    weights: int
    peak: int | None
    model_calls: int | None
    seconds: float | None
    device: str
    unknown: list[str]


class VerdictView(BaseModel):
    """What is wrong with a workflow; where nothing is, what it will take.

    `unknown` has the node types that are not there, `missing` the files that its nodes name and that are not.
    """

    problems: list[ProblemView]
    estimate: EstimateView | None
    unknown: list[str]
    missing: list[MissingView]


class Move(BaseModel):
    """Where a queued job is to go; one of the three."""

    before: Annotated[JobId | None, Field(description="Id of the job that it is put before.")] = None
    front: bool = False
    priority: Priority | None = None


class Which(BaseModel):
    """Some jobs; null for all of yours."""

    jobs: Annotated[list[JobId] | None, Field(max_length=10_000)] = None


class Number(BaseModel):
    """How many jobs it was done to."""

    count: int


@router.post("", status_code=202, responses=refusals(400, 403, 429))
def submit_jobs(new: NewJobs, studio: TheStudio, me: Me) -> JobsView:
    """Check a workflow and put it into the queue."""
    most = studio.settings.body_bytes
    changes = [dict(change) for entry in new.changes or () for change in entry]
    for document in (new.workflow, new.editor, new.extra, changes):
        check_json(document, most)
    order = Order(
        targets=new.targets,
        priority=new.priority,
        front=new.front,
        title=new.title,
        editor=new.editor,
        are_alike=new.changes is None,
        is_drawn=new.workflow is None,
        extra={key: value for key, value in new.extra.items() if key != "extra_pnginfo"},
    )
    catalog = studio.shelf.catalog()
    return submit(studio, me, _variants(new, meant(new.workflow, new.editor, catalog), catalog), order)


def _variants(new: NewJobs, workflow: Workflow, catalog: Catalog) -> list[Variant]:
    """All runs that are asked for."""
    if new.changes is not None:
        if new.seeds is not None or new.count > 1:
            raise BadInput("Changes say all runs, and count or seeds say others.", mend="Give one of them.")
        varied = []
        for number, entry in enumerate(new.changes, start=1):
            try:
                changed = with_changes(workflow, [Change(**dict(change)) for change in entry])
            except BadInput as error:
                raise error.at(f"run {number}") from error.__cause__
            varied.append(Variant(changed, {"changes": [change.model_dump() for change in entry]}))
        return varied
    if new.seeds is None and new.count == 1:
        return [Variant(workflow)]
    return [Variant(each) for each in with_seeds(workflow, catalog, count=new.count, seeds=new.seeds or ())]


@router.post("/check", responses=refusals(400))
def check_workflow(checked: CheckedWorkflow, studio: TheStudio, me: Me) -> VerdictView:
    """Say what is wrong with a workflow, or what it will take; nothing is run."""
    for document in (checked.workflow, checked.editor):
        check_json(document, studio.settings.body_bytes)
    catalog, folders, machine = studio.shelf.catalog(), studio.folders_of(me.id), studio.shelf.machine()
    try:
        workflow = meant(checked.workflow, checked.editor, catalog)
    except WorkflowRejected as rejected:
        return VerdictView(problems=problem_views(rejected.problems), estimate=None, unknown=[], missing=[])
    try:
        document = write_api(workflow)
        admitted = admit(document, catalog, folders, machine, studio.settings, targets=checked.targets)
    except WorkflowRejected as rejected:
        return VerdictView(
            problems=problem_views(rejected.problems),
            estimate=None,
            unknown=unknown_types(workflow, catalog),
            missing=missing_views(missing_files(workflow, catalog, folders.list)),
        )
    verdict = check(admitted.workflow, catalog, folders, machine, sizes_in(folders), checked.targets)
    assert verdict.estimate is not None, "nothing was wrong a moment ago"
    estimate = EstimateView.model_validate(verdict.estimate, from_attributes=True)
    return VerdictView(problems=[], estimate=estimate, unknown=[], missing=[])


@router.get("", responses=refusals())
def list_jobs(
    studio: TheStudio,
    me: Me,
    state: Annotated[list[State] | None, Query(description="Those in one of these states.")] = None,
    batch: Annotated[str | None, Query(pattern=ID, description="Those of one request.")] = None,
    order: Annotated[Literal["newest", "queue"], Query(description="As they will be run: `queue`.")] = "newest",
    everyone: Everyone = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> JobPage:
    """Your jobs."""
    found, total = studio.queue.page(
        me.sees if everyone else me.id,
        set(state or EVERY),
        limit=limit,
        offset=offset,
        newest_first=order == "newest",
        batch=batch,
    )
    with studio.database.read() as connection:
        return JobPage(jobs=views_of(connection, found), total=total)


@router.post("/cancel", responses=refusals())
def cancel_jobs(which: Which, studio: TheStudio, me: Me) -> Number:
    """Cancel several jobs, queued or running."""
    return Number(count=studio.queue.cancel(which.jobs, me.id if which.jobs is None else me.sees))


@router.post("/delete", responses=refusals())
def delete_jobs(which: Which, studio: TheStudio, me: Me) -> Number:
    """Forget jobs that have ended; what they made stays among the assets."""
    return Number(count=studio.queue.delete(which.jobs, me.id if which.jobs is None else me.sees))


@router.get("/{job}", responses=refusals(404))
def show_job(job: Id, studio: TheStudio, me: Me) -> JobDetails:
    """A job: where it stands, how far each node is, what it made."""
    return details_of(studio, studio.queue.get(job, me.sees))


@router.get("/{job}/reasons", responses=refusals(404))
def show_reasons(job: Id, studio: TheStudio, me: Me) -> ReasonList:
    """Why each node that ran did, and was not taken from an earlier run; compared with the job before it that is most
    like it."""
    return ReasonList(nodes=why(studio, studio.queue.get(job, me.sees)))


@router.post("/{job}/cancel", responses=refusals(404))
def cancel_job(job: Id, studio: TheStudio, me: Me) -> JobView:
    """Cancel a job; one that is running stops after its step, and one that has ended stays as it is."""
    studio.queue.get(job, me.sees)
    studio.queue.cancel([job], me.sees)
    return _view(studio, job, me.sees)


@router.post("/{job}/retry", responses=refusals(400, 404))
def retry_job(job: Id, studio: TheStudio, me: Me) -> JobView:
    """Put a job that failed or was cancelled into the queue again, at its end."""
    studio.queue.retry(job, me.sees)
    return _view(studio, job, me.sees)


@router.post("/{job}/move", responses=refusals(400, 403, 404))
def move_job(job: Id, move: Move, studio: TheStudio, me: Me) -> JobView:
    """Move a queued job to another place."""
    check_priority(me, move.priority or 0)
    studio.queue.move(job, me.sees, priority=move.priority, before=move.before, front=move.front)
    return _view(studio, job, me.sees)


@router.delete("/{job}", status_code=204, responses=refusals(400, 404))
def delete_job(job: Id, studio: TheStudio, me: Me) -> None:
    """Forget a job that has ended; what it made stays among the assets."""
    if studio.queue.get(job, me.sees).state in OPEN:
        raise BadInput("The job has not ended.", mend="Cancel it first.")
    studio.queue.delete([job], me.sees)


def _view(studio: Studio, job: str, user: str | None) -> JobView:
    row = studio.queue.get(job, user)
    with studio.database.read() as connection:
        return views_of(connection, [row])[0]
