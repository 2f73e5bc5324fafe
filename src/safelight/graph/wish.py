"""From what somebody wishes for to requests: what is not said suits the checkpoint."""

import secrets
from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Literal

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.families.shapes import FileContents
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.header import read_header
from safelight.graph.problems import nearest
from safelight.graph.references import prompted
from safelight.graph.request import CELL, ImageRequest
from safelight.graph.wanted import Area, Control, Lora, Outpaint, Reference, Upscale, Variation
from safelight.graph.wildcards import resolve

DEFAULT_CHECKPOINT = MODEL_FOLDERS["checkpoints"].starter[0]
SEEDS = 2**32  # of the seeds drawn here; any up to 2^64 - 1 can be asked for
CHANGE = 0.7  # how much of a picture is changed where that is not said: new, but still the same picture
EXTEND = 0.9  # the same of what is added around a picture, and its soft edge
ROOM = 0.25  # of a masked part's longer side: what is sampled around it, to suit what is there
LEAST_ROOM = 32  # pixels
REFINE = 0.35  # how much of an enlarged picture is painted anew: sharper, but nothing moves
LARGE = 384  # pixels: checkpoints of smaller pictures see a crowd in a larger one, and only enlarge


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
        inpaint_area: Whether the whole picture is sampled, or the masked part alone, at the size that the checkpoint
            knows best.
        loras, controls, references, outpaint, mask_feather, upscale, variation: See `ImageRequest`; pixels of
            `outpaint` are those of `init_image`.
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
    mask_feather: int = 0
    inpaint_area: Literal["whole", "masked"] = "whole"
    outpaint: Outpaint | None = None
    loras: tuple[Lora, ...] = ()
    controls: tuple[Control, ...] = ()
    references: tuple[Reference, ...] = ()
    upscale: Upscale | None = None
    variation: Variation | None = None
    clip_skip: int | None = None
    syntax: Literal["comfyui", "a1111"] = "comfyui"


Hole = tuple[float, float, float, float]
"""Where a mask is white, at least a little: left, top, right and bottom, as shares of its sides."""


def requests_of(
    wish: Wish, folders: Folders, start: tuple[int, int] | None, hole: Hole | None = None
) -> list[ImageRequest]:
    """What is to be made, one request for each seed.

    Args:
        wish: What was said.
        folders: Where checkpoints and wildcards are.
        start: Width and height of the picture to start from, in pixels; None where there is none.
        hole: Where its mask is white; None where there is none, or where it is not known.

    Raises:
        BadInput: The checkpoint is not there or cannot make a picture; what is said does not go together; a choice in
            a prompt cannot be drawn.
    """
    if start is None and (wish.mask is not None or wish.denoise is not None or wish.outpaint is not None):
        what = "A mask, denoise and outpaint say what to change, and there is no picture."
        raise BadInput(what, mend="Give an init image.")
    checkpoint, contents = _checkpoint(folders, wish.checkpoint, has_vae=wish.vae is not None)
    best = contents.recommended
    assert best is not None, "a checkpoint has a family, and that has settings"
    steps = best.steps if wish.steps is None else wish.steps
    area = _area(wish, start, hole)
    width, height = _size(contents, start, area, wish.width, wish.height)
    margins = _margins(wish.outpaint, start, width, height)
    if margins is not None:
        width, height = width + margins.left + margins.right, height + margins.top + margins.bottom
    seeds = _seeds(wish)
    usual = 1.0 if start is None else EXTEND if margins is not None else CHANGE
    request = ImageRequest(
        prompt="",
        checkpoint=checkpoint,
        steps=steps,
        cfg=best.cfg if wish.cfg is None else wish.cfg,
        sampler=best.sampler if wish.sampler is None else wish.sampler,
        scheduler=best.scheduler if wish.scheduler is None else wish.scheduler,
        seed=seeds[0][0],
        width=width,
        height=height,
        vae=None if wish.vae is None else _found(folders, "vae", wish.vae),
        batch=wish.batch,
        init_image=wish.init_image,
        denoise=usual if wish.denoise is None else wish.denoise,
        mask=wish.mask,
        mask_feather=wish.mask_feather,
        area=area,
        outpaint=margins,
        loras=tuple(replace(lora, name=_found(folders, "loras", lora.name)) for lora in wish.loras),
        controls=tuple(replace(each, model=_found(folders, "controlnet", each.model)) for each in wish.controls),
        references=prompted(wish.references, folders, contents),
        upscale=_upscale(wish, folders, contents, steps),
        clip_skip=wish.clip_skip,
        syntax=wish.syntax,
    )
    return [
        replace(
            request,
            prompt=resolve(wish.prompt, seed, folders.wildcards),
            negative=resolve(wish.negative, seed, folders.wildcards),
            seed=seed,
            variation=variation,
        )
        for seed, variation in seeds
    ]


