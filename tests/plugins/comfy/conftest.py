"""What packs share, without any pack."""

from pathlib import Path

import pytest
import torch

from safelight.files.folders import Folders
from safelight.nodes.registry import BUILTIN
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.packs import new_host


@pytest.fixture
def host(home: Path) -> Host:
    """The program as packs see it, with their modules importable."""
    folders = Folders.at(home)
    folders.make()
    return new_host(folders, torch.device("cpu"), dict(BUILTIN))
