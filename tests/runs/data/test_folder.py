"""What is read of a folder of pictures."""

import json
import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from safelight.errors import BadInput
from safelight.files.picture_size import picture_size
from safelight.runs.data.folder import read_examples, read_folder
from safelight.training.data.views import whole_picture
from tests.training.data.drawn import draw, image_folder, kohya_folder


def captions(folder: Path) -> dict[str, str | None]:
    return {example.picture.relative_to(folder).as_posix(): example.caption for example in read_examples(folder)}


def told(folder: Path) -> list[tuple[str, str]]:
    return [(problem.file, problem.kind) for problem in read_folder(folder).problems]


def test_pictures_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = ["b.png", "a/z.png", "a.png", "c/1.jpg", "B.webp"]
    for seed, name in enumerate(names):
        draw(tmp_path / name, seed=seed)
    assert list(captions(tmp_path)) == sorted(names)


def test_names_of_kohyas_folders_say_how_often_and_what(tmp_path: Path) -> None:
    found = read_examples(kohya_folder(tmp_path))
    assert [(example.picture.name, example.repeats, example.caption) for example in found] == [
        ("one.png", 10, "red fox"),
        ("two.jpg", 10, "fox, snow"),
        ("three.webp", 2, "landscape"),
    ]


def test_the_folder_that_is_asked_for_says_nothing_by_its_own_name(tmp_path: Path) -> None:
    draw(tmp_path / "2024_summer" / "a.png")
    (example,) = read_examples(tmp_path / "2024_summer")
    assert (example.repeats, example.caption) == (1, None)


def test_folders_named_after_dates_come_once(tmp_path: Path) -> None:
    draw(tmp_path / "20241101_holiday" / "a.png")
    (example,) = read_examples(tmp_path)
    assert (example.repeats, example.caption) == (1, None)


def test_captions_of_an_image_folder_are_read_by_whatever_way_it_is_reached(tmp_path: Path) -> None:
    image_folder(tmp_path / "set")
    (tmp_path / "other").mkdir()
    for way in (tmp_path / "set", tmp_path / "other" / ".." / "set", Path(os.path.relpath(tmp_path / "set"))):
        assert captions(way) == {"one.png": "a fox", "train/two.png": "an owl"}
        assert told(way) == []


def test_a_text_file_counts_before_a_caption_file_before_metadata_before_the_folders_name(tmp_path: Path) -> None:
    folder = tmp_path / "3_words"
    for name in "abcd":
        draw(folder / f"{name}.png", seed=ord(name))
    (folder / "a.txt").write_text("text")
    for name in "ab":
        (folder / f"{name}.caption").write_text("caption")
    lines = [json.dumps({"file_name": f"{name}.png", "text": "metadata"}) for name in "abc"]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    assert list(captions(tmp_path).values()) == ["text", "caption", "metadata", "words"]


def test_captions_are_read_with_and_without_a_mark_and_become_one_line(tmp_path: Path) -> None:
    for seed, content in enumerate((b"\xef\xbb\xbfein Fuchs", "一只 狐狸\n".encode(), b" a fox,\r\n snow \n", b"")):
        draw(tmp_path / f"{seed}.png", seed=seed)
        (tmp_path / f"{seed}.txt").write_bytes(content)
    assert list(captions(tmp_path).values()) == ["ein Fuchs", "一只 狐狸", "a fox, snow", ""]


@pytest.mark.parametrize("content", [b"x" * 10_000_000, b"caf\xe9", "a fox".encode("utf-16")])
def test_a_caption_that_cannot_be_read_is_told_and_the_picture_is_kept(tmp_path: Path, content: bytes) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(content)
    assert captions(tmp_path) == {"a.png": None}
    assert told(tmp_path) == [("a.txt", "caption")]


