import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from safelight.diffusion.filters import dilate, erode, gaussian_blur, grow, unsharp


@pytest.fixture
def noise() -> Tensor:
    return torch.rand(2, 3, 17, 23, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("radius", "sigma"), [(1, 1.0), (4, 0.5), (31, 2.0)])
def test_a_blur_equals_scipy_with_a_mirrored_border(noise: Tensor, radius: int, sigma: float) -> None:
    kernel = np.exp(-(np.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2))
    wanted = noise.numpy().astype(np.float64)
    for axis in (2, 3):
        wanted = ndimage.correlate1d(wanted, kernel / kernel.sum(), axis=axis, mode="mirror")
    torch.testing.assert_close(gaussian_blur(noise, radius, sigma), torch.from_numpy(wanted).float())


def test_a_blur_of_one_cell_is_that_cell() -> None:
    torch.testing.assert_close(gaussian_blur(torch.full((1, 1, 1, 1), 0.3), 5, 1.0), torch.full((1, 1, 1, 1), 0.3))


def test_sharpening_by_nothing_changes_nothing(noise: Tensor) -> None:
    torch.testing.assert_close(unsharp(noise, 3, 1.0, 0.0), noise)


@pytest.mark.parametrize("size", [3, 4, 9, 61])
def test_dilate_and_erode_equal_scipy_with_nothing_outside(noise: Tensor, size: int) -> None:
    window = (1, 1, size, size)
    wanted = ndimage.maximum_filter(noise.numpy(), window, mode="constant", cval=-1)
    torch.testing.assert_close(dilate(noise, size), torch.from_numpy(wanted), rtol=0, atol=0)
    wanted = ndimage.minimum_filter(noise.numpy(), window, mode="constant", cval=2)
    torch.testing.assert_close(erode(noise, size), torch.from_numpy(wanted), rtol=0, atol=0)


@pytest.mark.parametrize("cells", [-6, -1, 0, 1, 5, 40])
@pytest.mark.parametrize("tapered", [True, False])
def test_growing_equals_repeated_steps_of_scipy(noise: Tensor, cells: int, tapered: bool) -> None:
    step = ndimage.generate_binary_structure(2, 1 if tapered else 2)
    change = ndimage.grey_dilation if cells > 0 else ndimage.grey_erosion
    wanted = noise[0, 0].numpy()
    for _ in range(abs(cells)):
        wanted = change(wanted, footprint=step)
    got = grow(noise[:1, :1], cells, tapered=tapered)[0, 0]
    torch.testing.assert_close(got, torch.from_numpy(wanted), rtol=0, atol=0)


def test_growing_without_end_stops_when_all_is_full() -> None:
    spot = torch.zeros(1, 1, 16, 16)
    spot[0, 0, 0, 0] = 1
    assert grow(spot, 16384, tapered=True).min() == 1
