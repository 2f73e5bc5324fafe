"""`/internal`: what graph editors show of the server itself; for admins, as it names the files and jobs of all."""

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.files.folders import FILE_FOLDERS, MODEL_FOLDERS
from safelight.graph.problems import shown
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.log_ring import shown_log


def log_text(asked: Asked) -> Response:
    """`GET /internal/logs`: the last lines of the log, as one JSON text."""
    _for_admins(asked)
    return answer("".join(f"{line.time} - {line.text}" for line in asked.comfy.log.lines()))


def log_lines(asked: Asked) -> Response:
    """`GET /internal/logs/raw`: the same line by line."""
    _for_admins(asked)
    return answer(shown_log(asked.comfy.log.lines()))


def subscribe(asked: Asked) -> Response:
    """`PATCH /internal/logs/subscribe`: whether a socket is sent further lines."""
    _for_admins(asked)
    document = asked.document()
    client, enabled = document.get("clientId"), document.get("enabled")
    if not isinstance(client, str) or not isinstance(enabled, bool):
        mend = 'Send {"clientId": "…", "enabled": true}.'
        raise BadInput(f"clientId is {shown(client)}, and enabled {shown(enabled)}.", mend=mend)
    asked.comfy.clients.read_log((asked.me.id, client), wanted=enabled)
    return Response()


def folder_paths(asked: Asked) -> Response:
    """`GET /internal/folder_paths`: where models are looked for."""
    _for_admins(asked)
    directories = asked.folders.directories
    return answer({name: [str(path) for path in directories[name]] for name in MODEL_FOLDERS})


def files(asked: Asked) -> Response:
    """`GET /internal/files/{folder}`: the person's files right in a folder, newest first."""
    folder = asked.path("folder")
    if folder not in FILE_FOLDERS:
        mend = f"There are: {', '.join(FILE_FOLDERS)}."
        raise Refused(400, f"There is no folder called {folder[:80]} here.", mend=mend)
    directory = asked.folders.directories[folder][0]
    times: dict[str, float] = {}
    for name in asked.folders.list(folder):
        path = directory / name
        if "/" not in name and path.is_file():
            times[name] = path.stat().st_mtime
    return answer(sorted(times, key=lambda name: times[name], reverse=True))


def _for_admins(asked: Asked) -> None:
    if not asked.me.admin:
        raise Refused(403, "Only admins see this.", mend="Ask one.")
