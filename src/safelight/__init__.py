"""Safelight: a Stable Diffusion studio. Start reading in `cli/`."""

__version__ = "0.1.0"
