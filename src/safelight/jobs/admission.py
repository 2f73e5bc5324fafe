"""Whether a workflow may be put into the queue, and what is known of it then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from safelight.errors import BadInput
from safelight.families.contents import look_into
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.picture_size import sizes_in
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, Workflow
from safelight.graph.estimate import Machine, estimate
from safelight.graph.extents import extents
from safelight.graph.formats import parse_api
from safelight.graph.kinship import relate
from safelight.graph.plan import Plan, plan
from safelight.graph.problems import Problem
from safelight.graph.validate import output_nodes, validate
from safelight.settings import Settings

FATAL = frozenset({"no_prompt", "invalid_prompt", "prompt_no_outputs", "missing_node_type"})
"""Problems of the workflow as a whole: no part of it is run then."""


@dataclass(frozen=True)
class Admitted:
    """A workflow that can be run.

    Attributes:
        workflow: Its nodes.
        outputs: Ids of the nodes that save or show something, of those that are run for.
        targets: Ids of the nodes to run for; None for all that save or show something.
        models: Paths of the model files that it names.
        estimate: Seconds of sampling; None where unknown.
        problems: What keeps other outputs from being run.
        needing: By node with a problem, the ids of the outputs that need it.
    """

    workflow: Workflow
    outputs: tuple[str, ...]
    targets: tuple[str, ...] | None
    models: tuple[str, ...]
    estimate: float | None
    problems: tuple[Problem, ...] = ()
    needing: Mapping[str, Sequence[str]] = field(default_factory=dict)


class WorkflowRejected(BadInput):
    """A workflow cannot be run as it stands.

    Attributes:
        problems: All that is wrong with it.
        outputs: By node with a problem, the ids of the outputs that need it.
    """

    def __init__(self, problems: Sequence[Problem], outputs: dict[str, list[str]] | None = None) -> None:
        first = str(problems[0])
        super().__init__(first if len(problems) == 1 else f"{first} ({len(problems)} problems in all)")
        self.problems = tuple(problems)
        self.outputs = outputs or {}


def admit(
    document: object,
    catalog: Catalog,
    folders: Folders,
    machine: Machine,
    settings: Settings,
    *,
    targets: Collection[str] | None = None,
    partly: bool = False,
) -> Admitted:
    """Check a workflow, and say what it names and takes.

    Args:
        document: Decoded JSON in the API format.
        catalog: The nodes there are.
        folders: Files as the person sees them.
        machine: What it will run on.
        settings: For the limits.
        targets: Nodes to run for; None for all that save or show something.
        partly: Whether outputs that nothing is wrong with may be run without the others, as ComfyUI does.

    Raises:
        WorkflowRejected: It cannot be run.
    """
    if isinstance(document, dict) and len(document) > settings.most_nodes:
        message = f"The workflow has {len(document)} nodes, and at most {settings.most_nodes} are taken."
        raise WorkflowRejected([Problem("invalid_prompt", message, "Split it, or raise `most_nodes` in the settings.")])
    workflow, problems = parse_api(document)
    problems = problems or validate(workflow, catalog, folders.list, targets)
    needing: dict[str, list[str]] = {}
    wanted = tuple(output_nodes(workflow, catalog) if targets is None else targets)
    sound = wanted
    if problems:
        needing = _outputs_needing({problem.node for problem in problems}, workflow, wanted)
        spoilt = {output for outputs in needing.values() for output in outputs}
        sound = tuple(output for output in wanted if output not in spoilt)
        if not partly or not sound or any(problem.kind in FATAL for problem in problems):
            raise WorkflowRejected(problems, needing)
    planned = plan(workflow, catalog, sound)
    kinship = relate(planned, look_into(folders))
    if kinship.problems:
        needing = _outputs_needing({problem.node for problem in kinship.problems}, workflow, sound)
        raise WorkflowRejected(kinship.problems, needing)
    size_of = sizes_in(folders)
    _check_size(planned, {link: each.pixels * each.batch for link, each in extents(planned, size_of).items()}, settings)
    takes = estimate(planned, kinship, machine, size_of)
    return Admitted(
        workflow,
        outputs=tuple(step.node for step in planned.steps if step.spec.output_node),
        targets=None if targets is None and not problems else sound,
        models=_models(planned, folders),
        estimate=takes.seconds,
        problems=tuple(problems),
        needing=needing,
    )


def _outputs_needing(nodes: Collection[str], workflow: Workflow, outputs: Sequence[str]) -> dict[str, list[str]]:
    """By node, which of `outputs` cannot be made without it."""
    users: dict[str, list[str]] = {}
    for user, call in workflow.items():
        for value in call.inputs.values():
            if isinstance(value, Link):
                users.setdefault(value.node, []).append(user)
    needing = {}
    for node in nodes:
        reached = {node}
        waiting = [node]
        while waiting:
            fresh = [user for user in users.get(waiting.pop(), ()) if user not in reached]
            reached.update(fresh)
            waiting += fresh
        needing[node] = [output for output in outputs if output in reached]
    return needing


def _check_size(planned: Plan, pixels: dict[Link, int], settings: Settings) -> None:
    """See that no picture is larger than the settings allow."""
    too_large = [(count, link) for link, count in pixels.items() if count > settings.most_pixels]
    if not too_large:
        return
    count, link = max(too_large)
    step = next(step for step in planned.steps if step.node == link.node)
    message = (
        f"It makes {count / 1e6:.0f} million pixels at once, and at most {settings.most_pixels / 1e6:.0f} are taken."
    )
    mend = "Make smaller pictures, or fewer at once."
    raise WorkflowRejected([Problem("value_bigger_than_max", message, mend, step.node, step.spec.class_type)])


def _models(planned: Plan, folders: Folders) -> tuple[str, ...]:
    """Paths of the model files that a plan names."""
    named = {
        (port.folder, value)
        for step in planned.steps
        for port in step.spec.inputs
        if port.folder in MODEL_FOLDERS and isinstance(value := step.literals.get(port.name), str)
    }
    paths = []
    for folder, name in sorted(named):
        assert folder is not None, "as it is one of the folders"
        try:
            paths.append(str(folders.resolve(folder, name)))
        except BadInput:  # a choice that is no file, such as "none"
            continue
    return tuple(paths)
