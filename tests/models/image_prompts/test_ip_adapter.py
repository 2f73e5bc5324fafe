"""Image prompts do what the paper says, from every kind of adapter file; diffusers' own is the judge."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.errors import BadInput
from safelight.families.shapes import UNetShape
from safelight.models.clip_vision import ClipVisionOutput
from safelight.models.guider import Guider, run_sampler
from safelight.models.image_prompts.image_prompt import (
    COMBINES,
    SCALINGS,
    cross_attentions,
    with_image_prompt,
)
from safelight.models.image_prompts.ip_adapter import IpAdapter, load_ip_adapter
from safelight.models.image_prompts.weight_types import WEIGHT_TYPES, Position
from safelight.models.loader import load_unet
from safelight.models.model import Model
from safelight.models.patches import Asked, Site
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.unet_forward import run_unet
from tests.studio import cond_for, loaded
from tests.tiny import KINDS, Kind, diffusers_unet, tiny_unet

SEEN, PATCHES = 24, 5
SIDE = 8


def drawn(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random weights that keep numbers of order one."""
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in shapes.items():
        numbers = torch.randn(shape, generator=generator)
        tensors[name] = numbers / shape[-1] ** 0.5 if len(shape) > 1 else 1 + 0.1 * numbers
    return tensors


def plain(width: int) -> dict[str, tuple[int, ...]]:
    return {"proj.weight": (4 * width, SEEN), "proj.bias": (4 * width,), "norm.weight": (width,), "norm.bias": (width,)}


def full(width: int) -> dict[str, tuple[int, ...]]:
    inner = {"proj.0.weight": (SEEN, SEEN), "proj.0.bias": (SEEN,), "proj.2.weight": (width, SEEN)}
    return inner | {"proj.2.bias": (width,), "proj.3.weight": (width,), "proj.3.bias": (width,)}


def plus(width: int) -> dict[str, tuple[int, ...]]:
    inside = 128  # two heads of 64
    shapes: dict[str, tuple[int, ...]] = {
        "latents": (1, 3, inside),
        "proj_in.weight": (inside, SEEN),
        "proj_in.bias": (inside,),
        "proj_out.weight": (width, inside),
        "proj_out.bias": (width,),
        "norm_out.weight": (width,),
        "norm_out.bias": (width,),
    }
    for layer in range(4):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            shapes |= {f"layers.{layer}.{norm}.{leaf}": (inside,) for leaf in ("weight", "bias")}
        shapes[f"layers.{layer}.0.to_q.weight"] = (inside, inside)
        shapes[f"layers.{layer}.0.to_kv.weight"] = (2 * inside, inside)
        shapes[f"layers.{layer}.0.to_out.weight"] = (inside, inside)
        shapes[f"layers.{layer}.1.1.weight"] = (4 * inside, inside)
        shapes[f"layers.{layer}.1.3.weight"] = (inside, 4 * inside)
    return shapes


PROJECTIONS: dict[str, Callable[[int], dict[str, tuple[int, ...]]]] = {"plain": plain, "full": full, "plus": plus}
SHAPES_SEEN: dict[str, tuple[int, ...]] = {"plain": (1, SEEN), "full": (1, PATCHES, SEEN), "plus": (1, PATCHES, SEEN)}


def attention_sizes(shape: UNetShape) -> list[tuple[str, int]]:
    """Number and channels of each cross attention as diffusers lists them: its processors, the odd ones."""
    unet: Any = diffusers_unet(shape)
    widths = dict(unet.named_parameters())
    return [
        (str(number), len(widths[name.removesuffix("processor") + "to_q.weight"]))
        for number, name in enumerate(unet.attn_processors)
        if number % 2
    ]


def adapter_tensors(shape: UNetShape, kind: str = "plain") -> dict[str, dict[str, Tensor]]:
    """A tiny adapter, as its authors' training writes it."""
    layers: dict[str, tuple[int, ...]] = {}
    for number, channels in attention_sizes(shape):
        layers |= {f"{number}.to_{which}_ip.weight": (channels, shape.context_width) for which in "kv"}
    return {"image_proj": drawn(PROJECTIONS[kind](shape.context_width)), "ip_adapter": drawn(layers)}


