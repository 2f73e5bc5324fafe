"""Files become networks that give the numbers of the networks they were written from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from safelight.diffusion.prediction import PREDICTIONS
from safelight.errors import BadInput
from safelight.families.shapes import TextShape
from safelight.models.loader import load_checkpoint, load_text, load_unet, load_vae
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.text_encoder import Clip
from safelight.text.sdxl import size_conditioning
from tests import tiny
from tests.models.reference import NUMBERS, ReferenceVae, reference_eps, reference_tower, reference_unet

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
TOKENS = torch.tensor([[49406, *range(320, 330), 49407, *[0] * 65], [49406, 49407, *[49407] * 75]])


@dataclass(frozen=True)
class Question:
    """Random arguments of the right sizes for `Model.predict`."""

    x: Tensor
    context: Tensor
    label: Tensor | None
    extra: Tensor | None

    def ask(self, model: Model, sigma: Tensor, batch: slice = slice(None)) -> Tensor:
        label = None if self.label is None else self.label[batch]
        extra = None if self.extra is None else self.extra[batch]
        return model.predict(self.x[batch], sigma, self.context[batch], label, extra)


def question(kind: tiny.Kind) -> Question:
    shape = tiny.KINDS[kind].unet
    generator = torch.Generator().manual_seed(7)
    label = None
    if shape.label_width is not None:
        pooled = torch.randn(2, tiny.CLIP_G.width, generator=generator)
        label = size_conditioning(pooled, NUMBERS[: (shape.label_width - tiny.CLIP_G.width) // 256].tolist())
    if shape.label_classes is not None:
        label = torch.tensor([20, 300])
    extra = shape.in_channels - shape.out_channels
    return Question(
        torch.randn(2, 4, 8, 12, generator=generator) * 3,
        torch.randn(2, 77, shape.context_width, generator=generator),
        label,
        torch.randn(2, extra, 8, 12, generator=generator) if extra else None,
    )


def expected_denoised(kind: tiny.Kind, model: Model, checkpoint: dict[str, Tensor], sigma: Tensor) -> Tensor:
    """The estimate by diffusers' network, with the scaling around it written out here."""
    asked = question(kind)
    shown = asked.x / (sigma**2 + 1).sqrt()
    if asked.extra is not None:
        shown = torch.cat([shown, asked.extra], dim=1)
    unet = reference_unet(tiny.KINDS[kind].unet, checkpoint)
    output = reference_eps(unet, shown, model.schedule.timestep(sigma), asked.context, asked.label)
    if "v" in kind.split("-"):
        return asked.x / (sigma**2 + 1) - output * sigma / (sigma**2 + 1).sqrt()
    return asked.x - sigma * output


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_checkpoint_denoises_as_diffusers_with_the_same_numbers(
    tmp_path: Path, placement: Placement, fp32: Precision, kind: tiny.Kind, dtype: torch.dtype
) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "tiny.safetensors", kind, dtype=dtype, text=kind == "refiner")
    model = load_checkpoint(path, placement, fp32).model
    sigma = torch.tensor(2.5)
    denoised = question(kind).ask(model, sigma)
    expected = expected_denoised(kind, model, load_file(path), sigma)
    torch.testing.assert_close(denoised, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["sd1", "sd2-v", "sdxl-v-ztsnr"])
def test_each_latent_of_a_batch_may_have_its_own_noise_level(
    tmp_path: Path, placement: Placement, fp32: Precision, kind: tiny.Kind
) -> None:
    model = load_unet(tiny.tiny_checkpoint(tmp_path / "a.safetensors", kind, text=False), placement, fp32)
    asked = question(kind)
    together = asked.ask(model, torch.tensor([0.3, 9.0]))
    for index, sigma in enumerate((0.3, 9.0)):
        one = slice(index, index + 1)
        alone = asked.ask(model, torch.tensor(sigma), one)
        torch.testing.assert_close(together[one], alone, rtol=1e-4, atol=1e-4)


