"""unCLIP checkpoints: recognised, loaded with their CLIP, and told by a label what a picture shows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from safelight.diffusion.conditioning import SeenPicture
from safelight.errors import BadInput
from safelight.families.describe import describe
from safelight.families.detect import identify
from safelight.files.header import read_header
from safelight.models.clip_vision import load_clip_vision
from safelight.models.guider import Guider
from safelight.models.loader import load_checkpoint
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.unclip import PictureLabel, kept_share
from tests.models.test_clip_vision import in_openclip_layout, reference
from tests.studio import cond_for
from tests.tiny import tiny_checkpoint

SEEN, LABEL = 48, 112


def unclip_checkpoint(path: Path) -> Path:
    """A tiny SD 2.1 unCLIP checkpoint: an SD 2.x one, with a label, its statistics, and CLIP's vision tower."""
    tensors = load_file(tiny_checkpoint(path, "sd2-v"))
    generator = torch.Generator().manual_seed(0)
    time = len(tensors["model.diffusion_model.time_embed.2.bias"])
    for layer, into in ((0, LABEL), (2, time)):
        name = f"model.diffusion_model.label_emb.0.{layer}"
        tensors[f"{name}.weight"] = torch.randn(time, into, generator=generator) / into**0.5
        tensors[f"{name}.bias"] = torch.zeros(time)
    tensors["noise_augmentor.data_mean"] = torch.randn(1, SEEN, generator=generator)
    tensors["noise_augmentor.data_std"] = 1 + torch.rand(1, SEEN, generator=generator)
    tensors |= in_openclip_layout(reference().state_dict(), "embedder.model.visual.")
    # what is left of the text tower beside it
    tensors["embedder.model.ln_final.weight"] = torch.ones(64)
    tensors["embedder.model.token_embedding.weight"] = torch.zeros(8, 64)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return unclip_checkpoint(tmp_path / "unclip.safetensors")


@pytest.fixture
def label() -> PictureLabel:
    generator = torch.Generator().manual_seed(1)
    mean, std = torch.randn(1, SEEN, generator=generator), 1 + torch.rand(1, SEEN, generator=generator)
    return PictureLabel(mean, std, LABEL)


def picture(seed: int = 0, **changes: Any) -> SeenPicture:
    embeds = torch.randn(1, SEEN, generator=torch.Generator().manual_seed(seed))
    return replace(SeenPicture(embeds, 1.0, 0.0), **changes)


def test_an_unclip_checkpoint_is_sd_2_and_loads_whole(path: Path, placement: Placement, fp32: Precision) -> None:
    contents = identify(read_header(path))
    assert contents.family is not None
    assert (contents.family.name, contents.prediction) == ("sd2", "v")
    assert [tower.shape.tower for tower in contents.text] == ["h"]
    assert describe(contents) == "SD 2.x checkpoint, v-prediction, unCLIP"
    checkpoint = load_checkpoint(path, placement, fp32)
    assert checkpoint.clip is not None
    assert checkpoint.model.picture_label is not None
    assert checkpoint.model.picture_label.width == LABEL
    assert load_clip_vision(path, placement, fp32).shape.projection == SEEN


def test_the_share_kept_is_that_of_the_cosine_schedule() -> None:
    """Nichol & Dhariwal 2021, equation 17, up to where its steps are bounded."""

    def left(time: float) -> Tensor:
        return torch.cos(torch.tensor((time + 0.008) / 1.008 * torch.pi / 2, dtype=torch.float64)) ** 2

    for level in (0, 10, 500, 900):
        assert kept_share(level) == pytest.approx(float(left((level + 1) / 1000) / left(0.0)), rel=1e-6)
    assert kept_share(999) == pytest.approx(0, abs=1e-8)


def test_without_a_picture_the_label_is_empty(label: PictureLabel) -> None:
    assert torch.equal(label((), 0), torch.zeros(1, LABEL))


def test_with_the_least_noise_the_label_is_nearly_what_clip_saw_and_level_0(label: PictureLabel) -> None:
    found = label((picture(),), 0)
    torch.testing.assert_close(found[:, :SEEN], picture().embeds, atol=0.05, rtol=0)
    assert torch.equal(found[0, SEEN:], torch.tensor([1.0] * 32 + [0.0] * 32))  # cos 0, sin 0


def test_with_the_most_noise_nothing_of_the_picture_is_left(label: PictureLabel) -> None:
    one, other = (label((picture(seed, noise=1.0),), 3) for seed in (0, 1))
    torch.testing.assert_close(one, other, atol=1e-3, rtol=0)
    drawn = torch.randn(1, SEEN, generator=torch.Generator().manual_seed(3 - 10))
    torch.testing.assert_close(one[:, :SEEN], drawn * label.std + label.mean, atol=1e-3, rtol=0)


def test_a_seed_gives_the_same_label_and_another_seed_another(label: PictureLabel) -> None:
    pictures = (picture(noise=0.5),)
    assert torch.equal(label(pictures, 7), label(pictures, 7))
    assert not torch.equal(label(pictures, 7), label(pictures, 8))


def test_strength_multiplies_the_label(label: PictureLabel) -> None:
    torch.testing.assert_close(label((picture(strength=0.5),), 0), label((picture(),), 0) / 2)


def test_several_pictures_add_up_and_get_a_little_noise(label: PictureLabel) -> None:
    together = label((picture(0), picture(1)), 0)
    alone = label((picture(0),), 0) + label((picture(1),), 0)
    kept = kept_share(round(999 * 0.05))
    drawn = torch.randn(1, SEEN, generator=torch.Generator().manual_seed(-10))
    normed = (alone[:, :SEEN] - label.mean) / label.std
    expected = (normed * kept**0.5 + drawn * (1 - kept) ** 0.5) * label.std + label.mean
    torch.testing.assert_close(together[:, :SEEN], expected)


def test_what_another_clip_saw_is_refused(label: PictureLabel) -> None:
    with pytest.raises(BadInput, match="is shown 48 numbers for a picture, and the CLIP vision model gave 32"):
        label((picture(embeds=torch.zeros(1, 32)),), 0)


def test_the_denoiser_is_told_of_the_picture(path: Path, placement: Placement, fp32: Precision) -> None:
    model = load_checkpoint(path, placement, fp32).model
    x, sigma = torch.randn(1, 4, 8, 8) * 3, torch.tensor(3.0)
    cond = cond_for("sd2")
    seen = replace(cond, pictures=(picture(),))
    assert model.picture_label is not None

    def estimate(which: Any, seed: int) -> Tensor:
        return Guider(model, (which,)).denoiser(torch.zeros_like(x), None, torch.tensor([3.0, 0.0]), seed)(x, sigma)

    expected = model.predict(x, sigma, cond.context, model.picture_label((picture(),), 5))
    torch.testing.assert_close(estimate(seen, 5), expected)
    torch.testing.assert_close(estimate(cond, 5), model.predict(x, sigma, cond.context, torch.zeros(1, LABEL)))
    assert not torch.allclose(estimate(seen, 5), estimate(cond, 5), atol=1e-3)
