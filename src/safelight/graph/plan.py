"""A workflow made ready to run: its nodes in order, literals as typed values, links apart from them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from safelight.graph.catalog import Catalog, NodeSpec
from safelight.graph.document import Link, Value, Workflow
from safelight.graph.literals import Read, reader
from safelight.graph.order import arrange
from safelight.graph.validate import output_nodes

Links = list[tuple[str, Link]]
"""Linked inputs: names, and what they are linked to."""


@dataclass(slots=True)
class Step:
    """One node of a plan. Not changed once it is made, but not frozen either, which would double the cost of a plan.

    Attributes:
        node: Its id in the workflow.
        spec: Its type.
        title: Its name for the person.
        literals: Inputs written into the workflow, converted, in the order of the node's inputs.
        values: Live values given by an expansion.
        links: Linked inputs that it always needs.
        lazy: Linked inputs that it may ask for.
    """

    node: str
    spec: NodeSpec
    title: str
    literals: Mapping[str, object]
    values: Mapping[str, object]
    links: Links
    lazy: Links

    def linked(self, type_name: str) -> list[Link]:
        """What the inputs of a type are linked to, lazy ones left out."""
        ports = self.spec.by_name
        return [link for name, link in self.links if name in ports and ports[name].type == type_name]


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes:
        steps: Each after all that may feed it, those behind lazy inputs included.
        targets: Ids of the nodes that are run for.
    """

    steps: tuple[Step, ...]
    targets: tuple[str, ...]


_NO_LINKS: Links = []
_NO_VALUES: Mapping[str, object] = MappingProxyType({})


def plan(workflow: Workflow, catalog: Catalog, targets: Collection[str] | None = None) -> Plan:
    """Arrange a workflow that `validate` has found nothing wrong with.

    Args:
        workflow: The nodes.
        catalog: The types there are.
        targets: Nodes to run for; None for all that save or show something. What they do not need is left out.
    """
    wanted = output_nodes(workflow, catalog) if targets is None else list(targets)
    types: dict[str, tuple[NodeSpec, list[tuple[str, bool, Read | None]]]] = {}
    steps: dict[str, Step] = {}

    def add_step(node: str) -> list[str]:
        """Make the step of a node; the nodes that feed it."""
        class_type, inputs, title = workflow[node]
        if class_type not in types:
            spec = catalog[class_type]
            types[class_type] = spec, [(port.name, port.lazy, reader(port)) for port in spec.inputs]
        spec, ports = types[class_type]
        if spec.further is not None:
            ports = [(port.name, port.lazy, reader(port)) for port in spec.ports(inputs)]
        sources: list[str] = []
        links: Links = []
        lazy_links = _NO_LINKS
        literals: dict[str, object] = {}
        values = _NO_VALUES
        for name, lazy, read in ports:
            value = inputs.get(name)
            if type(value) is Link:
                sources.append(value.node)
                if lazy:
                    lazy_links = [*lazy_links, (name, value)]
                else:
                    links.append((name, value))
            elif type(value) is Value:
                values = {**values, name: value.value}
            elif value is not None and read is not None:
                literals[name] = read(value)
        steps[node] = Step(node, spec, title or spec.title, literals, values, links, lazy_links)
        return sources

    order, _ = arrange(wanted, add_step)
    return Plan(tuple([steps[node] for node in order]), tuple(dict.fromkeys(wanted)))
