"""Loads the plugins that are enabled, once for a process; one that fails is named, and changes nothing."""

import contextlib
import importlib.util
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from importlib import import_module
from types import ModuleType

from safelight.files.folders import Folders
from safelight.files.plugin_list import CLASSES, Place, enabled
from safelight.graph.catalog import Catalog
from safelight.graph.node import AnyNode, Registry, collect, with_present_choices
from safelight.models.device import find_device
from safelight.nodes.registry import BUILTIN
from safelight.plugins.comfy import packs
from safelight.plugins.comfy.host import Host
from safelight.plugins.footprint import Footprint, is_of
from safelight.settings import Settings

log = logging.getLogger(__name__)

MODULE = "safelight_plugin_"
"""What modules of plugins in folders are called, before their own name."""


@dataclass(frozen=True)
class Plugin:
    """A plugin that is enabled, and what has become of it.

    Attributes:
        name: What people call it.
        place: Where it is from.
        nodes, samplers, schedulers, families: Names of what it adds.
        notes: What else the person should know.
        error: Why it could not be loaded, which then added nothing; empty where it could.
    """

    name: str
    place: str
    nodes: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Library:
    """All that workflows may use.

    Attributes:
        registry: The nodes: the built-in ones, and those of plugins.
        plugins: What was enabled.
        code: Stands for the code of the plugins: another one may give other results. Empty without plugins.
    """

    registry: Registry
    plugins: tuple[Plugin, ...]
    code: str = ""

    @property
    def catalog(self) -> Catalog:
        """The descriptions of the nodes."""
        return {name: node.spec for name, node in self.registry.items()}


@cache
def library(settings: Settings) -> Library:
    """The built-in nodes, and what the enabled plugins add; the same for as long as the process lives.

    Plugins written for Safelight are loaded before packs written for ComfyUI, whose menus then have their samplers.
    """
    places = sorted(enabled(settings.home), key=lambda place: place.is_pack)
    if not places:
        return Library(BUILTIN, ())
    loader = _Loader(settings)
    plugins = tuple([loader.load(place) for place in places])
    loader.refresh_choices()
    return Library(loader.registry, plugins, _code(places))


def _code(places: Sequence[Place]) -> str:
    """A hash of the names, sizes and times of change of the plugins' files."""
    facts: list[object] = []
    for place in places:
        facts.append((place.line, place.entry.dist.version if place.entry and place.entry.dist else ""))
        if place.path is not None and place.path.exists():
            files = sorted(place.path.rglob("*.py")) if place.path.is_dir() else [place.path]
            facts += [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return blake2b(repr(facts).encode(), digest_size=6).hexdigest()


class _Loader:
    """One loading: the nodes so far, and what packs share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._host: Host | None = None
        self.registry: dict[str, AnyNode] = dict(BUILTIN)

    def load(self, place: Place) -> Plugin:
        """Import a plugin, and add what it has."""
        if place.is_pack:
            self._host = self._host or self._new_host()
        before = Footprint()
        tables = self._host.tables() if self._host is not None else None
        where = str(place.path) if place.path else f"package {place.entry.value}" if place.entry else ""
        package = _package(place)
        try:
            with contextlib.redirect_stdout(sys.stderr):  # the standard output is for the paths of pictures
                module = self._imported(place, package)
                nodes, notes = self._nodes(place, package, module)
        except (Exception, SystemExit) as error:
            log.warning("the plugin %s could not be loaded", place.name, exc_info=error)
            before.take_back(package)
            if self._host is not None and tables is not None:
                self._host.put_back(tables)
            return Plugin(place.name, where, error=_told(error))
        for taken in before.mend():
            notes.append(f"The {taken} is there already, and stays what it was.")
        for name in [name for name in nodes if name in self.registry]:
            owner = self.registry[name].spec.module
            notes.append(f"The node {name} is one of {owner} already, and stays that.")
            del nodes[name]
        self.registry.update(nodes)
        if self._host is not None:
            packs.publish(self._host, nodes, module)
        return Plugin(
            place.name,
            where,
            nodes=tuple(nodes),
            samplers=before.added("sampler"),
            schedulers=before.added("scheduler"),
            families=before.added("family"),
            notes=tuple(notes),
        )

    def refresh_choices(self) -> None:
        """Let the menus of nodes show what plugins have put into the tables behind them."""
        self.registry |= {name: with_present_choices(self.registry[name]) for name in BUILTIN}

    def _imported(self, place: Place, package: str) -> ModuleType:
        if place.path is None:
            if place.entry is None:
                raise ModuleNotFoundError("no installed package has a plugin of this name")
            return import_module(place.entry.module)
        file = place.path / "__init__.py" if place.path.is_dir() else place.path
        inside = [str(place.path)] if place.path.is_dir() else None
        spec = importlib.util.spec_from_file_location(package, file, submodule_search_locations=inside)
        assert spec is not None, "a path that ends in .py has a loader"
        assert spec.loader is not None, "and so has its spec"
        module = importlib.util.module_from_spec(spec)
        sys.modules[package] = module
        spec.loader.exec_module(module)
        return module

    def _new_host(self) -> Host:
        self.refresh_choices()
        roots = [root for root in self._settings.model_roots if root.is_dir()]
        folders = Folders.at(self._settings.home, roots)
        return packs.new_host(folders, find_device(self._settings.device), self.registry)

    def _nodes(self, place: Place, package: str, module: ModuleType) -> tuple[dict[str, AnyNode], list[str]]:
        modules = [sys.modules[name] for name in sorted(sys.modules) if is_of(name, package)]
        nodes = {name: _named(node, place.name) for name, node in collect(modules).items()}
        if self._host is None or not hasattr(module, CLASSES):
            return nodes, []
        adapted, notes = packs.nodes_of(module, place.name, self._host)
        return nodes | adapted, notes


def _named(node: AnyNode, plugin: str) -> AnyNode:
    """The node, which says what plugin it is from."""
    return replace(node, spec=replace(node.spec, module=plugin))


def _package(place: Place) -> str:
    """What the modules of a plugin are called, or begin with."""
    if place.entry is not None:
        return place.entry.module.partition(".")[0]
    name = MODULE + re.sub(r"\W", "_", place.name)
    while name in sys.modules:  # another folder of the same name
        name += "_"
    return name


def _told(error: BaseException) -> str:
    """An error in a line."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
