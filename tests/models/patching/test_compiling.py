"""Compiled networks; with the backend that runs the graph as it is, so that no compiler is needed."""

import pytest
import torch
from torch._dynamo import register_backend

from safelight.errors import SafelightError
from safelight.models.guider import Guider
from safelight.models.model import Model
from safelight.models.patches import Asked
from safelight.models.patching.compiling import compiled
from tests.studio import cond_for, loaded

MODEL = loaded("sd1").model
SIGMAS = torch.tensor([14.6, 4.0, 1.0, 0.0])


def estimate(model: Model, sigma: torch.Tensor) -> torch.Tensor:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    guider = Guider(model, (cond_for("sd1", 1),), (cond_for("sd1", 2),), 5.0)
    with torch.no_grad():
        return guider.denoiser(torch.zeros_like(x), None, SIGMAS)(x, sigma)


def test_a_compiled_model_says_the_same_and_is_compiled_once_for_all_steps() -> None:
    graphs: list[object] = []

    def counting(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        graphs.append(inputs)
        return graph

    register_backend(counting, name="counting")
    model = compiled(MODEL, "counting")
    for sigma in SIGMAS[:3]:
        torch.testing.assert_close(estimate(model, sigma), estimate(MODEL, sigma))
    assert len(graphs) == 1


def test_a_backend_that_fails_says_so_in_words() -> None:
    def failing(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        raise RuntimeError("No working C++ compiler found")

    register_backend(failing, name="failing")
    (around,) = compiled(MODEL, "failing").patches.network
    with pytest.raises(SafelightError, match=r"cannot be compiled with failing.*No working") as caught:
        around(Asked(SIGMAS[1], ("positive",), (8, 8)), lambda x: x + 1, torch.ones(1, 4, 8, 8))
    assert "C++ compiler" in caught.value.mend
