import importlib.util
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.families.shapes import UNetShape, VaeShape
from safelight.files.folders import STARTER
from safelight.files.header import read_header
from tests.families.headers import header_of, under
from tests.shared import shared_file
from tests.tiny import (
    CLIP_G,
    CLIP_H,
    CLIP_L,
    KINDS,
    SD1_UNET,
    SDXL_UNET,
    VAE,
    Kind,
    diffusers_unet,
    diffusers_vae,
    ldm_unet_names,
    ldm_vae_names,
    openclip_names,
    tiny_checkpoint,
    tiny_text,
    tiny_unet,
    tiny_vae,
    transformers_names,
)

UNET = "model.diffusion_model."
VARIANTS = {"inpaint": "inpaint", "ip2p": "ip2p", "x4": "upscale"}
FAMILY = {kind: kind.split("-")[0] for kind in KINDS}

# the papers' and model cards' sizes
REAL_SD1 = UNetShape(4, 4, (320, 640, 1280, 1280), 2, (1, 1, 1, 0), 1, 768, (8, 8, 8, 8), False, None)
REAL_SD2 = replace(REAL_SD1, context_width=1024, heads=(5, 10, 20, 20), linear_projection=True)
REAL_SDXL = UNetShape(4, 4, (320, 640, 1280), 2, (0, 2, 10), 10, 2048, (5, 10, 20), True, 2816)
REAL_REFINER = UNetShape(4, 4, (384, 768, 1536, 1536), 2, (0, 4, 4, 0), 4, 1280, (6, 12, 24, 24), True, 2560)
REAL_VAE = VaeShape((128, 256, 512, 512), 2, 4, True)
REAL_CLIP_L = replace(CLIP_L, width=768, layers=12, heads=12, intermediate=3072)
REAL_CLIP_H = replace(CLIP_H, width=1024, layers=24, heads=16, intermediate=4096, projection=1024)
REAL_CLIP_G = replace(CLIP_G, width=1280, layers=32, heads=20, intermediate=5120, projection=1280)

# published parameter counts of the released models
PARAMETERS = {"sd1": 859_520_964, "sd2": 865_910_724, "sdxl": 2_567_463_684, "vae": 83_653_863, "l": 123_060_480}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["safetensors", "ckpt"])
def test_every_kind_of_checkpoint_is_told_with_all_its_sizes(kind: Kind, ending: str, tmp_path: Path) -> None:
    contents = identify(read_header(tiny_checkpoint(tmp_path / f"model.{ending}", kind, dtype=torch.float16)))
    assert contents.kind == "checkpoint"
    assert contents.family
    assert contents.family.name == FAMILY[kind]
    assert contents.unet
    assert contents.unet.shape == KINDS[kind].unet
    assert contents.vae
    assert contents.vae.shape == KINDS[kind].vae
    assert [tower.shape for tower in contents.text] == [shape for _, shape in KINDS[kind].towers]
    assert contents.prediction == ("v" if "-v" in kind else "eps")
    assert contents.zero_terminal_snr == ("ztsnr" in kind)
    assert contents.variant == next((variant for mark, variant in VARIANTS.items() if mark in kind), "base")


@pytest.mark.parametrize(
    ("dtype", "name"), [(torch.float32, "fp32"), (torch.float16, "fp16"), (torch.bfloat16, "bf16")]
)
@pytest.mark.parametrize("kind", ["sd2", "sd2-v"])
def test_what_an_sd2_denoiser_predicts_is_told_in_every_dtype(
    kind: Kind, dtype: torch.dtype, name: str, tmp_path: Path
) -> None:
    contents = identify(read_header(tiny_checkpoint(tmp_path / "model.safetensors", kind, dtype=dtype)))
    assert contents.unet
    assert contents.unet.dtype == name
    assert contents.prediction == ("v" if kind == "sd2-v" else "eps")
    assert contents.native_size == ((768, 768) if kind == "sd2-v" else (512, 512))


def test_an_sd2_file_that_says_what_it_predicts_is_believed(tmp_path: Path) -> None:
    says = {"modelspec.prediction_type": "v"}
    path = tiny_checkpoint(tmp_path / "model.safetensors", "sd2", metadata=says)
    assert identify(read_header(path)).prediction == "v"
    path = tiny_checkpoint(tmp_path / "model.safetensors", "sd2-v", metadata={"modelspec.prediction_type": "epsilon"})
    assert identify(read_header(path)).prediction == "eps"


