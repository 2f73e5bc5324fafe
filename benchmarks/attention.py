"""Whether attention maps show where a word's thing is: pairs of things, each on its own half of the picture.

`python -m benchmarks.attention [--pictures N]` makes pictures of "a cat and a pizza" and the like with sketch-256,
lets CLIP say which half shows which thing, leaves those out of which it cannot tell, and counts how often the map of
a noun has more of its weight on its thing's half: the map as it is, and as a share of what both nouns got at a place,
since both look at the larger thing more than at the ground. Nothing of the attention is used to choose pictures.
"""

import argparse
import random
import tempfile
from dataclasses import dataclass
from math import comb
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.ours import load_ours
from safelight.clip.model import load_clip_model
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.families.latents import latent_of
from safelight.files.folders import STARTER
from safelight.inspect.arrays import Array
from safelight.inspect.recording import Recorder, open_recording
from safelight.models.device import HOST
from safelight.models.guider import Guider, run_sampler
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.prompts.reading import read_prompt
from safelight.text.encode import encode_prompt

THINGS = (
    *("cat", "dog", "pizza", "apple", "house", "car", "rocket", "sunflower", "panda", "robot"),
    *("strawberry", "banana", "butterfly", "guitar", "tree", "airplane", "frog", "cactus"),
)
SIDE, STEPS, CFG, BATCH = 256, 12, 6.0, 4
CERTAIN = 0.1  # how much more alike each half must be to its own thing than to the other, in cosines


@dataclass(frozen=True)
class Found:
    """A picture whose halves CLIP tells apart.

    Attributes:
        own: For each noun, the share of its map's weight on its own half; 0.5 is chance.
        beside: The same of the first noun's part of what both got; the other's has the rest at every place.
    """

    own: tuple[float, float]
    beside: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attention")
    parser.add_argument("--pictures", type=int, default=160, help="how many to make")
    wanted = parser.parse_args().pictures
    found = measure(wanted)
    shares = [share for each in found for share in each.own]
    print(f"{wanted} pictures made, {len(found)} whose halves CLIP tells apart")
    _tell("maps of nouns with more of their weight on their own half", shares)
    _tell("pictures whose maps lie on their own halves beside one another", [each.beside for each in found])


def _tell(what: str, shares: list[float]) -> None:
    right = sum(share > 0.5 for share in shares)
    chance = _tail(right, len(shares))
    print(f"{what}: {right} of {len(shares)} ({right / len(shares):.0%}; by coin {chance:.0e})")


def measure(wanted: int) -> list[Found]:
    """Make pictures and look at them."""
    checkpoint = load_ours(STARTER / "sketch-256.safetensors")
    judge = load_clip_model(STARTER / "clip.safetensors", Placement(HOST), precision("fp32", HOST))
    model, clip, vae = checkpoint.model, checkpoint.clip, checkpoint.vae
    assert clip is not None
    assert vae is not None
    drawn = random.Random(0)
    sampler = SAMPLERS["euler_ancestral"]
    sigmas = sigmas_for("normal", model.schedule, STEPS)
    cells = SIDE // vae.compression
    nothing = Cond(encode_prompt("", clip.towers).context)
    found: list[Found] = []
    for number in range(-(-wanted // BATCH)):
        one, other = drawn.sample(THINGS, 2)
        prompt = f"a {one} and a {other}"
        positive = Cond(encode_prompt(prompt, clip.towers).context)
        guider = Guider(model, (positive,), (nothing,), CFG)
        recorder = Recorder(guider, sigmas, latent_of(model.contents))
        start = Latent(torch.zeros(BATCH, vae.latent_channels, cells, cells))
        made, _ = run_sampler(recorder.listening(), sampler, sigmas, start, seed=1000 + number, on_step=recorder.step)
        with torch.no_grad():
            pictures = vae.decode(made.samples)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.safetensors"
            path.write_bytes(recorder.save())
            recording = open_recording(path)
        words = judge.texts([f"a {one}", f"a {other}"])
        places = [
            [token.place for token in read_prompt(prompt, "comfyui", []).tokens if token.text.strip() in thing]
            for thing in (one, other)
        ]
        for index in range(BATCH):
            if (split := _split(judge.images(_halves(pictures[index])), words)) is None:
                continue
            across, first_is_one = split
            maps = [recording.attention_of(tokens, index) for tokens in places]
            maps.append(maps[0] / (maps[0] + maps[1]))
            firsts = [_first(each, across) for each in maps]
            one_own, other_own, beside = firsts if first_is_one else [1 - first for first in firsts]
            found.append(Found((one_own, 1 - other_own), beside))
        print(f"{(number + 1) * BATCH} made, {len(found)} kept: {prompt}", flush=True)
    return found


def _halves(picture: Tensor) -> Tensor:
    """Left, right, upper and lower half of a picture [H, W, 3], each in the middle of a white square, [4, H, W, 3]."""
    height, width = picture.shape[:2]
    squares = torch.ones(4, height, width, 3)
    squares[0, :, width // 4 : width // 4 + width // 2] = picture[:, : width // 2]
    squares[1, :, width // 4 : width // 4 + width // 2] = picture[:, width // 2 :]
    squares[2, height // 4 : height // 4 + height // 2] = picture[: height // 2]
    squares[3, height // 4 : height // 4 + height // 2] = picture[height // 2 :]
    return squares


def _first(weights: Array, across: bool) -> float:
    """The share of a map's weight on the left half, or on the upper one."""
    half = weights.shape[1 if across else 0] // 2
    return float((weights[:, :half] if across else weights[:half]).sum() / weights.sum())


def _split(halves: Tensor, words: Tensor) -> tuple[bool, bool] | None:
    """How a picture is split: (side by side rather than one above the other, whether the first half has the first).

    None where CLIP cannot tell.
    """
    alike = halves @ words.T  # [left right upper lower, one other]
    own = [(float(alike[k, 0] - alike[k, 1]), float(alike[k + 1, 1] - alike[k + 1, 0])) for k in (0, 2)]
    leaning = [sum(halves) for halves in own]
    across = abs(leaning[0]) >= abs(leaning[1])
    first, second = own[0 if across else 1]
    if min(abs(first), abs(second)) < CERTAIN or (first > 0) != (second > 0):
        return None
    return across, first > 0


def _tail(right: int, total: int) -> float:
    """The chance that a coin falls heads at least `right` times of `total`."""
    return float(sum(comb(total, k) for k in range(right, total + 1)) / 2**total)


if __name__ == "__main__":
    main()
