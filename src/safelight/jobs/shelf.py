"""The catalog as the web half has it: from disk at once, from an engine when one has started."""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.errors import BadInput, SafelightError
from safelight.families.shapes import PartKind
from safelight.files.atomic import write_whole
from safelight.graph.catalog import Catalog
from safelight.graph.catalog_json import catalog_from_json
from safelight.graph.estimate import Machine
from safelight.graph.speeds import read_speeds
from safelight.protocol.reports import Ready

log = logging.getLogger(__name__)

FILE = "cache/catalog.json"
PATIENCE = 60.0  # seconds that a request waits for the first engine of a new home folder
_PARTS: tuple[PartKind, ...] = ("unet", "vae", "text")


class NotYet(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """No engine has ever started in this home folder, so that nobody knows what nodes there are."""


@dataclass(frozen=True)
class Published:
    """What an engine said when it started.

    Attributes:
        catalog: The nodes there are.
        title, itemsize: Of the engine's device; see `graph.estimate.Machine`.
        versions: Of what decides about pictures, by name.
        plugins: What became of each enabled plugin.
    """

    catalog: Catalog
    title: str
    itemsize: Mapping[PartKind, int]
    versions: Mapping[str, object]
    plugins: Mapping[str, object]


class Shelf:
    """What is published. Used from any thread.

    Args:
        home: The home folder, where it is kept for the next start.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._published: Published | None = None
        self._there = threading.Event()
        self._reading = threading.Lock()

    def catalog(self) -> Catalog:
        """The nodes there are.

        Raises:
            NotYet: No engine has told.
        """
        return self.published().catalog

    def published(self) -> Published:
        """All that is published; on the first start of a home folder this waits for the engine.

        Raises:
            NotYet: No engine has told.
        """
        if self.known() is None and not self._there.wait(PATIENCE):
            raise NotYet("The engine is still starting.", mend="Try again in a moment; /api/v1/health says how it is.")
        assert self._published is not None, "it is there when the event says so"
        return self._published

    def known(self) -> Published | None:
        """What is published so far, without waiting."""
        with self._reading:
            if self._published is None:
                self._published = self._read()
            return self._published

    def machine(self) -> Machine:
        """What the next job would run on.

        Raises:
            NotYet: No engine has told.
        """
        published = self.published()
        return Machine(published.title, published.itemsize, read_speeds(self._home))

    def publish(self, ready: Ready) -> None:
        """Put up what an engine says, and keep it for the next start."""
        document = {
            "title": ready.title,
            "itemsize": dict(ready.itemsize),
            "versions": dict(ready.versions),
            "plugins": dict(ready.plugins),
            "catalog": dict(ready.catalog),
        }
        self._published = _read(document)
        self._there.set()
        try:
            write_whole(self._home / FILE, json.dumps(document).encode())
        except OSError as error:
            log.warning("the catalog could not be kept for the next start: %s", error)

    def _read(self) -> Published | None:
        try:
            return _read(json.loads((self._home / FILE).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, BadInput) as error:
            log.warning("the catalog on disk cannot be read and is made anew: %s", error)
            return None


def _read(document: Mapping[str, Any]) -> Published:
    sizes = {part: document["itemsize"][part] for part in _PARTS}
    return Published(
        catalog=catalog_from_json(document["catalog"]),
        title=str(document["title"]),
        itemsize={part: size for part, size in sizes.items() if isinstance(size, int)},
        versions=dict(document["versions"]),
        plugins=dict(document["plugins"]),
    )
