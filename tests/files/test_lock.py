import subprocess
import sys
from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.files.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from safelight.files.lock import locked
with locked(Path(sys.argv[1]), "", ""):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_file_is_held_by_one_process_until_that_ends_or_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BadInput, match="Somebody has it"), locked(path, "Somebody has it.", "Wait."):
            pass
    finally:
        holder.kill()
        holder.wait()
    with locked(path, "", ""):
        pass
    with locked(path, "", ""):
        pass