def filled_in(wish: Wish, request: ImageRequest, start: tuple[int, int] | None) -> Wish:
    """A wish in which all is said that was left to the checkpoint or to chance.

    Args:
        wish: What was said.
        request: The first that it came to.
        start: Width and height of the picture to start from.
    """
    margins = request.outpaint or Outpaint()
    return replace(
        wish,
        checkpoint=request.checkpoint,
        vae=request.vae,
        steps=request.steps,
        cfg=request.cfg,
        sampler=request.sampler,
        scheduler=request.scheduler,
        seed=request.seed,
        width=request.width - margins.left - margins.right,
        height=request.height - margins.top - margins.bottom,
        denoise=None if start is None else request.denoise,
        loras=request.loras,
        controls=tuple(
            replace(said, model=found.model) for said, found in zip(wish.controls, request.controls, strict=True)
        ),
        references=tuple(
            replace(said, model=found.model) for said, found in zip(wish.references, request.references, strict=True)
        ),
        upscale=request.upscale,
        variation=request.variation,
    )


def _seeds(wish: Wish) -> list[tuple[int, Variation | None]]:
    """The seed of each picture; of variations, that of the noise that is mixed in counts up in its place."""
    first = secrets.randbelow(SEEDS) if wish.seed is None else wish.seed
    variation = wish.variation
    counted = first
    if variation is not None:
        counted = secrets.randbelow(SEEDS) if variation.seed is None else variation.seed
    if counted + wish.count > 2**64:
        raise BadInput("The seeds would grow past 2^64 - 1.", mend="Give a smaller seed.")
    if variation is None:
        return [(first + number, None) for number in range(wish.count)]
    return [(first, replace(variation, seed=counted + number)) for number in range(wish.count)]


def _area(wish: Wish, start: tuple[int, int] | None, hole: Hole | None) -> Area | None:
    """The part of the picture that is sampled: the masked one, with room around it; None for the whole."""
    if wish.inpaint_area == "whole" or start is None or wish.mask is None:
        return None
    if wish.outpaint is not None:
        what = "The masked part alone is painted, and the picture is to be extended."
        raise BadInput(what, mend="Paint the whole picture, or do one after the other.")
    if hole is None:
        raise BadInput("The mask has nothing white in it.", mend="Paint where the picture is to change.")
    left, top, right, bottom = (share * side for share, side in zip(hole, (*start, *start), strict=True))
    room = max(LEAST_ROOM, ROOM * max(right - left, bottom - top)) + wish.mask_feather
    x, y = (max(0, int(low - room)) for low in (left, top))
    far_x, far_y = (min(side, ceil(high + room)) for high, side in zip((right, bottom), start, strict=True))
    return Area(x, y, far_x - x, far_y - y, of=start)


def _margins(wanted: Outpaint | None, start: tuple[int, int] | None, width: int, height: int) -> Outpaint | None:
    """What is added around the picture, in pixels of what is sampled."""
    if wanted is None or start is None:
        return None
    across, down = width / start[0], height / start[1]

    def scaled(pixels: int, scale: float) -> int:
        return ceil(pixels * scale / CELL) * CELL

    margins = Outpaint(
        left=scaled(wanted.left, across),
        top=scaled(wanted.top, down),
        right=scaled(wanted.right, across),
        bottom=scaled(wanted.bottom, down),
        feather=round(wanted.feather * min(across, down)),
    )
    if not (margins.left or margins.top or margins.right or margins.bottom):
        raise BadInput("Nothing is added around the picture.", mend="Give left, top, right or bottom in pixels.")
    return margins


def _upscale(wish: Wish, folders: Folders, contents: FileContents, steps: int) -> Upscale | None:
    wanted = wish.upscale
    if wanted is None:
        return None
    denoise = wanted.denoise
    if denoise is None:
        denoise = REFINE if min(contents.native_size or (0, 0)) >= LARGE else 0.0
    model = None if wanted.model is None else _found(folders, "upscale_models", wanted.model)
    return replace(wanted, denoise=denoise, steps=wanted.steps or steps, model=model)


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
    contents: FileContents,
    start: tuple[int, int] | None,
    area: Area | None,
    width: int | None,
    height: int | None,
) -> tuple[int, int]:
    """Width and height to make, in pixels: as asked for, else as the picture is, else as the checkpoint was trained.

    A picture larger than the checkpoint knows is brought to its size, and so is the area of one, larger or smaller; one
    side that is given keeps the shape.
    """
    native = contents.native_size or (512, 512)
    shape = (area.width, area.height) if area else start or native
    scale = sqrt(native[0] * native[1] / (shape[0] * shape[1]))
    if area is None:
        scale = min(1.0, scale)
    if width is not None:
        scale = width / shape[0]
    elif height is not None:
        scale = height / shape[1]
    wanted = (width or shape[0] * scale, height or shape[1] * scale)
    wide, high = (max(CELL, round(side / CELL) * CELL) for side in wanted)
    return wide, high
