"""What is told of the data of a run before it begins."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import BadInput, Cancelled
from safelight.training.data.checks import check_data
from safelight.training.data.looks import GRID, NEAR, look_of, nearly_same
from safelight.training.data.report import DataReport
from safelight.training.data.views import whole_picture
from tests.training.data.drawn import data, draw, image_folder, kohya_folder


def checked(folder: Path, **values: object) -> DataReport:
    return check_data(data(folder, **values), 64)


def told(report: DataReport) -> list[tuple[str, str]]:
    return sorted((problem.file, problem.kind) for problem in report.problems if problem.kind != "set")


def good(folder: Path, count: int = 6) -> Path:
    """Pictures with which nothing is wrong."""
    for number in range(count):
        path = draw(folder / f"good{number}.png", seed=100 + number)
        path.with_suffix(".txt").write_text(f"a fox, number {number}")
    return folder


def test_of_good_pictures_nothing_is_told(tmp_path: Path) -> None:
    report = checked(good(tmp_path), repeats=3)
    assert report.problems == ()
    assert (len(report.examples), report.captioned, report.left_out, report.in_epoch) == (6, 6, 0, 18)
    assert report.buckets == (((64, 64), 6),)
    assert report.tags[0] == ("a fox", 6)
    assert not report.is_fatal


def test_real_layouts_are_told_in_sentences(tmp_path: Path) -> None:
    kohya = checked(kohya_folder(tmp_path / "kohya")).sentences()
    assert kohya[:4] == (
        "3 pictures; with repeats, 22 in an epoch.",
        "All are 64 by 64 pixels.",
        "They are shown in 64 by 64 (3).",
        "All have captions.",
    )
    assert checked(image_folder(tmp_path / "images")).captioned == 2


def test_damaged_pictures_are_left_out(tmp_path: Path) -> None:
    good(tmp_path)
    whole = draw(tmp_path / "cut.jpg", (200, 200)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    whole = draw(tmp_path / "cut.png", (200, 200)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("I am no picture")
    report = checked(tmp_path)
    assert told(report) == [("cut.jpg", "unreadable"), ("cut.png", "unreadable"), ("text.png", "unreadable")]
    assert (len(report.examples), report.left_out, report.is_fatal) == (6, 3, False)


def test_nothing_left_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("I am no picture")
    report = checked(tmp_path)
    assert report.is_fatal
    assert "There is no picture to learn from" in " ".join(report.sentences())


def test_missing_and_empty_captions_are_told_apart(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "good0.txt").unlink()
    (tmp_path / "good1.txt").write_text(" \n")
    assert [problem.what for problem in checked(tmp_path).problems] == ["It has no caption.", "Its caption is empty."]


def test_with_a_trigger_no_caption_is_needed(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "good0.txt").unlink()
    assert checked(tmp_path, trigger="sks").problems == ()


def test_captions_of_more_than_75_tokens_are_told_with_the_trigger_counted(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "good0.txt").write_text("fox " * 75)
    assert told(checked(tmp_path)) == []
    assert told(checked(tmp_path, trigger="snow")) == [("good0.png", "long caption")]


def test_the_same_picture_is_found_whatever_its_format(tmp_path: Path) -> None:
    good(tmp_path)
    Image.open(tmp_path / "good0.png").save(tmp_path / "other.bmp")
    (tmp_path / "other.txt").write_text("a fox, number 0")
    Image.open(tmp_path / "good0.png").save(tmp_path / "third.webp", lossless=True)
    (tmp_path / "third.txt").write_text("an owl")
    assert [problem.what for problem in checked(tmp_path).problems] == [
        "It is the same picture as good0.png.",
        "It is the same picture as good0.png, with another caption.",
    ]


def test_nearly_the_same_pictures_are_found(tmp_path: Path) -> None:
    good(tmp_path)
    picture = Image.open(draw(tmp_path / "good0.png", (256, 256), seed=100))
    picture.save(tmp_path / "jpeg.jpg", quality=50)
    picture.resize((180, 180), Image.Resampling.BICUBIC).save(tmp_path / "large.png")
    for name in ("jpeg", "large"):
        (tmp_path / f"{name}.txt").write_text("a fox")
    assert told(checked(tmp_path)) == [("jpeg.jpg", "alike"), ("large.png", "alike")]


def test_one_other_thing_in_a_picture_makes_it_another() -> None:
    plain = Image.new("RGB", (128, 128), "white")
    spot, shade = plain.copy(), plain.copy()
    spot.paste("black", (40, 40, 48, 48))
    shade.paste((255 - NEAR,) * 3, (0, 0, 128, 128))
    assert nearly_same([look_of(picture) for picture in (plain, spot, shade, plain)]) == [0, 1, 0, 0]


def test_what_is_nearly_the_same_is_that_of_comparing_all_pairs() -> None:
    source = np.random.default_rng(0)
    bases = source.integers(0, 256, (20, GRID, GRID, 3))
    looks = [
        (bases[source.integers(20)] + source.integers(-9, 10, (GRID, GRID, 3))).astype(np.int16) for _ in range(200)
    ]
    firsts: list[int] = []
    expected = []
    for index, look in enumerate(looks):
        same = [first for first in firsts if np.abs(looks[first] - look).max() <= NEAR]
        expected.append(same[0] if same else index)
        firsts += [] if same else [index]
    assert nearly_same(looks) == expected


def test_small_and_odd_pictures_are_told(tmp_path: Path) -> None:
    good(tmp_path)
    sizes = {"dot": (1, 1), "small": (40, 40), "fair": (44, 44), "strip": (400, 90), "wide": (400, 100)}
    for seed, (name, size) in enumerate(sizes.items()):
        draw(tmp_path / f"{name}.png", size, seed).with_suffix(".txt").write_text("a fox")
    assert told(checked(tmp_path)) == [("dot.png", "small"), ("small.png", "small"), ("strip.png", "odd")]


def test_masks_of_another_size_are_told_and_damaged_ones_cost_the_picture(tmp_path: Path) -> None:
    good(tmp_path)
    draw(tmp_path / "good0.mask.png", (32, 64))
    (tmp_path / "good1.mask.png").write_text("no picture")
    report = checked(tmp_path, masks=True)
    assert told(report) == [("good0.mask.png", "mask"), ("good1.mask.png", "unreadable")]
    assert (len(report.examples), report.left_out) == (5, 1)
    assert told(checked(tmp_path)) == []


def test_few_pictures_and_many_repeats_are_told(tmp_path: Path) -> None:
    draw(tmp_path / "2024_summer" / "a.png")
    whats = [problem.what for problem in checked(tmp_path).problems]
    assert whats == [
        "There are few pictures: 1.",
        "By the folder's name, its pictures come 2,024 times an epoch.",
    ]


def test_prior_pictures_are_read_from_their_folder_only(tmp_path: Path) -> None:
    good(tmp_path)
    draw(tmp_path / "prior" / "p.png", seed=7)
    report = checked(tmp_path, prior_folder=tmp_path / "prior")
    assert [example.picture.name for example in report.prior] == ["p.png"]
    assert len(report.examples) == 6
    assert report.problems == ()
    (tmp_path / "prior" / "p.png").unlink()
    assert checked(tmp_path, prior_folder=tmp_path / "prior").is_fatal


def test_own_pictures_in_a_folder_among_prior_pictures_are_not_prior(tmp_path: Path) -> None:
    good(tmp_path / "own")
    draw(tmp_path / "p.png", seed=7)
    report = checked(tmp_path / "own", prior_folder=tmp_path)
    assert [example.picture.name for example in report.prior] == ["p.png"]
    assert (len(report.examples), report.left_out) == (6, 0)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder"):
        checked(tmp_path / "nowhere")


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told_of: list[tuple[int, int]] = []
    check_data(data(good(tmp_path)), 64, lambda done, total: told_of.append((done, total)))
    assert told_of == [(done, 6) for done in range(1, 7)]


def test_a_check_that_is_stopped_looks_at_no_more_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []

    def slow(path: Path) -> Image.Image:
        looked.append(path)
        time.sleep(0.01)
        return whole_picture(path)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    monkeypatch.setattr("safelight.training.data.checks.whole_picture", slow)
    with pytest.raises(Cancelled):
        check_data(data(good(tmp_path, 100)), 64, stop)
    assert len(looked) < 50


def test_many_problems_of_a_kind_are_told_in_short(tmp_path: Path) -> None:
    for number in range(30):
        draw(tmp_path / f"{number:02}.png", seed=number)
    said = checked(tmp_path).sentences()
    assert "The same goes for 25 more files." in said
    assert len(said) < 15
    assert all(len(sentence) < 250 for sentence in said)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to root")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "good0.png").chmod(0)
    assert told(checked(tmp_path)) == [("good0.png", "unreadable")]


def test_600_small_pictures_are_checked_in_a_few_seconds(tmp_path: Path) -> None:
    for number in range(600):
        draw(tmp_path / f"{number}.png", seed=number)
    started = time.process_time()
    report = checked(tmp_path, trigger="sks")
    assert time.process_time() - started < 6
    assert report.problems == ()


def test_the_report_is_a_value(tmp_path: Path) -> None:
    report = checked(good(tmp_path))
    assert replace(report) == checked(tmp_path)
