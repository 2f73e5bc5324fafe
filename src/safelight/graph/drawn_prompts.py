"""What editors do to prompts when a workflow is run: comments are taken out, and of each `{a|b}` one is drawn."""

import re
from pathlib import Path

from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall, Workflow
from safelight.graph.wildcards import resolve

DRAWS = 2**32  # seeds of such draws
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def draw_prompts(
    workflow: Workflow, catalog: Catalog, wildcards: Path, seed: int
) -> tuple[dict[str, NodeCall], list[str]]:
    """The workflow as an editor sends it.

    Args:
        workflow: Its nodes.
        catalog: Says which inputs are prompts.
        wildcards: Where files of words are.
        seed: Of the draws.

    Returns:
        The workflow, and what each prompt of which something was drawn reads now, for people.

    Raises:
        BadInput: A choice cannot be drawn.
    """
    drawn = dict(workflow)
    notes = []
    for node, call in workflow.items():
        texts = {}
        for name, value in call.inputs.items():
            port = catalog[call.class_type].by_name.get(name) if call.class_type in catalog else None
            if port is not None and port.dynamic_prompts and isinstance(value, str):
                plain = _COMMENT.sub("", value)
                texts[name] = resolve(plain, seed, wildcards) if "{" in plain else plain
                if texts[name] != plain:
                    notes.append(f"{call.title or call.class_type} (node {node}) reads: {texts[name]}")
        if texts:
            drawn[node] = call._replace(inputs={**call.inputs, **texts})
    return drawn, notes
