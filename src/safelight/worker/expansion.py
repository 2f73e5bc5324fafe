"""Nodes that expand: what they return is put into the running plan, and gives their outputs when it has run."""

from collections.abc import Sequence
from dataclasses import dataclass

from safelight.errors import SafelightError
from safelight.graph.catalog import NodeSpec
from safelight.graph.document import Link
from safelight.graph.keys import cache_keys
from safelight.graph.plan import Plan, plan
from safelight.graph.results import Expansion
from safelight.graph.validate import output_nodes, validate
from safelight.worker.job import Environment
from safelight.worker.running import Running

Outputs = tuple[object, ...]


@dataclass(frozen=True)
class Expanded:
    """A step that waits for the steps it expanded into.

    Attributes:
        calls: The outputs of each call of its node; a `Link` where an inner step will give the value.
        inner: The inner steps.
        targets: Those to be run for.
    """

    calls: tuple[Outputs, ...]
    inner: tuple[str, ...]
    targets: tuple[str, ...]


def insert(running: Running, step: str, results: Sequence[Outputs | Expansion], environment: Environment) -> Expanded:
    """Put the expansions that the calls of a step gave into the running plan.

    Raises:
        SafelightError: An expansion is not a workflow that can run.
    """
    parent, key = running.steps[step], running.keys[step]
    calls: list[Outputs] = []
    inner: list[str] = []
    targets: list[str] = []
    for number, result in enumerate(results):
        if not isinstance(result, Expansion):
            calls.append(result)
            continue
        arranged = _arrange(parent.spec, result, environment)
        origin = None if key is None else f"{key}.{number}"
        keys = cache_keys(arranged.steps, environment.registry, environment.stamp, origin)
        new = running.grow(arranged, keys, parent)
        inner += new.values()
        targets += [new[target] for target in arranged.targets]
        calls.append(tuple([Link(new[v.node], v.output) if isinstance(v, Link) else v for v in result.outputs]))
    running.wait_for(step, [value.node for call in calls for value in call if isinstance(value, Link)])
    return Expanded(tuple(calls), tuple(inner), tuple(targets))


def collect(running: Running, expanded: Expanded) -> list[Outputs]:
    """The outputs of each call, once the inner steps have run."""
    return [
        tuple([running.output(value) if isinstance(value, Link) else value for value in call])
        for call in expanded.calls
    ]


def _arrange(spec: NodeSpec, expansion: Expansion, environment: Environment) -> Plan:
    workflow, catalog = expansion.workflow, environment.catalog
    links = [value for value in expansion.outputs if isinstance(value, Link)]
    targets = dict.fromkeys([*[link.node for link in links], *output_nodes(workflow, catalog)])
    problems: list[object] = []
    if len(expansion.outputs) != len(spec.outputs):
        problems.append(f"It gives {len(expansion.outputs)} outputs, and the node declares {len(spec.outputs)}.")
    if targets:
        problems += validate(workflow, catalog, environment.files, targets)
    if not problems:
        problems += [
            f"Its node {link.node} has no output number {link.output}."
            for link in links
            if not 0 <= link.output < len(catalog[workflow[link.node].class_type].outputs)
        ]
    if problems:
        raise SafelightError(
            f"{spec.class_type} expanded into nodes that cannot run. {problems[0]}",
            mend="This is a fault of the node; tell its author.",
        )
    return plan(workflow, catalog, targets)
