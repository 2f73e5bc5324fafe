"""Square root, logarithm and exponential that round alike on every processor.

torch takes float32 `sqrt`, `log` and `exp` from vector libraries that may miss the last bit, on some processors in one
result out of five. A sampler at high guidance can make that bit plain to see, and then the same seed would give
another picture on another machine. Made for the scalars of a schedule, not for latents.
"""

from torch import Tensor


def sqrt(value: Tensor) -> Tensor:
    """The square root, correctly rounded to the dtype of `value`."""
    return value.double().sqrt().to(value.dtype)


def log(value: Tensor) -> Tensor:
    """The natural logarithm, correctly rounded to the dtype of `value`."""
    return value.double().log().to(value.dtype)


def exp(value: Tensor) -> Tensor:
    """e to the power of `value`, correctly rounded to its dtype."""
    return value.double().exp().to(value.dtype)
