"""Recorded runs as animations, from files alone."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file

from safelight.errors import BadInput
from safelight.files.film import LONGEST_SIDE, write_film

RED = (255, 0, 0)


def recording(path: Path, *, guided: bool = True) -> Path:
    """Three steps of two pictures of one channel, which is red; the second picture is its opposite."""
    head = {"rgb_factors": [[1, -1, -1]], "rgb_bias": [0, 0, 0], "flow": False}
    steps = np.array([0.1, 0.5, 1.0], np.float16).reshape(3, 1, 1, 1, 1)
    pictures = np.array([1, -1], np.float16).reshape(1, 2, 1, 1, 1)
    clean = np.broadcast_to(steps * pictures, (3, 2, 1, 4, 8))
    sigmas = np.array([10, 1, 0], np.float32)
    noisy = clean * np.sqrt(1 + sigmas**2).reshape(3, 1, 1, 1, 1)
    arrays: dict[str, NDArray[np.generic]] = {
        "denoised": np.ascontiguousarray(clean),
        "noisy": noisy.astype(np.float16),
        "guidance": np.ascontiguousarray(clean * np.float16(0.01)) if guided else np.zeros(0, np.float16),
        "step_sigmas": sigmas,
    }
    save_file(arrays, path, metadata={"head": json.dumps(head)})
    return path


def colours(film: bytes) -> list[tuple[int, int, int]]:
    """The mean colour of each frame."""
    means = []
    with Image.open(io.BytesIO(film)) as file:
        for number in range(getattr(file, "n_frames", 1)):
            file.seek(number)
            red, green, blue = np.asarray(file.convert("RGB")).mean(axis=(0, 1)).round()
            means.append((int(red), int(green), int(blue)))
    return means


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 8


def test_a_film_has_a_frame_for_each_step_in_the_colours_of_the_latent(tmp_path: Path) -> None:
    film = write_film(recording(tmp_path / "it.safetensors"), "denoised")
    frames = colours(film)
    assert len(frames) == 3
    assert near(frames[-1], RED)
    assert near(frames[0], (140, 115, 115))
    with Image.open(io.BytesIO(film)) as file:
        assert file.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_noise_is_drawn_at_the_strength_at_which_the_network_is_shown_it(tmp_path: Path) -> None:
    path = recording(tmp_path / "it.safetensors")
    shown, clean = colours(write_film(path, "noisy")), colours(write_film(path, "denoised"))
    assert all(near(one, other) for one, other in zip(shown, clean, strict=True))


def test_guidance_is_made_strong_enough_to_be_seen(tmp_path: Path) -> None:
    frames = colours(write_film(recording(tmp_path / "it.safetensors"), "guidance"))
    assert all(near(frame, RED) for frame in frames)


def test_every_picture_of_a_batch_has_its_own_film(tmp_path: Path) -> None:
    path = recording(tmp_path / "it.safetensors")
    assert near(colours(write_film(path, "denoised", 1))[-1], (0, 255, 255))
    with pytest.raises(BadInput, match="first 2 pictures"):
        write_film(path, "denoised", 2)


def test_what_is_not_there_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="guided"):
        write_film(recording(tmp_path / "plain.safetensors", guided=False), "guidance")
    other = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(3, np.float32)}, other)
    with pytest.raises(BadInput, match="no recording"):
        write_film(other, "denoised")
