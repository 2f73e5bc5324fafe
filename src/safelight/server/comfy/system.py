"""`/system_stats`, `/features`, `/users` and what else clients ask when they start."""

import os
import sys

from starlette.responses import Response

from safelight import __version__
from safelight.errors import BadInput
from safelight.files.templates import templates
from safelight.jobs.station import Station
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.features import features

SPOKEN = "0.3.64"
"""The version of ComfyUI whose routes and messages these are; some clients look at it."""
PACK = "safelight"
"""The name under which clients list our templates, as if a pack had brought them."""


def stats(asked: Asked) -> Response:
    """`GET /system_stats`: versions, memory and devices."""
    stations = [station for station in list(asked.studio.dispatcher.stations) if station.ready]
    versions = next((station.ready.versions for station in stations if station.ready), {})
    system = {
        "os": os.name,
        "ram_total": _memory("SC_PHYS_PAGES"),
        "ram_free": _memory("SC_AVPHYS_PAGES"),
        "comfyui_version": SPOKEN,
        "safelight_version": __version__,
        "python_version": sys.version,
        "pytorch_version": versions.get("torch", ""),
        "embedded_python": False,
        "argv": [],
    }
    return answer({"system": system, "devices": [_device(station) for station in stations]})


def flags(asked: Asked) -> Response:
    """`GET /features`: what the server can do."""
    return answer(features(asked.studio.settings))


def users(_: Asked) -> Response:
    """`GET /users`: that settings are kept here; who asks is known by signing in."""
    return answer({"storage": "server", "migrated": True})


def add_user(_: Asked) -> Response:
    """`POST /users`: refused, as strangers could make accounts by it."""
    raise BadInput("Accounts are not made here.", mend="An admin makes them, with `safelight users add`.")


def nothing_listed(_: Asked) -> Response:
    """`GET /extensions` and others: scripts of node packs and templates of ComfyUI's own, which are not served."""
    return answer([])


def nothing_named(_: Asked) -> Response:
    """`GET /i18n` and others: translations and subgraphs of node packs, which are not served."""
    return answer({})


def template_names(_: Asked) -> Response:
    """`GET /workflow_templates`: the templates that ship, by the pack that brings them."""
    return answer({PACK: list(templates())})


def template(asked: Asked) -> Response:
    """`GET /workflow_templates/{pack}/{name}.json`: one of them, as graph editors load it."""
    found = templates().get(asked.path("name")) if asked.path("pack") == PACK else None
    if found is None:
        raise Refused(404, "There is no such template.", mend=f"There are: {', '.join(templates())}.")
    return Response(found.editor.read_bytes(), media_type="application/json")


def template_picture(asked: Asked) -> Response:
    """`GET /workflow_templates/{pack}/{name}.jpg`: what one of them makes."""
    found = templates().get(asked.path("name")) if asked.path("pack") == PACK else None
    if found is None or found.picture is None:
        raise Refused(404, "There is no picture of this template.", mend="Those whose models ship have one.")
    return Response(found.picture.read_bytes(), media_type="image/webp")


def _device(station: Station) -> dict[str, object]:
    """A device as clients read it. What torch has taken of its memory is not told apart from the rest."""
    assert station.ready is not None, "only such are asked for"
    kind, _, index = station.ready.device.partition(":")
    total, free = (station.idle.memory_total, station.idle.memory_free) if station.idle else (0, 0)
    return {
        "name": f"{station.name} {station.ready.title}",
        "type": kind,
        "index": int(index) if index.isdecimal() else None,
        "vram_total": total,
        "vram_free": free,
        "torch_vram_total": total,
        "torch_vram_free": free,
    }


def _memory(pages: str) -> int:
    """Bytes of memory; 0 where the system does not say."""
    try:
        return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
