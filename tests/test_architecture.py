"""Who may import whom: the floor is used without torch, and arrows go down only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import safelight

ROOT = Path(safelight.__file__).parent
PACKAGES = sorted({path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")} - {"__init__"})

FLOOR = ("errors", "settings", "logs", "maps", "files", "families", "protocol", "prompts", "graph", "runs")
WEB_HALF = ("engine", "store", "jobs", "server", "client")
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "settings": {"errors", "files"},
    "logs": set(),
    "maps": {"errors"},
    "files": {"errors"},
    "families": {"errors", "files"},
    "protocol": {"errors"},
    "prompts": {"errors", "files"},
    "graph": {"errors", "files", "families", "prompts"},
    "runs": {"errors", "files"},
    "diffusion": {"errors"},
    "text": {"errors", "files", "prompts"},
    "models": {"errors", "files", "families", "prompts", "text", "diffusion"},
    "clip": {*FLOOR, "text", "diffusion", "models"},
    "inspect": {*FLOOR, "text", "diffusion", "models", "clip"},
    "training": {*FLOOR, "text", "diffusion", "models", "clip", "inspect"},
    "nodes": {"errors", "files", "families", "prompts", "graph", "runs"}
    | {"text", "diffusion", "models", "clip", "inspect", "training"},
    "plugins": {*FLOOR, "diffusion", "models", "nodes"},
    "worker": {*FLOOR, "text", "diffusion", "models", "inspect", "nodes", "plugins"},
    "engine": {"errors", "settings", "logs", "files", "graph", "protocol"},
    "store": {"errors"},
    "jobs": {*FLOOR, "engine", "store"},
    "server": {*FLOOR, "engine", "store", "jobs"},
    "client": {"errors", "protocol"},
    "cli": {*FLOOR, "text", "clip", "inspect", "training", "nodes", "worker", "plugins", "store", "server", "client"},
    "__main__": {"cli"},
}
"""Package -> the packages that it may import beside itself."""

HEAVY = ("torch", "diffusers", "transformers", "torchsde", "scipy")
SLOW = ("diffusers", "transformers", "scipy", "spandrel", "torchvision", "torch._dynamo")
"""What is imported when it is first needed, as it takes longer to import than torch."""
ONLY_IN_MODELS = {"diffusers", "transformers"}

BLOCKED = """
import importlib, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name in {heavy!r} or name.partition(".")[0] in {heavy!r}:
            raise AssertionError(f"imports {{name}}")

sys.meta_path.insert(0, Block())
for name in {modules!r}:
    importlib.import_module(name)
"""


def modules(package: str) -> Iterator[Path]:
    """The files of a package, or the one file of a module."""
    place = ROOT / package
    yield from place.rglob("*.py") if place.is_dir() else (place.with_suffix(".py"),)


def dotted(path: Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, at its top or inside of functions."""
    for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match statement:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                raise AssertionError(f"{path} has a relative import")


def run_without(heavy: tuple[str, ...], names: list[str]) -> subprocess.CompletedProcess[str]:
    """Import modules in a process where the packages `heavy` cannot be imported."""
    program = BLOCKED.format(heavy=heavy, modules=names)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_the_floor_is_imported_without_torch() -> None:
    names = [dotted(path) for package in FLOOR for path in modules(package)]
    assert len(names) > 30
    done = run_without(HEAVY, names)
    assert done.returncode == 0, done.stderr


def test_the_web_half_is_imported_without_torch() -> None:
    names = [dotted(path) for package in WEB_HALF for path in modules(package) if "migrations" not in path.parts]
    assert len(names) > 30
    done = run_without(HEAVY, names)
    assert done.returncode == 0, done.stderr


def test_nodes_are_imported_without_what_takes_long() -> None:
    done = run_without(SLOW, ["safelight.nodes.registry"])
    assert done.returncode == 0, done.stderr


def test_the_command_answers_before_torch_is_imported() -> None:
    done = run_without(HEAVY, [dotted(path) for path in modules("cli")])
    assert done.returncode == 0, done.stderr


def test_the_block_would_be_noticed() -> None:
    done = run_without(HEAVY, ["safelight.diffusion.latent"])
    assert "imports torch" in done.stderr


def test_every_package_has_its_line_in_the_table() -> None:
    assert set(ALLOWED) == set(PACKAGES)


def test_the_table_has_no_circle() -> None:
    placed: set[str] = set()
    while left := [package for package in ALLOWED if package not in placed]:
        free = [package for package in left if ALLOWED[package] <= placed]
        assert free, f"these import each other: {left}"
        placed.update(free)


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    allowed = ALLOWED[package] | {package, "__version__"}
    for path in modules(package):
        inside = [name.split(".") for name in imports(path) if name.partition(".")[0] == "safelight"]
        above = [".".join(parts) for parts in inside if parts[1] not in allowed]
        assert not above, f"{path.relative_to(ROOT)} imports {above}"


@pytest.mark.parametrize("package", sorted(set(ALLOWED) - {"models"}))
def test_only_models_knows_diffusers_and_transformers(package: str) -> None:
    for path in modules(package):
        found = ONLY_IN_MODELS & {name.partition(".")[0] for name in imports(path)}
        assert not found, f"{path.relative_to(ROOT)} imports {found}"
