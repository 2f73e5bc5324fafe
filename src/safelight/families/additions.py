"""What a model is given beside a checkpoint (a LoRA, a ControlNet, an embedding), and which family it was made for.

Told from the header alone: mostly by the width of the prompts that its cross attention reads, which each family has to
itself, else by names that only one family has, else by what the trainer noted.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from safelight.errors import BadInput
from safelight.families import FAMILIES
from safelight.families.detect import family_told
from safelight.families.elsewhere import ELSEWHERE, OtherKind
from safelight.files.tensors import Header

FOREIGN: dict[str, str] = {
    "flux": "Flux",
    "sd3": "Stable Diffusion 3",
    "cascade": "Stable Cascade",
    "pixart": "PixArt",
    "wan": "Wan",
    "transformer": "a diffusion transformer (Stable Diffusion 3, Flux, …)",
}
"""Families that additions are found for and that are not supported: name -> title."""

CONTEXT_WIDTHS: dict[int, str] = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "refiner"}
"""Numbers per token of an encoded prompt -> the family whose cross attention takes them."""

ADAPTER_CHANNELS: dict[int, str] = {64: "sd1", 192: "sd1", 256: "sdxl", 768: "sdxl"}
"""What a T2I-Adapter takes: pixels of one or three channels, folded 8 by 8 (SD 1.x) or 16 by 16 (SDXL)."""

VISION_WIDTHS: dict[int, str] = {768: "ViT-B", 1024: "ViT-L", 1280: "ViT-H", 1664: "ViT-bigG"}


@dataclass(frozen=True)
class Addition:
    """A file that changes or accompanies a model.

    Attributes:
        kind: What it is.
        title: The same for people, with an article.
        family: A key of `FAMILIES` or `FOREIGN`; None where nothing tells, or where it serves several.
        detail: More for people, such as `LoHa` or `union`; empty where there is no more to say.
    """

    kind: OtherKind
    title: str
    family: str | None
    detail: str = ""

    def __str__(self) -> str:
        wanted = f" for {family_title(self.family)}" if self.family else ""
        return f"{self.title}{wanted}" + (f", {self.detail}" if self.detail else "")


def family_title(name: str) -> str:
    """What people call a family of `FAMILIES` or `FOREIGN`."""
    return FAMILIES[name].title if name in FAMILIES else FOREIGN[name]


def made_for(width: int) -> str:
    """Which models read prompts of so many numbers per token, in words."""
    family = CONTEXT_WIDTHS.get(width)
    return family_title(family) if family else f"models whose prompts have {width} numbers per token"


def misfit(file: str, kind: str, wanted: str, found: str) -> BadInput:
    """What to say of an addition for another family than the model's.

    Args:
        file: The addition's.
        kind: What it is, with an article.
        wanted: What it was made for, in words.
        found: What the model is, in words.
    """
    return BadInput(
        what=f"{file} is {kind} for {wanted}, and the model is one of {found}.",
        mend=f"Choose {kind} for {found}, or load a checkpoint of {wanted}.",
    )


def identify_addition(header: Header) -> Addition | None:
    """What an addition is and which family it is for; None for a file that is no addition, or of no known kind.

    Args:
        header: The file's, from `read_header`. Ask `identify` first for a file that may hold a denoiser, a VAE or a
            text encoder beside it.
    """
    other = ELSEWHERE.recognise(header.tensors)
    if other is None:
        family = _bare_embedding(header)
        return Addition("embedding", "a textual inversion embedding", family) if family else None
    family = _FAMILIES_OF[other.kind](header) or _noted(header.metadata) if other.kind in _FAMILIES_OF else None
    return Addition(other.kind, other.title, family, _detail(other.kind, header))


_CROSS_ATTENTION = re.compile(r"attn2[._](?:processor[._])?to_[kv]|to_k_ip\.")
_INWARD = (
    *("lora_down.weight", "lora_A.weight", "lora.down.weight", "hada_w1_b", ".diff"),  # of LoRA and relatives
    *("to_k.weight", "to_v.weight", "to_k_ip.weight"),  # of ControlNets and IP-Adapters
    *("to_k.down", "to_v.down"),  # of Control-LoRAs
)
"""How names of matrices end whose second axis is what the map reads."""

_FOREIGN_NAMES = (
    ("flux", r"double_blocks|single_blocks|single_transformer_blocks|redux_(?:up|down)"),
    ("sd3", r"joint_blocks"),
    ("cascade", r"clip_txt_mapper|effnet_mapper"),
    ("pixart", r"adaln_single|scale_shift_table"),
    ("wan", r"(?:^|[._])blocks[._]\d+[._](?:cross|self)_attn"),
    (
        "transformer",
        r"^(?:lora_)?transformer[._](?!layes)|^(?:diffusion_model\.|lora_unet_)?(?:blocks|layers)[._]\d|add_k_proj",
    ),
)
_OWN_NAMES = (
    # the second of two text encoders
    ("sdxl", r"^lora_te2_text_model|^text_encoder_2\.text_model|^clip_g\."),
    # several transformer blocks behind one another; the refiner's are told by their width before
    ("sdxl", r"(?:unet|blocks?)[._].*transformer_blocks[._][1-9]"),
)
_NOTED = (("sdxl", r"sdxl"), ("sd2", r"sd_?v?2"), ("sd1", r"sd_?v?1"), ("sd3", r"sd_?v?3"), ("flux", r"flux"))
"""How `ss_base_model_version` of kohya's trainers begins."""


