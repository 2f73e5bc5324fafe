"""Folders of pictures as batches, with their captions."""

import math
from pathlib import Path

import pytest
import torch
from PIL import Image

from safelight.errors import BadInput
from safelight.nodes.image_sets import load_image_set, load_image_text_set
from tests.nodes.running import RecordedRun
from tests.studio import loaded

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def put(run: RecordedRun, name: str, color: tuple[int, int, int], size: tuple[int, int] = (8, 6)) -> Path:
    path = run.folders.directories["input"][0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def colors(images: torch.Tensor) -> list[tuple[int, ...]]:
    """The colour in the middle of each picture."""
    height, width = images.shape[1:3]
    return [tuple(int(255 * c) for c in image[height // 2, width // 2]) for image in images]


def test_folders_with_pictures_are_offered(run: RecordedRun) -> None:
    put(run, "set/10_cat/a.png", RED)
    put(run, "plain/a.jpg", RED)
    put(run, "lone.png", RED)
    (run.folders.directories["input"][0] / "empty").mkdir()
    assert run.folders.list("image_sets") == ("plain", "set", "set/10_cat")


def test_all_pictures_of_a_folder_come_in_the_order_of_their_names(run: RecordedRun) -> None:
    put(run, "set/b.png", GREEN)
    put(run, "set/a.webp", RED)
    put(run, "set/deeper/c.png", BLUE)
    (run.folders.directories["input"][0] / "set" / "notes.txt").write_text("no picture")
    images = load_image_set(folder="set", run=run)
    assert images.shape == (2, 6, 8, 3)
    assert images[0, 0, 0, 0] > 0.9
    assert images[1, 0, 0, 1] > 0.9


@pytest.mark.parametrize(("method", "corner"), [("Stretch", (0, 255, 0)), ("Crop", (0, 255, 0)), ("Pad", (0, 0, 0))])
def test_pictures_are_brought_to_the_size_of_the_first(method: str, corner: tuple[int, ...], run: RecordedRun) -> None:
    put(run, "set/a.png", RED)
    put(run, "set/b.png", GREEN, size=(30, 10))
    images = load_image_set(folder="set", resize_method=method, run=run)
    assert images.shape == (2, 6, 8, 3)
    assert colors(images) == [RED, GREEN]
    assert tuple(int(255 * c) for c in images[1, 0, 0]) == corner


def test_sizes_that_differ_are_refused_where_nothing_is_to_be_resized(run: RecordedRun) -> None:
    put(run, "set/a.png", RED)
    put(run, "set/b.png", GREEN, size=(9, 6))
    with pytest.raises(BadInput, match="is 9 by 6 pixels, where 8 by 6 are wanted"):
        load_image_set(folder="set", run=run)


def test_a_folder_without_pictures_is_refused(run: RecordedRun) -> None:
    with pytest.raises(BadInput, match="no pictures in it"):
        load_image_set(folder="nothing", run=run)


def test_each_picture_has_its_caption_and_comes_as_often_as_its_folder_says(run: RecordedRun) -> None:
    clip = loaded("sd1").clip
    assert clip is not None
    put(run, "set/a.png", RED).with_suffix(".txt").write_text("a cat\n")
    put(run, "set/3_dog/b.png", GREEN).with_suffix(".txt").write_text("a dog")
    put(run, "set/more/c.png", BLUE)
    images, conds = load_image_text_set(folder="set", clip=clip, width=4, height=4, resize_method="Stretch", run=run)
    assert images.shape == (5, 4, 4, 3)
    assert colors(images) == [RED, GREEN, GREEN, GREEN, BLUE]
    assert [len(conds), torch.equal(conds[1].context, conds[3].context)] == [5, True]
    assert not torch.equal(conds[0].context, conds[1].context)
    assert not torch.equal(conds[1].context, conds[4].context)


def test_a_set_is_read_anew_each_time() -> None:
    assert load_image_set.fingerprint is not None
    assert math.isnan(load_image_set.fingerprint(folder="set"))  # type: ignore[arg-type]
