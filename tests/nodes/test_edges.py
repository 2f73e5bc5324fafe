import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.models.control.edges import canny
from safelight.nodes.edges import canny_edges


def disc(side: int = 64, radius: int = 20) -> Tensor:
    y, x = torch.meshgrid(torch.arange(side) - side / 2, torch.arange(side) - side / 2, indexing="ij")
    return ((x**2 + y**2) < radius**2).float()[None, None]


def test_the_outline_of_a_disc_is_a_thin_circle() -> None:
    edges = canny(disc(), 0.4, 0.8)[0, 0]
    y, x = (edges.nonzero() - 32).float().unbind(-1)
    assert ((x**2 + y**2).sqrt() - 20).abs().max() < 2
    # A closed line has 4 * sqrt(2) pixels for each of its radius with every corner cut, and 8 with none; a thin one
    # fills no square of four.
    assert 5.6 * 20 < edges.sum() < 8 * 20
    assert F.avg_pool2d(edges[None, None], 2, stride=1).max() < 1


def test_a_straight_step_is_drawn_one_pixel_wide() -> None:
    step = torch.zeros(1, 1, 16, 16)
    step[..., 8:] = 1
    assert canny(step, 0.4, 0.8)[0, 0].sum(dim=1).tolist() == [1.0] * 16


def test_a_weak_edge_is_drawn_only_where_it_runs_on_from_a_strong_one() -> None:
    fading = torch.zeros(1, 1, 64, 32)
    fading[..., 8:] = torch.linspace(0.6, 0.1, 64)[:, None]
    weak = fading[..., 32:, :]
    assert canny(fading, 0.3, 1.2)[0, 0, 32:44].sum(dim=1).tolist() == [1.0] * 12
    assert canny(weak, 0.3, 1.2).sum() == 0


def test_an_even_picture_has_no_edges() -> None:
    edges = canny_edges(image=torch.full((2, 8, 8, 3), 0.7))
    assert edges.shape == (2, 8, 8, 3)
    assert edges.max() == 0
