"""`safelight score` and `safelight label`: what CLIP says of picture files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safelight.cli.report import note
from safelight.cli.working import model_folders
from safelight.errors import BadInput
from safelight.files.folders import STARTER_CLIP
from safelight.settings import read_settings

if TYPE_CHECKING:
    from safelight.clip.model import ClipModel

Pictures = Annotated[list[Path], typer.Argument(help="Picture files.")]
ClipName = Annotated[
    str, typer.Option("--clip", help="A file in the clip_vision folder; without it, the embedded one.")
]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def score(
    pictures: Pictures,
    text: Annotated[str | None, typer.Option(help="What they should show, as a sentence.")] = None,
    like: Annotated[Path | None, typer.Option(help="A picture that they should be like, in place of a text.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Name the best so many only.")] = None,
    clip: ClipName = STARTER_CLIP,
    device: Device = None,
    as_json: AsJson = False,
) -> None:
    """Say how well pictures suit a text or another picture, the best first.

    The figure is a cosine, -1 to 1. Compare pictures with each other, not with a fixed number.
    """
    if (text is None) == (like is None):
        raise BadInput("Pictures are scored by a text or by a picture.", mend="Give either --text or --like.")
    # torch takes a second to import
    from safelight.clip.asking import rank, similarity  # noqa: PLC0415
    from safelight.clip.pictures import vectors_of  # noqa: PLC0415

    model = _opened(clip, device)
    if like is not None:
        wanted = vectors_of(model, [like])
    else:
        sentences = [text or ""]
        _note_cut(model, sentences)
        wanted = model.texts(sentences)
    ranked = rank(similarity(vectors_of(model, pictures), wanted)[:, 0].tolist(), keep)
    if as_json:
        typer.echo(json.dumps([{"picture": str(pictures[r.index]), "score": round(r.score, 6)} for r in ranked]))
        return
    for entry in ranked:
        typer.echo(f"{entry.score:6.3f}  {pictures[entry.index]}")


def label(
    pictures: Pictures,
    labels: Annotated[str, typer.Option(help="What they may show: words with commas between them.")],
    template: Annotated[str, typer.Option(help="The sentence that a label is put into, at {}.")] = "a picture of {}",
    clip: ClipName = STARTER_CLIP,
    device: Device = None,
    as_json: AsJson = False,
) -> None:
    """Say which of some labels fits each picture best, and how well each does beside the others."""
    # torch takes a second to import
    from safelight.clip.asking import in_template, read_labels  # noqa: PLC0415
    from safelight.clip.asking import labels as labels_of  # noqa: PLC0415
    from safelight.clip.pictures import vectors_of  # noqa: PLC0415

    names = read_labels(labels, ",")
    sentences = in_template(names, template)
    model = _opened(clip, device)
    _note_cut(model, sentences)
    found = labels_of(vectors_of(model, pictures), model.texts(sentences), names, model.scale)
    if as_json:
        told = [
            {"picture": str(path), "labels": {label.label: round(label.share, 6) for label in row}}
            for path, row in zip(pictures, found, strict=True)
        ]
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for path, row in zip(pictures, found, strict=True):
        typer.echo(f"{path}: {', '.join(f'{label.label} {label.share:.0%}' for label in row)}")


def _opened(name: str, device: str | None) -> "ClipModel":
    """The CLIP model of that name, ready to run.

    Raises:
        BadInput: There is none, or no such device.
    """
    from safelight.clip.model import open_clip_model  # noqa: PLC0415 (torch takes a second to import)

    settings = read_settings(device=device)
    folders = model_folders(settings)
    path = folders.resolve("clip_vision", folders.meant("clip_vision", name) or name)
    return open_clip_model(path, settings.device, settings.dtype)


def _note_cut(model: "ClipModel", texts: list[str]) -> None:
    for message in model.cut(texts):
        note(f"Note: {message}")
