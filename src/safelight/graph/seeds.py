"""The same workflow with other seeds."""

from collections.abc import Mapping, Sequence

from safelight.errors import BadInput
from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow


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
    document: Mapping[str, Mapping[str, object]],
    workflow: Workflow,
    catalog: Catalog,
    *,
    count: int = 1,
    seeds: Sequence[int] = (),
) -> list[dict[str, object]]:
    """A workflow once for each seed.

    Args:
        document: In the API format.
        workflow: The same, as it was read.
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
        one: dict[str, object] = dict(document)
        for node, name in places:
            before = workflow[node].inputs[name]
            assert isinstance(before, int), "as seed_inputs says"
            seed = seeds[number] if seeds else before + number
            if seed >= 2**64:
                raise BadInput("The seeds would grow past 2^64 - 1.", mend="Give smaller ones.").at(f"node {node}")
            call = one[node]
            assert isinstance(call, Mapping), "it was read as a node"
            inputs = call["inputs"]
            assert isinstance(inputs, Mapping), "it was read as a node's"
            one[node] = {**call, "inputs": {**inputs, name: seed}}
        varied.append(one)
    return varied
