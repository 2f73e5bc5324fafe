"""Reads a literal of a workflow as the type its input has: `"20"` for a number of steps is 20.

Validation and planning read by the same functions, so that what was checked is what the node gets.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from safelight.graph.catalog import ANY_TYPE, CURVE, InputSpec
from safelight.graph.problems import ProblemKind, listed, shown

Read = Callable[[object], object]
"""A literal -> the value the node gets; raises `Unfit`."""


@dataclass
class Unfit(Exception):  # noqa: N818 (a finding, not a failure)
    """Why a literal does not fit its input; the fields are those of a `Problem`."""

    kind: ProblemKind
    message: str
    mend: str
    limit: object = None


def reader(port: InputSpec) -> Read | None:
    """How to read a literal for `port`; None where it can only be linked.

    Of a type that names several (`INT,FLOAT`), the first that fits is taken. File names are read as
    text: whether the file is there is the validation's to see.
    """
    if port.type == ANY_TYPE or (port.any_value and port.type not in _UNLIMITED):
        return _anything
    if port.any_value:
        port = replace(port, minimum=None, maximum=None)
    reads = [_READERS[kind](port) for kind in port.type.split(",") if kind in _READERS]
    if len(reads) < 2:
        return reads[0] if reads else None

    def read_first(value: object) -> object:
        for read in reads[:-1]:
            try:
                return read(value)
            except Unfit:
                continue
        return reads[-1](value)

    return read_first


def _anything(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit("invalid_input_type", f"{value} is not a number.", "Give a finite number.")
    return value


def _integer(port: InputSpec) -> Read:
    low, high = _limits(port)

    def read(value: object) -> object:
        number = value if type(value) is int else _whole(value)
        if low <= number <= high:
            return number
        raise _outside(port, number)

    return read


def _whole(value: object) -> int:
    """`value` as an int: whole numbers, also as a float or as text."""
    try:
        if isinstance(value, str | int):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
    except ValueError:
        pass
    raise Unfit("invalid_input_type", f"{shown(value)} is not a whole number.", "Give a whole number, such as 20.")


def _number(port: InputSpec) -> Read:
    low, high = _limits(port)

    def read(value: object) -> object:
        number = value if type(value) is float and math.isfinite(value) else _finite(value)
        if low <= number <= high:
            return number
        raise _outside(port, number)

    return read


def _finite(value: object) -> float:
    """`value` as a float: finite numbers, also as text."""
    try:
        if isinstance(value, str | int | float) and math.isfinite(number := float(value)):
            return number
    except (ValueError, OverflowError):
        pass
    raise Unfit("invalid_input_type", f"{shown(value)} is not a finite number.", "Give a number, such as 7.5.")


def _text(_port: InputSpec) -> Read:
    def read(value: object) -> object:
        if type(value) is str:
            return value
        if isinstance(value, str | int | float):
            return str(value)
        raise Unfit("invalid_input_type", f"{shown(value)} is not a text.", "Give a text in quotation marks.")

    return read


_WORDS = {"true": True, "false": False}


def _truth(_port: InputSpec) -> Read:
    def read(value: object) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        raise Unfit("invalid_input_type", f"{shown(value)} is neither true nor false.", "Give true or false.")

    return read


def _choice(port: InputSpec) -> Read:
    choices = {choice: choice for choice in port.choices or ()}

    def read(value: object) -> object:
        if isinstance(value, str | int | float):
            if value in choices:
                return choices[value]
            if port.folder is not None and isinstance(value, str):
                return value
        mend = f"Choose one of: {listed(choices)}." if choices else "Choose a file of its folder."
        raise Unfit("value_not_in_list", f"{shown(value)} is not one of the choices.", mend)

    return read


MOST_POINTS = 64  # of a curve
CLOSEST = 1e-6  # points of a curve to each other, from left to right


def _curve(_port: InputSpec) -> Read:
    def read(value: object) -> object:
        if not isinstance(value, list | tuple):
            raise _crooked(f"{shown(value)} is no curve.", "Give a list of points, such as [[0, 0], [1, 1]].")
        if len(value) < 2:
            raise _crooked(f"A curve has at least 2 points, and this has {len(value)}.", "Add a point.")
        if len(value) > MOST_POINTS:
            message = f"A curve has at most {MOST_POINTS} points, and this has {len(value)}."
            raise _crooked(message, "Take some of them out.")
        points = tuple([_point(number, point) for number, point in enumerate(value, 1)])
        for number, ((x, _), (x_next, _)) in enumerate(pairwise(points), 2):
            if x_next - x < CLOSEST:
                message = (
                    f"Point {number} of the curve, at {x_next}, does not lie to the right of the one before, at {x}."
                )
                raise _crooked(message, "Order the points from left to right, each x larger than the last.")
        return points

    return read


def _point(number: int, point: object) -> tuple[float, float]:
    match point:
        case [int() | float() as x, int() | float() as y] if not isinstance(x, bool) and not isinstance(y, bool):
            if 0 <= x <= 1 and 0 <= y <= 1:
                return float(x), float(y)
            message = f"Point {number} of the curve, {shown(point)}, lies outside of it."
            raise _crooked(message, "Give both of its numbers from 0 to 1.")
    raise _crooked(f"Point {number} of the curve, {shown(point)}, is not two numbers.", "Give each point as [x, y].")


def _crooked(message: str, mend: str) -> Unfit:
    return Unfit("invalid_input_type", message, mend)


_READERS: dict[str, Callable[[InputSpec], Read]] = {
    "INT": _integer,
    "FLOAT": _number,
    "STRING": _text,
    "BOOLEAN": _truth,
    "COMBO": _choice,
    CURVE: _curve,
}
_UNLIMITED = _READERS.keys() - {"COMBO", CURVE}  # can be read without knowing what is allowed


def _limits(port: InputSpec) -> tuple[float, float]:
    low = -math.inf if port.minimum is None else port.minimum
    high = math.inf if port.maximum is None else port.maximum
    return low, high


def _outside(port: InputSpec, number: float) -> Unfit:
    low, high = _limits(port)
    if math.isinf(high):
        mend = f"Give a number of at least {low}."
    elif math.isinf(low):
        mend = f"Give a number of at most {high}."
    else:
        mend = f"Give a number from {low} to {high}."
    if number < low:
        return Unfit("value_smaller_than_min", f"{shown(number)} is smaller than {low}.", mend, low)
    return Unfit("value_bigger_than_max", f"{shown(number)} is bigger than {high}.", mend, high)
