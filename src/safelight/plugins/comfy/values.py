"""What crosses the border to a pack: latents and prompts are dataclasses here, and dicts and lists there.

Pictures, masks and sigmas are the same tensors on both sides, and text encoders get the methods that packs call.
Models, VAEs and all other values pass as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.graph.catalog import ANY_TYPE
from safelight.models.text_encoder import Clip
from safelight.plugins.comfy.clip import PackClip
from safelight.plugins.comfy.conds import conditioning, listed


def to_pack(value: object) -> object:
    """A value as packs know it; also inside a list, as nodes that take lists get them."""
    match value:
        case Latent():
            return _latent_dict(value)
        case tuple() if value and all(isinstance(cond, Cond) for cond in value):
            return listed(value)
        case Clip():
            return PackClip(value)
        case list():
            return [to_pack(item) for item in value]
    return value


def from_pack(kind: str, value: object) -> object:
    """A value of a pack as we know it.

    Args:
        kind: The type of its socket; of a `*`, its shape says what it is.
        value: A latent, a prompt or a text encoder, in the form of either side; anything else is given back as it is.
    """
    if isinstance(value, PackClip):
        return value.clip
    if kind == ANY_TYPE:
        kind = next((name for name, looks in SHAPES.items() if looks(value)), kind)
    convert = CONVERTERS.get(kind)
    return value if convert is None else convert(value)


def _latent_dict(latent: Latent) -> dict[str, object]:
    found: dict[str, object] = {"samples": latent.samples}
    if latent.noise_mask is not None:
        found["noise_mask"] = latent.noise_mask
    if latent.batch_index is not None:
        found["batch_index"] = list(latent.batch_index)
    return found


def _latent(value: Any) -> object:
    if not isinstance(value, Mapping):
        return value
    mask, index = value.get("noise_mask"), value.get("batch_index")
    return Latent(
        value["samples"],
        None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:]),
        None if index is None else tuple(index),
    )


def _conditioning(value: Any) -> object:
    return conditioning(value) if isinstance(value, list) else value


def _looks_like_latent(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("samples"), Tensor)


def _looks_like_conditioning(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_looks_like_cond, value))


def _looks_like_cond(value: object) -> bool:
    match value:
        case [Tensor(), Mapping()]:
            return True
    return False


CONVERTERS: dict[str, Callable[[Any], object]] = {"LATENT": _latent, "CONDITIONING": _conditioning}
SHAPES: dict[str, Callable[[object], bool]] = {
    "LATENT": _looks_like_latent,
    "CONDITIONING": _looks_like_conditioning,
}