def test_lines_of_metadata_that_cannot_be_read_are_told_by_their_number(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    lines = [
        b'{"file_name": "a.png", "text": "a fox"}',
        b"",
        *(b"no json", b"[]", b'{"text": "a"}', b'{"file_name": "a.png", "text": 7}', b'{"file_name": "\\ud800"}'),
        b'{"file_name": "' + b"x" * 200_000 + b'"}',
        b"[" * 60_000,
        b"\xff",
    ]
    (tmp_path / "metadata.jsonl").write_bytes(b"\n".join(lines))
    listing = read_folder(tmp_path)
    assert [example.caption for example in listing.examples] == ["a fox"]
    assert [problem.what.split(" cannot")[0] for problem in listing.problems] == [f"Line {n}" for n in range(3, 11)]


def test_masks_are_masks_and_no_pictures(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.mask.png", "b.png", "b-masklabel.png", "c.png"):
        draw(tmp_path / name)
    masks = {example.picture.name: example.mask and example.mask.name for example in read_examples(tmp_path)}
    assert masks == {"a.jpg": "a.mask.png", "b.png": "b-masklabel.png", "c.png": None}
    assert told(tmp_path) == []


def test_what_belongs_to_no_picture_is_told(tmp_path: Path) -> None:
    image_folder(tmp_path)
    (tmp_path / "one.png").unlink()
    (tmp_path / "notes.txt").write_text("buy milk")
    draw(tmp_path / "gone.mask.png")
    assert told(tmp_path) == [("gone.mask.png", "stray"), ("notes.txt", "stray"), ("one.png", "stray")]


def test_what_only_looks_like_a_picture_is_told_once_and_left_out(tmp_path: Path) -> None:
    draw(tmp_path / "good.png")
    (tmp_path / "text.png").write_text("I am no picture")
    (tmp_path / "text.txt").write_text("a caption")
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert list(captions(tmp_path)) == ["good.png"]
    assert told(tmp_path) == [("empty.jpg", "unreadable"), ("text.png", "unreadable")]


def test_names_are_taken_as_they_are(tmp_path: Path) -> None:
    names = ["a b.png", "100% %s.png", "狐狸.png", "10_[x]*?.png", "a.b.c.png"]
    for seed, name in enumerate(names):
        draw(tmp_path / name, seed=seed)
        (tmp_path / name).with_suffix(".txt").write_text(name)
    assert captions(tmp_path) == {name: name for name in sorted(names)}


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_utf8_can_be_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.png")).write_text("no picture")
    (problem,) = read_folder(tmp_path).problems
    assert problem.file == "\ufffd.png"
    assert problem.what.encode()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    draw(tmp_path / "set" / "a.png")
    draw(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "set" / "inner").mkdir()
    (tmp_path / "set" / "inner" / "back").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "self.png").symlink_to(tmp_path / "set" / "self.png")
    assert list(captions(tmp_path / "set")) == ["a.png", "linked/b.png"]
    assert told(tmp_path / "set") == [("self.png", "unreadable")]


def test_a_folder_in_it_can_be_left_out(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "prior" / "b.png")
    listing = read_folder(tmp_path, without=tmp_path / "prior")
    assert [example.picture.name for example in listing.examples] == ["a.png"]
    assert len(read_folder(tmp_path, without=tmp_path).examples) == 2


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder"):
        read_examples(tmp_path / "nowhere")


def turned(path: Path, *, is_late: bool = False) -> Path:
    """A picture of 30 by 20 pixels that is to be turned by a quarter."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = Image.new("RGB", (30, 20))
    if not is_late:
        picture.save(path, exif=exif)
        return path
    picture.save(path)
    tags = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(tags) - 4) + tags + struct.pack(">I", zlib.crc32(tags))
    content = path.read_bytes()
    path.write_bytes(content[:-12] + chunk + content[-12:])  # in front of the end mark
    return path


def test_sizes_are_those_of_the_upright_picture(tmp_path: Path) -> None:
    paths = [turned(tmp_path / name) for name in ("a.png", "a.jpg", "a.webp", "a.tif")]
    paths.append(turned(tmp_path / "late.png", is_late=True))
    assert [picture_size(path) for path in paths] == [(20, 30)] * 5
    assert [whole_picture(path).size for path in paths] == [(20, 30)] * 5


def test_3000_small_pictures_are_read_in_a_few_seconds(tmp_path: Path) -> None:
    content = draw(tmp_path / "0.png").read_bytes()
    for number in range(3000):
        (tmp_path / f"{number}.png").write_bytes(content)
        (tmp_path / f"{number}.txt").write_text("a fox")
    started = time.process_time()
    assert len(read_examples(tmp_path)) == 3000
    assert time.process_time() - started < 8
