"""The modules that packs import, put where `import` finds them once the first pack is loaded."""

import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

from safelight.errors import Cancelled
from safelight.plugins.comfy import prompt
from safelight.plugins.comfy.browser import PromptServer
from safelight.plugins.comfy.folder_paths import FolderPaths
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.management import ModelManagement
from safelight.plugins.comfy.sampling import SD, common_ksampler, prepare_noise, samplers_module
from safelight.plugins.comfy.saving import saving_classes
from safelight.plugins.comfy.socket_names import TYPES
from safelight.plugins.comfy.tools import HELPERS, UTILS

MAX_RESOLUTION = 16384
ARGUMENTS = SimpleNamespace(disable_metadata=False, listen="127.0.0.1", port=8188, cpu=False)
"""Flags of another program's command line that packs look at."""


def modules(host: Host) -> dict[str, ModuleType]:
    """The modules by name; packages come before what is inside of them."""
    paths = FolderPaths(host)
    management = ModelManagement(host)
    contents: dict[str, Mapping[str, object]] = {
        "folder_paths": _public(paths),
        "node_helpers": HELPERS,
        "nodes": _nodes(host, paths, management),
        "server": {"PromptServer": PromptServer},
        "comfy": {},
        "comfy.utils": UTILS,
        "comfy.model_management": _public(management),
        "comfy.samplers": samplers_module(),
        "comfy.sample": {"prepare_noise": prepare_noise},
        "comfy.sd": SD,
        "comfy.cli_args": {"args": ARGUMENTS},
        "comfy.comfy_types": TYPES,
        "comfy.comfy_types.node_typing": TYPES,
        "comfy_execution": {},
        "comfy_execution.graph": {"ExecutionBlocker": prompt.ExecutionBlocker, "DynamicPrompt": prompt.Prompt},
        "comfy_execution.graph_utils": {
            "GraphBuilder": prompt.GraphBuilder,
            "Node": prompt.GraphNode,
            "is_link": prompt.is_link,
            "ExecutionBlocker": prompt.ExecutionBlocker,
        },
    }
    return {name: _module(name, content, contents) for name, content in contents.items()}


def install(found: Mapping[str, ModuleType]) -> None:
    """Make modules importable; real ones of the same names stay what they are for those that have them."""
    for name, module in found.items():
        sys.modules[name] = module
        package, _, inner = name.rpartition(".")
        if package:
            setattr(found[package], inner, module)


def _nodes(host: Host, paths: FolderPaths, management: ModelManagement) -> dict[str, object]:
    host.classes |= saving_classes(paths)
    return {
        **host.classes,
        "NODE_CLASS_MAPPINGS": host.classes,
        "NODE_DISPLAY_NAME_MAPPINGS": host.titles,
        "EXTENSION_WEB_DIRS": {},
        "MAX_RESOLUTION": MAX_RESOLUTION,
        "common_ksampler": common_ksampler(host),
        "interrupt_processing": management.interrupt_current_processing,
        "before_node_execution": management.throw_exception_if_processing_interrupted,
        "InterruptProcessingException": Cancelled,
    }


def _public(thing: object) -> dict[str, object]:
    return {name: getattr(thing, name) for name in dir(thing) if not name.startswith("_")}


def _module(name: str, content: Mapping[str, object], all_names: Mapping[str, object]) -> ModuleType:
    module = ModuleType(name, "Part of ComfyUI's interface for node packs, by Safelight.")
    is_package = any(other.startswith(f"{name}.") for other in all_names)
    module.__spec__ = ModuleSpec(name, None, is_package=is_package)
    if is_package:
        module.__path__ = []
    module.__dict__.update(content)
    return module
