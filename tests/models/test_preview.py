"""A small picture of a latent: the linear map, and the tiny autoencoder where its file is there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file
from torch.nn.functional import avg_pool2d

from safelight.errors import SafelightError
from safelight.families import FAMILIES
from safelight.families.latents import latent_of
from safelight.files.folders import Folders
from safelight.models.loader import load_checkpoint
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.preview import Previewer, linear, previewer, tiny_decoder
from tests.models.starter import STARTER

DOCS = Path(__file__).parents[2] / "docs"
LATENT = torch.randn(2, 4, 6, 9, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def folders(home: Path) -> Folders:
    folders = Folders.at(home)
    folders.make()
    return folders


def tiny_autoencoder() -> AutoencoderTiny:
    torch.manual_seed(0)
    return AutoencoderTiny().eval().requires_grad_(False)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_linear_map_is_a_weighted_sum_of_the_channels(family: str) -> None:
    latent = FAMILIES[family].latent
    picture = linear(latent)(LATENT)
    assert picture.shape == (6, 9, 3)
    factors = torch.tensor(latent.rgb_factors)
    expected = ((torch.einsum("chw,cr->hwr", LATENT[0], factors) + torch.tensor(latent.rgb_bias)) / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(picture, expected)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["starter-128.safetensors", "sketch-256.safetensors"])
def test_a_preview_of_the_starter_has_the_colours_of_its_picture(
    name: str, placement: Placement, fp32: Precision
) -> None:
    loaded = load_checkpoint(STARTER.with_name(name), placement, fp32)
    assert loaded.vae is not None
    with Image.open(DOCS / "pictures" / "cat.png") as opened:
        pixels = torch.tensor(np.asarray(opened.convert("RGB")) / 255.0, dtype=torch.float32)
    latent = loaded.model.scale_latent(loaded.vae.encode(pixels[None]))
    small = avg_pool2d(pixels.movedim(-1, 0)[None], 8)[0].movedim(0, -1)

    def error(preview: Previewer) -> float:
        return (preview(latent) - small).abs().mean().item()

    assert error(linear(latent_of(loaded.contents))) < 0.06
    assert error(linear(FAMILIES["sd1"].latent)) > 0.15


def test_half_precision_latents_are_shown_too() -> None:
    latent = FAMILIES["sd1"].latent
    torch.testing.assert_close(linear(latent)(LATENT.half()), linear(latent)(LATENT), rtol=0, atol=1e-2)


def test_without_a_file_the_preview_is_linear(folders: Folders) -> None:
    latent = FAMILIES["sd1"].latent
    assert torch.equal(previewer(latent, folders)(LATENT), linear(latent)(LATENT))


@pytest.mark.parametrize("layout", ["its author's", "diffusers'", "diffusers', whole"])
def test_a_tiny_autoencoder_is_used_where_it_is_there(layout: str, folders: Folders) -> None:
    network = tiny_autoencoder()
    state = network.decoder.state_dict()
    if layout == "its author's":  # counts from its first layer, which clamps and has no weights
        state = {f"{int(name.split('.')[1]) + 1}.{name.split('.', 2)[2]}": weight for name, weight in state.items()}
    if layout == "diffusers', whole":
        state = dict(network.state_dict())
    save_file(state, folders.directories["vae_approx"][0] / "taesd_decoder.safetensors")
    picture = previewer(FAMILIES["sd1"].latent, folders)(LATENT)
    assert picture.shape == (48, 72, 3)
    expected = network.decode(LATENT[:1]).sample[0].movedim(0, -1)
    torch.testing.assert_close(picture, ((expected + 1) / 2).clamp(0, 1), rtol=1e-4, atol=1e-4)
    sdxl = FAMILIES["sdxl"].latent
    assert previewer(sdxl, folders)(LATENT).shape == (6, 9, 3)  # whose decoder is another file


@pytest.mark.parametrize("name", ["3.weight", "layers.0.weight", "weight"])
def test_a_file_with_something_else_in_it_is_refused_in_words(name: str, folders: Folders) -> None:
    path = folders.directories["vae_approx"][0] / "taesd_decoder.safetensors"
    save_file({name: torch.zeros(1)}, path)
    with pytest.raises(SafelightError, match=r"taesd_decoder\.safetensors"):
        tiny_decoder(path)
