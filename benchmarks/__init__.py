"""Figures against named peers: `make bench`, or `python -m benchmarks --only NAME`."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command does, for both sides; before torch is imported
