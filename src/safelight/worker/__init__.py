"""Runs a plan, keeps results in memory, and reports: the executor, and beside it what only some workflows need."""