def adapter_file(path: Path, tensors: dict[str, dict[str, Tensor]]) -> Path:
    if path.suffix == ".bin":
        torch.save(tensors, path)
    else:
        save_file({f"{part}.{name}": t for part, inner in tensors.items() for name, t in inner.items()}, path)
    return path


def seen_by_clip(kind: str = "plain", seed: int = 0, count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *SHAPES_SEEN[kind][1:], generator=generator)


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Callable[..., IpAdapter]:
    def load(shape: UNetShape, kind: str = "plain", ending: str = ".safetensors") -> IpAdapter:
        return load_ip_adapter(adapter_file(tmp_path / f"a{ending}", adapter_tensors(shape, kind)), placement, fp32)

    return load


def latents_of(model: Model, *, cfg: float = 4.0, batch: int = 1, steps: int = 2) -> Tensor:
    """What a short run from noise gives."""
    conds = [(cond_for("sd1", seed),) for seed in (0, 1)]
    sigmas = torch.tensor([14.0, 6.0, 2.0, 0.0])[-steps - 1 :]
    latent = Latent(torch.zeros(batch, 4, SIDE, SIDE))
    return run_sampler(
        Guider(model, conds[0], conds[1], cfg), SAMPLERS["euler"], sigmas, latent, seed=0, on_step=lambda step: None
    )[0].samples


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize(
    ("unet", "ending"), [("sd1", ".safetensors"), ("sd1", ".bin"), ("sd2", ".safetensors"), ("sdxl", ".safetensors")]
)
def test_the_denoiser_predicts_what_that_of_diffusers_does(
    unet: Kind, kind: str, ending: str, load: Any, tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    shape = KINDS[unet].unet
    model = load_unet(tiny_unet(tmp_path / "u.safetensors", unet, layout="diffusers"), placement, fp32)
    theirs: Any = diffusers_unet(shape)
    theirs.load_state_dict(load_file(tmp_path / "u.safetensors"))
    theirs._load_ip_adapter_weights([adapter_tensors(shape, kind)], low_cpu_mem_usage=False)
    for processor in theirs.attn_processors.values():
        if hasattr(processor, "scale"):
            processor.scale = [0.7]
    seen = seen_by_clip(kind)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, 4, SIDE, SIDE, generator=generator)
    context = torch.randn(1, 9, shape.context_width, generator=generator)
    beside, label = _label(theirs, shape)
    with torch.no_grad():
        shown = {"image_embeds": [seen[:, None]], **beside}
        expected = theirs(x, 500, encoder_hidden_states=context, added_cond_kwargs=shown).sample

    patched = with_image_prompt(model, load(shape, kind, ending), {"positive": seen}, weight=0.7)
    found = run_unet(
        model.network,
        x,
        torch.tensor([500.0]),
        context,
        label,
        patches=patched.patches,
        asked=Asked(torch.tensor(3.0), ("positive",), (SIDE, SIDE)),
    )
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


def _label(unet: Any, shape: UNetShape) -> tuple[dict[str, Tensor], Tensor | None]:
    """SDXL's pooled prompt and sizes as diffusers takes them, and as one vector."""
    if shape.label_width is None:
        return {}, None
    ids = torch.tensor([[64.0, 64.0, 0.0, 0.0, 64.0, 64.0]])
    pooled = torch.randn(1, shape.label_width - 6 * 256, generator=torch.Generator().manual_seed(3))
    return {"text_embeds": pooled, "time_ids": ids}, torch.cat(
        [pooled, unet.add_time_proj(ids.flatten()).reshape(1, -1)], -1
    )


@pytest.fixture
def adapter(load: Any) -> IpAdapter:
    found: IpAdapter = load(KINDS["sd1"].unet)
    return found


@pytest.fixture
def model() -> Model:
    return loaded("sd1").model


def pictures(count: int = 1) -> dict[Any, Tensor]:
    seen = seen_by_clip(count=count)
    return {"positive": seen, "negative": torch.zeros_like(seen[:1])}


def test_at_weight_0_nothing_changes(model: Model, adapter: IpAdapter) -> None:
    assert with_image_prompt(model, adapter, pictures(), weight=0) is model


