"""Saved workflows, each save of which is a version; and workflows read from files."""

from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from safelight.errors import BadInput
from safelight.graph.editor import parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import write_api
from safelight.graph.layout import to_editor
from safelight.graph.missing import missing_files, unknown_types
from safelight.graph.opening import Opened
from safelight.graph.validate import validate
from safelight.server.access import Me, Person
from safelight.server.api.answers import (
    LAST,
    TEXT,
    Document,
    Id,
    Limit,
    MissingView,
    Name,
    NotThere,
    Offset,
    ProblemView,
    as_text,
    check_json,
    missing_views,
    problem_views,
    refusals,
)
from safelight.server.api.opening_files import opening_for, read_file
from safelight.server.studio import Studio, TheStudio
from safelight.store import workflows as rows
from safelight.store.workflows import SavedWorkflow

router = APIRouter(prefix="/workflows", tags=["workflows"])

LARGEST = 16 * 2**20  # characters of a document
MOST_SAVED = 10_000  # workflows of a person
LONGEST_NAME = 255  # characters

VersionNumber = Annotated[int, Field(ge=1, le=LAST)]
Note = Annotated[str, Field(max_length=1000, pattern=TEXT, description="What is new in it.")]
Kept = Annotated[Document, Field(description="In the API format or as a graph editor saves it; kept as it is.")]


class NewWorkflow(BaseModel):
    """A workflow to be saved."""

    name: Name
    document: Kept
    note: Note = ""


class NewVersion(BaseModel):
    """A workflow to be saved again; what is the same as the newest version is not kept twice."""

    document: Kept
    note: Note = ""


class Rename(BaseModel):
    """A new name."""

    name: Name


class Restore(BaseModel):
    """The version that is to be the newest again."""

    version: VersionNumber


class WorkflowView(BaseModel):
    """A saved workflow, without its document; `version` is the number of the newest."""

    id: str
    name: str
    created: float
    updated: float
    version: int


class WorkflowPage(BaseModel):
    """Some workflows, the last one saved first, and how many there are."""

    workflows: list[WorkflowView]
    total: int


class VersionView(BaseModel):
    """One version; `size` is that of its document, in characters."""

    version: int
    created: float
    note: str
    size: int


class VersionList(BaseModel):
    """The versions that are kept, the newest first."""

    versions: list[VersionView]


class ToConvert(BaseModel):
    """A workflow in either format."""

    document: Annotated[Document, Field(description="In the API format or as a graph editor saves it.")]


class ReadView(BaseModel):
    """A workflow that was read, in both formats.

    `editor` is the document that it was read from, where that was a graph editor's, else it is laid out. `unknown` has
    the node types that are not there, `missing` the files that its nodes name and that are not, `problems` all that
    keeps it from being run.
    """

    editor: Document
    workflow: Document
    name: str
    notes: list[str]
    problems: list[ProblemView]
    unknown: list[str]
    missing: list[MissingView]


@router.post("/read", responses=refusals(400, 413))
def read_workflow(
    studio: TheStudio,
    me: Me,
    file: Annotated[
        UploadFile,
        File(description="JSON of either format, a text of AUTOMATIC1111, or a PNG, WebP or JPEG that holds one."),
    ],
) -> ReadView:
    """Read a workflow from a file; nothing is kept."""
    name = PurePosixPath((file.filename or "").replace("\\", "/")).stem[:LONGEST_NAME]
    return _read(studio, me, read_file(studio, me, file.file), name)


@router.post("/convert", responses=refusals(400))
def convert_workflow(given: ToConvert, studio: TheStudio, me: Me) -> ReadView:
    """Read a workflow from its document."""
    check_json(given.document, LARGEST)
    return _read(studio, me, opening_for(studio, me).document(given.document), "")


@router.post("", status_code=201, responses=refusals(400))
def save_workflow(new: NewWorkflow, studio: TheStudio, me: Me) -> WorkflowView:
    """Save a workflow under a new name."""
    text = as_text(new.document, LARGEST)
    with studio.database.write() as connection:
        _check_free(connection, me, new.name)
        if rows.count_workflows(connection, me.id) >= MOST_SAVED:
            raise BadInput(f"You have {MOST_SAVED} workflows, which is the most.", mend="Delete some.")
        saved = rows.insert_workflow(connection, me.id, new.name, text, new.note)
        return _view(_find(connection, me, saved))


@router.get("", responses=refusals())
def list_workflows(studio: TheStudio, me: Me, limit: Limit = 50, offset: Offset = 0) -> WorkflowPage:
    """Your saved workflows."""
    with studio.database.read() as connection:
        found = rows.page_of_workflows(connection, me.id, limit=limit, offset=offset)
        return WorkflowPage(workflows=[_view(one) for one in found], total=rows.count_workflows(connection, me.id))


