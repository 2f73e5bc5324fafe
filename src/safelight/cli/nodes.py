"""`safelight nodes`: what nodes there are, and what one of them takes and gives."""

import json
from dataclasses import asdict
from difflib import get_close_matches
from typing import Annotated

import typer

from safelight.cli.working import library_of
from safelight.errors import BadInput
from safelight.graph.catalog import Catalog, NodeSpec
from safelight.graph.listing import as_markdown, described
from safelight.settings import read_settings


def nodes(
    name: Annotated[str | None, typer.Argument(help="A node; without it, all are listed.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="All that is known of them, as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """List the nodes that workflows can be made of, or show one."""
    catalog = library_of(read_settings()).catalog
    wanted = catalog if name is None else {name: _named(name, catalog)}
    if as_json:
        typer.echo(json.dumps({node: _plain(spec) for node, spec in wanted.items()}, indent=2))
    elif markdown:
        typer.echo(as_markdown(wanted))
    elif name is not None:
        typer.echo(_shown(wanted[name]))
    else:
        for spec in sorted(wanted.values(), key=lambda spec: (spec.category.casefold(), spec.class_type.casefold())):
            typer.echo(f"{spec.class_type:38} {spec.category:40} {spec.description.partition('. ')[0]}")


def _named(name: str, catalog: Catalog) -> NodeSpec:
    if name in catalog:
        return catalog[name]
    titled = [
        spec for spec in catalog.values() if name.casefold() in (spec.title.casefold(), spec.class_type.casefold())
    ]
    if len(titled) == 1:
        return titled[0]
    near = get_close_matches(name, catalog, n=1)
    raise BadInput(
        f"There is no node {name}.",
        mend=f"Did you mean {near[0]}?" if near else "`safelight nodes` lists them.",
    )


def _plain(spec: NodeSpec) -> dict[str, object]:
    plain = asdict(spec)
    plain.pop("by_name")
    return plain


def _shown(spec: NodeSpec) -> str:
    """A node, for the terminal."""
    lines = [f"{spec.class_type} ({spec.title}), in {spec.category}", f"  {spec.description}", "", "takes"]
    for port in spec.inputs:
        lines.append(f"  {port.name:24} {port.type:14} {described(port)}")
        if port.tooltip:
            lines.append(f"  {'':24} {port.tooltip}")
    lines += [
        "",
        "gives",
        *(f"  {port.name:24} {port.type}{' (a list)' if port.is_list else ''}" for port in spec.outputs),
    ]
    return "\n".join(lines)
