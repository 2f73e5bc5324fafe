"""Chance in a prompt: `{a|b}` choices and `__name__` wildcards, drawn from the seed.

The syntax is that of the Dynamic Prompts extension, as its documentation describes it.
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from safelight.errors import BadInput
from safelight.files.named_file import named_file

MAX_DRAWS = 10_000
MAX_LENGTH = 200_000

_MARK = re.compile(r"\\(?P<escaped>[{}|_])|[{}|]|__(?!_)(?P<wildcard>[\w\-./]+?)(?<!_)__")
_NAME = re.compile(r"[\w\-./]*[^\W_]")  # what can stand between the underscores
_WEIGHT = re.compile(r"\s*+(\d++\.?+\d*+|\.\d++)\s*+::")
_COUNT = re.compile(r"\s*+(?P<low>\d{1,6}+)(?:-(?P<high>\d{1,6}+))?\s*+\$\$(?:(?P<joiner>[^$|{}]*+)\$\$)?")


class _Region(NamedTuple):
    """A stretch of a text that is still to be read.

    Attributes:
        closing: Where each `{` of the text that is closed is closed.
    """

    text: str
    closing: dict[int, int]
    start: int
    end: int

    def part(self, start: int, end: int) -> "_Region":
        return self._replace(start=start, end=end)

    def stripped(self) -> "_Region":
        text = self.text[self.start : self.end]
        end = self.start + len(text.rstrip())
        return self.part(min(end, self.end - len(text.lstrip())), end)


class _Option(NamedTuple):
    region: _Region
    weight: float


def resolve(prompt: str, seed: int, folder: Path) -> str:
    r"""Draw every choice of a prompt.

    `{a|b}` is one of its options; `{2::a|b}` gives `a` twice the chance of `b`; `{2$$a|b|c}` is two different ones,
    joined by a comma, `{1-3$$ and $$a|b|c}` one to three, joined by ` and `. `__name__` is a line of
    `folder/name.txt`; blank lines and those that begin with `#` do not count, and a line may have a weight. All of
    these nest, in files too. `\{`, `\|`, `\}` and `\_` are the plain characters.

    Args:
        prompt: The text as it was typed.
        seed: The picture's seed; the same seed and files give the same text on every machine.
        folder: Where wildcard files are; read only if the prompt names one.

    Returns:
        The text to encode, which belongs in the recipe.

    Raises:
        BadInput: A wildcard has no file or no lines, a choice is asked for more options than it has, or wildcards that
            name each other do not come to an end.
    """
    random = Random(seed)

    @cache
    def wildcard(name: str) -> Sequence[_Option]:
        return [_option(_whole(line)) for line in _read_lines(name, folder)]

    written: list[str] = []
    to_read = [_whole(prompt)]  # the next one last; a stack, so that depth costs no recursion
    draws = length = 0
    while to_read:
        region = to_read.pop()
        mark = _MARK.search(region.text, region.start, region.end)
        written.append(region.text[region.start : mark.start() if mark else region.end])
        length += len(written[-1])
        if mark:
            drawn, after = _draw(mark, region, random, wildcard)
            to_read.append(region.part(after, region.end))
            if isinstance(drawn, str):
                written.append(drawn)
            else:
                to_read += reversed(drawn)
                draws += 1
        if draws > MAX_DRAWS or length > MAX_LENGTH:
            raise BadInput(
                f"The prompt's choices come to more than {MAX_DRAWS:,} draws or {MAX_LENGTH:,} characters.",
                mend="Look for wildcard files that name each other in a circle.",
            )
    return "".join(written)


def wildcard_names(folder: Path) -> list[str]:
    """What a prompt may name between `__` and `__`, by name.

    Args:
        folder: Where wildcard files are; there may be none.
    """
    names = (file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.txt"))
    return sorted(name for name in names if _NAME.fullmatch(name) and named_file(folder, name, (".txt",)))


def _draw(
    mark: re.Match[str], region: _Region, random: Random, wildcard: Callable[[str], Sequence[_Option]]
) -> tuple[str | list[_Region], int]:
    """What a mark stands for, as plain text or as regions still to be read; and where reading goes on."""
    if mark["escaped"]:
        return mark["escaped"], mark.end()
    if name := mark["wildcard"]:
        return _pick(wildcard(name), 1, random, f"__{name}__"), mark.end()
    close = region.closing.get(mark.start(), region.end)
    if mark[0] != "{" or close >= region.end:
        return mark[0], mark.end()
    return _choose(region.part(mark.end(), close), random), close + 1


def _choose(choice: _Region, random: Random) -> list[_Region]:
    """Draw from the inside of a pair of braces."""
    named = f"{{{choice.text[choice.start : choice.end]}}}"
    count = _COUNT.match(choice.text, choice.start, choice.end)
    if not count:
        return _pick([_option(part) for part in _split(choice)], 1, random, named)
    options = [_option(part) for part in _split(choice.part(count.end(), choice.end))]
    low = int(count["low"])
    high = int(count["high"] or low)
    picked = _pick(options, min(low, high) + int(random.random() * (abs(high - low) + 1)), random, named)
    joiner = _whole(", " if count["joiner"] is None else count["joiner"])
    return [part for region in picked for part in (joiner, region.stripped())][1:]


def _pick(options: Sequence[_Option], count: int, random: Random, named: str) -> list[_Region]:
    """Draw `count` different options by weight.

    Built on `Random.random` alone: the one method whose numbers Python promises not to change.
    """
    left = [option for option in options if option.weight > 0]
    if count > len(left):
        raise BadInput(
            f"{named} is asked for {count} and has {len(left)} to choose from.",
            mend="Ask for fewer, or add some with a weight above 0.",
        )
    picked = []
    for _ in range(count):
        mark = random.random() * sum(option.weight for option in left)
        index = 0
        while index < len(left) - 1 and mark >= left[index].weight:
            mark -= left[index].weight
            index += 1
        picked.append(left.pop(index).region)
    return picked


def _split(choice: _Region) -> list[_Region]:
    """Cut at each `|` that is in no inner choice."""
    parts = []
    start = position = choice.start
    while mark := _MARK.search(choice.text, position, choice.end):
        position = choice.closing.get(mark.start(), mark.end() - 1) + 1
        if mark[0] == "|":
            parts.append(choice.part(start, mark.start()))
            start = mark.end()
    return [*parts, choice.part(start, choice.end)]


def _option(region: _Region) -> _Option:
    """Read off the weight in front of an option; 1 by default."""
    weight = _WEIGHT.match(region.text, region.start, region.end)
    return _Option(region.part(weight.end(), region.end), float(weight[1])) if weight else _Option(region, 1.0)


def _whole(text: str) -> _Region:
    closing: dict[int, int] = {}
    opened: list[int] = []
    for mark in _MARK.finditer(text):
        if mark[0] == "{":
            opened.append(mark.start())
        elif mark[0] == "}" and opened:
            closing[opened.pop()] = mark.start()
    return _Region(text, closing, 0, len(text))


def _read_lines(name: str, folder: Path) -> Sequence[str]:
    """The lines of a wildcard file that can be drawn."""
    path = named_file(folder, name, (".txt",))
    if path is None:
        close = get_close_matches(name, wildcard_names(folder), n=1)
        raise BadInput(
            f"The wildcard __{name}__ has no file {name}.txt in {folder}.",
            mend=f"Did you mean __{close[0]}__?" if close else r"Add the file, or write \__ for plain underscores.",
        )
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
