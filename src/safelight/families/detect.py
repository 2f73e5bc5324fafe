"""What a weight file is, told from the names and shapes in its header."""

import re
from collections import Counter
from collections.abc import Mapping
from statistics import pstdev

from safelight.errors import BadInput
from safelight.families import FAMILIES
from safelight.families.base import Family, PredictionName, TowerName
from safelight.families.elsewhere import ELSEWHERE, NOT_YET
from safelight.families.layouts import prefixes, tensors_of
from safelight.families.measure import Shapes, text_shape, unet_shape, vae_shape
from safelight.families.recommend import native_size, recommended
from safelight.families.shapes import (
    FileContents,
    FileKind,
    Layout,
    Part,
    PartKind,
    Shape,
    TextShape,
    UNetShape,
    VaeShape,
    Variant,
)
from safelight.files.header import read_values
from safelight.files.tensors import STORED_TYPES, Header, TensorInfo

VELOCITY_MARK = "v_pred"
ZERO_TERMINAL_SNR_MARK = "ztsnr"
EMA = "model_ema."
PICTURE_CHANNELS = 3
SD2_V_SPREAD = 0.09  # of the biases of SD 2.x's last attention: about 0.03 for its eps models, 0.2 for its v models
_LAST_ATTENTION = re.compile(
    r"(?:output_blocks\.(\d+)\.1|up_blocks\.(\d+)\.attentions\.(\d+))\.transformer_blocks\.0\.norm1\.bias"
)

TOWER_OF_PREFIX: dict[str, TowerName] = {
    "cond_stage_model.transformer.": "l",
    "cond_stage_model.model.": "h",
    "conditioner.embedders.0.transformer.": "l",
    "conditioner.embedders.0.model.": "g",  # the refiner's only tower
    "conditioner.embedders.1.model.": "g",
    "clip_l.transformer.": "l",
    "clip_h.transformer.": "h",
    "clip_g.transformer.": "g",
}
"""Where checkpoints keep their text towers. A tower alone is told by its width."""


def identify(header: Header) -> FileContents:
    """What a file is, and all sizes of the networks in it.

    Args:
        header: The file's, from `read_header`. For an SD 2.x denoiser that does not say what it predicts, one
            tensor of a few hundred numbers is read as well.

    Raises:
        BadInput: It is a LoRA, a model of an unsupported family, or anything else that is no Stable Diffusion
            checkpoint, denoiser, VAE or text encoder; or it is one, and incomplete.
    """
    if other := NOT_YET.recognise(header.tensors):
        raise BadInput(
            f"{header.path.name} is {other.title}, and that is not supported yet.",
            mend=f"Choose a checkpoint of {_family_titles()}.",
        )
    found = prefixes(header.tensors)
    if not found:
        raise _no_part(header)
    unet = next((_unet(header, layout, prefix) for kind, layout, prefix in found if kind == "unet"), None)
    vae = next((_vae(header, layout, prefix) for kind, layout, prefix in found if kind == "vae"), None)
    towers = {
        tower.shape.tower: tower
        for tower in (_tower(header, layout, prefix) for kind, layout, prefix in found if kind == "text")
    }
    family = _family(unet, towers, header.metadata)
    order = [tower.name for tower in family.towers] if family else sorted(towers)
    text = tuple(towers[name] for name in order if name in towers)
    if family and unet:
        _check_fit(header, family, unet, text)
    variant = _variant(header, unet.shape) if unet else "base"
    prediction = _prediction(header, family, unet, variant)
    zero_terminal_snr = ZERO_TERMINAL_SNR_MARK in header.tensors
    return FileContents(
        kind=_kind(unet, vae, text),
        family=family,
        unet=unet,
        vae=vae,
        text=text,
        prediction=prediction,
        zero_terminal_snr=zero_terminal_snr,
        variant=variant,
        native_size=native_size(header.metadata, family, prediction),
        recommended=recommended(header.metadata, family, prediction, zero_terminal_snr=zero_terminal_snr),
        metadata=header.metadata,
        ema_parameters=sum(tensor.numbers for name, tensor in header.tensors.items() if name.startswith(EMA)),
    )


def _unet(header: Header, layout: Layout, prefix: str) -> Part[UNetShape]:
    tensors = _tensors(header, "unet", layout, prefix)
    return _part(tensors, "unet", layout, prefix, unet_shape(_shapes(header, "denoiser", tensors), layout))


def _vae(header: Header, layout: Layout, prefix: str) -> Part[VaeShape]:
    tensors = _tensors(header, "vae", layout, prefix)
    shape = vae_shape(_shapes(header, "VAE", tensors), layout)
    if not any(family.latent.channels == shape.latent_channels for family in FAMILIES.values()):
        raise BadInput(
            f"The VAE in {header.path.name} has {shape.latent_channels} latent channels, as those of SD3 and Flux, "
            "which are not supported yet.",
            mend=f"Choose a VAE of {_family_titles()}.",
        )
    return _part(tensors, "vae", layout, prefix, shape)


def _tower(header: Header, layout: Layout, prefix: str) -> Part[TextShape]:
    tensors = _tensors(header, "text", layout, prefix)
    shapes = _shapes(header, "text encoder", tensors)
    norm = "ln_final.weight" if layout == "openclip" else "final_layer_norm.weight"
    tower = TOWER_OF_PREFIX.get(prefix) or _tower_of_width(shapes.size(norm, 0), layout)
    return _part(tensors, "text", layout, prefix, text_shape(shapes, layout, tower))


def _tower_of_width(width: int, layout: Layout) -> TowerName:
    if width >= 1280:
        return "g"
    return "h" if width >= 1024 or layout == "openclip" else "l"


