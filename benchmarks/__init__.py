"""Figures against named peers: `make bench`, or `python -m benchmarks --only NAME`."""
