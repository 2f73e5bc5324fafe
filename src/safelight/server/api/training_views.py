"""Training runs as they are answered."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.picture_files import PARAMETERS, opened
from safelight.runs.beginning import FROM_SCRATCH
from safelight.runs.course import standing
from safelight.runs.folder import RunFolder, Sample
from safelight.runs.results import RESULTS
from safelight.runs.settings import TrainingSettings
from safelight.server.access import Person
from safelight.server.api.job_views import FailureView, JobView, views_of
from safelight.server.data_folders import shown_name
from safelight.server.studio import Studio
from safelight.store import jobs as rows
from safelight.store.jobs import OPEN

RunState = Literal["new", "queued", "running", "stopped", "failed", "done"]


class RunView(BaseModel):
    """A training run.

    `checkpoint` is empty for kinds that begin with none. `loss` is the running mean, `seconds` how long it has been
    trained, `seconds_left` null where that is not known; `memory_left` the bytes that could still be taken on its
    device at the last step, null unless it is running; `sample` is where its newest picture is, `result` the file that
    it has made, as FOLDER/NAME. A run whose settings cannot be read has failed, and `error` says why.
    """

    name: str
    kind: str
    checkpoint: str
    state: RunState
    job: str
    error: FailureView | None
    created: float
    step: int
    steps: int
    loss: float | None
    seconds: float
    seconds_left: float | None
    memory_left: int | None
    sample: str | None
    result: str | None


class RunList(BaseModel):
    """Training runs, the newest first."""

    runs: list[RunView]


class SampleView(BaseModel):
    """A picture that was drawn after so many steps; `prompt` is its place among the prompts."""

    step: int
    prompt: int
    url: str


class ResultView(BaseModel):
    """A result of the way, which is kept in the run."""

    step: int
    bytes: int


class PublishedView(BaseModel):
    """The file that a result of the way was put into, as FOLDER/NAME."""

    result: str


class LevelsView(BaseModel):
    """The mean squared error by noise level, ten bands from none to all noise, in spans of steps `first` to `last`."""

    first: list[int]
    last: list[int]
    errors: list[list[float | None]]


class CourseView(BaseModel):
    """How training goes, at most 1,000 points: the mean `losses` since the point before, their running `means`."""

    steps: list[int]
    losses: list[float]
    means: list[float]
    rates: list[float]
    levels: LevelsView


class RunDetails(RunView):
    """A run with all that is known of it; `report` is what was found in its data, in sentences."""

    settings: TrainingSettings
    report: list[str]
    prompts: list[str]
    samples: list[SampleView]
    results: list[ResultView]
    course: CourseView


def open_job_of(studio: Studio, me: Person, folder: RunFolder) -> str | None:
    """The id of the job that trains a run or waits for it."""
    job = _jobs_of(studio, me, [folder]).get(_job_id(folder))
    return job.id if job is not None and job.state in OPEN else None


def _job_id(folder: RunFolder) -> str:
    try:
        return folder.job.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _jobs_of(studio: Studio, me: Person, folders: Sequence[RunFolder]) -> Mapping[str, JobView]:
    """The newest jobs of runs, by id; those that the person has forgotten are left out."""
    ids = [job for folder in folders if (job := _job_id(folder))]
    with studio.database.read() as connection:
        found = [job for job in rows.jobs_by_id(connection, ids) if job.user == me.id]
        return {job.id: job for job in views_of(connection, found)}


def views_of_runs(studio: Studio, me: Person, folders: Sequence[RunFolder]) -> list[RunView]:
    """Runs as they stand."""
    jobs = _jobs_of(studio, me, folders)
    return [_view(studio, me, folder, jobs.get(_job_id(folder))) for folder in folders]


def _view(studio: Studio, me: Person, folder: RunFolder, job: JobView | None) -> RunView:
    name = folder.path.name
    stands = standing(folder.log)
    samples = folder.all_samples()
    view = RunView(
        name=name,
        kind="",
        checkpoint="",
        state="failed",
        job=job.id if job else "",
        error=None,
        created=_time_of(folder.settings),
        step=stands.step,
        steps=0,
        loss=stands.mean,
        seconds=stands.seconds,
        seconds_left=None,
        memory_left=None,
        sample=_url(folder, samples[-1]) if samples else None,
        result=None,
    )
    try:
        settings = folder.read_settings()
    except BadInput as error:
        failure = FailureView(what=error.what, where=error.where, mend=error.mend, node="", class_type="")
        return view.model_copy(update={"error": failure})
    steps = settings.run.steps
    state = _state(folder, stands.step, steps, job)
    is_open = state in OPEN
    result = f"{RESULTS[settings.kind]}/{name}.safetensors"
    is_made = (studio.folders_of(me.id).directories[RESULTS[settings.kind]][0] / f"{name}.safetensors").is_file()
    return view.model_copy(
        update={
            "kind": settings.kind,
            "checkpoint": "" if settings.kind in FROM_SCRATCH else settings.checkpoint,
            "state": state,
            "error": job.error if job and state == "failed" else None,
            "steps": steps,
            "seconds_left": stands.pace * max(0, steps - stands.step) if stands.pace is not None and is_open else None,
            "memory_left": stands.free or None if state == "running" else None,
            "result": result if is_made else None,
        }
    )


def _state(folder: RunFolder, step: int, steps: int, job: JobView | None) -> RunState:
    if job is not None and job.state in ("queued", "running", "failed"):
        return job.state
    if step >= steps and folder.result(steps).is_file():
        return "done"
    return "stopped" if step or job is not None else "new"


def details_of_run(studio: Studio, me: Person, folder: RunFolder) -> RunDetails:
    """A run with all that is known of it."""
    settings = folder.read_settings()
    (view,) = views_of_runs(studio, me, [folder])
    samples = folder.all_samples()
    data = settings.data
    shown: dict[str, Any] = {"folder": Path(shown_name(studio, me, data.folder))}
    if data.prior_folder is not None:
        shown["prior_folder"] = Path(shown_name(studio, me, data.prior_folder))
    course = studio.courses.of(folder.log, settings.run.steps)
    return RunDetails(
        **dict(view),
        settings=settings.model_copy(update={"data": data.model_copy(update=shown)}),
        report=_report(folder),
        prompts=_prompts(samples),
        samples=[SampleView(step=each.step, prompt=each.place, url=_url(folder, each)) for each in samples],
        results=[
            ResultView(step=int(path.stem), bytes=path.stat().st_size)
            for path in folder.all_results()
            if path.stem.isdecimal()
        ],
        course=CourseView.model_validate(course, from_attributes=True),
    )


def _report(folder: RunFolder) -> list[str]:
    try:
        return folder.data_report.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _prompts(samples: Sequence[Sample]) -> list[str]:
    """The prompts of samples, which are written in their files, by their places."""
    first = {sample.place: sample.path for sample in reversed(samples)}
    return [_told(first[place]) if place in first else "" for place in range(len(first))]


def _told(path: Path) -> str:
    """The prompt in a picture; its pixels are not decoded for that."""
    try:
        with opened(path) as file:
            return str(file.info.get(PARAMETERS, ""))
    except BadInput:
        return ""


def _url(folder: RunFolder, sample: Sample) -> str:
    return f"/api/v1/training/runs/{quote(folder.path.name, safe='')}/samples/{sample.step}/{sample.place}"


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
