"""The built-in nodes, by class name: every `@node` function of every module in this folder."""

import pkgutil
from importlib import import_module

import safelight.nodes
from safelight.graph.node import Registry, collect

BUILTIN: Registry = collect(
    import_module(f"safelight.nodes.{module.name}")
    for module in pkgutil.iter_modules(safelight.nodes.__path__)
    if module.name != "registry"
)
