"""The checkpoint that the package ships."""

from pathlib import Path

import safelight

STARTER = Path(safelight.__file__).parent / "starter" / "starter-128.safetensors"
