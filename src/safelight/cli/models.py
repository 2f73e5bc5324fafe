"""`safelight models`: what model files there are, and what one of them is."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from safelight.cli.working import load_families, model_folders
from safelight.errors import BadInput, SafelightError
from safelight.families.describe import describe_file
from safelight.families.detect import identify
from safelight.families.elsewhere import NOT_YET
from safelight.families.layouts import prefixes
from safelight.families.shapes import FileContents, Part, TextShape, UNetShape, VaeShape
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import sha256, short
from safelight.files.header import read_header
from safelight.files.tensors import Header
from safelight.settings import Settings, read_settings

UNREADABLE = (".yaml",)  # settings that lie beside models

PIPE_WIDTH = 200  # columns, where there is no terminal to say

app = typer.Typer(help="List model files, and show what one of them is.", no_args_is_help=False)


@dataclass(frozen=True)
class Entry:
    """A row of the list."""

    folder: str
    name: str
    size: int
    what: str


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is in the models folders."""
    if context.invoked_subcommand is not None:
        return
    entries = list_models(_folders(context))
    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    table = Table("folder", "name", "size", "what it is", box=None, header_style="bold")
    table.columns[1].overflow = "fold"
    table.columns[2].justify = "right"
    for entry in entries:
        table.add_row(entry.folder, entry.name, readable_size(entry.size), entry.what)
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


@app.command()
def show(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A path, or a name as the list shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show family, prediction type, parameters, number type, metadata and hashes of a file."""
    settings = _settings(context)
    path = find(_folders(context), file)
    header = read_header(path)
    facts = report(header) | _hashes(path, settings)
    if as_json:
        typer.echo(json.dumps(facts | {"metadata": dict(header.metadata)}, indent=2))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for name, value in facts.items():
        console.print(f"{name:<18} {value}")
    for name, value in header.metadata.items():
        console.print(f"  {name}: {value}")


def list_models(folders: Folders) -> list[Entry]:
    """Every file in the models folders, told by its header alone."""
    found = []
    for folder in MODEL_FOLDERS:
        for name in folders.list(folder):
            path = folders.resolve(folder, name)
            found.append(Entry(folder, name, path.stat().st_size, _what(path)))
    return found


def find(folders: Folders, file: str) -> Path:
    """The file that a person means: a path, or a name in any of the models folders.

    Raises:
        BadInput: There is none.
    """
    if Path(file).expanduser().is_file():
        return Path(file).expanduser()
    for folder in MODEL_FOLDERS:
        if (name := folders.meant(folder, file)) is not None:
            return folders.resolve(folder, name)
    raise BadInput(f"There is no file {file}.", mend="`safelight models` lists what there is.")


def report(header: Header) -> dict[str, str]:
    """What `show` prints above the hashes, in order.

    Raises:
        BadInput: The file is none that is known.
    """
    facts = {
        "file": str(header.path),
        "size": readable_size(header.path.stat().st_size),
        "what": describe_file(header),
        "parameters": f"{sum(tensor.numbers for tensor in header.tensors.values()):,} in all",
    }
    loadable = prefixes(header.tensors) and not NOT_YET.recognise(header.tensors)
    return facts | _facts_of_parts(identify(header)) if loadable else facts


def _facts_of_parts(contents: FileContents) -> dict[str, str]:
    size, settings = contents.native_size, contents.recommended
    facts = {"family": contents.family.title if contents.family else "several"}
    if contents.unet:
        facts["prediction"] = contents.prediction
    if size:
        facts["native size"] = f"{size[0]}x{size[1]}"
    if settings:
        facts["recommended"] = f"{settings.steps} steps, cfg {settings.cfg:g}, {settings.sampler}, {settings.scheduler}"
    for part in contents.parts:
        facts[_name_of(part)] = f"{part.parameters:,} parameters, {part.dtype}, {part.layout} layout"
    if contents.ema_parameters:
        facts["EMA copy"] = f"{contents.ema_parameters:,} parameters, not used"
    return facts


def readable_size(size: int) -> str:
    """A size in bytes, in decimal units, to three digits."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size} B"


def _name_of(part: Part[UNetShape] | Part[VaeShape] | Part[TextShape]) -> str:
    if isinstance(part.shape, TextShape):
        return f"text encoder {part.shape.tower.upper()}"
    return "denoiser" if isinstance(part.shape, UNetShape) else "VAE"


def _hashes(path: Path, settings: Settings) -> dict[str, str]:
    digest = sha256(path, settings.home / "cache" / "hashes")
    return {"SHA-256": digest, "short hash": short(digest)}


def _what(path: Path) -> str:
    if path.suffix.lower() in UNREADABLE:
        return "settings"
    try:
        return describe_file(read_header(path))
    except SafelightError as error:
        return error.what


def _folders(context: typer.Context) -> Folders:
    settings = _settings(context)
    load_families(settings)
    return model_folders(settings)


def _settings(context: typer.Context) -> Settings:
    """Those that the program was started with, or for this command alone, those that are in force."""
    return context.find_object(Settings) or read_settings()
