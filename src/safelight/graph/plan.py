"""A workflow made ready to run: its nodes in order, links as places in that order, literals as typed values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from safelight.graph.catalog import Catalog, NodeSpec
from safelight.graph.document import Link, Value, Workflow
from safelight.graph.literals import Read, reader
from safelight.graph.order import arrange
from safelight.graph.validate import output_nodes


class Feed(NamedTuple):
    """A linked input: its name, the place of the step that feeds it, and which output of that."""

    name: str
    step: int
    output: int


class Step(NamedTuple):
    """One node of a plan.

    Attributes:
        node: Its id in the workflow.
        spec: Its type.
        title: Its name for the person.
        literals: Inputs written into the workflow, converted, in the order of the node's inputs.
        values: Live values given by an expansion.
        feeds: Linked inputs that it always needs.
        lazy: Linked inputs that it may ask for.
    """

    node: str
    spec: NodeSpec
    title: str
    literals: Mapping[str, object]
    values: Mapping[str, object]
    feeds: tuple[Feed, ...]
    lazy: tuple[Feed, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes:
        steps: Each after all that may feed it, those behind lazy inputs included.
        targets: Places of the steps that are run for.
    """

    steps: tuple[Step, ...]
    targets: tuple[int, ...]


def plan(workflow: Workflow, catalog: Catalog, targets: Collection[str] | None = None) -> Plan:
    """Arrange a workflow that `validate` has found nothing wrong with.

    Args:
        workflow: The nodes.
        catalog: The types there are.
        targets: Nodes to run for; None for all that save or show something. What they do not need is left out.
    """
    wanted = output_nodes(workflow, catalog) if targets is None else list(targets)
    ports_of: dict[str, list[_Port]] = {}
    read: dict[str, _Inputs] = {}

    def read_node(node: str) -> list[str]:
        call = workflow[node]
        ports = ports_of.get(call.class_type)
        if ports is None:
            inputs = catalog[call.class_type].inputs
            ports = ports_of[call.class_type] = [(port.name, port.lazy, reader(port)) for port in inputs]
        read[node] = inputs_read = _read_inputs(call.inputs, ports)
        return [link.node for _, link, _ in inputs_read[0]]

    order, _ = arrange(wanted, read_node)
    places: dict[str, int] = {}
    steps = []
    for place, node in enumerate(order):
        places[node] = place
        call = workflow[node]
        spec = catalog[call.class_type]
        links, literals, values = read[node]
        feeds = _feeds(links, False, places)
        lazy = _feeds(links, True, places) if len(feeds) < len(links) else ()
        steps.append(Step(node, spec, call.title or spec.title, literals, values, feeds, lazy))
    return Plan(tuple(steps), tuple([places[node] for node in dict.fromkeys(wanted)]))


_Port = tuple[str, bool, Read | None]
"""An input: its name, whether it is lazy, how to read a literal for it."""
_Inputs = tuple[list[tuple[str, Link, bool]], dict[str, object], Mapping[str, object]]
"""What a node is given: links, with their names and whether they are lazy; literals; live values."""
_NO_VALUES: Mapping[str, object] = MappingProxyType({})


def _read_inputs(given: Mapping[str, object], ports: Sequence[_Port]) -> _Inputs:
    links: list[tuple[str, Link, bool]] = []
    literals: dict[str, object] = {}
    values = _NO_VALUES
    for name, lazy, read in ports:
        value = given.get(name)
        if type(value) is Link:
            links.append((name, value, lazy))
        elif type(value) is Value:
            values = {**values, name: value.value}
        elif value is not None and read is not None:
            literals[name] = read(value)
    return links, literals, values


def _feeds(links: Sequence[tuple[str, Link, bool]], lazy: bool, places: Mapping[str, int]) -> tuple[Feed, ...]:
    return tuple([Feed(name, places[link.node], link.output) for name, link, is_lazy in links if is_lazy is lazy])
