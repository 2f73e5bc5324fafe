"""Answers pages of its own and those that the settings name; no other page may use the server through its visitors."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight.server.security.refusal import refuse

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ACCEPTED = "Authorization, Content-Type, If-None-Match, Last-Event-ID, Prefer"
EXPOSED = "Content-Disposition, ETag, Location, Retry-After"
REMEMBERED = "600"  # seconds


class Origins:
    """ASGI middleware that looks at `Origin`, which browsers send with all that could change something.

    Args:
        app: What comes behind.
        allowed: Pages of other servers that may use this one, as `https://studio.example`.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {origin.rstrip("/").lower() for origin in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        is_allowed = origin is not None and origin.lower() in self._allowed
        if is_allowed and origin is not None:
            send = _answering(origin, send)
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await Response()(scope, receive, send)
        elif origin is None or is_allowed or _is_same(origin, scope["scheme"], headers["host"]):
            await self._app(scope, receive, send)
        else:
            await refuse(
                scope,
                receive,
                send,
                403,
                f"The page {origin[:200]} may not use this server.",
                mend="If it is yours, add it to `allowed_origins` in the settings.",
            )


def _is_same(origin: str, scheme: str, host: str) -> bool:
    """Whether a page is of the host that it asks; the scheme may be another where a proxy ends TLS."""
    try:
        page, asked = urlsplit(origin), urlsplit(f"//{host}")
        if page.scheme not in ("http", "https") or not page.hostname:
            return False
        defaults = {PORTS[page.scheme], PORTS[scheme]}
        ports = {page.port or PORTS[page.scheme]}, ({asked.port} if asked.port else defaults)
    except ValueError:
        return False
    return page.hostname == asked.hostname and ports[0] <= ports[1]


def _answering(origin: str, send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = ACCEPTED
            headers["Access-Control-Expose-Headers"] = EXPOSED
            headers["Access-Control-Max-Age"] = REMEMBERED
            headers.add_vary_header("Origin")
        await send(message)

    return answer
