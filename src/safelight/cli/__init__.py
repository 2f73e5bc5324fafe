"""The commands of Safelight, one file each: start reading here.

`generate` makes a picture from words, `run` runs a saved workflow, `models` says what is in the model folders,
`plugins` what others have added.
"""

import os
import sys

# Torch's threads spin while they wait for each other. With any other program on the cores that made a step on two
# cores 25 times as long (868 against 34 ms); sleeping costs next to nothing. Read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended


def main() -> None:
    """Run a command, and end with 0 (done), 1 (failed in running), 2 (bad input) or 130 (Ctrl-C)."""
    try:
        # imported here, where Ctrl-C is already looked after: it takes most of a second
        from safelight.cli.app import run_command  # noqa: PLC0415

        run_command()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)
