"""Runs every part and prints its table: `python -m benchmarks`, or one part with `--only NAME`."""

import argparse
import os
import platform
import time
from importlib import import_module

import torch
from rich.console import Console

from benchmarks.rows import Row, table
from safelight import __version__

# module -> its table's title; each has `measure() -> list[Row]`, and is imported when its turn comes
PARTS = {
    "engine": "The engine's own cost; peer: ComfyUI 0.3.64 on such a machine",
    "startup": "`safelight generate`, from the start of the process",
    "starter": "The starter, 20 Euler steps with guidance, fp32; peer: diffusers' StableDiffusionPipeline",
    "ranking": "CLIP as a judge: its choice of 8 pictures; peer: all 8 on average",
    "recording": "Recording how pictures come about, starter and sketch, 20 steps",
    "server": "The server: 1,000 jobs queued, an engine busy",
    "loading": "A full-size SD 1.5, fp16 file run in fp32; peer: diffusers' from_single_file",
    "training": "Steps of LoRA training on the starter; peer: diffusers and peft, as in diffusers' example",
    "search": "Finding pictures: 100,000 of them in under 100 ms",
    # after it: the peak memory of a new process is never told to be less than what its parent holds
    "lora": "A LoRA of rank 32 on all attention, fp32 on the CPU",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Figures against named peers.")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    only = parser.parse_args().only
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"  # the peer's imports tell of packages that nobody here needs
    console = Console(highlight=False, width=110)
    console.print(_machine())
    for name in [only] if only else PARTS:
        begin = time.perf_counter()
        rows: list[Row] = import_module(f"benchmarks.{name}").measure()
        console.print(table(PARTS[name], rows))
        console.print(f"{name} took {time.perf_counter() - begin:.0f} s; load average {_load()}\n")


def _machine() -> str:
    """What the figures depend on. Others at work on the machine show in its load, and make all figures larger."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    software = f"safelight {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
    return f"{software}; {platform.machine()}, {cores} cores, {torch.get_num_threads()} threads, load average {_load()}"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


main()
