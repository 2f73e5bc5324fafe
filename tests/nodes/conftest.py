"""A run with folders of its own."""

from pathlib import Path

import pytest

from safelight.files.folders import Folders
from tests.nodes.running import RecordedRun


@pytest.fixture
def run(home: Path) -> RecordedRun:
    folders = Folders.at(home)
    folders.make()
    return RecordedRun(folders)
