"""What results are made of: arrays of numpy; and the same as plain data that JSON can hold."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

DIGITS = 5
"""Digits of a number that are told: more than a screen can show."""

Array = NDArray[Any]


def array_of(tensor: Tensor) -> Array:
    """A tensor as an array, float32 where it is of floats."""
    plain = tensor.detach().float() if tensor.is_floating_point() else tensor.detach()
    return np.asarray(plain.cpu().numpy())


def plain(value: object) -> Any:
    """Arrays as lists and numbers shortened; what is no number (NaN, infinite) is None, which JSON can hold.

    Args:
        value: Arrays, numbers and texts, and mappings and sequences of them.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case float():
            return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")
