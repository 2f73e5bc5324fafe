"""Why the nodes of a job ran."""

import json
from typing import Any, Literal

from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.graph.document import Workflow
from safelight.graph.formats import parse_api
from safelight.graph.why import likeness, reasons
from safelight.server.studio import Studio
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store.jobs import JobRow

LOOKED_AT = 50  # earlier jobs among which the one most alike is looked for


class ReasonView(BaseModel):
    """Why a node ran: see `reason`.

    `new`: it was not in the earlier workflow. `changed`: `input` was `before` and is `now`; a link is
    `[node, output]`. `file`: the file that `input` names has changed. `upstream`: the node `because` ran, which gives
    it `input`. `again`: all is as it was; it saves or shows something, or its result was not kept.
    """

    node: str
    class_type: str
    reason: Literal["new", "changed", "upstream", "file", "again"]
    input: str
    before: Any
    now: Any
    because: str
    text: str


class ReasonList(BaseModel):
    """The nodes that ran, in their order; those whose results were known are left out."""

    nodes: list[ReasonView]


def why(studio: Studio, job: JobRow) -> list[ReasonView]:
    """Why each node of a job that ran did."""
    workflow = _workflow(job)
    with studio.database.read() as connection:
        told = stored.events_of_jobs(connection, [job.id], ("started", "node"))[job.id]
        earlier = rows.jobs_before_in_time(connection, job, LOOKED_AT)
    ran: dict[str, None] = {}
    for event in told:
        if event.tag == "started":  # of several attempts, the last counts
            ran.clear()
        else:
            ran[json.loads(event.data)["node"]] = None
    alike = max(earlier, key=lambda other: likeness(workflow, _workflow(other)), default=None)
    folders = studio.folders_of(job.user)

    def changed_file(folder: str, name: str) -> bool:
        assert alike is not None, "nothing is compared with nothing"
        try:
            written = folders.resolve(folder, name).stat().st_mtime
        except (BadInput, OSError):
            return False
        return written > (alike.started or alike.created)

    found = reasons(workflow, list(ran), _workflow(alike) if alike else None, studio.shelf.catalog(), changed_file)
    return [ReasonView.model_validate(reason, from_attributes=True) for reason in found]


def _workflow(job: JobRow) -> Workflow:
    return parse_api(json.loads(job.workflow))[0]
