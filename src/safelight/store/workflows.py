"""Saved workflows in the database: each save is a version."""

import time
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from safelight.store.tables import WORKFLOW_VERSIONS, WORKFLOWS

VERSIONS = 200
"""Versions kept of a workflow; older ones go."""


@dataclass(frozen=True)
class SavedWorkflow:
    """A workflow that was saved.

    Attributes:
        id: Of the workflow.
        user: Id of its owner.
        name: What its owner calls it; no two of one owner's have the same.
        created, updated: Seconds since 1970.
        version: Number of its newest version, counted from 1.
    """

    id: str
    user: str
    name: str
    created: float
    updated: float
    version: int


@dataclass(frozen=True)
class Version:
    """What was saved at one time.

    Attributes:
        version: Its number.
        created: Seconds since 1970.
        note: What was said of it.
        size: Of the document, in characters.
    """

    version: int
    created: float
    note: str
    size: int


def insert_workflow(connection: Connection, user: str, name: str, document: str, note: str) -> str:
    """Save a workflow under a name that is free; its id."""
    now, drawn = time.time(), uuid.uuid4().hex
    values = {"id": drawn, "user_id": user, "name": name, "created": now, "updated": now, "version": 0}
    connection.execute(insert(WORKFLOWS).values(**values))
    _add_version(connection, drawn, 1, document, note, now)
    return drawn


def add_version(connection: Connection, workflow: SavedWorkflow, document: str, note: str) -> None:
    """Save a workflow again; what is the same as its newest version is not kept twice."""
    if document != get_document(connection, workflow.id, workflow.version):
        _add_version(connection, workflow.id, workflow.version + 1, document, note, time.time())


def get_workflow(connection: Connection, workflow: str) -> SavedWorkflow | None:
    """A workflow by its id."""
    row = connection.execute(select(WORKFLOWS).where(WORKFLOWS.c.id == workflow)).one_or_none()
    return None if row is None else _workflow(row)


def workflow_named(connection: Connection, user: str, name: str) -> SavedWorkflow | None:
    """A person's workflow by its name."""
    which = (WORKFLOWS.c.user_id == user, WORKFLOWS.c.name == name)
    row = connection.execute(select(WORKFLOWS).where(*which)).one_or_none()
    return None if row is None else _workflow(row)


def page_of_workflows(connection: Connection, user: str, *, limit: int, offset: int) -> list[SavedWorkflow]:
    """A person's workflows, the last one saved first."""
    order = (WORKFLOWS.c.updated.desc(), WORKFLOWS.c.id)
    query = select(WORKFLOWS).where(WORKFLOWS.c.user_id == user).order_by(*order).limit(limit).offset(offset)
    return [_workflow(row) for row in connection.execute(query)]


def count_workflows(connection: Connection, user: str) -> int:
    """How many a person has."""
    query = select(func.count()).select_from(WORKFLOWS).where(WORKFLOWS.c.user_id == user)
    return int(connection.execute(query).scalar_one())


def get_document(connection: Connection, workflow: str, version: int) -> str | None:
    """The JSON text of one version; None where there is none."""
    which = (WORKFLOW_VERSIONS.c.workflow_id == workflow, WORKFLOW_VERSIONS.c.version == version)
    text: str | None = connection.execute(select(WORKFLOW_VERSIONS.c.document).where(*which)).scalar()
    return text


def versions_of(connection: Connection, workflow: str) -> list[Version]:
    """All versions that are kept, the newest first."""
    kept = WORKFLOW_VERSIONS.c
    query = (
        select(kept.version, kept.created, kept.note, func.length(kept.document))
        .where(kept.workflow_id == workflow)
        .order_by(kept.version.desc())
    )
    return [Version(*row) for row in connection.execute(query)]


def rename_workflow(connection: Connection, workflow: str, name: str) -> None:
    """Give a workflow a name that is free."""
    connection.execute(update(WORKFLOWS).where(WORKFLOWS.c.id == workflow).values(name=name))


def delete_workflow(connection: Connection, workflow: str) -> None:
    """Forget a workflow with all its versions."""
    connection.execute(delete(WORKFLOW_VERSIONS).where(WORKFLOW_VERSIONS.c.workflow_id == workflow))
    connection.execute(delete(WORKFLOWS).where(WORKFLOWS.c.id == workflow))


def _add_version(connection: Connection, workflow: str, version: int, document: str, note: str, now: float) -> None:
    values = {"workflow_id": workflow, "version": version, "document": document, "note": note, "created": now}
    connection.execute(insert(WORKFLOW_VERSIONS).values(**values))
    connection.execute(
        delete(WORKFLOW_VERSIONS).where(
            WORKFLOW_VERSIONS.c.workflow_id == workflow, WORKFLOW_VERSIONS.c.version <= version - VERSIONS
        )
    )
    connection.execute(update(WORKFLOWS).where(WORKFLOWS.c.id == workflow).values(version=version, updated=now))


def _workflow(row: Row[tuple[object, ...]]) -> SavedWorkflow:
    return SavedWorkflow(row.id, row.user_id, row.name, row.created, row.updated, row.version)
