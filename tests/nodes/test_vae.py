"""Between pixels and latents; a tiny random VAE."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.models.vae import Vae
from safelight.nodes.registry import BUILTIN
from tests.studio import loaded


def _vae() -> Vae:
    vae = loaded("sd1").vae
    assert vae is not None
    return vae


VAE = _vae()
PICTURE = torch.rand(1, 64, 96, 3, generator=torch.Generator().manual_seed(0))


def encoded(node: str, pixels: Tensor = PICTURE, **inputs: object) -> Latent:
    result = BUILTIN[node](pixels=pixels, vae=VAE, **inputs)
    assert isinstance(result, Latent)
    return result


def decoded(node: str, samples: Tensor, **inputs: object) -> Tensor:
    result = BUILTIN[node](samples=Latent(samples), vae=VAE, **inputs)
    assert isinstance(result, Tensor)
    return result


def test_a_picture_becomes_a_latent_of_an_eighth_of_its_sides() -> None:
    latent = encoded("VAEEncode")
    assert latent.samples.shape == (1, 4, 8, 12)
    assert latent.noise_mask is None
    assert decoded("VAEDecode", latent.samples).shape == (1, 64, 96, 3)


def test_a_decoded_picture_is_in_0_to_1() -> None:
    picture = decoded("VAEDecode", 100 * torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(1)))
    assert picture.shape == (2, 32, 32, 3)
    assert picture.min() == 0
    assert picture.max() == 1


def test_one_tile_is_the_whole() -> None:
    latent = encoded("VAEEncode").samples
    whole = decoded("VAEDecode", latent)
    torch.testing.assert_close(decoded("VAEDecodeTiled", latent, tile_size=512, overlap=64), whole)


def test_tiles_give_nearly_the_whole() -> None:
    latent = encoded("VAEEncode", torch.rand(1, 128, 160, 3, generator=torch.Generator().manual_seed(2))).samples
    whole = decoded("VAEDecode", latent)
    tiled = decoded("VAEDecodeTiled", latent, tile_size=64, overlap=64)
    assert tiled.shape == whole.shape
    # norms take the mean of a tile in place of the picture's, and these weights are random
    assert (tiled - whole).abs().mean() < 0.1 < (whole.flip(1) - whole).abs().mean()


def test_encoding_in_one_tile_is_encoding_the_whole() -> None:
    tiled = encoded("VAEEncodeTiled", tile_size=512, overlap=64).samples
    torch.testing.assert_close(tiled, encoded("VAEEncode").samples, rtol=1e-4, atol=1e-4)


def test_an_overlap_larger_than_the_tile_is_cut_to_a_quarter_of_it() -> None:
    latent = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3))
    wide = decoded("VAEDecodeTiled", latent, tile_size=64, overlap=4096)
    assert torch.equal(wide, decoded("VAEDecodeTiled", latent, tile_size=64, overlap=16))


@pytest.mark.parametrize("node", ["VAEEncode", "VAEEncodeTiled"])
def test_a_picture_smaller_than_a_latent_pixel_is_refused(node: str) -> None:
    with pytest.raises(BadInput, match="7 by 64 pixels"):
        encoded(node, torch.zeros(1, 64, 7, 3))


def test_the_masked_part_is_encoded_as_grey() -> None:
    mask = torch.zeros(1, 64, 96)
    mask[:, :, 48:] = 1
    latent = encoded("VAEEncodeForInpaint", mask=mask, grow_mask_by=0)
    grey = PICTURE.clone()
    grey[:, :, 48:] = 0.5
    torch.testing.assert_close(latent.samples, VAE.encode(grey))
    assert latent.noise_mask is not None
    assert torch.equal(latent.noise_mask, mask[:, None])


def test_a_soft_mask_is_rounded() -> None:
    latent = encoded("VAEEncodeForInpaint", mask=torch.full((1, 64, 96), 0.4), grow_mask_by=0)
    torch.testing.assert_close(latent.samples, VAE.encode(PICTURE))
    assert latent.noise_mask is not None
    assert latent.noise_mask.max() == 0


def test_a_mask_is_brought_to_the_size_of_the_picture() -> None:
    mask = torch.zeros(1, 8, 12)
    mask[:, 2:6, 3:9] = 1
    latent = encoded("VAEEncodeForInpaint", mask=mask, grow_mask_by=0)
    expected = F.interpolate(mask[:, None], size=(64, 96), mode="bilinear").round()
    assert latent.noise_mask is not None
    assert torch.equal(latent.noise_mask, expected)


@pytest.mark.parametrize(("grow", "before", "after"), [(0, 0, 0), (1, 0, 0), (6, 3, 2), (7, 3, 3)])
def test_a_mask_is_grown_by_half_of_the_pixels_to_each_side(grow: int, before: int, after: int) -> None:
    mask = torch.zeros(1, 64, 96)
    mask[:, 32, 40] = 1
    grown = encoded("VAEEncodeForInpaint", mask=mask, grow_mask_by=grow).noise_mask
    assert grown is not None
    rows, columns = grown[0, 0].nonzero(as_tuple=True)
    spans = [(int(places.min()), int(places.max())) for places in (rows, columns)]
    assert spans == [(32 - after, 32 + before), (40 - after, 40 + before)]


def test_an_odd_picture_is_cut_around_its_middle_together_with_its_mask() -> None:
    picture = torch.rand(1, 70, 101, 3, generator=torch.Generator().manual_seed(4))
    mask = torch.zeros(1, 70, 101)
    mask[:, :3] = 1  # the three rows above what is kept
    latent = encoded("VAEEncodeForInpaint", picture, mask=mask, grow_mask_by=0)
    assert latent.samples.shape == (1, 4, 8, 12)
    assert latent.noise_mask is not None
    assert latent.noise_mask.shape == (1, 1, 64, 96)
    assert latent.noise_mask.max() == 0
    torch.testing.assert_close(latent.samples, VAE.encode(picture[:, 3:67, 2:98]))
