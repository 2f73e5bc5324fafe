"""Switching the strength of a LoRA, against loading the checkpoint anew.

The LoRA has rank 32 on every map of the attention blocks, as kohya's trainer makes it.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from benchmarks.full_size import full_size_checkpoint
from benchmarks.ours import load_ours
from benchmarks.rows import Row
from safelight.files.folders import STARTER
from safelight.models.device import HOST
from safelight.models.loader import Checkpoint
from safelight.models.lora.file import LoraModel, load_lora
from safelight.models.lora.laying import lay_on_clip, lay_on_model
from safelight.models.placement import Placement
from safelight.models.precision import precision

ROUNDS = 7
RANK = 32
LIMIT = 0.3  # of the time that the checkpoint takes to load
STRENGTHS = (0.8, 0.5)


def measure() -> list[Row]:
    """Seconds to load a checkpoint and to switch, and their ratio, fp32 on the CPU."""
    checkpoints = {"starter-128": STARTER / "starter-128.safetensors", "full-size SD 1.5": full_size_checkpoint()}
    return [row for name, path in checkpoints.items() for row in _measured(name, path)]


def _measured(name: str, path: Path) -> Iterator[Row]:
    checkpoint = load_ours(path)
    loads = [_seconds_to_load(path) for _ in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lora.safetensors")
        save_file(dict(_tensors(checkpoint)), file)
        begin = time.perf_counter()
        lora = load_lora(file, Placement(HOST), precision("fp32", HOST))
        _switch(checkpoint, lora, STRENGTHS[-1])
        first = time.perf_counter() - begin
        switches = [_switch(checkpoint, lora, STRENGTHS[number % 2]) for number in range(ROUNDS)]
    load, switch = statistics.median(loads), statistics.median(switches)
    yield Row(f"{name}: load the checkpoint", load, "s")
    yield Row("  open a LoRA and lay it on", first, "s")
    yield Row("  switch its strength", switch, "s")
    yield Row("  switch ÷ load", switch / load, "x", limit=LIMIT)


def _seconds_to_load(path: Path) -> float:
    begin = time.perf_counter()
    load_ours(path)
    return time.perf_counter() - begin


def _switch(checkpoint: Checkpoint, lora: LoraModel, strength: float) -> float:
    """Seconds from a strength until denoiser and text encoder are ready to run with it."""
    assert checkpoint.clip is not None
    begin = time.perf_counter()
    model, clip = lay_on_model(lora, checkpoint.model, strength), lay_on_clip(lora, checkpoint.clip, strength)
    model.placement.bring(model.network, model.weights)
    for tower in clip.towers:
        tower.placement.bring(tower.network, tower.weights)
    return time.perf_counter() - begin


def _tensors(checkpoint: Checkpoint) -> Iterator[tuple[str, Tensor]]:
    assert checkpoint.clip is not None
    for prefix, network, where in (
        ("lora_unet_", checkpoint.model.network, "attentions."),
        ("lora_te_text_model_", checkpoint.clip.towers[0].network, "encoder.layers."),
    ):
        for name, shape in _maps(network, where):
            module = prefix + name.replace(".", "_")
            yield f"{module}.lora_up.weight", 0.01 * torch.randn(shape[0], RANK).half()
            yield f"{module}.lora_down.weight", 0.01 * torch.randn(RANK, shape[1:].numel()).half()


def _maps(network: nn.Module, where: str) -> Iterator[tuple[str, torch.Size]]:
    for name, parameter in network.named_parameters():
        if where in name and name.endswith(".weight") and parameter.ndim > 1:
            yield name.removesuffix(".weight"), parameter.shape
