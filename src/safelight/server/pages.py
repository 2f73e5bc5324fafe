"""Gives browsers the web interface: files that `make` has built from `web/`, open to everybody as they hold no data."""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).parents[1] / "web"
FRONT = "/index.html"
NAMED_BY_CONTENT = "/web/"  # a changed file has another name
FOREVER = "public, max-age=31536000, immutable"
PACKED = (("br", ".br"), ("gzip", ".gz"))
"""How a file lies packed beside itself, the smallest first."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".webp": "image/webp",
}
WITHOUT = "/api/v1/docs"  # where the front page leads while none is built


class Pages:
    """ASGI middleware that answers what is asked for by the name of a built file, and `/`.

    Args:
        app: What comes behind.
        folder: Where the files are.
    """

    def __init__(self, app: ASGIApp, folder: Path = BUILT) -> None:
        self._app = app
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._built: float | None = None
        self._look()

    def has(self, scope: Scope) -> bool:
        """Whether a request is for a page."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return False
        name = self._name(scope)
        if name == FRONT or (name.startswith(NAMED_BY_CONTENT) and name not in self._files):
            self._look()
        return name in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.has(scope):
            await self._file(self._name(scope), Headers(scope=scope))(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/":
            await RedirectResponse(WITHOUT)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _look(self) -> None:
        """Take note of what is there, if it has been built anew meanwhile."""
        front = self._folder / FRONT[1:]
        built = front.stat().st_mtime if front.is_file() else None
        if built == self._built:
            return
        self._built = built
        files = (path for path in self._folder.rglob("*") if path.suffix in TYPES)
        self._files = {f"/{path.relative_to(self._folder).as_posix()}": path for path in files}

    @staticmethod
    def _name(scope: Scope) -> str:
        return FRONT if scope["path"] == "/" else str(scope["path"])

    def _file(self, name: str, asked: Headers) -> Response:
        path = self._files[name]
        headers = {"Vary": "Accept-Encoding"}
        if name.startswith(NAMED_BY_CONTENT):
            headers["Cache-Control"] = FOREVER
        media_type = TYPES[path.suffix]
        taken = {part.partition(";")[0].strip() for part in asked.get("accept-encoding", "").split(",")}
        for encoding, suffix in PACKED:
            packed = path.with_name(path.name + suffix)
            if encoding in taken and packed.is_file():
                path = packed
                headers["Content-Encoding"] = encoding
                break
        return FileResponse(path, media_type=media_type, headers=headers)
