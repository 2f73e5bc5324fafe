"""A recorded run as an animated picture, from its file alone: with numpy and Pillow, without torch."""

import io
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.errors import BadInput
from safelight.files.safetensors_header import read_safetensors_header

Shown = Literal["denoised", "noisy", "guidance"]

LONGEST_SIDE = 384  # pixels
SECONDS = 4.0  # that a film takes, its last frame not counted
SHORTEST, LONGEST, LAST = 40, 250, 1500  # milliseconds of a frame, and of the last one
NUMBERS: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


def write_film(path: Path, what: Shown, picture: int = 0) -> bytes:
    """An animated WebP of a recorded run, a frame for each step.

    Latents are drawn by the shares that their channels have in red, green and blue; a noisy one at the strength in
    which the network is shown it; what guidance adds made as strong as can be drawn.

    Args:
        path: A recording (`safelight.inspect.recording` says what is in it).
        what: What is shown of each step.
        picture: Which of the batch, from 0.

    Raises:
        BadInput: The file is no recording, or what is asked for is not in it.
    """
    try:
        header = read_safetensors_header(path)
        head = json.loads(header.metadata["head"])
        factors, bias = np.array(head["rgb_factors"], np.float32), np.array(head["rgb_bias"], np.float32)
        latents, sigmas = _array(path, what), _array(path, "step_sigmas")
    except (OSError, KeyError, ValueError) as error:
        raise BadInput(f"{path.name} is no recording of a run.", mend="Record the picture again.") from error
    if latents.ndim < 2:
        raise BadInput("Nothing was guided in this run.", mend="Choose a picture that was made with a CFG above 1.")
    if picture >= latents.shape[1]:
        raise BadInput(
            f"The first {latents.shape[1]} pictures of a batch are recorded, and this is picture {picture + 1}.",
            mend="Choose one of the first.",
        )
    frames = np.einsum("schw,cr->shwr", latents[:, picture].astype(np.float32), factors)
    if what == "guidance":
        strongest = np.abs(frames).max(axis=(1, 2, 3), keepdims=True)
        frames /= np.maximum(strongest, 1e-8)
    elif what == "noisy" and not head["flow"]:
        frames = frames / np.sqrt(1 + sigmas**2)[:, None, None, None] + bias
    else:
        frames += bias
    pixels = ((frames + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
    return _animated(pixels)


def _array(path: Path, name: str) -> NDArray[Any]:
    header = read_safetensors_header(path)
    info = header.tensors[name]
    with path.open("rb") as file:
        file.seek(header.data_start + info.start)
        data = file.read(info.end - info.start)
    return np.frombuffer(data, NUMBERS[info.dtype]).reshape(info.shape)


def _animated(pixels: NDArray[np.uint8]) -> bytes:
    """Frames [S, h, w, 3] as an animated WebP that begins anew when it has ended."""
    height, width = pixels.shape[1:3]
    scale = LONGEST_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    frames = [Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC) for frame in pixels]
    each = int(min(LONGEST, max(SHORTEST, 1000 * SECONDS / len(frames))))
    file = io.BytesIO()
    frames[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=[each] * (len(frames) - 1) + [LAST],
        loop=0,
        quality=85,
    )
    return file.getvalue()
