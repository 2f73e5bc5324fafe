"""The upscale nodes."""

from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import save_file

from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.upscaling import image_upscale_with_model, upscale_model_loader
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
