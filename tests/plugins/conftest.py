"""A process as it was before any plugin; a home folder with some enabled."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safelight.files.plugin_list import enable
from safelight.plugins.footprint import TABLES
from safelight.plugins.loading import Library, library
from safelight.settings import read_settings
from tests.studio import Studio

PACK = Path(__file__).parent / "pack"

Enabled = Callable[..., Library]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Nothing that a test loads is there for the next."""
    tables = {kind: dict(table) for kind, table in TABLES.items()}
    modules, path = set(sys.modules), list(sys.path)
    yield
    for kind, table in TABLES.items():
        table.clear()
        table.update(tables[kind])
    mine = ("safelight_plugin_", "comfy", "nodes", "server", "folder_paths", "node_helpers", "glow")
    for name in [name for name in sys.modules if name not in modules and name.startswith(mine)]:
        del sys.modules[name]
    sys.path[:] = path
    library.cache_clear()


@pytest.fixture
def enabled(home: Path, monkeypatch: pytest.MonkeyPatch) -> Enabled:
    """Enables plugins and loads them."""
    monkeypatch.setenv("SAFELIGHT_DEVICE", "cpu")

    def load(*plugins: object) -> Library:
        for plugin in plugins:
            enable(home, str(plugin))
        return library(read_settings())

    return load


@pytest.fixture
def studio(home: Path, enabled: Enabled) -> Studio:
    """A studio whose engine has the pack."""
    (home / "input").mkdir(parents=True)
    (home / "input" / "watched.txt").write_text("one")
    return Studio(home, registry=enabled(PACK).registry)


def written(folder: Path, name: str, text: str) -> Path:
    """A plugin of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path
