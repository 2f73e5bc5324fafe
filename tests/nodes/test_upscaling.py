"""The upscale nodes."""

from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import save_file

from safelight.diffusion.conditioning import Cond, SmallPicture
from safelight.errors import BadInput
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.upscaling import image_upscale_with_model, sd_4x_upscale_conditioning, upscale_model_loader
from tests.models.test_upscaler import enlarged, esrgan
from tests.nodes.running import RecordedRun

CPU = torch.device("cpu")


@pytest.mark.skipif(not find_spec("spandrel"), reason="the extra `upscale` is not installed")
def test_a_model_from_its_folder_enlarges_a_picture(run: RecordedRun) -> None:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    save_file(esrgan(), run.folders.directories["upscale_models"][0] / "x4.safetensors")
    model = upscale_model_loader(model_name="x4.safetensors", run=run)
    picture = torch.rand(1, 9, 12, 4)
    result = image_upscale_with_model(upscale_model=model, image=picture, run=run)
    expected = enlarged(esrgan(), picture[..., :3].movedim(-1, 1)).movedim(1, -1).clamp(0, 1)
    torch.testing.assert_close(result, expected)


def shown(images: torch.Tensor, ratio: float = 4.0) -> tuple[SmallPicture, torch.Size]:
    """What both prompts see, and the size of the latent."""
    positive, negative = (Cond(torch.full((1, 77, 8), value)) for value in (1.0, 2.0))
    result = sd_4x_upscale_conditioning(
        images=images, positive=(positive,), negative=(negative,), scale_ratio=ratio, noise_augmentation=0.25
    )
    (seeing,), (without,) = result.positive, result.negative
    assert (seeing.context is positive.context, without.context is negative.context) == (True, True)
    assert seeing.small_picture is not None
    assert seeing.small_picture is without.small_picture
    assert seeing.small_picture.noise == 0.25
    assert not result.latent.samples.any()
    return seeing.small_picture, result.latent.samples.shape


def test_four_times_as_large_is_a_latent_of_the_pictures_size_and_shows_every_pixel() -> None:
    images = torch.rand(2, 9, 13, 4)
    picture, size = shown(images)
    assert size == (2, 4, 9, 13)
    torch.testing.assert_close(picture.pixels, images[..., :3].movedim(-1, 1) * 2 - 1)


def test_at_another_ratio_the_picture_is_brought_to_the_size_of_the_latent() -> None:
    picture, size = shown(torch.full((1, 16, 24, 3), 0.75), ratio=2.0)
    assert size == (1, 4, 8, 12)
    torch.testing.assert_close(picture.pixels, torch.full((1, 3, 8, 12), 0.5))


def test_a_latent_of_no_size_is_refused() -> None:
    with pytest.raises(BadInput, match="smaller than one cell"):
        shown(torch.rand(1, 16, 16, 3), ratio=0.1)
