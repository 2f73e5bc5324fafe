"""What is wrong with a set of pictures, in words for the person whose pictures they are."""

from dataclasses import dataclass
from typing import Literal

from safelight.errors import BadInput

Kind = Literal[
    "unreadable",
    "caption",
    "no caption",
    "long caption",
    "stray",
    "same",
    "alike",
    "small",
    "odd",
    "mask",
    "control",
    "set",
]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: Which, as a path in the folder; empty where it is the set as a whole.
        what: One sentence: what is wrong.
        mend: One sentence: what to do about it.
        kind: What sort of problem.
        is_fatal: Whether nothing can be trained before it is mended.
    """

    file: str
    what: str
    mend: str
    kind: Kind
    is_fatal: bool = False


def unreadable(file: str, error: BadInput | OSError) -> Problem:
    """A file that cannot be used."""
    if isinstance(error, BadInput):
        return Problem(file, tellable(error.what), error.mend, "unreadable")
    what = f"It cannot be read: {error.strerror}."
    return Problem(file, what, "See that you may read it, or take it out.", "unreadable")


def tellable(text: str) -> str:
    """A text with names of files in it; letters of names that are no UTF-8 become U+FFFD."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
