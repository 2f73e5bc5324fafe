"""`safelight run`: a saved workflow, from a file or from a picture made by one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from safelight.cli import elsewhere
from safelight.cli.calling import Server, Token, client_of
from safelight.cli.opening import ToRun, open_workflow
from safelight.cli.report import Report, note
from safelight.cli.verdict import show_verdict
from safelight.cli.working import check_one, folders_of, library_of, run_all
from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.files.templates import find_template, templates
from safelight.graph.document import Link, NodeCall
from safelight.graph.opening import TheCatalog
from safelight.graph.problems import nearest
from safelight.settings import read_settings


def run(
    file: Annotated[
        Path | None, typer.Argument(help="A workflow (JSON, also as editors save it), or a picture made by one.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="A workflow that ships with Safelight, in place of a file.")
    ] = None,
    settings_of_nodes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NODE.INPUT=VALUE", help="Change an input; NODE is an id, a title or a type."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, fp32, fp16, bf16.")] = None,
    vram: Annotated[str | None, typer.Option(help="auto, low, normal, high: what stays on the device.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for what is saved.")] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Say what is wrong, or what it will take; run nothing.")
    ] = False,
    server: Server = None,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON.")] = False,
) -> None:
    """Run a saved workflow. The paths of what it saves go to the standard output."""
    settings = read_settings(device=device, dtype=dtype, vram=vram)
    folders = folders_of(settings, out)
    place = _meant(file, template)
    if server is not None:
        with client_of(server, token, device, dtype) as client:
            opened = _opened(place, folders, lambda: elsewhere.catalog_of(client), settings_of_nodes or [])
            if only_check:
                show_verdict(elsewhere.verdict_of(client, opened.workflow), as_json=as_json)
                return
            with Report(folders, as_json=as_json) as report:
                elsewhere.run(client, opened.workflow, opened.editor, folders, report)
        return
    opened = _opened(place, folders, lambda: library_of(settings).catalog, settings_of_nodes or [])
    if only_check:
        show_verdict(check_one(opened.workflow, settings, folders), as_json=as_json)
        return
    with Report(folders, as_json=as_json) as report:
        run_all([opened.workflow], settings, folders, report, editor=opened.editor)


def _opened(place: Path, folders: Folders, catalog: TheCatalog, changes: Sequence[str]) -> ToRun:
    """The workflow as it is to be run; its notes are told."""
    opened = open_workflow(place, folders, catalog)
    for text in opened.notes:
        note(f"Note: {text}")
    for change in changes:
        _change(opened.workflow, change)
    return replace(opened, editor=None) if changes else opened  # a changed workflow is laid out anew


def _meant(file: Path | None, template: str | None) -> Path:
    if (file is None) == (template is None):
        raise BadInput(
            "There is nothing to run." if file is None else "A file and a template cannot be run at once.",
            mend=f"Give a file, or --template with one of: {', '.join(templates())}.",
        )
    return find_template(template).editor if template else file or Path()


def _change(workflow: dict[str, NodeCall], change: str) -> None:
    """Put `node.input=value` into a workflow."""
    target, equals, text = change.partition("=")
    node, dot, name = target.rpartition(".")
    if not equals or not dot:
        raise BadInput(f"--set {change} is not NODE.INPUT=VALUE.", mend="For example: --set 5.seed=42")
    number = _node(workflow, node)
    inputs = workflow[number].inputs
    if name not in inputs:
        near = nearest(name, tuple(inputs))
        raise BadInput(
            f"{workflow[number].class_type} (node {number}) has no input {name} in this workflow.",
            mend=f"Did you mean {near}?" if near else f"It has: {', '.join(inputs)}.",
        )
    workflow[number] = NodeCall(
        workflow[number].class_type, {**inputs, name: _value(text, inputs[name])}, workflow[number].title
    )


def _node(workflow: dict[str, NodeCall], name: str) -> str:
    """The id of the node that an id, a title or a type means."""
    if name in workflow:
        return name
    found = [number for number, call in workflow.items() if name in (call.title, call.class_type)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{number} ({call.title or call.class_type})" for number, call in workflow.items())
    what = f"{name} means several nodes" if found else f"There is no node {name}"
    raise BadInput(f"{what}.", mend=f"Nodes are: {listed}.")


def _value(text: str, before: object) -> object:
    """A value as it is meant where `before` was: texts stay texts, all else is read as JSON where it is that."""
    if isinstance(before, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    match value:
        case [str(node), int(output)]:
            return Link(node, output)
    return value
