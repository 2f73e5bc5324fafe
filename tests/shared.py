"""Reference data that is too large to copy into the repository."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_file(name: str) -> Path:
    """The path of a file of `../shared`; skips the test where a clone has none beside it."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}, which is not beside this clone", allow_module_level=True)
    return path
