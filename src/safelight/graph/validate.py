"""Checks a whole workflow before any of it is run, and says all that is wrong with it at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from safelight.files.folders import annotated
from safelight.graph.catalog import CURVE, Catalog, InputSpec, accepts
from safelight.graph.document import Link, Value, Workflow
from safelight.graph.literals import Read, Unfit, reader
from safelight.graph.order import arrange
from safelight.graph.problems import Problem, ProblemKind, listed, nearest, shown

Files = Callable[[str], Collection[str]]
"""Folder (`checkpoints`, `input`, …) -> the names of its files."""

GUESSES = 30  # misspelt names a proposal is looked for; each costs milliseconds


def validate(
    workflow: Workflow, catalog: Catalog, files: Files, targets: Collection[str] | None = None
) -> list[Problem]:
    """All that keeps a workflow from running; empty when nothing does.

    Looked at are the nodes that `targets` need, and the types of all nodes. Inputs that a type does not
    have are ignored.

    Args:
        workflow: The nodes.
        catalog: The types there are.
        files: The files there are.
        targets: Nodes to run for; None for all that save or show something.
    """
    check = _Check(workflow, catalog, files)
    wanted = check.targets(targets)
    _, circles = arrange(wanted, check.node)
    for circle in circles:
        check.report_circle(circle)
    places = {node: place for place, node in enumerate(workflow)}
    return sorted(check.problems, key=lambda problem: places.get(problem.node, -1))


def output_nodes(workflow: Workflow, catalog: Catalog) -> list[str]:
    """The nodes that save or show something, in the order of the workflow."""
    ends = {class_type for class_type, spec in catalog.items() if spec.output_node}
    return [node for node, call in workflow.items() if call.class_type in ends]


class _Check:
    """One validation: what it reads, what it has found, and what it has looked up so far."""

    def __init__(self, workflow: Workflow, catalog: Catalog, files: Files) -> None:
        self.problems: list[Problem] = []
        self._workflow = workflow
        self._catalog = catalog
        self._files = files
        self._folders: dict[str, dict[str, None]] = {}
        self._guesses: dict[tuple[str, str], str | None] = {}
        self._makers: dict[str, str | None] = {}
        self._ports: dict[str, list[tuple[str, InputSpec, Read | None]]] = {}

    def targets(self, given: Collection[str] | None) -> list[str]:
        """The nodes to run for, of those that are there."""
        unknown = [node for node, call in self._workflow.items() if call.class_type not in self._catalog]
        for node in unknown:
            name = self._workflow[node].class_type
            guess = self._guess("types", name, self._catalog)
            mend = f'Did you mean "{guess}"?' if guess else "Install the plugin that brings it, or take the node out."
            self._report("missing_node_type", f"There is no node type {shown(name)}.", mend, node=node)
        wanted = output_nodes(self._workflow, self._catalog) if given is None else list(given)
        for node in wanted:
            if node not in self._workflow:
                message = f"There is no node {shown(node)} to run for."
                self._report("prompt_no_outputs", message, "Choose a node of the workflow.")
        if not wanted and not unknown:
            message = "No node of the workflow saves or shows anything, so there is nothing to run."
            self._report("prompt_no_outputs", message, "Add a node such as SaveImage or PreviewImage.")
        return [node for node in wanted if node in self._workflow]

    def node(self, node: str) -> Sequence[str]:
        """Check the inputs of one node; the nodes that feed it."""
        call = self._workflow[node]
        inputs = call.inputs
        ports = self._ports.get(call.class_type) or self._ports_of(call.class_type)
        if ports is not None and (spec := self._catalog[call.class_type]).further is not None:
            ports = [(port.name, port, reader(port)) for port in spec.ports(inputs)]
        if ports is None:
            links = [value.node for value in inputs.values() if isinstance(value, Link)]
            return [source for source in links if source in self._workflow]
        sources = []
        for name, port, read in ports:
            value = inputs.get(name)
            if type(value) is Link:
                if self._link(node, port, value):
                    sources.append(value.node)
            elif value is None:
                if port.required:
                    self._missing(node, port)
            elif type(value) is not Value:
                self._literal(node, port, read, value)
        return sources

    def report_circle(self, circle: Sequence[str]) -> None:
        """Report nodes that feed each other, given in that order."""
        names = [f"{self._workflow[node].class_type} ({node})" for node in circle]
        way = " → ".join([*names[:8], "…", names[-1]] if len(names) > 9 else names)
        message = f"These nodes wait for each other in a circle: {way} → {names[0]}."
        mend = "Take out one of these links."
        self._report("dependency_cycle", message, mend, node=circle[0], extra={"nodes": list(circle)})

    def _ports_of(self, class_type: str) -> list[tuple[str, InputSpec, Read | None]] | None:
        ports = self._ports.get(class_type)
        if ports is None and class_type in self._catalog:
            inputs = self._catalog[class_type].inputs
            ports = self._ports[class_type] = [(port.name, port, reader(port)) for port in inputs]
        return ports

    def _link(self, node: str, port: InputSpec, link: Link) -> bool:
        """Check a link; whether its source is there."""
        source = self._workflow.get(link.node)
        if source is None:
            message = f"It is linked to node {shown(link.node)}, which is not in the workflow."
            self._report("bad_linked_input", message, self._how_to_link(port), node=node, port=port, value=link)
            return False
        spec = self._catalog.get(source.class_type)
        if spec is None:
            return True  # reported with the source
        if not 0 <= link.output < len(spec.outputs):
            message = f"{source.class_type} (node {link.node}) has no output number {shown(link.output)}."
            has = listed([f"{number} {output.name}" for number, output in enumerate(spec.outputs)])
            mend = f"It has: {has}." if has else "It has no outputs; link another node."
            self._report("bad_linked_input", message, mend, node=node, port=port, value=link)
        elif (
            (given := spec.outputs[link.output].type) != port.type
            and not port.any_link
            and not accepts(port.type, given)
        ):
            message = f"It takes {port.type}, and is linked to {given} of {source.class_type} (node {link.node})."
            mend, extra = self._how_to_link(port), {"received_type": given}
            self._report("return_type_mismatch", message, mend, node=node, port=port, value=link, extra=extra)
        return True

    def _literal(self, node: str, port: InputSpec, read: Read | None, value: object) -> None:
        if read is None:
            message = f"It takes {port.type}, and {shown(value)} is not a link."
            self._report("bad_linked_input", message, self._how_to_link(port), node=node, port=port, value=value)
            return
        try:
            value = read(value)
        except Unfit as unfit:
            self._unfit(node, port, value, unfit)
            return
        if port.folder is None or port.any_value:
            return
        if isinstance(value, str) and value not in (port.choices or ()):
            self._file(node, port, port.folder, value)

    def _unfit(self, node: str, port: InputSpec, value: object, unfit: Unfit) -> None:
        if isinstance(value, list) and CURVE not in port.type.split(","):
            message = f"It takes one {port.type}, and {shown(value)} is neither that nor a link."
            mend = 'Give one value, or a link as ["node id", output number].'
            self._report("bad_linked_input", message, mend, node=node, port=port, value=value)
            return
        mend, extra = unfit.mend, {} if unfit.limit is None else {"limit": unfit.limit}
        if unfit.kind == "value_not_in_list" and isinstance(value, str):
            place = f"choices of {self._workflow[node].class_type}.{port.name}"
            guess = self._guess(place, value, [str(choice) for choice in port.choices or ()])
            mend = f'Did you mean "{guess}"?' if guess else mend
        self._report(unfit.kind, unfit.message, mend, node=node, port=port, value=value, extra=extra)

    def _file(self, node: str, port: InputSpec, folder: str, name: str) -> None:
        folder, name = annotated(folder, name)
        if folder not in self._folders:
            self._folders[folder] = dict.fromkeys(sorted(self._files(folder)))
        names = self._folders[folder]
        if name in names:
            return
        guess = self._guess(folder, name, names)
        if guess is not None:
            mend = f'Did you mean "{guess}"?'
        elif names:
            mend = f"Put the file there, or choose one of: {listed(names)}."
        else:
            mend = "Put the file there; the folder is empty."
        message = f"There is no file {shown(name)} in the folder {folder}."
        extra = {"folder": folder}
        self._report("value_not_in_list", message, mend, node=node, port=port, value=name, extra=extra)

    def _missing(self, node: str, port: InputSpec) -> None:
        if not port.is_widget:
            mend = self._how_to_link(port)
        elif port.default is None:
            mend = "Give a value."
        else:
            mend = f"Give a value; the usual one is {shown(port.default)}."
        self._report("required_input_missing", "It is missing.", mend, node=node, port=port)

    def _how_to_link(self, port: InputSpec) -> str:
        if port.type not in self._makers:
            # best is a node that makes it of something else, and first of all
            made = [
                (any(into.type == port.type for into in spec.inputs), place, spec.title)
                for spec in self._catalog.values()
                for place, out in enumerate(spec.outputs)
                if out.type == port.type
            ]
            self._makers[port.type] = min(made, key=lambda maker: maker[:2])[2] if made else None
        maker = self._makers[port.type]
        return f"Link it to an output of type {port.type}" + (f", such as that of {maker}." if maker else ".")

    def _guess(self, place: str, name: str, names: Collection[str]) -> str | None:
        if (place, name) not in self._guesses:
            if len(self._guesses) >= GUESSES:
                return None
            self._guesses[place, name] = nearest(name, names)
        return self._guesses[place, name]

    def _report(
        self,
        kind: ProblemKind,
        message: str,
        mend: str,
        *,
        node: str = "",
        port: InputSpec | None = None,
        value: object = None,
        extra: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        details = dict(extra)
        if isinstance(value, Link):
            details["linked_node"] = [value.node, value.output]
        elif value is not None:
            details["received_value"] = value
        class_type = self._workflow[node].class_type if node else ""
        name = port.name if port else ""
        self.problems.append(Problem(kind, message, mend, node, class_type, name, details))
