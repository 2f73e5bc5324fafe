"""How brackets in a prompt may be read, by name."""

from collections.abc import Callable

from safelight.prompts.a1111 import parse_a1111
from safelight.prompts.syntax import Section, parse_emphasis

# prompt -> sections of weighted pieces
SYNTAXES: dict[str, Callable[[str], list[Section]]] = {
    "comfyui": parse_emphasis,
    "a1111": parse_a1111,
}
