"""From a request to jobs in the queue."""

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from safelight.graph.layout import to_editor
from safelight.jobs.admission import Admitted, admit
from safelight.server.access import NotAllowed, Person
from safelight.server.api.job_views import JobsView, views_of
from safelight.server.studio import Studio
from safelight.store import jobs as rows
from safelight.store.jobs import NewJob

Variants = Callable[[Admitted], Sequence[Mapping[str, object]]]
"""From the workflow that was checked to all that are to be run, which differ in texts and numbers alone."""


@dataclass(frozen=True)
class Order:
    """How jobs are to be queued.

    Attributes:
        targets: Nodes to run for; None for all that save or show something.
        priority: Higher goes first.
        front: Before all others of their priority.
        title: What people call them.
        editor: The graph editor's document, to be kept in saved pictures; None to lay one out.
        extra: JSON that is kept with the jobs.
        notes: For the record in saved pictures.
    """

    targets: Collection[str] | None = None
    priority: int = 0
    front: bool = False
    title: str = ""
    editor: Mapping[str, object] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    notes: Mapping[str, object] = field(default_factory=dict)


def submit(studio: Studio, me: Person, document: object, order: Order, variants: Variants | None = None) -> JobsView:
    """Check a workflow and put it into the queue, or several that differ little, as one batch.

    Args:
        studio: Where to.
        me: Whose jobs they are.
        document: Decoded JSON in the API format.
        order: How they are queued.
        variants: All that are run; None for the workflow itself.

    Raises:
        WorkflowRejected: It cannot be run.
        NotAllowed: The priority is not for everybody.
        QueueFull: The person has too many jobs.
        NotYet: No engine has told what nodes there are.
    """
    check_priority(me, order.priority)
    catalog = studio.shelf.catalog()
    folders = studio.folders_of(me.id)
    admitted = admit(document, catalog, folders, studio.shelf.machine(), studio.settings, targets=order.targets)
    documents = variants(admitted) if variants else [document]
    batch = uuid.uuid4().hex if len(documents) > 1 else ""
    editor = order.editor or to_editor(admitted.workflow, catalog)
    extra = json.dumps({**order.extra, "extra_pnginfo": {"workflow": editor}})
    notes = json.dumps(order.notes)
    jobs = [
        NewJob(
            id=uuid.uuid4().hex,
            user=me.id,
            workflow=json.dumps(each),
            outputs=admitted.outputs,
            targets=admitted.targets,
            extra=extra,
            notes=notes,
            models=admitted.models,
            estimate=admitted.estimate,
            priority=order.priority,
            batch=batch,
            title=order.title,
        )
        for each in documents
    ]
    studio.queue.add(jobs, front=order.front)
    with studio.database.read() as connection:
        queued = rows.jobs_by_id(connection, [job.id for job in jobs])
        return JobsView(batch=batch, jobs=views_of(connection, queued))


def check_priority(me: Person, priority: int) -> None:
    """See that a person may ask for a priority.

    Raises:
        NotAllowed: They may not.
    """
    if priority > 0 and not me.admin:
        raise NotAllowed("Only an admin may put jobs before those of others.", mend="Leave out priority.")
