"""How stored pictures were made, as far as their files tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.embedded import embedded
from safelight.files.folders import Folders
from safelight.files.hashes import known_sha256
from safelight.files.parameters import parameters_text
from safelight.files.picture_files import PARAMETERS
from safelight.files.recipes import named
from safelight.graph.a1111_text import parse_parameters
from safelight.graph.document import Workflow
from safelight.graph.formats import parse_api, write_api
from safelight.graph.opening import Opening
from safelight.graph.wish_of import loras_of, made_with, shown_by, sound, vae_of, wish_of
from safelight.server.access import Me
from safelight.server.api.answers import Document, Id, check_json, refusals
from safelight.server.api.assets import find, path_of
from safelight.server.api.model_views import HASHES
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import Asset
from safelight.store.jobs import JobRow, get_job

router = APIRouter(prefix="/assets", tags=["assets"])

LARGEST = 16 * 2**20  # characters of a recipe
RECORD = "safelight"
"""The key of a picture's texts under which workers keep what they made it with."""
NO_VERSIONS = frozenset({"device", "noise"})
"""Texts in that record which are no versions of programs."""


class LoraView(BaseModel):
    """A LoRA that was laid on the model."""

    name: str
    strength: float


class UsedModel(BaseModel):
    """A model file that was used. The hash may be its first ten digits only, where the picture tells no more."""

    folder: str
    name: str
    sha256: str


class RecipeView(BaseModel):
    """How a picture was made; what nobody knows is null or empty.

    Where it was sampled twice, the settings are those of the first pass. `wish` is what to send to `/images` to make it
    again, as near as that can; `parameters` is the text in which programs exchange settings. `seconds` is the device
    time that its job took.
    """

    prompt: str
    negative: str
    checkpoint: str
    vae: str | None
    steps: int | None
    cfg: float | None
    sampler: str
    scheduler: str
    seed: int | None
    width: int | None
    height: int | None
    denoise: float | None
    clip_skip: int | None
    loras: list[LoraView]
    parameters: str
    workflow: Document | None
    editor: Document | None
    wish: Document | None
    models: list[UsedModel]
    software: dict[str, str]
    device: str
    seconds: float | None


@dataclass(frozen=True)
class Kept:
    """What a file holds, or its job where the file holds nothing.

    Attributes:
        workflow: The nodes.
        document: The workflow in the API format, as it was kept.
        editor: The graph editor's document.
        record: Of the program that made it.
        parameters: As programs exchange them.
    """

    workflow: Workflow = field(default_factory=dict)
    document: Mapping[str, Any] | None = None
    editor: Mapping[str, Any] | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    parameters: str = ""


@router.get("/{asset}/recipe", responses=refusals(400, 404))
def show_recipe(asset: Id, studio: TheStudio, me: Me) -> RecipeView:
    """How a picture was made, from what is kept in it: by Safelight, ComfyUI, AUTOMATIC1111 or their kin."""
    found = find(studio, me, asset)
    kept, job = kept_in(studio, found)
    view = _view(kept, found.node if found.job else "", job)
    try:
        check_json(view.model_dump(), LARGEST)
    except BadInput as error:
        what = f"The recipe in {found.path} cannot be read."
        raise BadInput(what, mend="Look at the texts of the file with another program.") from error
    return view


def kept_in(studio: Studio, asset: Asset) -> tuple[Kept, JobRow | None]:
    """How a file was made, and the job that made it where it was made here."""
    with studio.database.read() as connection:
        job = get_job(connection, asset.job) if asset.job else None
    return _kept(studio, asset, job), job


