"""Keeping files that people bring under names that are free."""

from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.files.uploads import keep


def test_files_are_kept_under_free_names(tmp_path: Path) -> None:
    folders = Folders.at(tmp_path)
    assert [keep(folders, "output", "a/x.png", content) for content in (b"1", b"2", b"1", b"2")] == [
        "a/x.png",
        "a/x (1).png",
        "a/x.png",
        "a/x (1).png",
    ]
    (tmp_path / "output" / "y.png").mkdir()
    with pytest.raises(BadInput, match="is a folder"):
        keep(folders, "output", "y.png", b"1")
    with pytest.raises(BadInput, match="not a name inside"):
        keep(folders, "output", "../y.png", b"1")
