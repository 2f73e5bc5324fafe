"""Nodes that look at their own inputs: asked before anything is run."""

from collections.abc import Sequence

from safelight.errors import BadInput
from safelight.graph.node import Registry
from safelight.graph.plan import Step


def first_fault(steps: Sequence[Step], registry: Registry) -> tuple[Step, BadInput] | None:
    """The first step whose node finds fault with its inputs, and what that is; None where all are content."""
    specs = {step.node: step.spec for step in steps}
    for step in steps:
        check = registry[step.spec.class_type].check
        if check is None:
            continue
        linked = {name: specs[link.node].outputs[link.output].type for name, link in step.links + step.lazy}
        if (what := check(step.literals, linked)) is not None:
            return step, BadInput(what, mend="Change the inputs of the node.")
    return None
