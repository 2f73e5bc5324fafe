"""Prompts that change while the picture is made, and prompts that are several, as in the AUTOMATIC1111 web UI.

The syntax is the one that project's wiki documents under "Prompt editing", "Alternating Words" and "Composable
Diffusion".
"""

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple


class ScheduledText(NamedTuple):
    """A prompt for a share of the steps; 0 is before the first, 1 after the last."""

    text: str
    start: float
    end: float


class SubPrompt(NamedTuple):
    """One of several prompts whose guidance is added up."""

    text: str
    weight: float


_MARK = re.compile(r"\\.|[\[\]():|]", re.DOTALL)
_NUMBER = re.compile(r"\s*(\d++\.?+\d*+|\.\d++)\s*")
_AND = re.compile(r"\bAND\b")
_AND_WEIGHT = re.compile(r":\s*+([+-]?(?:\d++\.?+\d*+|\.\d++))\s*+\Z")


def prompt_schedule(prompt: str, steps: int) -> list[ScheduledText]:
    r"""Write out what a prompt says at each share of the steps.

    `[from:to:when]` changes after `when`, `[to:when]` adds, `[from::when]` removes, `[a|b]` alternates from step to
    step; they nest. `when` is a number of steps; below 1, or written as `1.0`, a share of them, rounded down. Brackets
    that are none of these, or are escaped as `\[`, stay as they are.

    Args:
        prompt: The text of one sub-prompt; emphasis and escapes are left in.
        steps: Sampling steps, at least 1.

    Returns:
        At least one text, without gaps from 0 to 1; neighbours differ.
    """
    texts = [_text_at(prompt, step, steps) for step in range(1, steps + 1)]
    schedule = []
    start = 0
    for text, run in groupby(texts):
        end = start + len(list(run))
        schedule.append(ScheduledText(text, start / steps, end / steps))
        start = end
    return schedule


def split_sub_prompts(prompt: str) -> list[SubPrompt]:
    """Split `cat AND dog :1.2` at the word AND in capitals.

    A sub-prompt may end in a colon and its weight, 1 by default. A prompt without AND is given back as it is, colon
    and all.
    """
    texts = _AND.split(prompt)
    if len(texts) == 1:
        return [SubPrompt(prompt, 1.0)]
    prompts = []
    for text in texts:
        weight = _AND_WEIGHT.search(text)
        prompts.append(SubPrompt(text[: weight.start()], float(weight[1])) if weight else SubPrompt(text, 1.0))
    return prompts


@dataclass
class _Bracket:
    """A square bracket while it is read; the prompt itself is the outermost.

    Attributes:
        parts: What is between the separators, as lists of strings to join.
        separators: One fewer than `parts`.
        depth: Parentheses open inside it; separators in them belong to emphasis.
    """

    parts: list[list[str]] = field(default_factory=lambda: [[]])
    separators: list[str] = field(default_factory=list)
    depth: int = 0

    def add(self, text: str) -> None:
        self.parts[-1].append(text)

    def separate(self, separator: str) -> None:
        self.separators.append(separator)
        self.parts.append([])

    def texts(self, kept: str = "") -> list[str]:
        """The parts, where separators in `kept` do not separate."""
        texts = ["".join(self.parts[0])]
        for separator, part in zip(self.separators, self.parts[1:], strict=True):
            if separator in kept:
                texts[-1] += separator + "".join(part)
            else:
                texts.append("".join(part))
        return texts


def _text_at(prompt: str, step: int, steps: int) -> str:
    """The prompt at a step, counted from 1. Read once, with a stack, so that depth costs no recursion."""
    open_brackets = [_Bracket()]
    position = 0
    for mark in _MARK.finditer(prompt):
        inner = open_brackets[-1]
        inner.add(prompt[position : mark.start()])
        position = mark.end()
        if mark[0] == "[":
            open_brackets.append(_Bracket())
        elif mark[0] == "]" and len(open_brackets) > 1:
            open_brackets.pop()
            open_brackets[-1].add(_chosen(inner, step, steps))
        elif mark[0] in ":|" and len(open_brackets) > 1 and inner.depth == 0:
            inner.separate(mark[0])
        else:
            inner.depth = max(0, inner.depth + {"(": 1, ")": -1}.get(mark[0], 0))
            inner.add(mark[0])
    open_brackets[-1].add(prompt[position:])
    return "[".join(bracket.texts(kept=":|")[0] for bracket in open_brackets)


def _chosen(bracket: _Bracket, step: int, steps: int) -> str:
    """What a closed bracket says at a step."""
    if "|" in bracket.separators:
        options = bracket.texts(kept=":")
        return options[(step - 1) % len(options)]
    *texts, when = bracket.texts()
    number = _NUMBER.fullmatch(when)
    if number and len(texts) in (1, 2):
        before, after = texts if len(texts) == 2 else ("", texts[0])
        return before if step <= _steps_before(number[1], steps) else after
    return f"[{bracket.texts(kept=':')[0]}]"


def _steps_before(when: str, steps: int) -> int:
    """Steps until a change."""
    number = float(when)
    is_share = number < 1 or (number == 1 and "." in when)
    return int(number * steps) if is_share else int(min(number, steps))
