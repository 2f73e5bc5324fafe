"""The starter checkpoints: ours against diffusers' own pipeline, on the same weights in the same process."""

import tempfile
from pathlib import Path

from benchmarks.ours import load_ours, our_maker
from benchmarks.peer import load_peer, peer_maker
from benchmarks.pictures import Order, interleaved, median_picture, median_step
from benchmarks.rows import Row
from safelight.files.folders import STARTER

ROUNDS = {"starter-128": 7, "sketch-256": 5}
RATIO = 0.9


def measure() -> list[Row]:
    """Seconds a step and a picture: 20 Euler steps with guidance, fp32, on the CPU, all threads torch takes."""
    return [row for name, rounds in ROUNDS.items() for row in _compared(STARTER / f"{name}.safetensors", rounds)]


def _compared(path: Path, rounds: int) -> list[Row]:
    checkpoint = load_ours(path)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = load_peer(path, Path(folder))
    native = checkpoint.contents.native_size
    assert native, "the starter says its size"
    makers = {"ours": our_maker(checkpoint), "peer": peer_maker(pipeline)}
    found = interleaved(makers, Order(size=native[0]), rounds)
    return [
        Row(f"{path.stem}: {what}", of(found["ours"]), "s", of(found["peer"]), ratio_limit=RATIO)
        for what, of in (("a step", median_step), ("a picture", median_picture))
    ]
