"""What the web process is made of."""

import subprocess
import sys

HEAVY = ("torch", "diffusers", "transformers", "numpy", "scipy")


def test_the_web_process_leaves_what_is_heavy_to_its_engines() -> None:
    """Every studio holds what is imported here for as long as it runs; numpy alone takes 15 MiB."""
    program = f"import sys, safelight.server.app; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
