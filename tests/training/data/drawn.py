"""Small pictures for tests, and the layouts that they come in."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.runs.data.folder import Example
from safelight.runs.settings import Data


def draw(path: Path, size: tuple[int, int] = (64, 64), seed: int = 0) -> Path:
    """A picture of four by four random colours, so that no two seeds look alike."""
    cells = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def data(folder: Path, **values: object) -> Data:
    """Settings of a folder."""
    return Data.model_validate({"folder": folder, **values})


def example(size: tuple[int, int] = (64, 64), name: str = "a.png", **values: object) -> Example:
    """An example that needs no file."""
    return Example(Path(name), size, **values)  # type: ignore[arg-type]


def kohya_folder(folder: Path) -> Path:
    """Folders named after repeats and words, as kohya's scripts have them."""
    draw(folder / "10_red fox" / "one.png", seed=1)
    draw(folder / "10_red fox" / "two.jpg", seed=2)
    (folder / "10_red fox" / "two.txt").write_text("fox, snow")
    draw(folder / "2_landscape" / "three.webp", seed=3)
    return folder


def image_folder(folder: Path) -> Path:
    """Pictures with one file of captions for all, as Hugging Face's datasets have them."""
    lines = [{"file_name": "one.png", "text": "a fox"}, {"file_name": "train/two.png", "text": "an owl"}]
    draw(folder / "one.png", seed=1)
    draw(folder / "train" / "two.png", seed=2)
    (folder / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
