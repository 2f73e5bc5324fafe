"""Tests of `safelight.engine`."""
