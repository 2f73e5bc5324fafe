"""`safelight reproduce`: a picture made again from its recipe, and compared with what it was."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from safelight.cli.compare import Compared, as_document, compare_pictures, lines_of
from safelight.cli.opening import open_workflow
from safelight.cli.report import Report, note
from safelight.cli.working import folders_of, is_file, library_of, run_all
from safelight.errors import BadInput, SafelightError
from safelight.files.embedded import embedded
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import sha256, short
from safelight.files.picture_files import check_whole
from safelight.files.picture_size import picture_size
from safelight.files.recipes import find_model
from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall
from safelight.graph.missing import MissingFile, missing_files
from safelight.graph.told import RECORD, document_in
from safelight.settings import read_settings

DIFFERENT = 3
"""How the program ends where the picture has come out otherwise."""


def reproduce(
    picture: Annotated[Path, typer.Argument(help="One that keeps its recipe.")],
    out: Annotated[Path | None, typer.Option(help="Folder, or for one picture a .png file.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, fp32, fp16, bf16.")] = None,
    vram: Annotated[str | None, typer.Option(help="auto, low, normal, high: what stays on the device.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Every event as a line of JSON, and the comparison as the last.")
    ] = False,
) -> None:
    """Make a picture again from the recipe in it, and say whether it has come out the same.

    Ends with 0 where every pixel is the same, and with 3 where one is not.
    """
    check_whole(picture)
    settings = read_settings(device=device, dtype=dtype, vram=vram)
    folders = folders_of(settings, out)
    catalog = library_of(settings).catalog
    opened = open_workflow(picture, folders, lambda: catalog)
    for text in opened.notes:
        note(f"Note: {text}")
    hashes = _hashes(document_in(embedded(picture).get(RECORD, "")) or {})
    workflow, editor = opened.workflow, opened.editor
    if missing := missing_files(workflow, catalog, folders.list):
        workflow, editor = _with_stand_ins(workflow, missing, hashes, folders), None
    for text in _other_weights(workflow, catalog, hashes, folders):
        note(f"Note: {text}")
    final = out if out is not None and is_file(out) else None
    with Report(folders, as_json=as_json, final=final) as report:
        run_all([workflow], settings, folders, report, editor=editor)
    made, compared = _nearest(picture, report.saved, folders, catalog)
    if as_json:
        typer.echo(json.dumps({"picture": str(picture), "made": str(made)} | as_document(compared)))
    else:
        for line in lines_of(compared):
            note(line)
    if not compared.pixels.is_none:
        raise typer.Exit(DIFFERENT)


def _hashes(record: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Of the model files that made a picture, by folder and name."""
    files = record.get("files")
    return {
        (str(file.get("folder")), str(file.get("name"))): str(file["sha256"])
        for file in (files if isinstance(files, list) else ())
        if isinstance(file, dict) and file.get("sha256")
    }


def _with_stand_ins(
    workflow: Mapping[str, NodeCall],
    missing: list[MissingFile],
    hashes: Mapping[tuple[str, str], str],
    folders: Folders,
) -> dict[str, NodeCall]:
    """The workflow with files that have the same weights under other names.

    Raises:
        BadInput: For one of the files there is none; all of them are named, with those that may be meant.
    """
    changed = dict(workflow)
    lacking = []
    for file in missing:
        digest = hashes.get((file.folder, file.name), "")
        if digest:
            note(f"Looking for {file.name} by its hash; for files that are new here that takes a while.")
        found = find_model(folders, file.folder, "", digest) if digest else None
        if found is None:
            near = f" (nearest: {', '.join(file.nearest)})" if file.nearest else ""
            lacking.append(f"{file.name} in {file.folder}{near}")
            continue
        note(f"Note: {found[0]} has the weights of {file.name}, and is used.")
        call = changed[file.node]
        changed[file.node] = call._replace(inputs={**call.inputs, file.input: found[0]})
    if lacking:
        raise BadInput(
            f"Files that made the picture are not here: {'; '.join(lacking)}.",
            mend="Put them there; or choose others with `safelight run --set`, for a picture of the same kind.",
        )
    return changed


def _other_weights(
    workflow: Mapping[str, NodeCall], catalog: Catalog, hashes: Mapping[tuple[str, str], str], folders: Folders
) -> Iterator[str]:
    """Says which files have the names of those that made the picture, and not their weights."""
    for call in workflow.values():
        for port in catalog[call.class_type].inputs if call.class_type in catalog else ():
            name = call.inputs.get(port.name)
            if port.folder not in MODEL_FOLDERS or not isinstance(name, str):
                continue
            wanted = hashes.get((port.folder, name))
            if wanted is None:
                continue
            here = sha256(folders.resolve(port.folder, name), folders.home / "cache" / "hashes")
            if here != wanted:
                hashes_told = f"{short(here)}, not {short(wanted)}"
                yield f"{name} has other weights than the file that made the picture: {hashes_told}."


def _nearest(picture: Path, made: list[Path], folders: Folders, catalog: Catalog) -> tuple[Path, Compared]:
    """Of the pictures that were made, the one that is the most like it."""
    pairs = [(path, compare_pictures(picture, path, folders, lambda: catalog)) for path in made if _is_picture(path)]
    if not pairs:
        raise SafelightError("The workflow in it saved no picture.", mend="Look at it with `safelight run --check`.")

    def apart(pair: tuple[Path, Compared]) -> float:
        mean = pair[1].pixels.mean
        return float("inf") if mean is None else mean

    return min(pairs, key=apart)


def _is_picture(path: Path) -> bool:
    try:
        picture_size(path)
    except BadInput:
        return False
    return True
