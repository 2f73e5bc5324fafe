"""Nodes that expand: what they return is put into the running plan, and gives their outputs when it has run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safelight.errors import SafelightError
from safelight.graph.catalog import NodeSpec
from safelight.graph.document import Link
from safelight.graph.keys import cache_keys
from safelight.graph.plan import Feed, Plan, plan
from safelight.graph.results import Expansion
from safelight.graph.validate import output_nodes, validate
from safelight.worker.job import Environment
from safelight.worker.running import Running

Outputs = tuple[object, ...]


@dataclass(frozen=True)
class Expanded:
    """A step that waits for the steps it expanded into.

    Attributes:
        calls: The outputs of each call of its node; a `Feed` where an inner step will give the value.
        inner: Places of the inner steps.
        targets: Places of those to be run for.
    """

    calls: tuple[Outputs, ...]
    inner: range
    targets: tuple[int, ...]


def insert(running: Running, place: int, results: Sequence[Outputs | Expansion], environment: Environment) -> Expanded:
    """Put the expansions that the calls of a step gave into the running plan.

    Inner steps have the id of the step they come from, the one that a person sees.

    Raises:
        SafelightError: An expansion is not a workflow that can run.
    """
    parent, key = running.steps[place], running.keys[place]
    begin = len(running.steps)
    calls: list[Outputs] = []
    targets: list[int] = []
    for number, result in enumerate(results):
        if not isinstance(result, Expansion):
            calls.append(result)
            continue
        start = len(running.steps)
        inner = _arrange(parent.spec, result, environment)
        origin = None if key is None else f"{key}.{number}"
        running.grow(inner.steps, cache_keys(inner.steps, environment.registry, environment.stamp, origin), parent.node)
        targets += [start + target for target in inner.targets]
        places = {step.node: start + index for index, step in enumerate(inner.steps)}
        calls.append(tuple([_fed(value, places) for value in result.outputs]))
    running.wait_for(place, [value for call in calls for value in call if isinstance(value, Feed)])
    return Expanded(tuple(calls), range(begin, len(running.steps)), tuple(targets))


def collect(running: Running, expanded: Expanded) -> list[Outputs]:
    """The outputs of each call, once the inner steps have run."""
    return [
        tuple([running.output(value) if isinstance(value, Feed) else value for value in call])
        for call in expanded.calls
    ]


def _fed(value: object, places: Mapping[str, int]) -> object:
    return Feed("", places[value.node], value.output) if isinstance(value, Link) else value


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
