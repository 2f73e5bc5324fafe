"""Files that are no Stable Diffusion checkpoint of a supported family: what they are, and where they belong."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

OtherKind = Literal[
    "model",
    "lora",
    "controlnet",
    "t2i_adapter",
    "ip_adapter",
    "embedding",
    "preview_vae",
    "upscaler",
    "clip_vision",
    "style_model",
    "gligen",
    "hypernetwork",
    "photomaker",
    "text",
]


@dataclass(frozen=True)
class Other:
    """A kind of file told by the names of its tensors.

    Attributes:
        title: What it is, with an article.
        names: A regular expression for the beginning of some tensor's name.
        kind: What it is, for programs.
        folder: The models folder it belongs to, or None for what is not supported yet.
    """

    title: str
    names: str
    kind: OtherKind = "model"
    folder: str | None = None


@dataclass(frozen=True)
class Others:
    """Several kinds, looked for in one pass."""

    kinds: tuple[Other, ...]
    pattern: re.Pattern[str]

    def recognise(self, names: Iterable[str]) -> Other | None:
        """Which of the kinds a file with tensors of these names is, or None."""
        match = self.pattern.search("\n".join(names))
        return self.kinds[int(match.lastgroup.removeprefix("kind"))] if match and match.lastgroup else None


def _others(*kinds: Other) -> Others:
    choices = "|".join(f"(?P<kind{n}>{kind.names})" for n, kind in enumerate(kinds))
    return Others(kinds, re.compile(f"^(?:{choices})", re.MULTILINE))


NOT_YET = _others(
    Other("a Stable Diffusion 3 model", r"(model\.diffusion_model\.)?joint_blocks\.0\."),
    Other("a Flux model", r"(model\.diffusion_model\.)?double_blocks\.0\.img_attn"),
    Other("a Flux model in the layout of diffusers", r"single_transformer_blocks\.0\."),
    Other("a Stable Diffusion 3 model in the layout of diffusers", r"transformer_blocks\.0\.norm1_context\."),
    Other("a Stable Cascade model", r"(model\.diffusion_model\.)?(clip_txt_mapper|clip_mapper|effnet_mapper)\."),
    Other("a PixArt model", r"(model\.diffusion_model\.)?(blocks\.0\.scale_shift_table|adaln_single\.)"),
    Other("an AuraFlow model", r"(model\.)?(double_layers\.0\.attn|joint_transformer_blocks\.0)\."),
    Other("a Lumina or Z-Image model", r"(model\.diffusion_model\.)?noise_refiner\."),
    Other("a Wan video model", r"(model\.diffusion_model\.)?blocks\.0\.cross_attn\.norm_k"),
    Other("a Stable Video Diffusion model", r"model\.diffusion_model\.input_blocks\.1\.0\.time_stack\."),
    Other("an AnimateDiff motion module", r"(module\.)?down_blocks\.0\.motion_modules\."),
    Other("a depth-to-image model", r"depth_model\."),
    Other("an SDXL model trained with the EDM schedule (Playground v2.5, CosXL)", r"edm_(mean|std|vpred)"),
)
"""Wins over any parts that look familiar."""

ELSEWHERE = _others(
    Other("an IP-Adapter", r"ip_adapter\.|image_proj\.", "ip_adapter", "ipadapter"),
    Other(
        "a ControlNet",
        r"control_model\.|controlnet_|lora_controlnet$|(?:.*\.)?input_hint_block\.|zero_convs\.|lllite_",
        "controlnet",
        "controlnet",
    ),
    Other(
        "a LoRA",
        r"lora_|.*[._](lora_(up|down|A|B|mid)|lora\.(up|down))\.|.*\.(hada_w1_a|lokr_w1|oft_blocks|oft_diag|on_input|diff$|a1\.weight)",
        "lora",
        "loras",
    ),
    Other("a T2I-Adapter", r"(adapter\.)?body\.0\.(in_conv|block1|resnets)", "t2i_adapter", "controlnet"),
    Other("a textual inversion embedding", r"emb_params$|clip_[lg]$|string_to_param\.", "embedding", "embeddings"),
    Other("a hypernetwork", r"\d+\.[01]\.linear", "hypernetwork", "hypernetworks"),
    Other(
        "a tiny autoencoder for previews", r"(decoder\.layers\.)?\d+\.conv\.\d+\.weight", "preview_vae", "vae_approx"
    ),
    Other(
        "an upscaler",
        r"(model\.)?1\.sub\.0\.|conv_first\.|body\.0\.rdb1|layers\.0\.residual_group|(params\.)?upconv1\.",
        "upscaler",
        "upscale_models",
    ),
    Other("a CLIP vision encoder", r"(.*\.)?vision_model\.|visual\.", "clip_vision", "clip_vision"),
    Other("a style model", r"style_embedding$|redux_(up|down)\.", "style_model", "style_models"),
    Other("a GLIGEN model", r"position_net\.|.*\.fuser\.", "gligen", "gligen"),
    Other("a PhotoMaker model", r"(id_encoder|qformer_perceiver)\.", "photomaker", "photomaker"),
    Other("a T5 text encoder (for SD3 or Flux)", r"(.*\.)?(encoder\.)?block\.0\.layer\.0\.SelfAttention\.", "text"),
)
"""Asked only where no denoiser, VAE or text tower was found."""

HOMES: dict[OtherKind, str] = {other.kind: other.folder for other in ELSEWHERE.kinds if other.folder}
"""The models folder that each kind belongs to."""
