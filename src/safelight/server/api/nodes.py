"""What nodes there are, and which files they can choose from."""

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog, NodeSpec
from safelight.graph.catalog_json import catalog_to_json
from safelight.graph.problems import nearest
from safelight.server.access import Me
from safelight.server.api.answers import TEXT, Document, NotThere, refusals
from safelight.server.studio import TheStudio

router = APIRouter(prefix="/nodes", tags=["nodes"])


class CatalogView(BaseModel):
    """The nodes, and the files of every folder that one of their inputs chooses from.

    A node has `class_type`, `title`, `category`, `description`, `inputs` and `outputs`, and what differs from what is
    usual; fields are those of `NodeSpec`, `InputSpec` and `OutputSpec` in `graph/catalog.py`.
    """

    nodes: list[Document]
    files: dict[str, list[str]]


@router.get("", response_model=CatalogView, responses=refusals())
def list_nodes(request: Request, studio: TheStudio, me: Me) -> Response:
    """All nodes; ask with `If-None-Match` to get them only where something has changed."""
    return _answer(request, studio.shelf.catalog(), studio.folders_of(me.id))


@router.get("/{class_type}", response_model=CatalogView, responses=refusals(404))
def show_node(
    class_type: Annotated[str, Path(max_length=255, pattern=TEXT)], request: Request, studio: TheStudio, me: Me
) -> Response:
    """One node, in the same form."""
    catalog = studio.shelf.catalog()
    if class_type not in catalog:
        near = nearest(class_type, catalog)
        raise NotThere(f"There is no node {class_type}.", mend=f"Did you mean {near}?" if near else "List all nodes.")
    return _answer(request, {class_type: catalog[class_type]}, studio.folders_of(me.id))


def _answer(request: Request, catalog: Catalog, folders: Folders) -> Response:
    chosen_from = sorted({folder for spec in catalog.values() for folder in _folders(spec)})
    files = {folder: folders.list(folder) for folder in chosen_from}
    body = json.dumps({"nodes": catalog_to_json(catalog)["nodes"], "files": files}).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _folders(spec: NodeSpec) -> set[str]:
    named = {port.folder for port in spec.inputs if port.folder}
    return named | {port.mentions[1] for port in spec.inputs if port.mentions}