def _named(header: Header, names: tuple[tuple[str, str], ...]) -> str | None:
    listed = "\n".join(header.tensors)
    return next((family for family, pattern in names if re.search(pattern, listed, re.MULTILINE)), None)


def _by_cross_attention(header: Header) -> str | None:
    return (
        _named(header, _FOREIGN_NAMES)
        or next((CONTEXT_WIDTHS[width] for width in _context_widths(header) if width in CONTEXT_WIDTHS), None)
        or _named(header, _OWN_NAMES)
    )


def _context_widths(header: Header) -> Iterator[int]:
    """Numbers per token of the prompts that cross attention reads, one for each of its matrices that tells."""
    for name, tensor in header.tensors.items():
        if not _CROSS_ATTENTION.search(name):
            continue
        if len(tensor.shape) > 1 and name.endswith(_INWARD):
            yield tensor.shape[1]
        elif name.endswith((".a1.weight", ".a2.weight")):  # GLoRA: one side is the rank, which is the smaller
            yield max(tensor.shape)
        elif name.endswith((".lokr_w1", ".lokr_w1_b")):  # LoKr: a Kronecker product
            module = name[: name.rindex("lokr_w1")]
            other = header.tensors.get(f"{module}lokr_w2") or header.tensors.get(f"{module}lokr_w2_b")
            if other:
                yield tensor.shape[1] * other.shape[1]


def _of_lora(header: Header) -> str | None:
    """By its cross attention; or, where it changes the text encoder alone, by the width of that."""
    return _by_cross_attention(header) or next(
        (
            CONTEXT_WIDTHS.get(tensor.shape[1])
            for name, tensor in header.tensors.items()
            # the prefix of models with one text encoder
            if name.startswith("lora_te_") and re.search(r"[qkv]_proj\.", name) and name.endswith(_INWARD)
        ),
        None,
    )


def _of_t2i_adapter(header: Header) -> str | None:
    return _by_size(header, r"(?:^|\.)(?:conv_in|body\.0\.in_conv)\.weight$", 1, ADAPTER_CHANNELS)


def _of_style_model(header: Header) -> str | None:
    return _named(header, _FOREIGN_NAMES) or _by_size(header, r"^proj$", 1, CONTEXT_WIDTHS)


def _of_gligen(header: Header) -> str | None:
    return _by_size(header, r"position_net\.linears\.4\.weight$", 0, CONTEXT_WIDTHS)


def _of_embedding(header: Header) -> str | None:
    if "clip_g" in header.tensors:
        return "sdxl"
    return _by_size(header, r"^(?:emb_params|string_to_param\..*)$", -1, CONTEXT_WIDTHS)


def _of_hypernetwork(header: Header) -> str | None:
    """By the widths that it has networks for; 1280 is also one of self attention."""
    widths = {name.partition(".")[0] for name in header.tensors}
    return next((family for width, family in CONTEXT_WIDTHS.items() if str(width) in widths and width != 1280), None)


def _by_size(header: Header, name: str, axis: int, families: Mapping[int, str]) -> str | None:
    pattern = re.compile(name)
    shapes = (tensor.shape for name, tensor in header.tensors.items() if pattern.search(name))
    return next((families.get(shape[axis]) for shape in shapes if shape), None)


def _bare_embedding(header: Header) -> str | None:
    """The family of an embedding that is kept under its own word, as diffusers does: vectors and nothing else."""
    shapes = [tensor.shape for tensor in header.tensors.values()]
    return CONTEXT_WIDTHS.get(shapes[0][-1]) if len(shapes) == 1 and len(shapes[0]) in (1, 2) else None


_FAMILIES_OF: dict[OtherKind, Callable[[Header], str | None]] = {
    "lora": _of_lora,
    "controlnet": _by_cross_attention,
    "ip_adapter": _by_cross_attention,
    "t2i_adapter": _of_t2i_adapter,
    "embedding": _of_embedding,
    "hypernetwork": _of_hypernetwork,
    "style_model": _of_style_model,
    "gligen": _of_gligen,
}
"""How the family is told; additions of other kinds serve several."""


def _noted(metadata: Mapping[str, str]) -> str | None:
    """What the trainer said the base model was."""
    if family := family_told(metadata):
        return family.name
    version = metadata.get("ss_base_model_version", "").lower()
    return next((family for family, pattern in _NOTED if re.match(pattern, version)), None)


_DETAILS: dict[OtherKind, tuple[tuple[str, str], ...]] = {
    "lora": (
        ("DoRA", r"dora_scale$"),
        ("LoHa", r"hada_w1_a$"),
        ("LoKr", r"lokr_w1"),
        ("GLoRA", r"\.a1\.weight$"),
        ("OFT", r"oft_(?:blocks|diag|R)"),
        ("(IA)³", r"\.on_input$"),
        ("LoCon", r"lora_mid\.weight$"),
        ("whole differences", r"\.diff$"),
    ),
    "controlnet": (
        ("union", r"task_embedding$"),
        ("Control-LoRA", r"^lora_controlnet$"),
        ("LLLite", r"^lllite_"),
        ("added to the model's own weights", r"^difference$"),
    ),
    "ip_adapter": (
        ("FaceID", r"to_q_lora|image_proj\.perceiver_resampler"),
        ("plus", r"image_proj\.(?:latents|layers)"),
    ),
}


def _detail(kind: OtherKind, header: Header) -> str:
    if kind == "clip_vision":
        return _by_size(header, r"class_embedding$", -1, VISION_WIDTHS) or ""
    return _named(header, _DETAILS.get(kind, ())) or ""
