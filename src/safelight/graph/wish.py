"""From what somebody wishes for to requests: what is not said suits the checkpoint."""

import secrets
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.families.shapes import FileContents
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.header import read_header
from safelight.graph.problems import nearest
from safelight.graph.request import ImageRequest
from safelight.graph.wildcards import resolve

DEFAULT_CHECKPOINT = MODEL_FOLDERS["checkpoints"].starter[0]
SEEDS = 2**32  # of the seeds drawn here; any up to 2^64 - 1 can be asked for
CHANGE = 0.7  # how much of a picture is changed where that is not said: new, but still the same picture
CELL = 8  # pixels: sizes are multiples of it


@dataclass(frozen=True)
class Wish:
    """Pictures that somebody wants; None is for what suits the checkpoint.

    Attributes:
        prompt, negative: As they were typed; choices are drawn by the seed.
        checkpoint, vae: Files of their folders; the ending may be left out.
        seed: Of the first picture; None to draw one.
        batch: Pictures made at once, from one seed.
        count: Pictures made one after another; each seed is one more.
        init_image, mask: File names in the input folder.
        steps, cfg, sampler, scheduler, width, height, denoise, clip_skip, syntax: See `ImageRequest`.
    """

    prompt: str
    negative: str = ""
    checkpoint: str = DEFAULT_CHECKPOINT
    vae: str | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    batch: int = 1
    count: int = 1
    init_image: str | None = None
    denoise: float | None = None
    mask: str | None = None
    clip_skip: int | None = None
    syntax: Literal["comfyui", "a1111"] = "comfyui"


def requests_of(wish: Wish, folders: Folders, start: tuple[int, int] | None) -> list[ImageRequest]:
    """What is to be made, one request for each seed.

    Args:
        wish: What was said.
        folders: Where checkpoints and wildcards are.
        start: Width and height of the picture to start from, in pixels; None where there is none.

    Raises:
        BadInput: The checkpoint is not there or cannot make a picture; what is said does not go together; a choice in
            a prompt cannot be drawn.
    """
    if start is None and (wish.mask is not None or wish.denoise is not None):
        raise BadInput("A mask and denoise say what to change, and there is no picture.", mend="Give an init image.")
    first = secrets.randbelow(SEEDS) if wish.seed is None else wish.seed
    if first + wish.count > 2**64:
        raise BadInput("The seeds would grow past 2^64 - 1.", mend="Give a smaller seed.")
    checkpoint, contents = _checkpoint(folders, wish.checkpoint, has_vae=wish.vae is not None)
    best = contents.recommended
    assert best is not None, "a checkpoint has a family, and that has settings"
    width, height = _size(contents, start, wish.width, wish.height)
    request = ImageRequest(
        prompt="",
        checkpoint=checkpoint,
        steps=best.steps if wish.steps is None else wish.steps,
        cfg=best.cfg if wish.cfg is None else wish.cfg,
        sampler=best.sampler if wish.sampler is None else wish.sampler,
        scheduler=best.scheduler if wish.scheduler is None else wish.scheduler,
        seed=first,
        width=width,
        height=height,
        vae=None if wish.vae is None else _found(folders, "vae", wish.vae),
        batch=wish.batch,
        init_image=wish.init_image,
        denoise=(1.0 if start is None else CHANGE) if wish.denoise is None else wish.denoise,
        mask=wish.mask,
        clip_skip=wish.clip_skip,
        syntax=wish.syntax,
    )
    return [
        replace(
            request,
            prompt=resolve(wish.prompt, seed, folders.wildcards),
            negative=resolve(wish.negative, seed, folders.wildcards),
            seed=seed,
        )
        for seed in range(first, first + wish.count)
    ]


def _checkpoint(folders: Folders, name: str, *, has_vae: bool) -> tuple[str, FileContents]:
    """The file that a name means, and what it is.

    Raises:
        BadInput: There is none, or it cannot make a picture by itself or with the VAE that was given beside it.
    """
    name = _found(folders, "checkpoints", name)
    contents = identify(read_header(folders.resolve("checkpoints", name)))
    if contents.recommended is None:
        raise BadInput(f"{name} is no checkpoint.", mend="`safelight models` lists what there is.")
    if contents.variant == "upscale":
        mend = "Make a workflow with SD_4XUpscale_Conditioning, and run that."
        raise BadInput(f"{name} makes a picture larger, and cannot make one from words alone.", mend=mend)
    if not contents.text:
        mend = "Make a workflow that loads one with CLIPLoader or DualCLIPLoader, and run that."
        raise BadInput(f"{name} has no text encoder in it.", mend=mend)
    if contents.vae is None and not has_vae:
        raise BadInput(f"{name} has no VAE in it.", mend="Name one of the folder vae beside it: vae, or --vae.")
    return name, contents


def _found(folders: Folders, folder: str, name: str) -> str:
    """A file's name as it is listed; the ending may be left out."""
    if (meant := folders.meant(folder, name)) is not None:
        return meant
    names = folders.list(folder)
    near = nearest(name, [*names, *(listed.rpartition(".")[0] for listed in names)])
    if near is not None:
        raise BadInput(f"There is no {name} in the folder {folder}.", mend=f"Did you mean {near}?")
    folders.resolve(folder, name)  # says what is wrong
    return name


def _size(
    contents: FileContents, start: tuple[int, int] | None, width: int | None, height: int | None
) -> tuple[int, int]:
    """Width and height to make, in pixels: as asked for, else as the picture is, else as the checkpoint was trained.

    A picture larger than the checkpoint knows is brought to its size; one side that is given keeps the shape.
    """
    native = contents.native_size or (512, 512)
    shape = start or native
    scale = min(1.0, sqrt(native[0] * native[1] / (shape[0] * shape[1])))
    if width is not None:
        scale = width / shape[0]
    elif height is not None:
        scale = height / shape[1]
    wanted = (width or shape[0] * scale, height or shape[1] * scale)
    wide, high = (max(CELL, round(side / CELL) * CELL) for side in wanted)
    return wide, high
