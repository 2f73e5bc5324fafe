import pytest

from safelight.errors import BadInput
from safelight.families.describe import describe_file
from safelight.families.detect import identify
from tests.families.headers import header_of, under
from tests.tiny import SD1_UNET, ldm_unet_names

ENCODER = [item for item in ldm_unet_names(SD1_UNET) if not item[0].startswith(("output_blocks", "out."))]

ELSEWHERE = {
    "loras": [
        "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight",
        "lora_te_text_model_encoder_layers_0_mlp_fc1.alpha",
    ],
    "controlnet": [*under("control_model.", ENCODER), ("control_model.zero_convs.0.0.weight", (32, 32, 1, 1))],
    "embeddings": ["emb_params"],
    "upscale_models": ["model.1.sub.0.RDB1.conv1.0.weight", "model.0.weight"],
    "clip_vision": ["vision_model.embeddings.class_embedding"],
    "vae_approx": ["1.weight", "3.conv.0.weight"],
}
NOT_YET = {
    "Stable Diffusion 3": ["model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight"],
    "Flux": ["double_blocks.0.img_attn.qkv.weight"],
    "Stable Cascade": ["clip_txt_mapper.weight"],
    "PixArt": ["adaln_single.linear.weight"],
    "Stable Video Diffusion": ["model.diffusion_model.input_blocks.1.0.time_stack.emb_layers.1.weight"],
    "EDM": [*under("model.diffusion_model.", ldm_unet_names(SD1_UNET)), ("edm_mean", (1, 4, 1, 1))],
}
Names = list[str | tuple[str, tuple[int, ...]]]


def _named(names: Names) -> list[tuple[str, tuple[int, ...]]]:
    return [(name, (4, 4)) if isinstance(name, str) else name for name in names]


@pytest.mark.parametrize(("folder", "names"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_a_file_of_another_kind_is_named_and_sent_to_its_folder(folder: str, names: Names) -> None:
    with pytest.raises(BadInput) as refusal:
        identify(header_of(_named(names)))
    assert refusal.value.mend == f"Put it into the models folder {folder}/."
    assert "unknown" not in describe_file(header_of(_named(names)))


@pytest.mark.parametrize(("family", "names"), NOT_YET.items(), ids=NOT_YET)
def test_a_family_that_is_not_supported_yet_is_named(family: str, names: Names) -> None:
    with pytest.raises(BadInput, match=f"{family}.*not supported yet"):
        identify(header_of(_named(names)))


def test_a_file_of_no_known_kind_is_refused_with_what_was_found() -> None:
    with pytest.raises(BadInput, match=r"of its 2 tensors the first are bar, foo"):
        identify(header_of([("foo", (1,)), ("bar", (1,))]))


def test_a_controlnet_without_its_usual_prefix_is_no_denoiser() -> None:
    with pytest.raises(BadInput, match="ControlNet"):
        identify(header_of([*ENCODER, ("zero_convs.0.0.weight", (32, 32, 1, 1))]))
