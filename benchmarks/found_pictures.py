"""The pictures that searching is measured on: made here, once, and kept in `build/`.

`python -m benchmarks.found_pictures` makes what is missing of them, and can be stopped at any time.
"""

import random
from pathlib import Path

import torch
from PIL import Image

from benchmarks.ours import load_ours
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.files.atomic import whole
from safelight.files.folders import STARTER
from safelight.models.guider import Guider, run_sampler
from safelight.text.encode import encode_prompt

FOLDER = Path(__file__).parents[1] / "build/found-pictures"
PROMPTS = 512
SEEDS = 4  # pictures of each prompt
STEPS = 8
SIDE = 128
THINGS = (
    *("cat", "dog", "pizza", "apple", "house", "car", "rocket", "sunflower"),
    *("panda", "robot", "ghost", "heart", "star", "fish", "strawberry", "banana"),
)
COLOURS = ("white", "light blue", "blue", "green", "yellow", "red", "pink", "black")


def prompts() -> list[str]:
    """What the pictures show: each thing on each colour, and then two things in one picture."""
    found = [f"a {thing} on a {colour} background" for thing in THINGS for colour in COLOURS]
    drawn = random.Random(0)
    while len(found) < PROMPTS:
        one, other = drawn.sample(THINGS, 2)
        found.append(f"a {one} and a {other} on a {drawn.choice(COLOURS)} background")
    return found


def pictures() -> list[Path]:
    """The pictures, each made if need be, in the order of the prompts."""
    paths = [FOLDER / f"{number:04}-{seed}.png" for number in range(PROMPTS) for seed in range(SEEDS)]
    if not all(path.is_file() for path in paths):
        _make_missing()
    return paths


def _make_missing() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    checkpoint = load_ours(STARTER / "starter-128.safetensors")
    model, clip, vae = checkpoint.model, checkpoint.clip, checkpoint.vae
    assert clip is not None
    assert vae is not None
    nothing = encode_prompt("", clip.towers)
    empty = torch.zeros(SEEDS, vae.latent_channels, SIDE // vae.compression, SIDE // vae.compression)
    sigmas = sigmas_for("normal", model.schedule, STEPS)
    for number, prompt in enumerate(prompts()):
        paths = [FOLDER / f"{number:04}-{seed}.png" for seed in range(SEEDS)]
        if all(path.is_file() for path in paths):
            continue
        words = encode_prompt(prompt, clip.towers)
        guider = Guider(model, (Cond(words.context, words.pooled),), (Cond(nothing.context, nothing.pooled),), 4.0)
        sampler = SAMPLERS["euler_ancestral"]
        latent, _ = run_sampler(guider, sampler, sigmas, Latent(empty), seed=number, on_step=lambda _: None)
        for path, pixels in zip(paths, vae.decode(latent.samples), strict=True):
            with whole(path) as file:
                Image.fromarray((pixels * 255).to(torch.uint8).numpy()).save(file, "PNG")


if __name__ == "__main__":
    print(f"{len(pictures())} pictures are in {FOLDER}.")