@router.get("/{workflow}", responses=refusals(404))
def show_workflow(workflow: Id, studio: TheStudio, me: Me) -> WorkflowView:
    """What is known of a workflow."""
    with studio.database.read() as connection:
        return _view(_find(connection, me, workflow))


@router.get("/{workflow}/document", response_model=Document, responses=refusals(404))
def open_workflow(
    workflow: Id,
    studio: TheStudio,
    me: Me,
    version: Annotated[int | None, Query(ge=1, le=LAST, description="An older one than the newest.")] = None,
) -> Response:
    """The document, as it was saved."""
    with studio.database.read() as connection:
        return Response(_document(connection, _find(connection, me, workflow), version), media_type="application/json")


@router.put("/{workflow}/document", responses=refusals(400, 404))
def save_version(workflow: Id, new: NewVersion, studio: TheStudio, me: Me) -> WorkflowView:
    """Save a workflow again, as its newest version."""
    text = as_text(new.document, LARGEST)
    with studio.database.write() as connection:
        rows.add_version(connection, _find(connection, me, workflow), text, new.note)
        return _view(_find(connection, me, workflow))


@router.get("/{workflow}/versions", responses=refusals(404))
def list_versions(workflow: Id, studio: TheStudio, me: Me) -> VersionList:
    """The versions that are kept, at most 200."""
    with studio.database.read() as connection:
        kept = rows.versions_of(connection, _find(connection, me, workflow).id)
    return VersionList(versions=[VersionView.model_validate(version, from_attributes=True) for version in kept])


@router.post("/{workflow}/restore", responses=refusals(404))
def restore_version(workflow: Id, restore: Restore, studio: TheStudio, me: Me) -> WorkflowView:
    """Save an older version again, as the newest; nothing is lost by it."""
    with studio.database.write() as connection:
        found = _find(connection, me, workflow)
        text = _document(connection, found, restore.version)
        rows.add_version(connection, found, text, f"version {restore.version} again")
        return _view(_find(connection, me, workflow))


@router.patch("/{workflow}", responses=refusals(400, 404))
def rename_workflow(workflow: Id, rename: Rename, studio: TheStudio, me: Me) -> WorkflowView:
    """Give a workflow another name."""
    with studio.database.write() as connection:
        found = _find(connection, me, workflow)
        if rename.name != found.name:
            _check_free(connection, me, rename.name)
            rows.rename_workflow(connection, workflow, rename.name)
        return _view(_find(connection, me, workflow))


@router.delete("/{workflow}", status_code=204, responses=refusals(404))
def delete_workflow(workflow: Id, studio: TheStudio, me: Me) -> None:
    """Delete a workflow with all its versions."""
    with studio.database.write() as connection:
        rows.delete_workflow(connection, _find(connection, me, workflow).id)


def _read(studio: Studio, me: Person, opened: Opened, name: str) -> ReadView:
    catalog, files = studio.shelf.catalog(), studio.folders_of(me.id).list
    editor, workflow = opened.editor, opened.workflow
    check_json(write_api(workflow) if editor is None else editor, LARGEST)
    if editor is None:
        editor = to_editor(workflow, catalog)
        workflow, _ = to_api(parse_editor(editor)[0], catalog)  # with the ids that the nodes have in the document
    notes = [*opened.notes, *([str(opened.lacking)] if opened.lacking else [])]
    return ReadView(
        editor=dict(editor),
        workflow=write_api(workflow),
        name=name,
        notes=notes,
        problems=problem_views([*opened.problems, *validate(workflow, catalog, files)]),
        unknown=unknown_types(workflow, catalog),
        missing=missing_views(missing_files(workflow, catalog, files)),
    )


def _find(connection: Connection, me: Person, workflow: str) -> SavedWorkflow:
    found = rows.get_workflow(connection, workflow)
    if found is None or found.user != me.id:
        raise NotThere(f"There is no workflow {workflow}.", mend="Look at the list of workflows.")
    return found


def _document(connection: Connection, found: SavedWorkflow, version: int | None) -> str:
    text = rows.get_document(connection, found.id, version or found.version)
    if text is None:
        raise NotThere(f"There is no version {version} of {found.name}.", mend="Look at the list of versions.")
    return text


def _check_free(connection: Connection, me: Person, name: str) -> None:
    if rows.workflow_named(connection, me.id, name) is not None:
        raise BadInput(
            f"There is a workflow called {name} already.", mend="Take another name, or save a version of it."
        )


def _view(found: SavedWorkflow) -> WorkflowView:
    return WorkflowView.model_validate(found, from_attributes=True)
