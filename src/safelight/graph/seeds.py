"""The same workflow with other seeds."""

from collections.abc import Sequence

from safelight.errors import BadInput
from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall, Workflow


def seed_inputs(workflow: Workflow, catalog: Catalog) -> list[tuple[str, str]]:
    """Node and input of every seed that stands in a workflow as a number."""
    return [
        (node, port.name)
        for node, call in workflow.items()
        if call.class_type in catalog
        for port in catalog[call.class_type].inputs
        if port.control_after_generate and type(call.inputs.get(port.name)) is int
    ]


def with_seeds(
    workflow: Workflow, catalog: Catalog, *, count: int = 1, seeds: Sequence[int] = ()
) -> list[dict[str, NodeCall]]:
    """A workflow once for each seed.

    Args:
        workflow: Its nodes.
        catalog: Says which inputs are seeds.
        count: How many: each with all of its seeds one higher.
        seeds: Those of each, in place of counting up.

    Raises:
        BadInput: There is no seed in it, or one would become larger than it may be.
    """
    places = seed_inputs(workflow, catalog)
    if not places:
        raise BadInput(
            "The workflow has no seed, so that several runs of it would be the same.",
            mend="Add a node with a seed, such as KSampler, or leave count and seeds out.",
        )
    varied = []
    for number in range(len(seeds) or count):
        one = dict(workflow)
        for node, name in places:
            before = workflow[node].inputs[name]
            assert isinstance(before, int), "as seed_inputs says"
            seed = seeds[number] if seeds else before + number
            if seed >= 2**64:
                raise BadInput("The seeds would grow past 2^64 - 1.", mend="Give smaller ones.").at(f"node {node}")
            one[node] = one[node]._replace(inputs={**one[node].inputs, name: seed})
        varied.append(one)
    return varied
