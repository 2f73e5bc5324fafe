"""Answers only to its own names.

A page elsewhere can have its name point to this machine (DNS rebinding), and its scripts may then read answers as if
they were of the same origin. Their requests still say whose name was asked for.
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from safelight.server.security.reach import is_numeric
from safelight.server.security.refusal import refuse


class Hosts:
    """ASGI middleware that turns away requests for other names.

    Args:
        app: What comes behind.
        names: Beside `localhost` and numeric addresses, which no page can pretend to be of.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or not self._is_own(hosts[0]):
                named = ", ".join(hosts)[:200] or "no name"
                await refuse(
                    scope,
                    receive,
                    send,
                    421,
                    f"This server was asked for as {named}, which is none of its names.",
                    mend="Use its address in numbers, or add the name to `allowed_hosts` in its settings.",
                )
                return
        await self._app(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        name = name_of(host)
        return name in self._names or is_numeric(name)


def name_of(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    name, _, after = host.rpartition(":")
    if not name or after.endswith("]"):  # no port
        name = host
    return name.strip("[]").rstrip(".").lower()
