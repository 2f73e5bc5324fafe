"""Emphasis: what a prompt weighs, as ComfyUI reads it."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A run of a prompt under one weight."""

    text: str
    weight: float


Section = Sequence[Piece]
"""Pieces that share chunks; the next section begins a new chunk."""

PARENTHESIS_WEIGHT = 1.1

# While the prompt is read, an escaped parenthesis is two control characters, so that every parenthesis left is syntax.
ESCAPES = {r"\)": "\0\1", r"\(": "\0\2"}

_PARENTHESIS = re.compile(r"[()]")


def parse_emphasis(prompt: str) -> list[Section]:
    """Split a prompt into weighted pieces, in reading order.

    `(text)` multiplies the weight by 1.1 for each pair around it, `(text:1.3)` sets it, whatever is outside. The number
    is whatever Python reads as a float, after the last colon, so `(time 10:30)` weighs 30. `\\(` and `\\)` are plain
    parentheses. A group left open is plain text, except that one whose last character closes an inner group counts as
    closed there: `((cat)` is `(cat` at 1.1.

    Returns:
        One section, since this syntax has no break. An empty prompt has no pieces.
    """
    text = prompt
    for escaped, code in ESCAPES.items():
        text = text.replace(escaped, code)
    closing = _closing(text)
    pieces: list[Piece] = []
    regions = [(0, len(text), 1.0)]  # still to read, the next one last; a stack, so that depth costs no recursion
    while regions:
        start, end, weight = regions.pop()
        group = _next_group(text, start, end)
        if group > start:
            pieces.append(Piece(_unescape(text[start:group]), weight))
        if group == end:
            continue
        last = min(closing.get(group, end), end - 1)
        if last > group and text[last] == ")":
            regions.append((last + 1, end, weight))
            regions.append(_group_region(text, group + 1, last, weight))
        else:
            pieces.append(Piece(_unescape(text[group:end]), weight))
    return [pieces]


def _group_region(text: str, start: int, end: int, weight: float) -> tuple[int, int, float]:
    """What is inside a group, without its number: first, past last, weight."""
    colon = text.rfind(":", max(start, text.rfind(")", start, end)), end)
    if colon > start:
        try:
            return start, colon, float(text[colon + 1 : end])
        except ValueError:
            pass
    return start, end, weight * PARENTHESIS_WEIGHT


def _next_group(text: str, start: int, end: int) -> int:
    """Where the next group opens, or `end`. A stray `)` is cancelled by the next `(`, and both are plain."""
    depth = 0
    for found in _PARENTHESIS.finditer(text, start, end):
        if found[0] == ")":
            depth -= 1
        elif depth == 0:
            return found.start()
        else:
            depth += 1
    return end


def _closing(text: str) -> dict[int, int]:
    """Where each parenthesis that is closed is closed."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for found in _PARENTHESIS.finditer(text):
        if found[0] == "(":
            opened.append(found.start())
        elif opened:
            closing[opened.pop()] = found.start()
    return closing


def _unescape(text: str) -> str:
    for escaped, code in ESCAPES.items():
        text = text.replace(code, escaped[1])
    return text
