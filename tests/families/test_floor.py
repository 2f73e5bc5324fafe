import pkgutil
import subprocess
import sys

import safelight.families
import safelight.files

MODULES = [
    "safelight.settings",
    *(f"safelight.families.{module.name}" for module in pkgutil.iter_modules(safelight.families.__path__)),
    *(f"safelight.files.{module.name}" for module in pkgutil.iter_modules(safelight.files.__path__)),
]


def test_files_and_families_are_read_without_torch() -> None:
    blocked = "import sys; sys.modules.update(torch=None, diffusers=None, transformers=None)"
    program = f"{blocked}; import {', '.join(MODULES)}"
    run = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
