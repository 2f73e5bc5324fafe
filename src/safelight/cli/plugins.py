"""`safelight plugins`: which plugins are enabled, what they add, and what failed."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from safelight.cli.report import note
from safelight.files.plugin_list import FILE_NAME, available, disable, enable
from safelight.settings import read_settings

if TYPE_CHECKING:
    from safelight.plugins.loading import Plugin

KINDS = ("nodes", "samplers", "schedulers", "families")

app = typer.Typer(help="Say which plugins are enabled, and enable or disable one.", no_args_is_help=False)


@app.callback(invoke_without_command=True)
def plugins(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is enabled, what it adds, and what failed."""
    if context.invoked_subcommand is not None:
        return
    from safelight.plugins.loading import library  # noqa: PLC0415 (torch and the models take seconds to import)

    settings = read_settings()
    found = library(settings).plugins
    others = available(settings.home)
    if as_json:
        typer.echo(json.dumps({"enabled": [asdict(plugin) for plugin in found], "available": others}, indent=2))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for plugin in found:
        _print(console, plugin)
    if not found:
        console.print(f"No plugin is enabled ({settings.home / FILE_NAME} names none).")
    if others:
        console.print(f"Not enabled, and not loaded: {', '.join(others)}.")


@app.command("enable")
def enable_one(
    plugin: Annotated[str, typer.Argument(help="A name, as the list shows it; or the path of a folder or .py file.")],
) -> None:
    """Load a plugin from now on. It is code that runs with your rights: enable only what you trust."""
    place = enable(read_settings().home, plugin)
    note(f"{place.name} is enabled. `safelight plugins` says what it adds.")


@app.command("disable")
def disable_one(plugin: Annotated[str, typer.Argument(help="A name or a path, as the list shows it.")]) -> None:
    """Load a plugin no more."""
    place = disable(read_settings().home, plugin)
    note(f"{place.name} is disabled.")


def _print(console: Console, plugin: "Plugin") -> None:
    console.print(f"{plugin.name}  ({plugin.place})" if plugin.place else plugin.name)
    if plugin.error:
        console.print(f"  failed: {plugin.error}")
    for kind in KINDS:
        if names := getattr(plugin, kind):
            console.print(f"  {kind}: {', '.join(names)}")
    for text in plugin.notes:
        console.print(f"  note: {text}")
