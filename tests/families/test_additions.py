"""Names and shapes as kohya's, diffusers', PEFT's, OneTrainer's and LyCORIS' trainers and the published files have."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from safelight.families.additions import identify_addition
from safelight.families.describe import describe_file
from safelight.files.header import read_header
from tests.families.headers import header_of, under
from tests.tiny import KINDS, Kind, ldm_unet_names

Named = list[tuple[str, tuple[int, ...]]]

KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
KOHYA_XL = "lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_k"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
TEXT = "text_model_encoder_layers_0_self_attn_q_proj"


def lora(module: str, width: int, *, down: str = "lora_down.weight", up: str = "lora_up.weight") -> Named:
    """A LoRA of rank 4 on one map that reads `width` features."""
    return [(f"{module}.{down}", (4, width)), (f"{module}.{up}", (640, 4))]


LORAS: dict[str, tuple[Named, str | None, str]] = {
    "kohya, SD 1.x": (lora(KOHYA, 768), "sd1", ""),
    "kohya, SD 2.x": (lora(KOHYA, 1024), "sd2", ""),
    "kohya, SDXL": (lora(KOHYA_XL, 2048), "sdxl", ""),
    "kohya, SDXL refiner": (lora(KOHYA_XL, 1280), "refiner", ""),
    "kohya, text encoder of SD 1.x": (lora(f"lora_te_{TEXT}", 768), "sd1", ""),
    "kohya, text encoder of SD 2.x": (lora(f"lora_te_{TEXT}", 1024), "sd2", ""),
    "kohya, second text encoder": (lora(f"lora_te2_{TEXT}", 1280), "sdxl", ""),
    "kohya, only self attention of SDXL": (lora(KOHYA_XL.replace("attn2", "attn1"), 640), "sdxl", ""),
    "kohya, only self attention": (lora(KOHYA.replace("attn2", "attn1"), 640), None, ""),
    "PEFT": (lora(PEFT, 768, down="lora_A.weight", up="lora_B.weight"), "sd1", ""),
    "diffusers": (lora(PEFT, 2048, down="lora.down.weight", up="lora.up.weight"), "sdxl", ""),
    "diffusers, attention processors": (
        lora("mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora", 768, down="down.weight"),
        "sd1",
        "",
    ),
    "OneTrainer, SD 3": (lora("lora_transformer_transformer_blocks_0_attn_to_k", 1536), "transformer", ""),
    "PEFT, SD 3": (lora("transformer.transformer_blocks.0.attn.to_k", 1536, down="lora_A.weight"), "transformer", ""),
    "kohya, SD 3": (lora("lora_unet_joint_blocks_0_context_block_attn_qkv", 1536), "sd3", ""),
    "PEFT, LTX video": (
        lora("transformer.transformer_blocks.0.attn2.to_k", 2048, down="lora_A.weight"),
        "transformer",
        "",
    ),
    "kohya, Hunyuan": (lora("lora_unet_blocks_0_attn2_kv_proj", 1024), "transformer", ""),
    "kohya, Flux": (lora("lora_unet_double_blocks_0_img_attn_qkv", 3072), "flux", ""),
    "Flux, names of the model": (lora("double_blocks.0.img_attn.qkv", 3072, down="lora_A.weight"), "flux", ""),
    "PEFT, Flux": (lora("transformer.single_transformer_blocks.0.attn.to_k", 3072, down="lora_A.weight"), "flux", ""),
    "DoRA": ([*lora(KOHYA, 768), (f"{KOHYA}.dora_scale", (1, 768))], "sd1", "DoRA"),
    "LoHa": ([(f"{KOHYA}.hada_w1_a", (640, 4)), (f"{KOHYA}.hada_w1_b", (4, 768))], "sd1", "LoHa"),
    "LoKr": ([(f"{KOHYA_XL}.lokr_w1", (8, 8)), (f"{KOHYA_XL}.lokr_w2", (80, 256))], "sdxl", "LoKr"),
    "LoKr, factored": (
        [(f"{KOHYA}.lokr_w1", (8, 8)), (f"{KOHYA}.lokr_w2_a", (80, 4)), (f"{KOHYA}.lokr_w2_b", (4, 96))],
        "sd1",
        "LoKr",
    ),
    "GLoRA": ([(f"{KOHYA}.a1.weight", (4, 768)), (f"{KOHYA}.b1.weight", (4, 768))], "sd1", "GLoRA"),
    "OFT": ([(f"{KOHYA_XL}.oft_blocks", (8, 80, 80))], "sdxl", "OFT"),
    "(IA)³": ([(f"{KOHYA}.weight", (640,)), (f"{KOHYA}.on_input", ())], None, "(IA)³"),
    "whole differences": ([(f"{KOHYA}.diff", (640, 768))], "sd1", "whole differences"),
}


@pytest.mark.parametrize(("named", "family", "detail"), LORAS.values(), ids=LORAS)
def test_a_lora_is_told_with_its_family_and_method(named: Named, family: str | None, detail: str) -> None:
    found = identify_addition(header_of(named))
    assert found is not None
    assert (found.kind, found.family, found.detail) == ("lora", family, detail)


CROSS = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
HINT = ("input_hint_block.0.weight", (16, 3, 3, 3))
OTHERS: dict[str, tuple[Named, str, str | None, str]] = {
    "ControlNet, LDM": (under("control_model.", [HINT, (CROSS, (640, 768))]), "controlnet", "sd1", ""),
    "ControlNet, difference": (
        [*under("control_model.", [HINT, (CROSS, (640, 768))]), ("difference", ())],
        "controlnet",
        "sd1",
        "added to the model's own weights",
    ),
    "ControlNet, diffusers": (
        [
            ("controlnet_cond_embedding.conv_in.weight", (16, 3, 3, 3)),
            ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", (640, 2048)),
        ],
        "controlnet",
        "sdxl",
        "",
    ),
    "ControlNet, union": (
        [
            ("controlnet_cond_embedding.conv_in.weight", (16, 3, 3, 3)),
            ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", (640, 2048)),
            ("task_embedding", (6, 320)),
        ],
        "controlnet",
        "sdxl",
        "union",
    ),
    "Control-LoRA": (
        [("lora_controlnet", ()), HINT, (CROSS.replace("weight", "down"), (128, 2048))],
        "controlnet",
        "sdxl",
        "Control-LoRA",
    ),
    "LLLite": (
        [("lllite_unet_input_blocks_7_1_transformer_blocks_1_attn1_to_q.down.0.weight", (64, 1280))],
        "controlnet",
        "sdxl",
        "LLLite",
    ),
    "T2I-Adapter, SD 1.x": (
        [("conv_in.weight", (320, 192, 3, 3)), ("body.0.block1.weight", (320, 320, 3, 3))],
        "t2i_adapter",
        "sd1",
        "",
    ),
    "T2I-Adapter, SDXL": (
        [
            ("adapter.conv_in.weight", (320, 768, 3, 3)),
            ("adapter.body.0.resnets.0.block1.weight", (320, 320, 3, 3)),
        ],
        "t2i_adapter",
        "sdxl",
        "",
    ),
    "IP-Adapter": (
        [("image_proj.proj.weight", (3072, 1024)), ("ip_adapter.1.to_k_ip.weight", (320, 768))],
        "ip_adapter",
        "sd1",
        "",
    ),
    "IP-Adapter plus, SDXL": (
        [("image_proj.latents", (1, 16, 1280)), ("ip_adapter.1.to_k_ip.weight", (640, 2048))],
        "ip_adapter",
        "sdxl",
        "plus",
    ),
    "embedding, safetensors": ([("emb_params", (2, 1024))], "embedding", "sd2", ""),
    "embedding, SDXL": ([("clip_g", (2, 1280)), ("clip_l", (2, 768))], "embedding", "sdxl", ""),
    "embedding, AUTOMATIC1111": ([("string_to_param.*", (2, 768))], "embedding", "sd1", ""),
    "embedding, diffusers": ([("<cat-toy>", (768,))], "embedding", "sd1", ""),
    "style model": (
        [("style_embedding", (1, 8, 1024)), ("proj", (1024, 768)), ("ln_pre.weight", (1024,))],
        "style_model",
        "sd1",
        "",
    ),
    "Flux Redux": ([("redux_up.weight", (12288, 1152))], "style_model", "flux", ""),
    "GLIGEN": (
        [("position_net.linears.0.weight", (512, 832)), ("position_net.linears.4.weight", (768, 512))],
        "gligen",
        "sd1",
        "",
    ),
    "CLIP vision": ([("vision_model.embeddings.class_embedding", (1280,))], "clip_vision", None, "ViT-H"),
    "ESRGAN": (
        [("model.0.weight", (64, 3, 3, 3)), ("model.1.sub.0.RDB1.conv1.0.weight", (32, 64))],
        "upscaler",
        None,
        "",
    ),
}


@pytest.mark.parametrize(("named", "kind", "family", "detail"), OTHERS.values(), ids=OTHERS)
def test_other_additions_are_told_with_their_family(named: Named, kind: str, family: str | None, detail: str) -> None:
    found = identify_addition(header_of(named))
    assert found is not None
    assert (found.kind, found.family, found.detail) == (kind, family, detail)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_is_no_addition(kind: Kind) -> None:
    names = under("model.diffusion_model.", ldm_unet_names(KINDS[kind].unet))
    assert identify_addition(header_of(names)) is None


def test_what_the_trainer_noted_counts_where_the_shapes_tell_nothing() -> None:
    names = lora(KOHYA.replace("attn2", "attn1"), 640)
    for metadata, family in (
        ({"ss_base_model_version": "sd_v1"}, "sd1"),
        ({"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        ({"modelspec.architecture": "stable-diffusion-v2-768-v/lora"}, "sd2"),
    ):
        found = identify_addition(header_of(names, metadata=metadata))
        assert found is not None
        assert found.family == family


def test_shapes_count_for_more_than_notes() -> None:
    found = identify_addition(header_of(lora(KOHYA, 768), metadata={"ss_base_model_version": "sdxl_base_v1-0"}))
    assert found is not None
    assert found.family == "sd1"


def test_a_hypernetwork_is_known_by_its_widths(tmp_path: Path) -> None:
    layers = OrderedDict({"linear.0.weight": torch.zeros(4, 4)})
    content: dict[object, object] = {768: (layers, layers), 320: (layers, layers), "name": "ink", "step": 9}
    torch.save(content, tmp_path / "ink.pt")
    found = identify_addition(read_header(tmp_path / "ink.pt"))
    assert found is not None
    assert (found.kind, found.family) == ("hypernetwork", "sd1")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (lora(KOHYA, 768), "a LoRA for SD 1.x"),
        (LORAS["LoKr"][0], "a LoRA for SDXL, LoKr"),
        (LORAS["Flux, names of the model"][0], "a LoRA for Flux"),
        (OTHERS["ControlNet, union"][0], "a ControlNet for SDXL, union"),
        (OTHERS["CLIP vision"][0], "a CLIP vision encoder, ViT-H"),
    ],
)
def test_the_list_of_models_says_what_an_addition_is_for(named: Named, said: str) -> None:
    assert describe_file(header_of(named)) == said
