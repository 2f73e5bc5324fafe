"""The CLIP vision nodes."""

import pytest
import torch
import torch.nn.functional as F

from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.clip_vision import clip_vision_encode, clip_vision_loader, prep_image_for_clip_vision
from tests.nodes.running import RecordedRun

CPU = torch.device("cpu")


@pytest.mark.weights
def test_the_starters_clip_is_offered_and_looks_at_pictures(run: RecordedRun) -> None:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    assert "clip.safetensors" in run.folders.list("clip_vision")
    clip = clip_vision_loader(clip_name="clip.safetensors", run=run)
    # all in the middle of a wide picture, so that only what lies beside it tells the two ways of cropping apart
    picture = torch.zeros(1, 128, 256, 3)
    picture[:, :, 64:192] = torch.rand(128, 128, 3, generator=torch.Generator().manual_seed(0))
    middle = clip_vision_encode(clip_vision=clip, image=picture[:, :, 64:192], crop="none")
    cropped = clip_vision_encode(clip_vision=clip, image=picture, crop="center")
    stretched = clip_vision_encode(clip_vision=clip, image=picture, crop="none")
    assert torch.equal(cropped.image_embeds, middle.image_embeds)
    assert not torch.allclose(stretched.image_embeds, middle.image_embeds, atol=1e-2)


def halves(size: tuple[int, int]) -> torch.Tensor:
    """A picture whose first half, along its longer side, is black, and the other white."""
    height, width = size
    picture = torch.zeros(1, height, width, 3)
    if width > height:
        picture[:, :, width // 2 :] = 1
    else:
        picture[:, height // 2 :] = 1
    return picture


@pytest.mark.parametrize(
    ("size", "position", "mean"),
    [
        ((300, 600), "left", 0.0),
        ((300, 600), "right", 1.0),
        ((300, 600), "top", 0.5),
        ((600, 300), "top", 0.0),
        ((600, 300), "bottom", 1.0),
        ((600, 300), "center", 0.5),
        ((300, 600), "pad", 0.25),
    ],
)
def test_the_part_asked_for_is_kept(size: tuple[int, int], position: str, mean: float) -> None:
    prepared = prep_image_for_clip_vision(image=halves(size), interpolation="BOX", crop_position=position)
    assert prepared.shape == (1, 224, 224, 3)
    assert prepared.mean() == pytest.approx(mean, abs=0.01)


def test_sharpening_steepens_edges_and_leaves_even_parts_alone() -> None:
    edge = 0.3 + 0.4 * halves((224, 448))[:, :, 112:336]
    picture = F.avg_pool2d(edge.movedim(-1, 1), 5, 1, 2, count_include_pad=False).movedim(1, -1)
    blurred, sharpened = (
        prep_image_for_clip_vision(image=picture, interpolation="BOX", crop_position="center", sharpening=amount)
        for amount in (0.0, 1.0)
    )
    assert sharpened.diff(dim=2).abs().max() > 1.1 * blurred.diff(dim=2).abs().max()
    torch.testing.assert_close(sharpened[:, :, :90], blurred[:, :, :90])
    assert sharpened.min() >= 0
    assert sharpened.max() <= 1
