"""Emphasis as the AUTOMATIC1111 web UI reads it: weights multiply, square brackets weaken, BREAK starts a chunk."""

import re

from safelight.prompts.syntax import PARENTHESIS_WEIGHT, Piece, Section

_MARK = re.compile(
    r"""
    \\(?P<escaped>[\\()\[\]])
  | (?P<open>[(\[])
  | :\s*+(?P<number>[+-]?(?:\d++\.?+\d*+|\.\d++))\s*+\)
  | (?P<close>[)\]])
  | (?P<break>\bBREAK\b)
    """,
    re.VERBOSE,
)

_FACTORS = {"(": PARENTHESIS_WEIGHT, "[": 1 / PARENTHESIS_WEIGHT}
_OPENING = {")": "(", "]": "["}


def parse_a1111(prompt: str) -> list[Section]:
    r"""Split a prompt into sections of weighted pieces, in reading order.

    `(text)` multiplies the weight by 1.1, `[text]` divides it by 1.1, `(text:1.3)` multiplies it by 1.3. A group left
    open reaches to the end; a closing bracket that fits nothing is plain text. A backslash makes `( ) [ ] \` plain.
    The word `BREAK` in capitals ends a section; weights reach across it.

    Returns:
        At least one section; sections and pieces may be empty, as in `BREAK` alone.

    Source: the syntax documented under "Attention/emphasis" and "BREAK keyword" in that project's wiki.
    """
    marks = list(_MARK.finditer(prompt))
    factors = _group_factors(marks)
    sections: list[list[Piece]] = [[]]
    weights = [1.0]
    position = 0
    for mark in marks:
        _append(sections[-1], prompt[position : mark.start()], weights[-1])
        position = mark.end()
        if mark["break"]:
            sections.append([])
        elif mark["escaped"]:
            _append(sections[-1], mark["escaped"], weights[-1])
        elif mark["open"]:
            weights.append(weights[-1] * factors[mark.start()])
        elif mark.start() in factors:
            weights.pop()
        else:
            _append(sections[-1], mark[0], weights[-1])
    _append(sections[-1], prompt[position:], weights[-1])
    return list(sections)


def _group_factors(marks: list[re.Match[str]]) -> dict[int, float]:
    """The factor of each group, under the positions of its opening and its closing mark."""
    factors: dict[int, float] = {}
    opened: list[re.Match[str]] = []
    for mark in marks:
        if bracket := mark["open"]:
            opened.append(mark)
            factors[mark.start()] = _FACTORS[bracket]
        elif (mark["number"] or mark["close"]) and opened and opened[-1]["open"] == _OPENING[mark[0][-1]]:
            start = opened.pop().start()
            factors[start] = float(mark["number"]) if mark["number"] else factors[start]
            factors[mark.start()] = factors[start]
    return factors


def _append(pieces: list[Piece], text: str, weight: float) -> None:
    """Add text, joined to the piece before where the weight is the same, so that words are cut into tokens whole."""
    if not text:
        return
    if pieces and pieces[-1].weight == weight:
        text = pieces.pop().text + text
    pieces.append(Piece(text, weight))
