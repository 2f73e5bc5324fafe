"""Models into files, in the layout that all programs read; one weight at a time, so it takes hardly any memory."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

import torch
from torch import Tensor

from safelight.families.shapes import Layout
from safelight.models.assemble import Source
from safelight.models.clip_text import text_source
from safelight.models.device import HOST
from safelight.models.model import Model
from safelight.models.placement import Wearer, weight_of
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.unet import unet_source
from safelight.models.vae import Vae
from safelight.models.vae_network import vae_source
from safelight.models.weights import DTYPES

CODES = {dtype: code for code, dtype in DTYPES.items()}
STORED = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
"""What weights are saved in, by what their file had them in; what is not here (8 bits) is saved in fp16."""

TOWER_PLACES: dict[str, tuple[tuple[str, Layout], ...]] = {
    "sd1": (("cond_stage_model.transformer.text_model.", "transformers"),),
    "sd2": (("cond_stage_model.model.", "openclip"),),
    "sd2_x4": (("cond_stage_model.model.", "openclip"),),
    "sdxl": (
        ("conditioner.embedders.0.transformer.text_model.", "transformers"),
        ("conditioner.embedders.1.model.", "openclip"),
    ),
    "refiner": (("conditioner.embedders.0.model.", "openclip"),),
}
"""By family, where a checkpoint has its text towers, in the family's order."""


SUITING = ("modelspec.usage_hint", "modelspec.resolution")
"""What a file says of the settings and the size that suit it, and goes on saying of what is made of it."""


@dataclass(frozen=True)
class Entry:
    """A tensor of a file that is to be written."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    read: Callable[[], Tensor]


def model_entries(model: Model) -> Iterator[Entry]:
    """A denoiser's tensors in LDM's layout, and the marks by which its kind is known again."""
    unet = model.contents.unet
    assert unet is not None, "a model was loaded from a file with a denoiser"
    dtype = _kept_dtype(unet.dtype, model.dtype)
    yield from _entries(model, unet_source(unet.shape, "ldm"), prefix="model.diffusion_model.", dtype=dtype)
    marks = {"v_pred": model.prediction == "v", "ztsnr": model.contents.zero_terminal_snr}
    for name, there in marks.items():
        if there:
            yield Entry(name, torch.float32, (0,), partial(torch.empty, 0))


def vae_entries(vae: Vae, prefix: str = "") -> Iterator[Entry]:
    """An image autoencoder's tensors in LDM's layout."""
    dtype = _kept_dtype(vae.stored, vae.dtype)
    for entry in _entries(vae, vae_source(vae.shape, "ldm", ()), prefix=prefix, dtype=dtype):
        # LDM's attention is of 1x1 convolutions
        flat = ".attn_1." in entry.name and len(entry.shape) == 2
        yield replace(entry, shape=(*entry.shape, 1, 1)) if flat else entry


def clip_entries(clip: Clip) -> Iterator[Entry]:
    """A checkpoint's text towers, each where its family has it."""
    for tower, (prefix, layout) in zip(clip.towers, TOWER_PLACES[clip.family.name], strict=True):
        # a tower whose last layer was left out is known by its layout
        yield from tower_entries(tower, prefix, "transformers" if tower.shape.layers_left_out else layout)


def tower_entries(tower: TextEncoder, prefix: str = "text_model.", layout: Layout = "transformers") -> Iterator[Entry]:
    """One text tower's tensors."""
    dtype = _kept_dtype(tower.stored, next(tower.network.parameters()).dtype)
    for entry in _entries(tower, text_source(layout), prefix=prefix, dtype=dtype):
        # transformers has the projection beside the text model
        outside = layout == "transformers" and entry.name.endswith("text_projection.weight")
        yield replace(entry, name=entry.name.replace("text_model.", "")) if outside else entry


def tensor_entries(tensors: Mapping[str, Tensor]) -> Iterator[Entry]:
    """Tensors by name, as they are."""
    return (Entry(name, tensor.dtype, tuple(tensor.shape), tensor.contiguous) for name, tensor in tensors.items())


def metadata_of(model: Model, kind: str = "") -> dict[str, str]:
    """What a saved denoiser's file says of itself, in the words of the modelspec.

    Source: https://github.com/Stability-AI/ModelSpec.
    """
    told = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": model.family.architectures[0] + kind,
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.prediction_type": {"eps": "epsilon"}.get(model.prediction, model.prediction),
    }
    kept = {key: value for key, value in model.contents.metadata.items() if key in SUITING}
    return {**told, **kept}


def write_safetensors(file: BinaryIO, entries: Sequence[Entry], metadata: Mapping[str, str]) -> None:
    """Write a file of weights.

    Args:
        file: Opened for writing.
        entries: What goes into it; each is read when its turn comes.
        metadata: Texts by key.

    Source: the format's description, https://github.com/huggingface/safetensors#format.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for entry in entries:
        start, end = end, end + torch.Size(entry.shape).numel() * entry.dtype.itemsize
        header[entry.name] = {"dtype": CODES[entry.dtype], "shape": entry.shape, "data_offsets": [start, end]}
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)  # the numbers begin at a whole word
    file.write(len(head).to_bytes(8, "little"))
    file.write(head)
    for entry in entries:
        tensor = entry.read().to(HOST, entry.dtype).reshape(entry.shape).contiguous()
        file.write(tensor.view(-1).view(torch.uint8).numpy().data)


def _entries(wearer: Wearer, source: Callable[[str], Source], *, prefix: str, dtype: torch.dtype) -> Iterator[Entry]:
    """A network's parameters as a file stores them: some are parts of one tensor, some are turned."""
    parts: dict[str, list[tuple[str, Source]]] = {}
    for name, _ in wearer.network.named_parameters():
        place = source(name)
        parts.setdefault(place.name, []).append((name, place))
    for stored, members in parts.items():
        ordered = sorted(members, key=lambda member: member[1].third or 0)
        shapes = [wearer.network.get_parameter(name).shape for name, _ in ordered]
        shape = (sum(each[0] for each in shapes), *shapes[0][1:])
        turned = ordered[0][1].transposed
        read = partial(_read, wearer, tuple(name for name, _ in ordered), turned)
        yield Entry(f"{prefix}{stored}", dtype, shape[::-1] if turned else shape, read)


def _read(wearer: Wearer, names: tuple[str, ...], turned: bool) -> Tensor:
    found = torch.cat([weight_of(wearer, name).to(HOST) for name in names])
    return found.T if turned else found


def _kept_dtype(stored: str, running: torch.dtype) -> torch.dtype:
    """What weights are saved in: as their file had them, or as they run where that has fewer bits."""
    before = STORED.get(stored, torch.float16)
    return running if running.itemsize < before.itemsize else before
