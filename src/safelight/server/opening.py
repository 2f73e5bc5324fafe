"""Opens the door at once: the process listens and answers while the rest of the server is still being imported.

Importing the routes and the database takes most of a second and a half. Until that is done, health and the pages are
answered here, and every other request waits for the server that will answer it.
"""

import asyncio
import json
from collections.abc import Callable
from typing import cast

from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from safelight import __version__
from safelight.errors import SafelightError
from safelight.server.pages import Pages
from safelight.server.security.headers import SecureHeaders

HEALTH = "/api/v1/health"
STARTING = {"version": __version__, "ready": False, "waiting_for": "The server is starting.", "engines": []}
HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
FAILED = {"error": {"what": "The server could not start.", "where": "", "mend": "Its log says why."}}
TOO_EARLY = 503  # to what was waiting when the start failed


class Opening:
    """An ASGI application that stands for another one until that is made.

    Attributes:
        failure: Why the other one could not start; None while nothing is known of that.

    Args:
        make: Imports and makes it; called in another thread.
        failed: Called when it could not start.
    """

    def __init__(self, make: Callable[[], tuple[ASGIApp, Lifespan[object]]], failed: Callable[[], None]) -> None:
        self.failure: Exception | None = None
        self._make = make
        self._failed = failed
        self._pages = Pages(self)
        self._app: ASGIApp | None = None
        self._over = asyncio.Event()  # the start, well or not
        self._ending = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if self._app is None and scope["type"] == "http" and scope["path"] == HEALTH:
            await _answer(send, 200, STARTING)
            return
        if self._app is None and self._pages.has(scope):
            await SecureHeaders(self._pages)(scope, receive, send)
            return
        await self._over.wait()
        if self._app is None:
            if scope["type"] == "http":
                await _answer(send, TOO_EARLY, FAILED)
            return
        await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        working = asyncio.create_task(self._work(), name="server")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ending.set()
        await asyncio.wait([working])
        await send({"type": "lifespan.shutdown.complete"})

    async def _work(self) -> None:
        try:
            app, lifespan = await asyncio.to_thread(self._make)
            async with lifespan(app):
                self._app = app
                self._over.set()
                await self._ending.wait()
        except SafelightError as error:
            self.failure = error
            self._over.set()
            self._failed()


async def _answer(send: Send, status: int, document: object) -> None:
    body = json.dumps(document).encode()
    length = (b"content-length", str(len(body)).encode())
    await send(cast(Message, {"type": "http.response.start", "status": status, "headers": [*HEADERS, length]}))
    await send({"type": "http.response.body", "body": body})
