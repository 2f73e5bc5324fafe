"""`safelight generate`: a picture from words."""

import contextlib
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from safelight.cli import elsewhere
from safelight.cli.calling import Server, Token, client_of
from safelight.cli.report import Report, note
from safelight.cli.working import folders_of, is_file, load_families, run_all
from safelight.errors import BadInput
from safelight.files.picture_files import check_whole
from safelight.files.picture_size import picture_size
from safelight.graph.request import CELL, workflow_of
from safelight.graph.wanted import Lora, Upscale
from safelight.graph.wish import DEFAULT_CHECKPOINT, Wish, requests_of
from safelight.settings import read_settings

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
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:STRENGTH]", help="A file in the loras folder; may be given several times."),
    ] = None,
    upscale: Annotated[
        float | None, typer.Option(min=1, max=4, help="Make it so many times larger, in a second pass.")
    ] = None,
    clip_skip: Annotated[
        int | None, typer.Option(min=1, max=24, help="Layer of the text encoder from the end.")
    ] = None,
    syntax: Annotated[Syntax, typer.Option(help="How brackets in the prompts are read.")] = Syntax.comfyui,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, fp32, fp16, bf16.")] = None,
    vram: Annotated[str | None, typer.Option(help="auto, low, normal, high: what stays on the device.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder, or for one picture a .png file.")] = None,
    server: Server = None,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON.")] = False,
) -> None:
    """Make pictures from words.

    Their paths go to the standard output. What is not given suits the checkpoint.
    """
    if out is not None and is_file(out) and batch * count > 1:
        raise BadInput(f"{out.name} is one file, and {batch * count} pictures are asked for.", mend="Give a folder.")
    wish = Wish(
        prompt=prompt,
        negative=negative,
        checkpoint=checkpoint,
        vae=vae,
        steps=steps,
        cfg=cfg,
        sampler=sampler,
        scheduler=scheduler,
        seed=seed,
        width=width,
        height=height,
        batch=batch,
        count=count,
        init_image=None if init_image is None else _input_name(init_image),
        denoise=denoise,
        mask=None if mask is None else mask.name if init_image is None else _input_name(mask),
        loras=tuple(lora_meant(text) for text in lora or ()),
        upscale=None if upscale is None else Upscale(upscale),
        clip_skip=clip_skip,
        syntax=syntax.value,
    )
    settings = read_settings(device=device, dtype=dtype, vram=vram)
    final = out if out is not None and is_file(out) else None
    folders = folders_of(settings, out)
    if server is not None:
        given = {"init_image": init_image, "mask": mask}
        pictures = {name: picture for name, picture in given.items() if picture is not None}
        with Report(folders, as_json=as_json, final=final) as report, client_of(server, token, device, dtype) as client:
            first = elsewhere.generate(client, wish, pictures, folders, report)
        _tell_seeds(seed, first, count, as_json=as_json)
        return
    load_families(settings)
    requests = requests_of(wish, folders, None if init_image is None else picture_size(init_image))
    size = requests[0].width, requests[0].height
    if (width or size[0], height or size[1]) != size:
        note(f"The size is {size[0]}x{size[1]}: both sides are multiples of {CELL}.")
    inputs = {_input_name(picture): picture for picture in (init_image, mask) if picture is not None}
    workflows = [workflow_of(request) for request in requests]
    written = {"prompt": prompt, "negative": negative}
    with Report(folders, as_json=as_json, final=final) as report:
        run_all(workflows, settings, folders, report, inputs=inputs, notes={"written": written})
    _tell_seeds(seed, requests[0].seed, count, as_json=as_json)


def lora_meant(text: str) -> Lora:
    """`NAME` or `NAME:STRENGTH`; what follows the last colon is a strength where it is a number."""
    name, colon, strength = text.rpartition(":")
    with contextlib.suppress(ValueError):
        if colon and isfinite(number := float(strength)):
            return Lora(name, number)
    return Lora(text)


def _tell_seeds(given: int | None, first: int, count: int, *, as_json: bool) -> None:
    """Say which seeds were drawn."""
    if given is None and not as_json:
        note(f"seed {first}" + (f" to {first + count - 1}" if count > 1 else ""))


def _input_name(picture: Path) -> str:
    """What a picture is called in the input folder, where recipes name it; another picture gets another name.

    Raises:
        BadInput: It is no picture, or cannot be read.
    """
    check_whole(picture)
    digest = sha256(picture.read_bytes()).hexdigest()
    return f"{picture.stem[:NAME_LENGTH]}-{digest[:8]}{picture.suffix}"