def test_each_side_of_the_guidance_is_shown_its_own_picture(model: Model, adapter: IpAdapter) -> None:
    """At cfg 1 the negative side is not asked, so what it is shown cannot matter; at 4 it does."""
    one, other = pictures(), pictures() | {"negative": seen_by_clip(seed=5)}
    results = {
        cfg: [latents_of(with_image_prompt(model, adapter, seen, weight=1), cfg=cfg) for seen in (one, other)]
        for cfg in (1.0, 4.0)
    }
    assert torch.equal(results[1.0][0], results[1.0][1])
    assert not torch.allclose(results[4.0][0], results[4.0][1], atol=1e-3)
    swapped = with_image_prompt(model, adapter, {"positive": one["negative"], "negative": one["positive"]}, weight=1)
    assert not torch.allclose(latents_of(swapped), results[4.0][0], atol=1e-3)


@pytest.mark.parametrize(("span", "counts"), [((0.0, 1.0), True), ((0.999, 1.0), False), ((0.0, 0.001), False)])
def test_it_counts_in_its_span_only(span: tuple[float, float], counts: bool, model: Model, adapter: IpAdapter) -> None:
    prompted = with_image_prompt(model, adapter, pictures(), weight=1, span=span)
    assert torch.equal(latents_of(prompted), latents_of(model)) is not counts


def test_a_mask_keeps_the_answer_of_the_other_half_as_it_was(model: Model, adapter: IpAdapter) -> None:
    """Seen at one attention: further on, features mix over the whole picture."""
    mask = torch.zeros(1, 16, 16)
    mask[..., 8:] = 1
    (masked,) = with_image_prompt(model, adapter, pictures(), weight=1, mask=mask).patches.cross_mix
    (everywhere,) = with_image_prompt(model, adapter, pictures(), weight=1).patches.cross_mix
    site = Site(Asked(torch.tensor(3.0), ("positive", "negative"), (4, 4)), "down", 1, 0, (4, 4))
    q, k, v = (torch.randn(4, 8, length, 4, generator=torch.Generator().manual_seed(9)) for length in (16, 7, 7))
    plain_answer = nn.functional.scaled_dot_product_attention(q, k, v)
    whole, half = (each(site, nn.functional.scaled_dot_product_attention, q, k, v) for each in (everywhere, masked))
    left, right = (
        (torch.arange(16) % 4 < 1),
        (torch.arange(16) % 4 >= 3),
    )  # the columns that no edge of the mask blurs
    torch.testing.assert_close(half[:, :, left], plain_answer[:, :, left])
    torch.testing.assert_close(half[:, :, right], whole[:, :, right])
    assert not torch.allclose(whole[:, :, left], plain_answer[:, :, left], atol=1e-2)


def test_a_mask_for_each_picture_of_a_batch_is_laid_on_that_picture(model: Model, adapter: IpAdapter) -> None:
    masks = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    found = latents_of(with_image_prompt(model, adapter, pictures(), weight=1, mask=masks), batch=2)
    without = latents_of(model, batch=2)
    everywhere = latents_of(with_image_prompt(model, adapter, pictures(), weight=1), batch=2)
    torch.testing.assert_close(found[0], without[0])
    torch.testing.assert_close(found[1], everywhere[1])


def test_two_image_prompts_add_up(model: Model, adapter: IpAdapter) -> None:
    once = with_image_prompt(model, adapter, pictures(), weight=0.5)
    twice = with_image_prompt(once, adapter, pictures(), weight=0.5)
    torch.testing.assert_close(
        latents_of(twice), latents_of(with_image_prompt(model, adapter, pictures(), weight=1)), atol=1e-3, rtol=1e-3
    )


def test_an_adapter_of_another_family_is_refused_with_both_names(model: Model, load: Any) -> None:
    shape = replace(KINDS["sdxl"].unet, context_width=2048)
    with pytest.raises(BadInput, match=r"a\.safetensors is an IP-Adapter for SDXL, and the model is one of SD 1\.x"):
        with_image_prompt(model, load(shape), pictures(), weight=1)


def test_another_clip_than_the_adapters_is_refused(adapter: IpAdapter) -> None:
    output = ClipVisionOutput(torch.zeros(1, SEEN + 1), torch.zeros(1, PATCHES, 8), torch.zeros(1, PATCHES, 8))
    with pytest.raises(BadInput, match="gives 24 numbers, and this one gives 25"):
        adapter.look(output)