def test_averaged_weights_are_counted_and_left_aside(tmp_path: Path) -> None:
    plain = identify(read_header(tiny_checkpoint(tmp_path / "plain.safetensors", "sd1")))
    averaged = identify(read_header(tiny_checkpoint(tmp_path / "ema.safetensors", "sd1", ema=True)))
    assert averaged.parts == plain.parts
    assert averaged.unet
    assert averaged.ema_parameters == averaged.unet.parameters + 2  # and two counters
    assert plain.ema_parameters == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_without_vae_and_text_is_told_by_its_denoiser(kind: Kind, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model.safetensors", kind, vae=False, text=False)
    contents = identify(read_header(path))
    assert (contents.vae, contents.text, contents.kind) == (None, (), "unet")
    assert contents.family
    assert contents.family.name == FAMILY[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["", UNET])
def test_a_denoiser_alone_is_told_in_the_ldm_layout(kind: Kind, prefix: str, tmp_path: Path) -> None:
    contents = identify(read_header(tiny_unet(tmp_path / "unet.safetensors", kind, prefix=prefix)))
    assert contents.unet
    assert (contents.unet.prefix, contents.unet.shape) == (prefix, KINDS[kind].unet)


@pytest.mark.parametrize("kind", KINDS)
def test_a_denoiser_of_diffusers_has_the_sizes_it_was_built_with(kind: Kind) -> None:
    with torch.device("meta"):
        network = diffusers_unet(KINDS[kind].unet)
    named = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    if kind.startswith("sd2"):  # would read a tensor to tell what it predicts
        contents = identify(header_of(named, metadata={"modelspec.prediction_type": "epsilon"}))
    else:
        contents = identify(header_of(named))
    assert contents.unet
    assert contents.unet.shape == KINDS[kind].unet
    assert contents.unet.layout == "diffusers"
    assert contents.unet.parameters == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("layout", ["ldm", "diffusers"])
def test_a_vae_alone_is_told_and_serves_several_families(layout: Literal["ldm", "diffusers"], tmp_path: Path) -> None:
    contents = identify(read_header(tiny_vae(tmp_path / "vae.safetensors", layout=layout)))
    assert contents.vae
    assert (contents.kind, contents.family, contents.vae.layout, contents.vae.shape) == ("vae", None, layout, VAE)


def test_a_vae_without_quantising_convolutions_is_told() -> None:
    shape = replace(VAE, quant_conv=False)
    contents = identify(header_of(ldm_vae_names(shape)))
    assert contents.vae
    assert contents.vae.shape == shape


@pytest.mark.parametrize("prefix", ["text_model.", "", "clip_l.transformer.text_model."])
def test_a_text_tower_alone_is_told_in_the_transformers_layout(prefix: str, tmp_path: Path) -> None:
    (tower,) = identify(read_header(tiny_text(tmp_path / "clip.safetensors", CLIP_L, prefix=prefix))).text
    assert tower.shape == CLIP_L
    assert tower.prefix == prefix.removesuffix("text_model.")


def test_text_towers_alone_are_told_apart_by_width() -> None:
    assert identify(header_of(openclip_names(REAL_CLIP_G))).text[0].shape == REAL_CLIP_G
    assert identify(header_of(openclip_names(REAL_CLIP_H))).text[0].shape == REAL_CLIP_H
    projected = [*under("text_model.", transformers_names(REAL_CLIP_G)), ("text_projection.weight", (1280, 1280))]
    assert identify(header_of(projected)).text[0].shape == REAL_CLIP_G


def test_the_text_tower_that_diffusers_cuts_short_is_told() -> None:
    cut = replace(REAL_CLIP_H, layers=23, projection=None, layers_left_out=1)
    contents = identify(header_of(under("text_model.", transformers_names(cut))))
    assert contents.text[0].shape == cut
    assert contents.family
    assert contents.family.name == "sd2"


@pytest.mark.parametrize(
    ("family", "shape"),
    [("sd1", REAL_SD1), ("sd2", REAL_SD2), ("sdxl", REAL_SDXL), ("refiner", REAL_REFINER)],
)
def test_the_released_models_are_told_with_their_published_sizes(family: str, shape: UNetShape) -> None:
    header = header_of(under(UNET, ldm_unet_names(shape)), metadata={"modelspec.prediction_type": "epsilon"})
    contents = identify(header)
    assert contents.family
    assert contents.family.name == family
    assert contents.unet
    assert contents.unet.shape == shape
    assert contents.unet.parameters == PARAMETERS.get(family, contents.unet.parameters)


def test_the_released_vae_and_text_encoder_have_their_published_sizes() -> None:
    vae = identify(header_of(ldm_vae_names(REAL_VAE))).vae
    assert vae
    assert (vae.shape, vae.parameters) == (REAL_VAE, PARAMETERS["vae"])
    (tower,) = identify(header_of(under("text_model.", transformers_names(REAL_CLIP_L)))).text
    assert (tower.shape, tower.parameters) == (REAL_CLIP_L, PARAMETERS["l"])


@pytest.mark.parametrize(
    ("kind", "unet", "towers"), [("sd15", REAL_SD1, [REAL_CLIP_L]), ("sdxl", REAL_SDXL, [REAL_CLIP_L, REAL_CLIP_G])]
)
def test_the_usual_single_file_layouts_are_told(kind: str, unet: UNetShape, towers: list[object]) -> None:
    script = shared_file("oracle/make_checkpoints.py")  # lists the names and shapes of full-size files
    spec = importlib.util.spec_from_file_location("make_checkpoints", script)
    assert spec
    assert spec.loader
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    contents = identify(header_of((name, shape) for name, shape, *_ in oracle.layout(kind)))
    assert contents.unet
    assert contents.unet.shape == unet
    assert contents.vae
    assert contents.vae.shape == REAL_VAE
    assert [tower.shape for tower in contents.text] == towers


@pytest.mark.weights
@pytest.mark.parametrize(("name", "side"), [("starter-128", 128), ("chalk-128", 128), ("sketch-256", 256)])
def test_the_starter_is_an_sd1_checkpoint_with_sizes_of_its_own(name: str, side: int) -> None:
    contents = identify(read_header(STARTER / f"{name}.safetensors"))
    assert contents.family
    assert (contents.family.name, contents.kind, contents.native_size) == ("sd1", "checkpoint", (side, side))
    assert contents.unet
    assert contents.unet.shape.transformer_depth == (0, 1, 0)


def test_the_vae_of_another_family_is_refused() -> None:
    with pytest.raises(BadInput, match="16 latent channels"):
        identify(header_of(ldm_vae_names(replace(VAE, latent_channels=16))))


def test_a_denoiser_with_a_missing_block_is_refused_by_the_name_of_what_is_missing() -> None:
    named = [(name, shape) for name, shape in ldm_unet_names(SD1_UNET) if "output_blocks.5.0.out_layers" not in name]
    with pytest.raises(BadInput, match=r"output_blocks\.5\.0\.out_layers\.3\.weight"):
        identify(header_of(named))


def test_a_distilled_denoiser_with_uneven_levels_is_refused() -> None:
    named = [n for n in ldm_unet_names(SDXL_UNET) if "input_blocks.8.1.transformer_blocks.1" not in n[0]]
    with pytest.raises(BadInput, match="not built evenly"):
        identify(header_of(named))


def test_a_denoiser_with_unknown_inputs_is_refused() -> None:
    with pytest.raises(BadInput, match="takes 5 channels"):
        identify(header_of(ldm_unet_names(replace(SD1_UNET, in_channels=5))))


def test_parts_that_do_not_fit_together_are_refused() -> None:
    wide = replace(CLIP_L, width=128)
    text = under("cond_stage_model.transformer.text_model.", transformers_names(wide))
    with pytest.raises(BadInput, match="prompts of 64 features, and its text encoder gives 128"):
        identify(header_of([*under(UNET, ldm_unet_names(SD1_UNET)), *text]))


def test_a_diffusers_vae_alone_keeps_its_sizes() -> None:
    with torch.device("meta"):
        network = diffusers_vae(REAL_VAE)
    named = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    vae = identify(header_of(named)).vae
    assert vae
    assert (vae.shape, vae.parameters) == (REAL_VAE, PARAMETERS["vae"])


@settings(deadline=None, max_examples=60)
@given(data=st.data(), kind=st.sampled_from(list(KINDS)))
def test_a_mangled_header_gives_a_clear_error_or_none(data: st.DataObject, kind: Kind) -> None:
    named = dict(under(UNET, ldm_unet_names(KINDS[kind].unet)) + under("first_stage_model.", ldm_vae_names(VAE)))
    sizes = st.lists(st.integers(0, 70), max_size=4).map(tuple)
    for name in data.draw(st.lists(st.sampled_from(sorted(named)), max_size=30, unique=True)):
        if data.draw(st.booleans()):
            del named[name]
        else:
            named[name] = data.draw(sizes)
    with suppress(BadInput):
        identify(header_of(named.items(), metadata={"modelspec.prediction_type": "epsilon"}))
