"""`safelight generate`: a picture from words."""

import secrets
from dataclasses import replace
from enum import StrEnum
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Annotated

import typer

from safelight.cli.report import Report, note
from safelight.cli.working import folders_of, is_file, load_families, run_all
from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.families.shapes import FileContents
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.header import read_header
from safelight.files.pictures import picture_size
from safelight.graph.problems import nearest
from safelight.graph.request import ImageRequest, workflow_of
from safelight.settings import read_settings
from safelight.text.wildcards import resolve

DEFAULT_CHECKPOINT = MODEL_FOLDERS["checkpoints"].starter[0]
SEEDS = 2**32  # of the seeds drawn here; any up to 2^64 - 1 can be asked for
CHANGE = 0.7  # how much of a picture is changed where that is not said: new, but still the same picture
CELL = 8  # pixels: sizes are multiples of it
NAME_LENGTH = 60  # characters kept of a picture's name


class Syntax(StrEnum):
    """How brackets in a prompt are read."""

    comfyui = "comfyui"
    a1111 = "a1111"


def generate(
    prompt: Annotated[str, typer.Argument(help="What to show. {a|b} draws one of several words.")],
    negative: Annotated[str, typer.Option(help="What to keep away from.")] = "",
    checkpoint: Annotated[str, typer.Option(help="A file in the checkpoints folder.")] = DEFAULT_CHECKPOINT,
    vae: Annotated[str | None, typer.Option(help="A file in the vae folder, for the checkpoint's own.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="20 to 30 suit most checkpoints.")] = None,
    cfg: Annotated[float | None, typer.Option(min=0, help="How closely the prompt is followed.")] = None,
    sampler: Annotated[str | None, typer.Option(help="euler, euler_ancestral, dpmpp_2m, …")] = None,
    scheduler: Annotated[str | None, typer.Option(help="normal, karras, …")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**64 - 1, help="Makes the same picture again.")] = None,
    width: Annotated[int | None, typer.Option(min=16, help="In pixels.")] = None,
    height: Annotated[int | None, typer.Option(min=16, help="In pixels.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures made at once, from one seed.")] = 1,
    count: Annotated[int, typer.Option(min=1, help="Pictures made one after another; each seed is one more.")] = 1,
    init_image: Annotated[Path | None, typer.Option(help="A picture to start from.")] = None,
    denoise: Annotated[
        float | None, typer.Option(min=0, max=1, help="How much of it to change: 1 is all, 0.7 usual.")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="A picture that is white where the first is repainted.")] = None,
    clip_skip: Annotated[
        int | None, typer.Option(min=1, max=24, help="Layer of the text encoder from the end.")
    ] = None,
    syntax: Annotated[Syntax, typer.Option(help="How brackets in the prompts are read.")] = Syntax.comfyui,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, fp32, fp16, bf16.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder, or for one picture a .png file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON.")] = False,
) -> None:
    """Make pictures from words.

    Their paths go to the standard output. What is not given suits the checkpoint.
    """
    settings = read_settings(device=device, dtype=dtype)
    folders = folders_of(settings, out)
    load_families(settings)
    name, contents = _checkpoint(folders, checkpoint, has_vae=vae is not None)
    best = contents.recommended
    assert best is not None, "a checkpoint has a family, and that has settings"
    if init_image is None and (mask is not None or denoise is not None):
        raise BadInput("--mask and --denoise say what to change, and there is no picture.", mend="Add --init-image.")
    if out is not None and is_file(out) and batch * count > 1:
        raise BadInput(f"{out.name} is one file, and {batch * count} pictures are asked for.", mend="Give a folder.")
    first_seed = secrets.randbelow(SEEDS) if seed is None else seed
    if first_seed + count > 2**64:
        raise BadInput("The seeds would grow past 2^64 - 1.", mend="Give a smaller --seed.")
    wide, high = _size(contents, init_image, width, height)
    inputs = {_input_name(picture): picture for picture in (init_image, mask) if picture is not None}
    request = ImageRequest(
        prompt="",
        checkpoint=name,
        steps=best.steps if steps is None else steps,
        cfg=best.cfg if cfg is None else cfg,
        sampler=best.sampler if sampler is None else sampler,
        scheduler=best.scheduler if scheduler is None else scheduler,
        seed=first_seed,
        width=wide,
        height=high,
        vae=None if vae is None else _found(folders, "vae", vae),
        batch=batch,
        init_image=None if init_image is None else _input_name(init_image),
        denoise=(1.0 if init_image is None else CHANGE) if denoise is None else denoise,
        mask=None if mask is None else _input_name(mask),
        clip_skip=clip_skip,
        syntax=syntax.value,
    )
    requests = [
        replace(
            request,
            prompt=resolve(prompt, first_seed + index, folders.wildcards),
            negative=resolve(negative, first_seed + index, folders.wildcards),
            seed=first_seed + index,
        )
        for index in range(count)
    ]
    workflows = [workflow_of(one) for one in requests]
    written = {"prompt": prompt, "negative": negative}
    with Report(folders, as_json=as_json, final=out if out is not None and is_file(out) else None) as report:
        run_all(workflows, settings, folders, report, inputs=inputs, notes={"written": written})
    if seed is None and not as_json:
        note(f"seed {first_seed}" + (f" to {first_seed + count - 1}" if count > 1 else ""))


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
        mend = "Make a workflow with SD_4XUpscale_Conditioning, and run it with `safelight run`."
        raise BadInput(f"{name} makes a picture larger, and cannot make one from words alone.", mend=mend)
    if not contents.text:
        mend = "Make a workflow that loads one with CLIPLoader or DualCLIPLoader, and run it with `safelight run`."
        raise BadInput(f"{name} has no text encoder in it.", mend=mend)
    if contents.vae is None and not has_vae:
        raise BadInput(f"{name} has no VAE in it.", mend="Name one of the folder vae with --vae.")
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


def _size(contents: FileContents, picture: Path | None, width: int | None, height: int | None) -> tuple[int, int]:
    """Width and height to make, in pixels: as asked for, else as the picture is, else as the checkpoint was trained.

    A picture larger than the checkpoint knows is brought to its size; one side that is given keeps the shape.
    """
    native = contents.native_size or (512, 512)
    shape = native if picture is None else picture_size(picture)
    scale = min(1.0, sqrt(native[0] * native[1] / (shape[0] * shape[1])))
    if width is not None:
        scale = width / shape[0]
    elif height is not None:
        scale = height / shape[1]
    wanted = (width or shape[0] * scale, height or shape[1] * scale)
    wide, high = (max(CELL, round(side / CELL) * CELL) for side in wanted)
    if (width or wide, height or high) != (wide, high):
        note(f"The size is {wide}x{high}: both sides are multiples of {CELL}.")
    return wide, high


def _input_name(picture: Path) -> str:
    """What a picture is called in the input folder, where recipes name it; another picture gets another name.

    Raises:
        BadInput: It is no picture, or cannot be read.
    """
    picture_size(picture)
    digest = sha256(picture.read_bytes()).hexdigest()
    return f"{picture.stem[:NAME_LENGTH]}-{digest[:8]}{picture.suffix}"
