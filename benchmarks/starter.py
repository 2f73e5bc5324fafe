"""The starter checkpoints: ours against diffusers' own pipeline, on the same weights in the same process.

Wall time on all cores is what a person waits, and is worth little while others use the machine: threads that wait for
each other then take many times as long. The CPU time of one thread hardly changes, and compares the work done.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.ours import load_ours, our_maker
from benchmarks.peer import load_peer, peer_maker
from benchmarks.pictures import Order, interleaved, median_picture, median_step
from benchmarks.rows import Row
from safelight.files.folders import STARTER

ROUNDS = {"starter-128": 7, "sketch-256": 5}
RATIO = 0.9
CPU_STEPS = 8


def measure() -> list[Row]:
    """Seconds a step and a picture: 20 Euler steps with guidance, fp32, on the CPU."""
    return [row for name, rounds in ROUNDS.items() for row in _compared(STARTER / f"{name}.safetensors", rounds)]


def _compared(path: Path, rounds: int) -> list[Row]:
    checkpoint = load_ours(path)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = load_peer(path, Path(folder))
    native = checkpoint.contents.native_size
    assert native, "the starter says its size"
    makers = {"ours": our_maker(checkpoint), "peer": peer_maker(pipeline)}
    order = Order(size=native[0])
    all_threads = interleaved(makers, order, rounds)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    one_thread = interleaved(makers, replace(order, steps=CPU_STEPS), rounds, time.process_time)
    torch.set_num_threads(threads)
    return [
        Row(f"{path.stem}: {what}", of(found["ours"]), "s", of(found["peer"]), ratio_limit=RATIO)
        for what, of, found in (
            ("a step", median_step, all_threads),
            ("a picture", median_picture, all_threads),
            ("a step, CPU time of one thread", median_step, one_thread),
        )
    ]
