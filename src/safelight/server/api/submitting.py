"""From a request to jobs in the queue."""

import json
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog
from safelight.graph.changes import changed_document
from safelight.graph.document import Workflow
from safelight.graph.drawn_prompts import DRAWS, draw_prompts
from safelight.graph.editor import is_editor_document, parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import parse_api, write_api
from safelight.graph.layout import to_editor
from safelight.graph.pictures_named import pictures_named
from safelight.graph.problems import Problem
from safelight.jobs.admission import Admitted, WorkflowRejected, admit
from safelight.server.access import NotAllowed, Person
from safelight.server.api.job_views import JobsView, views_of
from safelight.server.studio import Studio
from safelight.store import jobs as rows
from safelight.store.jobs import NewJob

NAMED = 3  # runs that a problem names


@dataclass(frozen=True)
class Order:
    """How jobs are to be queued.

    Attributes:
        targets: Nodes to run for; None for all that save or show something.
        priority: Higher goes first.
        front: Before all others of their priority.
        title: What people call them.
        editor: The graph editor's document, to be kept in saved pictures; None to lay one out.
        are_alike: Whether the runs differ in texts and seeds alone, so that one check is enough.
        is_drawn: Whether prompts are to be drawn from, as they come from an editor.
        extra: JSON that is kept with the jobs.
        notes: For the record in saved pictures.
    """

    targets: Collection[str] | None = None
    priority: int = 0
    front: bool = False
    title: str = ""
    editor: Mapping[str, object] | None = None
    are_alike: bool = False
    is_drawn: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)
    notes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """One run of several.

    Attributes:
        workflow: Its nodes.
        extra: JSON that is kept with this job alone.
    """

    workflow: Workflow
    extra: Mapping[str, object] = field(default_factory=dict)


def meant(document: object, editor: Mapping[str, object] | None, catalog: Catalog) -> Workflow:
    """The workflow of a request, by its document in the API format or by that of a graph editor.

    Raises:
        WorkflowRejected: There is neither, or one with something wrong in its shape.
    """
    if document is None and editor is not None:
        if not is_editor_document(editor):
            message = "The editor's document has no list of nodes."
            raise WorkflowRejected([Problem("invalid_prompt", message, "Send it as a graph editor saves it.")])
        parsed, problems = parse_editor(editor)
        workflow, more = to_api(parsed, catalog)
        problems = [*problems, *more]
    else:
        workflow, problems = parse_api(document)
    if problems:
        raise WorkflowRejected(problems)
    return workflow


def check_runs(
    variants: Sequence[Variant], studio: Studio, folders: Folders, targets: Collection[str] | None
) -> list[Admitted]:
    """Check every run of a request.

    Raises:
        WorkflowRejected: Some of them cannot be run; a problem that not all have says which.
    """
    catalog, machine = studio.shelf.catalog(), studio.shelf.machine()
    admitted = []
    found: dict[str, tuple[Problem, list[int]]] = {}
    outputs: dict[str, list[str]] = {}
    for number, variant in enumerate(variants, start=1):
        try:
            one = admit(write_api(variant.workflow), catalog, folders, machine, studio.settings, targets=targets)
        except WorkflowRejected as rejected:
            outputs |= rejected.outputs
            for problem in rejected.problems:
                found.setdefault(f"{problem.kind} {problem}", (problem, []))[1].append(number)
        else:
            admitted.append(one)
    if found:
        everywhere = len(variants)
        raise WorkflowRejected([_in_runs(problem, runs, everywhere) for problem, runs in found.values()], outputs)
    return admitted


def submit(studio: Studio, me: Person, variants: Sequence[Variant], order: Order) -> JobsView:
    """Check a workflow and put it into the queue, or several that differ little, as one batch.

    Args:
        studio: Where to.
        me: Whose jobs they are.
        variants: What is to be run.
        order: How they are queued.

    Raises:
        WorkflowRejected: One cannot be run.
        BadInput: A choice in a prompt cannot be drawn.
        NotAllowed: The priority is not for everybody.
        QueueFull: The person has too many jobs.
        NotYet: No engine has told what nodes there are.
    """
    check_priority(me, order.priority)
    catalog = studio.shelf.catalog()
    folders = studio.folders_of(me.id)
    admitted = check_runs(variants[:1] if order.are_alike else variants, studio, folders, order.targets)
    if order.are_alike:
        admitted *= len(variants)
    batch = uuid.uuid4().hex if len(variants) > 1 else ""
    notes = json.dumps(order.notes)
    jobs = []
    for variant, one in zip(variants, admitted, strict=True):
        editor = order.editor
        if editor is not None and (len(variants) > 1 or variant.extra):
            editor = changed_document(editor, variant.workflow, catalog)
        shown = editor if editor is not None else to_editor(variant.workflow, catalog)
        run = variant.workflow
        if order.is_drawn:
            run, _ = draw_prompts(run, catalog, studio.folders.wildcards, secrets.randbelow(DRAWS))
        jobs.append(
            NewJob(
                id=uuid.uuid4().hex,
                user=me.id,
                workflow=json.dumps(write_api(run)),
                outputs=one.outputs,
                targets=one.targets,
                extra=json.dumps({**order.extra, **variant.extra, "extra_pnginfo": {"workflow": shown}}),
                notes=notes,
                models=one.models,
                estimate=one.estimate,
                priority=order.priority,
                batch=batch,
                title=order.title,
                pictures=list(pictures_named(run.values())),
            )
        )
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


def _in_runs(problem: Problem, runs: Sequence[int], everywhere: int) -> Problem:
    """A problem that says in which runs it is, where that is not all of them."""
    if len(runs) == everywhere:
        return problem
    named = ", ".join(str(run) for run in runs[:NAMED]) + (", …" if len(runs) > NAMED else "")
    return replace(problem, message=f"In run {named}: {problem.message}")
