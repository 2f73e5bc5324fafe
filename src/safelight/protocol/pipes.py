"""The standard output of a process that speaks in messages."""

import os
from typing import BinaryIO


def reserved_output() -> BinaryIO:
    """The standard output for messages alone; whatever else prints goes to the log."""
    reserved = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(reserved, "wb")
