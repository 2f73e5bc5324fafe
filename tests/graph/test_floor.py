import subprocess
import sys

import pytest

PROGRAM = """
import importlib, pkgutil, sys
for name in ("torch", "numpy", "diffusers", "transformers"):
    sys.modules[name] = None
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
above = {"server", "jobs", "store", "engine", "worker", "nodes", "models", "diffusion", "text", "cli"}
print(sorted(above & {name.split(".")[1] for name in sys.modules if name.startswith("safelight.")}))
"""


@pytest.mark.parametrize("package", ["safelight.graph", "safelight.protocol"])
def test_the_floor_is_imported_without_torch_and_without_what_stands_on_it(package: str) -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM, package], capture_output=True, text=True, check=False)
    assert result.stdout == "[]\n", result.stderr
