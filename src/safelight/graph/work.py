"""What a node does, as a name: the same in every workflow in which it is made of the same."""

from collections.abc import Mapping
from hashlib import blake2b

from safelight.graph.document import Link, Workflow
from safelight.graph.order import arrange

RECORDED = frozenset(("KSampler", "KSamplerAdvanced", "KSamplerVariation", "SamplerCustom", "SamplerCustomAdvanced"))
"""Node types whose runs can be recorded."""


def samplings(workflow: Workflow, output: str) -> list[str]:
    """The nodes behind one whose runs can be recorded, the nearest first."""
    waiting, found = [output], []
    for node in waiting:  # grows while it is walked
        if workflow[node].class_type in RECORDED:
            found.append(node)
        waiting += [
            value.node
            for value in workflow[node].inputs.values()
            if isinstance(value, Link) and value.node in workflow and value.node not in waiting
        ]
    return found


def work_of(workflow: Workflow, node: str) -> str:
    """A name for what a node gives: 32 hexadecimal digits that hang on its type, its values and all that feeds it.

    Ids, titles and places do not count; neither does what the files are that it names, other than in cache keys
    (`graph.keys`), which know that and are therefore another engine's business.

    Args:
        workflow: A sound one.
        node: One of its nodes.
    """

    def sources(each: str) -> list[str]:
        return [value.node for value in workflow[each].inputs.values() if isinstance(value, Link)]

    works: dict[str, str] = {}
    for each in arrange([node], sources)[0]:
        call = workflow[each]
        parts = [(name, _said(value, works)) for name, value in sorted(call.inputs.items())]
        works[each] = blake2b(repr((call.class_type, parts)).encode(), digest_size=16).hexdigest()
    return works[node]


def _said(value: object, works: Mapping[str, str]) -> object:
    if isinstance(value, Link):
        return ("link", works.get(value.node, ""), value.output)
    return value
