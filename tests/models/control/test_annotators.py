"""Preprocessors call their library as it wants to be called, and say what is missing. Here it is a stand-in."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from safelight.errors import BadInput
from safelight.models.control.annotators import ANNOTATORS, annotate

CPU = torch.device("cpu")
PICTURE = torch.rand(2, 8, 6, 4, generator=torch.Generator().manual_seed(0))


class Inverted:
    """A detector that inverts pictures, with the interface of controlnet-aux 0.0.10."""

    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self.calls: list[dict[str, Any]] = []

    @classmethod
    def from_pretrained(cls, folder: str) -> "Inverted":
        found = cls(folder)
        made.append(found)
        return found

    def to(self, device: torch.device) -> "Inverted":
        return self

    def __call__(self, picture: NDArray[np.uint8], **options: Any) -> NDArray[np.uint8]:
        self.calls.append(options)
        return 255 - picture


made: list[Inverted] = []


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("controlnet_aux")
    for annotator in ANNOTATORS.values():
        setattr(module, annotator.detector, Inverted)
    monkeypatch.setitem(sys.modules, "controlnet_aux", module)
    made.clear()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("kind", ANNOTATORS)
def test_every_picture_is_shown_to_the_detector(kind: str, tmp_path: Path) -> None:
    for name in ANNOTATORS[kind].files:
        (tmp_path / name).touch()
    found = annotate(PICTURE, kind, resolution=512, folders=(tmp_path / "none", tmp_path), device=CPU)
    expected = 1 - (PICTURE[..., :3] * 255).round() / 255
    torch.testing.assert_close(found, expected)


@pytest.mark.usefixtures("library")
def test_a_detector_gets_its_weights_and_options(tmp_path: Path) -> None:
    (tmp_path / "ControlNetHED.pth").touch()
    annotate(PICTURE[:1], "scribble", resolution=256, folders=(tmp_path,), device=CPU)
    (detector,) = made
    assert detector.folder == str(tmp_path)
    assert detector.calls == [
        {"output_type": "np", "detect_resolution": 256, "image_resolution": 256, "scribble": True}
    ]


@pytest.mark.usefixtures("library")
def test_missing_weights_are_named_with_where_to_get_them(tmp_path: Path) -> None:
    (tmp_path / "sk_model.pth").touch()
    with pytest.raises(BadInput, match=r"lineart needs sk_model2\.pth, .*huggingface"):
        annotate(PICTURE, "lineart", resolution=512, folders=(tmp_path,), device=CPU)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "controlnet_aux", None)
    with pytest.raises(BadInput, match=r"controlnet-aux, which cannot be used here.*safelight\[preprocess\]"):
        annotate(PICTURE, "hed", resolution=512, folders=(tmp_path,), device=CPU)
