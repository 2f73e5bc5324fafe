"""A folder of nodes written for ComfyUI: its classes made into nodes."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch

from safelight.files.folders import Folders
from safelight.files.plugin_list import CLASSES
from safelight.graph.catalog import WIDGET_TYPES
from safelight.graph.node import AnyNode
from safelight.nodes.registry import BUILTIN
from safelight.plugins.comfy.adapter import node_of
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.mirrors import mirror
from safelight.plugins.comfy.modules import install, modules

TITLES = "NODE_DISPLAY_NAME_MAPPINGS"
WEB = "WEB_DIRECTORY"


def new_host(folders: Folders, device: torch.device, registry: dict[str, AnyNode]) -> Host:
    """What packs share; the modules that they import can be found from now on."""
    made = Host(folders, device, registry)
    made.classes |= {name: mirror(node, made) for name, node in registry.items()}
    made.titles |= {name: node.spec.title for name, node in registry.items()}
    install(modules(made))
    return made


def nodes_of(module: ModuleType, plugin: str, host: Host) -> tuple[dict[str, AnyNode], list[str]]:
    """The nodes of a pack, and what the person should know of it."""
    classes: Mapping[str, Any] = getattr(module, CLASSES)
    titles: Mapping[str, str] = getattr(module, TITLES, None) or {}
    nodes: dict[str, AnyNode] = {}
    notes: list[str] = []
    for name, cls in classes.items():
        title = titles.get(name, name)
        try:
            nodes[name] = node_of(name, cls, title=title, module=plugin, registry=host.registry, sockets=_SOCKETS)
        except Exception as error:
            notes.append(f"The node {name} cannot be used: {type(error).__name__}: {error}.")
    if web := getattr(module, WEB, None):
        notes.append(f"Its pages for the browser ({web}) are not used.")
    return nodes, notes


def publish(host: Host, nodes: Mapping[str, AnyNode], module: ModuleType) -> None:
    """Let packs that are loaded later find these nodes among the others."""
    classes: Mapping[str, Any] = getattr(module, CLASSES, {})
    for name, node in nodes.items():
        host.classes[name] = classes.get(name) or mirror(node, host)
        host.titles[name] = node.spec.title


_SOCKETS = frozenset(
    kind
    for node in BUILTIN.values()
    for kinds in [*[port.type for port in node.spec.inputs], *[port.type for port in node.spec.outputs]]
    for kind in kinds.split(",")
    if kind not in WIDGET_TYPES
)