def test_an_adapter_for_faces_is_refused_by_its_kind(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    tensors = {"image_proj.proj.0.weight": torch.zeros(4, 4), "ip_adapter.0.to_q_lora.down.weight": torch.zeros(4, 4)}
    save_file(tensors, tmp_path / "face.safetensors")
    with pytest.raises(BadInput, match="FaceID"):
        load_ip_adapter(tmp_path / "face.safetensors", placement, fp32)
    save_file({"foo": torch.zeros(1)}, tmp_path / "foo.safetensors")
    with pytest.raises(BadInput, match=r"foo\.safetensors is no IP-Adapter"):
        load_ip_adapter(tmp_path / "foo.safetensors", placement, fp32)


def test_sd_1_5_has_16_cross_attentions_and_sdxl_70() -> None:
    sd15 = replace(
        KINDS["sd1"].unet, block_channels=(320, 640, 1280, 1280), transformer_depth=(1, 1, 1, 0), heads=(8,) * 4
    )
    sdxl = replace(KINDS["sdxl"].unet, block_channels=(320, 640, 1280), transformer_depth=(0, 2, 10), mid_depth=10)
    assert len(cross_attentions(sd15)) == 16
    assert len(cross_attentions(sdxl)) == 70
    # the numbers of the widths in the authors' files: 1 is 320 wide, 31 the middle
    assert list(cross_attentions(sd15).values()) == [320] * 2 + [640] * 2 + [1280] * 2 + [1280] * 3 + [640] * 3 + [
        320
    ] * 3 + [1280]


SD15 = [Position(index, 6, 16, few=False) for index in range(16)]
SDXL = [Position(index, 4, 11, few=True) for index in range(11)]


@pytest.mark.parametrize("name", WEIGHT_TYPES)
def test_no_weight_type_makes_a_block_count_more_than_the_weight(name: str) -> None:
    factors = [WEIGHT_TYPES[name](at) for at in (*SD15, *SDXL)]
    assert min(factors) >= 0
    assert 0.9 < max(factors) <= 1


def test_sdxls_style_and_composition_are_one_block_each() -> None:
    """The second block of the way up, and the last of the way down: Wang et al. 2024, arXiv:2404.02733."""
    assert [at.index for at in SDXL if WEIGHT_TYPES["style transfer"](at)] == [6]
    assert [at.index for at in SDXL if WEIGHT_TYPES["composition"](at)] == [3]
    assert [at.index for at in SDXL if WEIGHT_TYPES["style and composition"](at)] == [3, 6]


def test_the_scalings_agree_on_a_weight_of_1_in_the_widest_attention() -> None:
    keys, values = torch.randn(1, 4, 1280), torch.randn(1, 4, 1280)
    for scaling in SCALINGS.values():
        torch.testing.assert_close(scaling(keys, values, 1.0), (keys, values))
    # the mean is scaled, what differs from it is not
    _, around = SCALINGS["K+mean(V) w/ C penalty"](keys, values, 0.5)
    torch.testing.assert_close(around.mean(1), values.mean(1) / 2)
    torch.testing.assert_close(around - around.mean(1), values - values.mean(1))


@pytest.mark.parametrize("name", ["average", "norm average"])
def test_the_average_of_one_picture_twice_is_that_picture(name: str) -> None:
    seen = seen_by_clip()
    torch.testing.assert_close(COMBINES[name](seen.repeat(2, 1)), seen)


def test_several_pictures_are_each_shown_or_combined(model: Model, adapter: IpAdapter) -> None:
    seen = seen_by_clip(count=3)
    assert {name: len(combine(seen)) for name, combine in COMBINES.items()} == {
        "concat": 3,
        "add": 1,
        "subtract": 1,
        "average": 1,
        "norm average": 1,
    }
    torch.testing.assert_close(COMBINES["subtract"](seen), seen[:1] - (seen[1:2] + seen[2:]) / 2)
    prompted = with_image_prompt(model, adapter, pictures(count=3), weight=1)
    pair = next(iter(prompted.patches.cross_mix[0].pairs.values()))  # type: ignore[attr-defined]
    assert (pair["positive"][0].shape[1], pair["negative"][0].shape[1]) == (12, 4)
