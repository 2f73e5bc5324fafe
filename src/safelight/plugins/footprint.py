"""What importing a plugin has changed in the process, so that it can be named, and taken back where it fails."""

import sys
from typing import Any

from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.families import FAMILIES

TABLES: dict[str, dict[str, Any]] = {"sampler": SAMPLERS, "scheduler": SCHEDULERS, "family": FAMILIES}
"""What a plugin adds rows to, by what a row is."""


class Footprint:
    """The tables and modules as they are now, to be compared with later."""

    def __init__(self) -> None:
        self._tables = {kind: dict(table) for kind, table in TABLES.items()}
        self._modules = set(sys.modules)
        self._path = list(sys.path)

    def added(self, kind: str) -> tuple[str, ...]:
        """Names of rows that a table did not have."""
        return tuple(name for name in TABLES[kind] if name not in self._tables[kind])

    def mend(self) -> list[str]:
        """Put rows back that were there and have been changed or taken out; what they are, for people."""
        changed = []
        for kind, table in TABLES.items():
            for name, row in self._tables[kind].items():
                if table.get(name) is not row:
                    table[name] = row
                    changed.append(f"{kind} {name}")
        return changed

    def take_back(self, package: str) -> None:
        """Undo all: tables, the search path, and modules of the plugin itself.

        Modules of others stay: code that was written in C cannot be imported twice.

        Args:
            package: What the plugin's modules are called, or begin with.
        """
        for kind, table in TABLES.items():
            table.clear()
            table.update(self._tables[kind])
        sys.path[:] = self._path
        for name in [name for name in sys.modules if name not in self._modules and is_of(name, package)]:
            del sys.modules[name]


def is_of(module: str, package: str) -> bool:
    """Whether a module is a package, or in it."""
    return module == package or module.startswith(f"{package}.")
