"""Training runs: begun, queued, stopped, looked at."""

import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import TRAINING
from safelight.files.lock import locked
from safelight.files.thumbnails import Side, thumbnail
from safelight.graph.document import NodeCall
from safelight.jobs.quotas import check_room
from safelight.runs.beginning import begin
from safelight.runs.folder import RunFolder, runs_in
from safelight.runs.presets import PRESETS
from safelight.runs.results import publish_step
from safelight.runs.settings import TrainingSettings, checked
from safelight.server.access import Me, Person
from safelight.server.api.answers import TEXT, Document, NotThere, SettingsRefused, check_json, refusals
from safelight.server.api.assets import THUMBNAILS
from safelight.server.api.job_views import JobView
from safelight.server.api.submitting import Order, Variant, submit
from safelight.server.api.training_views import (
    PublishedView,
    RunDetails,
    RunList,
    RunView,
    details_of_run,
    open_job_of,
    views_of_runs,
)
from safelight.server.data_folders import data_folder
from safelight.server.studio import Studio, TheStudio

router = APIRouter(prefix="/training", tags=["training"])

NODE = "1"
LONGEST = 100_000  # characters of settings
LAST_STEP = 10**12
EXAMPLE = {"name": "zorb", "data": {"folder": "training/zorb", "trigger": "zorb"}, "run": {"steps": 400}}

RunName = Annotated[str, InPath(min_length=1, max_length=255, pattern=TEXT)]
Step = Annotated[int, InPath(ge=0, le=LAST_STEP)]


class PresetView(BaseModel):
    """Settings to begin with, where they differ from the defaults."""

    name: str
    title: str
    about: str
    values: Document


class TrainingForm(BaseModel):
    """What a run can be told: a JSON schema with a description of each setting, the defaults, and presets."""

    settings_schema: Document
    defaults: Document
    presets: list[PresetView]


@router.get("/settings", responses=refusals())
def show_training_settings(me: Me) -> TrainingForm:
    """What a run can be told."""
    plain = TrainingSettings.model_validate({"name": "x", "data": {"folder": "x"}}).model_dump(mode="json")
    del plain["name"], plain["data"]["folder"]
    return TrainingForm(
        settings_schema=TrainingSettings.model_json_schema(),
        defaults=plain,
        presets=[
            PresetView(name=name, title=preset.title, about=preset.about, values=dict(preset.values))
            for name, preset in PRESETS.items()
        ],
    )


@router.get("/runs", responses=refusals())
def list_runs(studio: TheStudio, me: Me) -> RunList:
    """Your training runs."""
    views = views_of_runs(studio, me, runs_in(_top(studio, me).parent))
    return RunList(runs=sorted(views, key=lambda view: view.created, reverse=True))


@router.post("/runs", status_code=201, responses=refusals(400, 403, 429))
def create_run(
    settings: Annotated[Document, Body(description="See /training/settings.", examples=[EXAMPLE])],
    studio: TheStudio,
    me: Me,
) -> RunDetails:
    """Begin a run: its folder is made, and nothing trained yet. `data.folder` is a folder in your input folder."""
    folder = begin(_checked(studio, me, settings), studio.folders_of(me.id))
    return details_of_run(studio, me, folder)


@router.get("/runs/{name}", responses=refusals(404))
def show_run(name: RunName, studio: TheStudio, me: Me) -> RunDetails:
    """A run: settings, data, samples, results, and how training goes."""
    return details_of_run(studio, me, _find(studio, me, name))


@router.delete("/runs/{name}", status_code=204, responses=refusals(400, 404))
def delete_run(name: RunName, studio: TheStudio, me: Me) -> None:
    """Remove a run for good; the file that it has made stays, and so do its pictures."""
    folder = _find(studio, me, name)
    if open_job_of(studio, me, folder) is not None:
        raise BadInput(f"{name} is being trained, or waits for it.", mend="Stop it first.")
    with locked(folder.lock, f"{name} is being trained by another process.", "Stop it first."):
        folder.settings.unlink()  # from here on it is no run, whatever befalls
    shutil.rmtree(folder.path, ignore_errors=True)


