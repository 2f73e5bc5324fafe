"""A random checkpoint of SD 1.5's sizes, names and dtype, to measure loading and stepping with.

`python -m benchmarks.full_size` writes it in some seconds, a tensor at a time.
"""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from tests.tiny import BRANCH_ENDS, ldm_unet_names, ldm_vae_names, transformers_names
from torch import Tensor

from safelight.families.shapes import TextShape, UNetShape, VaeShape

PATH = Path(__file__).parent / "weights" / "full_size.safetensors"
DTYPE = torch.float16
CODE = "F16"  # the same in the words of the safetensors format
POOL = 2**22  # random numbers that are drawn; all tensors are made of them

UNET = UNetShape(
    in_channels=4,
    out_channels=4,
    block_channels=(320, 640, 1280, 1280),
    layers_per_block=2,
    transformer_depth=(1, 1, 1, 0),
    mid_depth=1,
    context_width=768,
    heads=(8, 8, 8, 8),
    linear_projection=False,
    label_width=None,
)
VAE = VaeShape(block_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4, quant_conv=True)
TEXT = TextShape("l", 768, 12, 12, 3072, 49408, 77, "quick_gelu", None)


def full_size_checkpoint(path: Path = PATH) -> Path:
    """The checkpoint's path; it is written where it is not there yet. 1,066 million numbers, 2.1 GB."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        _write(part)
        part.replace(path)
    return path


def _write(path: Path) -> None:
    shapes = dict(_names())
    header: dict[str, object] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * DTYPE.itemsize
        header[name] = {"dtype": CODE, "shape": shape, "data_offsets": (start, end)}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    pool = torch.randn(POOL, generator=torch.Generator().manual_seed(0))
    with path.open("wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        for number, (name, shape) in enumerate(shapes.items()):
            file.write(_numbers(name, shape, pool.roll(number)).numpy().tobytes())


def _names() -> Iterator[tuple[str, tuple[int, ...]]]:
    parts = {
        "model.diffusion_model.": ldm_unet_names(UNET),
        "first_stage_model.": ldm_vae_names(VAE),
        "cond_stage_model.transformer.text_model.": transformers_names(TEXT),
    }
    for prefix, names in parts.items():
        for name, shape in names:
            yield prefix + name, shape


def _numbers(name: str, shape: tuple[int, ...], pool: Tensor) -> Tensor:
    """Weights that keep activations of order one: matrices of variance 1/fan-in, norms that change nothing."""
    size = math.prod(shape)
    if len(shape) == 1:
        return torch.full((size,), float(name.endswith("weight")), dtype=DTYPE)
    gain = 0.3 if any(end in name for end in BRANCH_ENDS) else 1.0
    scaled = (pool * (gain / math.sqrt(math.prod(shape[1:])))).to(DTYPE)
    return scaled.repeat(-(-size // POOL))[:size]


if __name__ == "__main__":
    begin = time.perf_counter()
    print(full_size_checkpoint(), f"{time.perf_counter() - begin:.0f} s")