def test_marker_keys_change_prediction_and_schedule(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    plain = load_unet(tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sdxl", text=False), placement, fp32)
    marked = load_unet(tiny.tiny_checkpoint(tmp_path / "b.safetensors", "sdxl-v-ztsnr", text=False), placement, fp32)
    assert (plain.prediction, marked.prediction) == ("eps", "v")
    assert plain.schedule.sigma_max == pytest.approx(14.6146, rel=1e-5)
    assert marked.schedule.sigma_max > 1000
    assert plain.prediction in PREDICTIONS
    assert marked.prediction in PREDICTIONS


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl", "refiner"])
def test_text_towers_encode_as_those_of_transformers(
    tmp_path: Path, placement: Placement, fp32: Precision, kind: tiny.Kind
) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "tiny.safetensors", kind, dtype=torch.float16, vae=False)
    clip = load_checkpoint(path, placement, fp32).clip
    assert clip is not None
    stored = load_file(path)
    for tower, (prefix, shape) in zip(clip.towers, tiny.KINDS[kind].towers, strict=True):
        tensors = {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}
        expect_same_tower(clip, tower.name, shape, tensors)


def expect_same_tower(clip: Clip, name: str, shape: TextShape, tensors: dict[str, Tensor]) -> None:
    tower = next(tower for tower in clip.towers if tower.name == name)
    reference = reference_tower(shape, tensors)
    answer = reference(TOKENS, output_hidden_states=True)
    hidden, pooled = tower.encode(tower.embed(TOKENS), TOKENS, skip=1)
    expected = answer.last_hidden_state if tower.tower.final_norm else answer.hidden_states[-1]
    torch.testing.assert_close(hidden, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(pooled, answer.text_embeds, rtol=1e-4, atol=1e-4)


def test_the_vae_decodes_and_encodes_as_that_of_diffusers(
    tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "tiny.safetensors", "sd1", dtype=torch.float16, text=False)
    vae = load_checkpoint(path, placement, fp32).vae
    assert vae is not None
    reference = ReferenceVae(load_file(path))
    latent = torch.randn(2, 4, 6, 4, generator=torch.Generator().manual_seed(1))
    picture = (reference.decode(latent).movedim(1, -1) / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(vae.decode(latent), picture, rtol=1e-4, atol=1e-4)
    means = reference.encode_mean(picture.movedim(-1, 1) * 2 - 1)
    torch.testing.assert_close(vae.encode(picture), means, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl-inpaint", "refiner"])
def test_a_denoiser_gives_the_same_in_every_layout(
    tmp_path: Path, placement: Placement, fp32: Precision, kind: tiny.Kind
) -> None:
    whole = load_unet(tiny.tiny_checkpoint(tmp_path / "whole.safetensors", kind), placement, fp32)
    bare = load_unet(tiny.tiny_unet(tmp_path / "bare.safetensors", kind), placement, fp32)
    prefixed = tiny.tiny_unet(tmp_path / "prefixed.safetensors", kind, prefix="model.diffusion_model.")
    names = bare.network.state_dict()
    diffusers = {name.replace("class_embedding.", "add_embedding."): value for name, value in names.items()}
    save_file(diffusers, tmp_path / "diffusers.safetensors")
    asked, sigma = question(kind), torch.tensor(1.7)
    expected = asked.ask(whole, sigma)
    for path in (tmp_path / "bare.safetensors", prefixed, tmp_path / "diffusers.safetensors"):
        model = load_unet(path, placement, fp32)
        assert torch.equal(asked.ask(model, sigma), expected)


def test_diffusers_own_files_load(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    unet = load_unet(tiny.tiny_unet(tmp_path / "u.safetensors", "sdxl", layout="diffusers"), placement, fp32)
    vae = load_vae(tiny.tiny_vae(tmp_path / "v.safetensors", layout="diffusers"), placement, fp32)
    reference = tiny.diffusers_unet(tiny.KINDS["sdxl"].unet)
    reference.load_state_dict(load_file(tmp_path / "u.safetensors"))
    asked, sigma = question("sdxl"), torch.tensor(1.0)
    eps = reference_eps(reference.eval(), asked.x / 2**0.5, unet.schedule.timestep(sigma), asked.context, asked.label)
    torch.testing.assert_close(asked.ask(unet, sigma), asked.x - eps, rtol=1e-4, atol=1e-4)
    assert vae.decode(torch.zeros(1, 4, 2, 2)).shape == (1, 16, 16, 3)


def test_a_vae_with_the_attention_names_of_old_diffusers_files_is_the_same(
    tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    tiny.tiny_vae(tmp_path / "new.safetensors", layout="diffusers")
    renamed = {}
    for name, tensor in load_file(tmp_path / "new.safetensors").items():
        for new, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            name = name.replace(f".{new}.", f".{old}.")  # noqa: PLW2901
        renamed[name] = tensor
    save_file(renamed, tmp_path / "old.safetensors")
    latent = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    decoded = [load_vae(tmp_path / f"{age}.safetensors", placement, fp32).decode(latent) for age in ("new", "old")]
    assert torch.equal(*decoded)


@pytest.mark.parametrize(
    ("shape", "layout", "prefix"),
    [
        (tiny.CLIP_L, "transformers", "text_model."),
        (tiny.CLIP_L, "transformers", ""),
        (replace(tiny.CLIP_L, projection=48), "transformers", "text_model."),
        (tiny.CLIP_H, "openclip", ""),
    ],
)
def test_a_text_tower_alone_loads(
    tmp_path: Path, placement: Placement, fp32: Precision, shape: TextShape, layout: str, prefix: str
) -> None:
    path = tiny.tiny_text(tmp_path / "t.safetensors", shape, layout=layout, prefix=prefix)  # type: ignore[arg-type]
    stored = {name.removeprefix("text_model."): value for name, value in load_file(path).items()}
    expect_same_tower(load_text([path], placement, fp32), shape.tower, shape, stored)


def test_the_text_towers_of_sdxl_may_come_in_two_files_in_any_order(
    tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    g = replace(tiny.CLIP_G, width=1280, intermediate=1280, heads=20, layers=1, projection=1280, vocabulary=49408)
    paths = [
        tiny.tiny_text(tmp_path / "g.safetensors", g, layout="openclip"),
        tiny.tiny_text(tmp_path / "l.safetensors", tiny.CLIP_L),
    ]
    clip = load_text(paths, placement, fp32)
    assert (clip.family.name, [tower.name for tower in clip.towers]) == ("sdxl", ["l", "g"])
    assert clip.skip == 2
    assert clip.with_layer(1).skip == 1


def test_text_towers_that_no_family_joins_are_refused(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    paths = [
        tiny.tiny_text(tmp_path / "l.safetensors", tiny.CLIP_L),
        tiny.tiny_text(tmp_path / "h.safetensors", tiny.CLIP_H, layout="openclip"),
    ]
    with pytest.raises(BadInput, match=r"l\.safetensors, h\.safetensors"):
        load_text(paths, placement, fp32)


def test_averaged_weights_are_left_in_the_file(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    plain = load_unet(tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd1", text=False), placement, fp32)
    path = tiny.tiny_checkpoint(tmp_path / "b.safetensors", "sd1", text=False, ema=True)
    averaged = load_unet(path, placement, fp32)
    asked, sigma = question("sd1"), torch.tensor(1.0)
    assert torch.equal(asked.ask(plain, sigma), asked.ask(averaged, sigma))


def test_what_a_checkpoint_lacks_is_none(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd1", vae=False, text=False)
    checkpoint = load_checkpoint(path, placement, fp32)
    assert checkpoint.vae is None
    assert checkpoint.clip is None


@pytest.mark.parametrize("ending", [".ckpt", ".pt"])
def test_a_pickle_holds_the_same_numbers(tmp_path: Path, placement: Placement, fp32: Precision, ending: str) -> None:
    safe = load_checkpoint(tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd2"), placement, fp32)
    pickled = load_checkpoint(tiny.tiny_checkpoint(tmp_path / f"a{ending}", "sd2"), placement, fp32)
    for part in ("model", "vae"):
        one, other = (getattr(file, part).network.state_dict() for file in (safe, pickled))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("name", "verb"),
    [("out.2.bias", "lacks"), ("middle_block.1.transformer_blocks.0.attn1.to_q.weight", "lacks")],
)
def test_a_missing_tensor_is_named(tmp_path: Path, placement: Placement, fp32: Precision, name: str, verb: str) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd1", text=False, vae=False)
    tensors = load_file(path)
    del tensors[f"model.diffusion_model.{name}"]
    save_file(tensors, path)
    with pytest.raises(BadInput, match=rf"a\.safetensors {verb}.*model\.diffusion_model\.{name}"):
        load_unet(path, placement, fp32)


def test_a_tensor_too_many_is_named(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd1", text=False, vae=False)
    save_file(load_file(path) | {"model.diffusion_model.out.3.weight": torch.zeros(3)}, path)
    with pytest.raises(BadInput, match=r"has unknown.*out\.3\.weight"):
        load_unet(path, placement, fp32)


def test_a_tensor_of_another_shape_is_named(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sd1", text=False, vae=False)
    save_file(load_file(path) | {"model.diffusion_model.out.0.weight": torch.zeros(31)}, path)
    with pytest.raises(BadInput, match=r"out\.0\.weight \(\[31\], not \[32\]\)"):
        load_unet(path, placement, fp32)


def test_a_file_in_the_wrong_place_is_told_where_it_belongs(
    tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    vae = tiny.tiny_vae(tmp_path / "v.safetensors")
    with pytest.raises(BadInput, match=r"v\.safetensors is a VAE, not a checkpoint\. Move it into the folder vae/"):
        load_checkpoint(vae, placement, fp32)
    unet = tiny.tiny_unet(tmp_path / "u.safetensors", "sd1")
    with pytest.raises(BadInput, match="not a VAE"):
        load_vae(unet, placement, fp32)
    with pytest.raises(BadInput, match="not a text encoder"):
        load_text([unet], placement, fp32)