@router.post("/runs/{name}/start", status_code=202, responses=refusals(400, 404, 429))
def start_run(name: RunName, studio: TheStudio, me: Me) -> JobView:
    """Train what is left of a run: a job is put into the queue. While it is trained, its engine does nothing else."""
    folder = _find(studio, me, name)
    if open_job_of(studio, me, folder) is not None:
        raise BadInput(f"{name} is being trained, or waits for it.", mend="Wait for it, or stop it first.")
    with studio.database.read() as connection:
        check_room(connection, me.id, 0)
    workflow = {NODE: NodeCall("TrainRun", {"run_name": name})}
    order = Order(title=f"Training {name}", extra={"training": name})
    job = submit(studio, me, [Variant(workflow)], order).jobs[0]
    write_whole(folder.job, job.id.encode())
    return job


@router.post("/runs/{name}/stop", responses=refusals(404))
def stop_run(name: RunName, studio: TheStudio, me: Me) -> RunView:
    """Stop a run after its step; all that it has learned is saved. One that waits is taken out of the queue."""
    folder = _find(studio, me, name)
    if (job := open_job_of(studio, me, folder)) is not None:
        studio.queue.cancel([job], me.id)
    return views_of_runs(studio, me, [folder])[0]


@router.post("/runs/{name}/results/{step}/publish", responses=refusals(400, 404))
def publish_result(name: RunName, step: Step, studio: TheStudio, me: Me) -> PublishedView:
    """Put a result of the way where models are, as NAME-STEP; it stays when the run is removed."""
    return PublishedView(result=publish_step(_find(studio, me, name), step, studio.folders_of(me.id)))


@router.get(
    "/runs/{name}/samples/{step}/{prompt}",
    response_class=FileResponse,
    responses=refusals(404) | {200: {"content": {"image/png": {}, "image/webp": {}}}},
)
def show_sample(
    name: RunName,
    step: Step,
    prompt: Annotated[int, InPath(ge=0, le=LAST_STEP)],
    request: Request,
    studio: TheStudio,
    me: Me,
    size: Annotated[Side | None, Query(description="Pixels of a square that a small WebP fits into.")] = None,
) -> Response:
    """A picture that a run has drawn on the way."""
    path = _find(studio, me, name).sample(step, prompt)
    if not path.is_file():
        raise NotThere("There is no such sample.", mend="Look at the samples of the run.")
    facts = path.stat()
    key = f"{facts.st_ino:x}{facts.st_mtime_ns:x}"  # a run of the same name may take its place
    headers = {"ETag": f'"{key}-{size or 0}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if size is None:
        return FileResponse(path, media_type="image/png", headers=headers)
    kept = thumbnail(path, size, studio.settings.home / THUMBNAILS, key)
    return FileResponse(kept, media_type="image/webp", headers=headers)


def _checked(studio: Studio, me: Person, document: Document) -> TrainingSettings:
    """Settings whose folders the person may name.

    Raises:
        SettingsRefused: A setting is not possible; the message names it.
        BadInput: There is no such folder.
        NotAllowed: A folder is elsewhere.
    """
    check_json(document, LONGEST)
    try:
        settings = checked(document, "the settings")
    except BadInput as error:
        raise SettingsRefused(error.what, where=error.where, mend=error.mend) from error
    data = settings.data
    found = {"folder": data_folder(studio, me, str(data.folder))}
    if data.prior_folder is not None:
        found["prior_folder"] = data_folder(studio, me, str(data.prior_folder))
    return settings.model_copy(update={"data": data.model_copy(update=found)})


def _top(studio: Studio, me: Person) -> Path:
    return studio.folders_of(me.id).directories[TRAINING][0]


def _find(studio: Studio, me: Person, name: str) -> RunFolder:
    """A person's run.

    Raises:
        NotThere: There is none of this name.
    """
    try:
        path = studio.folders_of(me.id).resolve(TRAINING, name)
    except BadInput as error:
        raise NotThere(f"There is no run {name[:80]}.", mend="Look at the list of runs.") from error
    return RunFolder(path.parent)
