"""Every result can be drawn, and without matplotlib one is told how to get it."""

import sys
from collections.abc import Callable
from io import BytesIO
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch

from safelight.diffusion.noise_schedule import discrete, scaled_linear_betas
from safelight.errors import SafelightError
from safelight.files.header import read_header
from safelight.inspect.checkpoint import anatomy, compare_checkpoints, lora_report
from safelight.inspect.drawing import (
    draw_anatomy,
    draw_channels,
    draw_comparison,
    draw_forward,
    draw_lora,
    draw_map,
    draw_plan,
    draw_reconstruction,
    draw_recording,
    squarified,
)
from safelight.inspect.forward import forward_diffusion
from safelight.inspect.latents import channels_of, reconstruct
from safelight.inspect.maps import pca
from safelight.inspect.plan import plan_run
from safelight.inspect.recording import Recording, RecordingHead
from safelight.models.lora.file import read_lora
from tests.studio import cond_for, loaded, tiny_file

PLAN = plan_run(discrete(scaled_linear_betas()), "heun", "karras", 4, beside=("simple",))


def recording() -> Recording:
    head = RecordingHead(
        family="SD 1.x",
        prediction="eps",
        flow=False,
        cfg=4.0,
        height=8,
        width=8,
        cell=8,
        rgb_factors=((0.1, 0.2, 0.3),) * 4,
        rgb_bias=(0.0, 0.0, 0.0),
    )
    latents = np.zeros((3, 1, 4, 8, 8), dtype=np.float16)
    levels, rms, none = np.array([3.0, 2.0, 1.0]), np.ones((3, 1)), np.zeros(0)
    return Recording(
        head, np.append(levels, 0), levels, levels, np.arange(3), latents, latents, none, rms, rms, rms, rms, none, 1.0
    )


def lora() -> Any:
    return read_lora(
        "l", None, {"lora_unet_x.lora_up.weight": torch.ones(4, 2), "lora_unet_x.lora_down.weight": torch.ones(2, 4)}
    )


DRAWINGS: dict[str, Callable[[], Any]] = {
    "plan": lambda: draw_plan(PLAN),
    "channels": lambda: draw_channels(channels_of(torch.rand(4, 8, 8))),
    "reconstruction": lambda: draw_reconstruction(reconstruct(loaded("sd1").vae, torch.rand(32, 32, 3))),  # type: ignore[arg-type]
    "forward": lambda: draw_forward(
        forward_diffusion(loaded("sd1").model, (cond_for("sd1"),), torch.rand(4, 8, 8), levels=2)
    ),
    "map": lambda: draw_map(pca(np.random.default_rng(0).normal(size=(5, 3))), ["a", "b", "c", "d", "e"]),
    "anatomy": lambda: draw_anatomy(anatomy(read_header(tiny_file("sd1")))),
    "comparison": lambda: draw_comparison(compare_checkpoints(tiny_file("sd1"), tiny_file("sd1", seed=1))),
    "lora": lambda: draw_lora(lora_report(lora())),
    "recording": lambda: draw_recording(recording()),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_result_becomes_a_picture(name: str) -> None:
    file = BytesIO()
    DRAWINGS[name]().savefig(file, format="png", dpi=40)
    assert file.getvalue().startswith(b"\x89PNG")


def test_without_matplotlib_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SafelightError, match="not installed") as caught:
        draw_plan(PLAN)
    assert "safelight[plots]" in caught.value.mend


def test_a_treemap_fills_its_box_and_nothing_overlaps() -> None:
    sizes = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0]
    boxes = squarified(sizes, (0, 0, 6, 4))
    assert [width * height for _, _, width, height in boxes] == pytest.approx(sizes)
    for (x, y, width, height), (u, v, wide, high) in combinations(boxes, 2):
        assert x + width <= u + 1e-9 or u + wide <= x + 1e-9 or y + height <= v + 1e-9 or v + high <= y + 1e-9
    assert boxes[0] == pytest.approx((0, 0, 3, 2))  # as in the paper's figure
