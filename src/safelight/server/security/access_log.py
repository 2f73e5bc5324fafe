"""A line of the log for each request, with the person and the job; never with what stands behind the `?`."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight.logs import JOB, PERSON

log = logging.getLogger("safelight.access")

QUIET = frozenset({"GET", "HEAD", "OPTIONS"})  # told of only to who wants to know all, unless they failed
JOB_NAMES = ("job", "job_id", "prompt_id")  # of parameters in paths


class AccessLog:
    """ASGI middleware that writes the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        JOB.set("")  # a connection that is used again may hand on what was set before
        PERSON.set("")
        begun = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
            elif message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            method = scope.get("method", "WEBSOCKET")
            level = logging.DEBUG if method in QUIET and 0 < status < 400 else logging.INFO
            if log.isEnabledFor(level):
                parameters = scope.get("path_params", {})
                JOB.set(next((str(parameters[name]) for name in JOB_NAMES if name in parameters), ""))
                took = (time.perf_counter() - begun) * 1000
                log.log(level, "%s %s %s in %.0f ms", method, scope["path"], status or "no answer", took)
