"""What all packs of a process share: folders, device, and the nodes there are."""

from copy import deepcopy
from dataclasses import dataclass, field

import torch

from safelight.files.folders import Folders
from safelight.graph.node import AnyNode
from safelight.plugins.comfy.live import current

Known = tuple[list[str], set[str]]
"""Directories of a kind of files, and the endings that are listed; none for all."""
Tables = tuple[dict[str, Known], dict[str, type], dict[str, str]]


@dataclass
class Host:
    """The program as packs see it.

    Attributes:
        home_folders: Where files are, while no node runs.
        home_device: Where tensors are computed, while no node runs.
        registry: The nodes there are; grows as plugins are loaded.
        known_files: Kinds of files, with the directories they are in; packs add to it.
        classes: Classes by the name of their node, those of the built-in nodes among them; grows too.
        titles: Names of nodes on the screen.
    """

    home_folders: Folders
    home_device: torch.device
    registry: dict[str, AnyNode]
    known_files: dict[str, Known] = field(default_factory=dict)
    classes: dict[str, type] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> Folders:
        """Where the running job has its files."""
        live = current()
        return self.home_folders if live is None else live.run.folders

    @property
    def device(self) -> torch.device:
        """Where the running job computes."""
        live = current()
        return self.home_device if live is None else live.run.device

    def tables(self) -> Tables:
        """What packs can write into, as it is now."""
        return deepcopy(self.known_files), dict(self.classes), dict(self.titles)

    def put_back(self, tables: Tables) -> None:
        """Make the tables what they were."""
        known_files, classes, titles = tables
        for clear in (self.known_files.clear, self.classes.clear, self.titles.clear):
            clear()
        self.known_files.update(known_files)
        self.classes.update(classes)
        self.titles.update(titles)
