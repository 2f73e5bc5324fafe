"""The routes that ComfyUI's clients know: each as it is, and again below `/api`."""

import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route, WebSocketRoute

from safelight.server.comfy import (
    history,
    internal,
    jobs,
    models,
    object_info,
    preferences,
    prompt,
    queue,
    system,
    uploads,
    userdata,
    view,
)
from safelight.server.comfy.asking import Comfy, Handle, endpoint
from safelight.server.comfy.clients import Clients
from safelight.server.comfy.log_ring import LogRing
from safelight.server.comfy.node_texts import NodeTexts
from safelight.server.comfy.socket import follow

ROUTES: tuple[tuple[str, str, Handle], ...] = (
    ("GET", "/prompt", prompt.remaining),
    ("POST", "/prompt", prompt.submit),
    ("GET", "/queue", queue.show),
    ("POST", "/queue", queue.change),
    ("POST", "/interrupt", queue.interrupt),
    ("POST", "/free", queue.free),
    ("GET", "/history", history.show),
    ("POST", "/history", history.change),
    ("GET", "/history/{prompt_id}", history.show_one),
    ("GET", "/jobs", jobs.show),
    ("GET", "/jobs/{prompt_id}", jobs.show_one),
    ("GET", "/view", view.view),
    ("POST", "/upload/image", uploads.image),
    ("POST", "/upload/mask", uploads.mask),
    ("GET", "/object_info", object_info.show),
    ("GET", "/object_info/{node_class:path}", object_info.show_one),
    ("GET", "/embeddings", models.embeddings),
    ("GET", "/models", models.folders),
    ("GET", "/models/{folder}", models.files),
    ("GET", "/experiment/models", models.places),
    ("GET", "/experiment/models/{folder}", models.details),
    ("GET", "/experiment/models/preview/{folder}/{path_index:int}/{filename:path}", models.preview),
    ("GET", "/view_metadata/{folder}", models.metadata),
    ("GET", "/system_stats", system.stats),
    ("GET", "/features", system.flags),
    ("GET", "/users", system.users),
    ("POST", "/users", system.add_user),
    ("GET", "/extensions", system.nothing_listed),
    ("GET", "/i18n", system.nothing_named),
    ("GET", "/global_subgraphs", system.nothing_named),
    ("GET", "/templates/index.json", system.nothing_listed),
    ("GET", "/templates/index_logo.json", system.nothing_named),
    ("GET", "/workflow_templates", system.template_names),
    ("GET", "/workflow_templates/{pack}/{name}.json", system.template),
    ("GET", "/workflow_templates/{pack}/{name}.jpg", system.template_picture),
    ("GET", "/settings", preferences.show),
    ("POST", "/settings", preferences.change),
    ("GET", "/settings/{id}", preferences.show_one),
    ("POST", "/settings/{id}", preferences.change_one),
    ("GET", "/userdata", userdata.listed),
    ("GET", "/v2/userdata", userdata.listed_as_tree),
    ("POST", "/userdata/{file:path}/move/{dest:path}", userdata.move),
    ("GET", "/userdata/{file:path}", userdata.read),
    ("POST", "/userdata/{file:path}", userdata.write),
    ("DELETE", "/userdata/{file:path}", userdata.delete),
    ("GET", "/internal/logs", internal.log_text),
    ("GET", "/internal/logs/raw", internal.log_lines),
    ("PATCH", "/internal/logs/subscribe", internal.subscribe),
    ("GET", "/internal/folder_paths", internal.folder_paths),
    ("GET", "/internal/files/{folder}", internal.files),
)


def mount(app: FastAPI) -> None:
    """Add the routes to a service."""
    app.router.routes += [route for prefix in ("", "/api") for route in _routes(prefix)]


@contextlib.asynccontextmanager
async def at_work(app: FastAPI) -> AsyncIterator[None]:
    """Keep what these routes need until the block ends."""
    log = LogRing()
    app.state.comfy = Comfy(Clients(), log, NodeTexts(), threading.Lock())
    logging.getLogger().addHandler(log)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(log)


def _routes(prefix: str) -> Iterator[BaseRoute]:
    yield WebSocketRoute(f"{prefix}/ws", follow)
    for method, path, handle in ROUTES:
        yield Route(prefix + path, endpoint(handle), methods=[method])