def _kept(studio: Studio, asset: Asset, job: JobRow | None) -> Kept:
    path = path_of(studio, asset)
    texts = embedded(path) if asset.width else {}
    folders = studio.folders_of(asset.user)
    document, editor = (_document(texts.get(key, "")) for key in ("prompt", "workflow"))
    record = _document(texts.get(RECORD, "")) or {}
    parameters = texts.get(PARAMETERS, "")
    if document is not None:
        return Kept(sound(parse_api(document)[0]), document, editor, record, parameters)
    if editor is not None or parse_parameters(parameters) is not None:
        opening = Opening(studio.shelf.catalog, folders.list, _finder(folders))
        try:
            workflow = opening.file(path).workflow
        except BadInput:
            return Kept(editor=editor, record=record, parameters=parameters)
        return Kept(sound(workflow), write_api(workflow), editor, record, parameters)
    if job is not None:
        document = json.loads(job.workflow)
        extra = json.loads(job.extra).get("extra_pnginfo") or {}
        return Kept(sound(parse_api(document)[0]), document, extra.get("workflow"), record, parameters)
    return Kept(record=record, parameters=parameters)


def _view(kept: Kept, output: str, job: JobRow | None) -> RecipeView:
    shown = shown_by(kept.workflow, output)
    made = made_with(kept.workflow, shown) if shown else None
    wish = wish_of(kept.workflow, shown) if shown else None
    if wish is not None:
        wish |= _written(kept.record)
    models = _models(kept)
    text = kept.parameters
    if not text and made is not None:
        text = parameters_text(replace(made, model=made.model.rpartition("/")[2].rpartition(".")[0]))
    return RecipeView(
        prompt=made.prompt if made else "",
        negative=made.negative if made else "",
        checkpoint=made.model if made else "",
        vae=vae_of(kept.workflow, shown) if shown else None,
        steps=made.steps or None if made else None,
        cfg=made.cfg if made else None,
        sampler=made.sampler if made else "",
        scheduler=made.scheduler if made else "",
        seed=made.seed if made else None,
        width=made.width or None if made else None,
        height=made.height or None if made else None,
        denoise=made.denoise if made else None,
        clip_skip=made.clip_skip if made else None,
        loras=[LoraView.model_validate(lora) for lora in loras_of(kept.workflow, shown)] if shown else [],
        parameters=text,
        workflow=dict(kept.document) if kept.document else None,
        editor=dict(kept.editor) if kept.editor else None,
        wish=wish,
        models=models,
        software=_software(kept),
        device=str(kept.record.get("device", "")),
        seconds=job.device_seconds if job else None,
    )


def _document(text: str) -> dict[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _finder(folders: Folders) -> Any:
    """Finds a checkpoint by its name, or by a hash that is known already: none is worked out for this."""

    def find_checkpoint(name: str, digest: str) -> tuple[str, bool] | None:
        names = folders.list("checkpoints")
        for listed in names if digest else ():
            known = known_sha256(folders.resolve("checkpoints", listed), folders.home / HASHES)
            if known is not None and known.startswith(digest.lower()):
                return listed, True
        called = named(names, name)
        return None if called is None else (called, False)

    return find_checkpoint


def _written(record: Mapping[str, Any]) -> dict[str, object]:
    """The prompts as they were typed, before words were drawn."""
    written = record.get("written")
    texts = written if isinstance(written, dict) else {}
    return {key: text for key in ("prompt", "negative") if isinstance(text := texts.get(key), str)}


def _models(kept: Kept) -> list[UsedModel]:
    files = kept.record.get("files")
    found = [
        UsedModel(folder=str(file.get("folder", "")), name=str(file["name"]), sha256=str(file.get("sha256", "")))
        for file in (files if isinstance(files, list) else ())
        if isinstance(file, dict) and "name" in file
    ]
    said = parse_parameters(kept.parameters)
    if not found and said is not None and "Model" in said.settings:
        digest = said.settings.get("Model hash", "")
        found.append(UsedModel(folder="checkpoints", name=said.settings["Model"], sha256=digest))
    return found


def _software(kept: Kept) -> dict[str, str]:
    """Programs and their versions; empty for one whose version is not told."""
    versions = {
        name: value for name, value in kept.record.items() if isinstance(value, str) and name not in NO_VERSIONS
    }
    said = parse_parameters(kept.parameters)
    if versions or (said is None and kept.document is None):
        return versions
    version = said.settings.get("Version", "") if said is not None else "ComfyUI"
    return {"ComfyUI": ""} if version.startswith("ComfyUI") else {"AUTOMATIC1111": version}
