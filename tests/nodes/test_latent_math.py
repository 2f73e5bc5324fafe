import pytest
import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.nodes.latent_math import (
    latent_add,
    latent_apply_operation,
    latent_concat,
    latent_cut,
    latent_interpolate,
    latent_multiply,
    latent_operation_sharpen,
    latent_operation_tonemap_reinhard,
    latent_subtract,
)


def even(value: float, batch: int = 1, side: int = 8) -> Latent:
    return Latent(torch.full((batch, 4, side, side), value))


def noise(seed: int) -> Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_a_second_latent_is_brought_to_size_and_batch_of_the_first() -> None:
    added = latent_add(samples1=even(1.0, batch=2), samples2=even(2.0, side=16))
    torch.testing.assert_close(added.samples, torch.full((2, 4, 8, 8), 3.0))
    subtracted = latent_subtract(samples1=even(1.0), samples2=even(2.0, batch=3))
    torch.testing.assert_close(subtracted.samples, torch.full((1, 4, 8, 8), -1.0))


def test_multiplying_scales_every_number() -> None:
    torch.testing.assert_close(latent_multiply(samples=Latent(noise(0)), multiplier=-2.0).samples, -2 * noise(0))


def test_interpolating_keeps_lengths_between_those_of_both() -> None:
    first, second = noise(0), 3 * noise(1)
    mixed = latent_interpolate(samples1=Latent(first), samples2=Latent(second), ratio=0.25).samples
    lengths = [torch.linalg.vector_norm(x, dim=1) for x in (first, second, mixed)]
    torch.testing.assert_close(lengths[2], 0.25 * lengths[0] + 0.75 * lengths[1])


def test_interpolating_with_a_blank_latent_gives_no_gaps() -> None:
    mixed = latent_interpolate(samples1=Latent(noise(0)), samples2=even(0.0), ratio=0.5).samples
    torch.testing.assert_close(mixed, noise(0) / 2)


@pytest.mark.parametrize(
    ("dim", "shape", "first"), [("x", (8, 16), 1), ("-x", (8, 16), 2), ("y", (16, 8), 1), ("-y", (16, 8), 2)]
)
def test_latents_are_put_side_by_side(dim: str, shape: tuple[int, int], first: float) -> None:
    joined = latent_concat(samples1=even(1.0), samples2=even(2.0), dim=dim)
    assert joined.samples.shape[-2:] == shape
    assert joined.samples[0, 0, 0, 0] == first


def test_masks_are_put_side_by_side_with_their_latents() -> None:
    kept = Latent(even(1.0).samples, torch.zeros(1, 1, 64, 64))
    joined = latent_concat(samples1=kept, samples2=even(2.0), dim="x")
    assert joined.noise_mask is not None
    assert joined.noise_mask[0, 0, 0].tolist() == [0.0] * 64 + [1.0] * 64


@pytest.mark.parametrize(
    ("index", "amount", "wanted"), [(2, 3, [2, 3, 4]), (6, 9, [6, 7]), (-3, 2, [5, 6]), (-2, 9, [6, 7]), (99, 1, [7])]
)
def test_a_cut_is_counted_from_either_end(index: int, amount: int, wanted: list[int]) -> None:
    columns = torch.arange(8.0).expand(1, 4, 8, 8)
    cut = latent_cut(samples=Latent(columns), dim="x", index=index, amount=amount)
    assert cut.samples[0, 0, 0].tolist() == wanted


def test_a_cut_takes_the_mask_along() -> None:
    mask = torch.arange(64.0).expand(1, 1, 64, 64)
    cut = latent_cut(samples=Latent(even(0.0).samples, mask), dim="x", index=-1, amount=1)
    assert cut.noise_mask is not None
    assert cut.noise_mask[0, 0, 0].tolist() == list(range(56, 64))


def test_tone_mapping_bends_lengths_by_reinhards_curve_and_keeps_directions() -> None:
    x = noise(3)
    mapped = latent_apply_operation(
        samples=Latent(x), operation=latent_operation_tonemap_reinhard(multiplier=2.0)
    ).samples
    before, after = (torch.linalg.vector_norm(v, dim=1) for v in (x, mapped))
    top = 2 * (before.mean() + 5 * before.std())
    torch.testing.assert_close(after, top * (before / top) / (1 + before / top))
    torch.testing.assert_close(torch.cosine_similarity(x, mapped), torch.ones(1, 8, 8))


def test_sharpening_leaves_an_even_latent_as_it_is() -> None:
    sharpened = latent_apply_operation(samples=even(0.7), operation=latent_operation_sharpen(alpha=1.0)).samples
    torch.testing.assert_close(sharpened, even(0.7).samples)
