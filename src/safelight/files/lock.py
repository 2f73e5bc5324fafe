"""One process at a time: a lock on a file, which the system lets go of when the process ends, however it does."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from safelight.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows, where a file that is open for writing cannot be locked in this way
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(path: Path, what: str, mend: str) -> Iterator[None]:
    """Hold a file until the block ends.

    Args:
        path: The file; made if need be, and left there.
        what, mend: Of the error, where another process holds it.

    Raises:
        BadInput: Another process holds it.
    """
    with path.open("ab") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BadInput(what, mend=mend) from error
        yield
