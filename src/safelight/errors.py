"""What goes wrong, in words for the person at the screen.

The code that fails says *what* and *how to mend it*; each caller on the way up may add *where*
(the file, the node, the input), so that no message has to be parsed and none shows a stack trace.
"""


class SafelightError(Exception):
    """A failure that a person can understand and mend.

    Args:
        what: One sentence: what happened.
        where: The file, node and input it happened at, outermost first; callers add theirs with `at`.
        mend: One sentence: what the person can do about it.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def at(self, place: str) -> "SafelightError":
        """Put `place` in front of where it happened, and return the same error."""
        self.where = f"{place}, {self.where}" if self.where else place
        return self

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}{mend}"


class BadInput(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """What was asked for cannot be done as it stands; nothing has been run."""


class Cancelled(Exception):  # noqa: N818 (the event's name in every part of the program)
    """The person stopped the job. Raised inside a step, caught by the worker; never shown as a failure."""
