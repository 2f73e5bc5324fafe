"""Everything that can be said of a workflow before it is run: what is wrong with it, or what it will take."""

from collections.abc import Collection
from dataclasses import dataclass

from safelight.families.contents import Look, look_into
from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow
from safelight.graph.estimate import Estimate, Machine, estimate
from safelight.graph.extents import PictureSize
from safelight.graph.kinship import relate
from safelight.graph.plan import plan
from safelight.graph.problems import Problem
from safelight.graph.validate import Files, validate


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        problems: All that keeps the workflow from running.
        estimate: What it will take; None where something is wrong.
    """

    problems: tuple[Problem, ...]
    estimate: Estimate | None


def find_problems(
    workflow: Workflow, catalog: Catalog, files: Files, look: Look, targets: Collection[str] | None = None
) -> list[Problem]:
    """What keeps a workflow from running: its form, and where that is sound, files that do not go together.

    Args:
        workflow: The nodes.
        catalog: The types there are.
        files: The files there are.
        look: What the model files are.
        targets: Nodes to run for; None for all that save or show something.
    """
    if problems := validate(workflow, catalog, files, targets):
        return problems
    return list(relate(plan(workflow, catalog, targets), look).problems)


def check(
    workflow: Workflow,
    catalog: Catalog,
    folders: Folders,
    machine: Machine,
    size_of: PictureSize,
    targets: Collection[str] | None = None,
) -> Verdict:
    """Check a workflow, and estimate what it will take.

    Args:
        workflow: The nodes.
        catalog: The types there are.
        folders: Where files are.
        machine: What it would run on.
        size_of: How large a picture file is.
        targets: Nodes to run for; None for all that save or show something.
    """
    if problems := validate(workflow, catalog, folders.list, targets):
        return Verdict(tuple(problems), None)
    steps = plan(workflow, catalog, targets)
    kinship = relate(steps, look_into(folders))
    if kinship.problems:
        return Verdict(kinship.problems, None)
    return Verdict((), estimate(steps, kinship, machine, size_of))
