"""A checkpoint is opened for looking at with one call."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from safelight.errors import BadInput
from safelight.inspect.forward import forward_diffusion
from safelight.inspect.opening import open_checkpoint, open_picture
from tests.studio import tiny_file


def test_what_is_opened_can_be_looked_at(tmp_path: Path) -> None:
    opened = open_checkpoint(tiny_file("sd1"))
    Image.new("RGB", (32, 24), (255, 0, 51)).save(tmp_path / "p.png")
    picture = open_picture(tmp_path / "p.png")
    torch.testing.assert_close(picture[0, 0], torch.tensor([1.0, 0.0, 0.2]))
    found = forward_diffusion(opened.model, opened.prompt("a cat"), opened.latent(picture), levels=1)
    assert found.clean.shape[0] == 4


def test_a_checkpoint_without_a_part_is_refused() -> None:
    with pytest.raises(BadInput, match="has no VAE"):
        open_checkpoint(tiny_file("sd1", vae=False))
