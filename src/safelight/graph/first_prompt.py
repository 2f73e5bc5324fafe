"""The prompt whose words a sampler's recording is about: the first that it follows."""

from typing import NamedTuple

from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.summary import WORDLESS
from safelight.prompts.counting import Syntax

FIRST = (
    "guider",
    "positive",
    "positive_A",
    "cond1",
    "cond",
    "conditioning",
    "conditioning_1",
    "conditioning_to",
    "cond_NEW",
    "positive_NEW",
)
"""Inputs by which the first prompt comes, wherever others come beside it."""
TEXTS = ("text", "text_g", "text_l")
"""Where the words are written; of SDXL's two, the larger encoder's first."""
WRITTEN = ("text", "value", "string")
"""Where nodes have them that only hold a text."""
SYNTAX_OF: dict[str, Syntax] = {"PromptEncode": "a1111"}
"""Nodes that can read brackets in several ways -> the way in which they do so by default."""


class FirstPrompt(NamedTuple):
    """Words, and how their brackets are read."""

    text: str
    syntax: Syntax


def first_prompt(workflow: Workflow, node: str) -> FirstPrompt | None:
    """The first positive prompt of a sampler; None where no node has its words written down.

    Args:
        workflow: A sound one.
        node: The sampler.
    """
    seen: set[str] = set()
    while node not in seen and node in workflow:
        seen.add(node)
        call = workflow[node]
        if call.class_type == WORDLESS:
            return None
        follow = next((link for name in FIRST if isinstance(link := call.inputs.get(name), Link)), None)
        if follow is None:
            text = next((text for name in TEXTS if (text := _text(workflow, call, name))), None)
            text = "" if text is None and any(call.inputs.get(name) == "" for name in TEXTS) else text
            return None if text is None else FirstPrompt(text, _syntax(call))
        node = follow.node
    return None


def _text(workflow: Workflow, call: NodeCall, name: str) -> str:
    value = call.inputs.get(name)
    if isinstance(value, Link):
        held = workflow[value.node].inputs if value.node in workflow else {}
        value = next((held[key] for key in WRITTEN if key in held), None)
    return value if isinstance(value, str) else ""


def _syntax(call: NodeCall) -> Syntax:
    usual = SYNTAX_OF.get(call.class_type)
    if usual is None:
        return "comfyui"
    return "comfyui" if call.inputs.get("syntax", usual) == "comfyui" else usual
