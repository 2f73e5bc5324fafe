from dataclasses import replace
from pathlib import Path

import pytest

from safelight.graph.speeds import FILE, KEPT, Speed, keep_speeds, read_speeds, seconds_for

SPEED = Speed("CPU", "sd1", 860_000_000, 4096, 2.0)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    keep_speeds(tmp_path, [SPEED])
    assert read_speeds(tmp_path) == (SPEED,)


def test_a_newer_measurement_of_the_same_work_takes_the_place_of_the_older(tmp_path: Path) -> None:
    keep_speeds(tmp_path, [SPEED, replace(SPEED, family="sdxl")])
    keep_speeds(tmp_path, [replace(SPEED, seconds=1.5)])
    assert read_speeds(tmp_path) == (replace(SPEED, family="sdxl"), replace(SPEED, seconds=1.5))


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    keep_speeds(tmp_path, [replace(SPEED, latent_pixels=pixels) for pixels in range(1, KEPT + 11)])
    assert [speed.latent_pixels for speed in read_speeds(tmp_path)] == list(range(11, KEPT + 11))


def test_nothing_is_written_where_nothing_was_measured(tmp_path: Path) -> None:
    keep_speeds(tmp_path, [])
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', '[{"device": "CPU"}]', "[1]"])
def test_a_damaged_file_is_no_measurement(content: str, tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir()
    path.write_text(content)
    assert read_speeds(tmp_path) == ()


def test_the_most_similar_work_of_the_device_counts() -> None:
    speeds = (
        SPEED,
        replace(SPEED, latent_pixels=16384, seconds=10.0),
        replace(SPEED, family="sdxl", parameters=2_600_000_000, seconds=7.0),
        replace(SPEED, device="GPU", seconds=0.1),
    )
    assert seconds_for(speeds, "CPU", "sd1", 860_000_000, 16384) == 10.0
    assert seconds_for(speeds, "CPU", "sd1", 860_000_000, 32768) == pytest.approx(20.0)
    assert seconds_for(speeds, "CPU", "sdxl", 2_600_000_000, 4096) == 7.0
    assert seconds_for(speeds, "GPU", "sd1", 860_000_000, 4096) == 0.1
    assert seconds_for(speeds, "another", "sd1", 860_000_000, 4096) is None
