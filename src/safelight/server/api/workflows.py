"""Saved workflows: each save is a version."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from safelight.errors import BadInput
from safelight.server.access import Me, Person
from safelight.server.api.answers import LAST, TEXT, Document, Id, Limit, Name, NotThere, Offset, as_text, refusals
from safelight.server.studio import TheStudio
from safelight.store import workflows as rows
from safelight.store.workflows import SavedWorkflow

router = APIRouter(prefix="/workflows", tags=["workflows"])

LARGEST = 16 * 2**20  # characters of a document
MOST_SAVED = 10_000  # workflows of a person

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