def _tensors(header: Header, kind: PartKind, layout: Layout, prefix: str) -> dict[str, TensorInfo]:
    return {local: header.tensors[name] for local, name in tensors_of(prefix, kind, layout, header.tensors).items()}


def _shapes(header: Header, network: str, tensors: Mapping[str, TensorInfo]) -> Shapes:
    return Shapes(header.path.name, network, {name: tensor.shape for name, tensor in tensors.items()})


def _part(tensors: Mapping[str, TensorInfo], kind: PartKind, layout: Layout, prefix: str, shape: Shape) -> Part[Shape]:
    numbers: Counter[str] = Counter()
    for tensor in tensors.values():
        numbers[tensor.dtype] += tensor.numbers
    (most_used, _), *_ = numbers.most_common(1)
    return Part(kind, prefix, layout, STORED_TYPES[most_used].name, numbers.total(), shape)


def _kind(*parts: object) -> FileKind:
    kinds: tuple[FileKind, ...] = ("unet", "vae", "text")
    present = [kind for kind, part in zip(kinds, parts, strict=True) if part]
    return present[0] if len(present) == 1 else "checkpoint"


def _family(
    unet: Part[UNetShape] | None, towers: Mapping[TowerName, Part[TextShape]], metadata: Mapping[str, str]
) -> Family | None:
    if unet:
        return FAMILIES[_family_of_unet(unet.shape, towers)]
    if len(towers) > 1 or "h" in towers:
        return next((f for f in FAMILIES.values() if {tower.name for tower in f.towers} == set(towers)), None)
    return family_told(metadata)


def family_told(metadata: Mapping[str, str]) -> Family | None:
    """The family that a file says it belongs to, under `modelspec.architecture`; None where it says none of ours."""
    told = metadata.get("modelspec.architecture", "")
    matches = [(len(start), f) for f in FAMILIES.values() for start in f.architectures if told.startswith(start)]
    return max(matches, key=lambda match: match[0])[1] if matches else None


def _family_of_unet(shape: UNetShape, towers: Mapping[TowerName, Part[TextShape]]) -> str:
    for family in FAMILIES.values():
        if family.recognises is not None and family.recognises(shape, towers):
            return family.name
    if shape.label_width is None or "h" in towers:  # of SD 2.x, the unCLIP models take a label
        return "sd2" if shape.linear_projection else "sd1"
    if "l" in towers:
        return "sdxl"
    # without a text encoder to tell: only the refiner's coarsest level has no attention
    return "sdxl" if shape.transformer_depth[-1] else "refiner"


def _check_fit(header: Header, family: Family, unet: Part[UNetShape], text: tuple[Part[TextShape], ...]) -> None:
    width = sum(tower.shape.width for tower in text)
    if len(text) == len(family.towers) and width != unet.shape.context_width:
        raise BadInput(
            f"The denoiser in {header.path.name} takes prompts of {unet.shape.context_width} features, "
            f"and its text encoder gives {width}.",
            mend="The file was put together from parts that do not fit; use another version.",
        )


def _variant(header: Header, shape: UNetShape) -> Variant:
    latent = shape.out_channels
    variants: dict[int, Variant] = {latent: "base", 2 * latent: "ip2p", 2 * latent + 1: "inpaint"}
    if shape.label_classes is not None:
        variants = {latent + PICTURE_CHANNELS: "upscale"}
    if shape.in_channels not in variants:
        raise BadInput(
            f"The denoiser in {header.path.name} takes {shape.in_channels} channels; "
            f"known are {', '.join(f'{n} ({name})' for n, name in variants.items())}.",
            mend="Choose a text-to-image, inpainting, instruct-pix2pix or upscaling checkpoint.",
        )
    return variants[shape.in_channels]


def _prediction(
    header: Header, family: Family | None, unet: Part[UNetShape] | None, variant: Variant
) -> PredictionName:
    told = header.metadata.get("modelspec.prediction_type", "").lower()
    if told == "flow":
        return "flow"
    if VELOCITY_MARK in header.tensors or told.startswith("v"):
        return "v"
    if family is None or unet is None or told.startswith("eps"):
        return "eps"
    if family.name == "sd2" and variant == "base":  # its inpainting models all predict eps
        return "v" if _spread_of_last_attention(header, unet) > SD2_V_SPREAD else "eps"
    return family.prediction


def _spread_of_last_attention(header: Header, unet: Part[UNetShape]) -> float:
    names = tensors_of(unet.prefix, "unet", unet.layout, header.tensors)
    places = [(_place(match), names[match[0]]) for match in map(_LAST_ATTENTION.fullmatch, names) if match]
    if not places:  # all of its attention is in the middle: none that was ever measured
        return 0.0
    _, last = max(places)
    return pstdev(read_values(header, last))


def _place(match: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(number) for number in match.groups() if number is not None)


def _no_part(header: Header) -> BadInput:
    if other := ELSEWHERE.recognise(header.tensors):
        mend = f"Put it into the models folder {other.folder}/." if other.folder else "It is not supported yet."
        return BadInput(f"{header.path.name} is {other.title}, not a checkpoint, VAE or text encoder.", mend=mend)
    some = ", ".join(sorted(header.tensors)[:3]) or "none at all"
    return BadInput(
        f"{header.path.name} has no denoiser, VAE or text encoder that is known; of its {len(header.tensors)} "
        f"tensors the first are {some}.",
        mend=f"Choose a checkpoint of {_family_titles()}.",
    )


def _family_titles() -> str:
    *others, last = (family.title for family in FAMILIES.values())
    return f"{', '.join(others)} or {last}"
