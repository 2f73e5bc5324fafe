"""Counts requests and how long they take, by route and status."""

import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets, in seconds; one more holds what took longer."""
NONE = "none"
"""Stands for the route where there is none such, so that strangers cannot add to the list."""
ENDLESS = "/api/v1/events"


@dataclass
class Durations:
    """How long the requests of one kind took.

    Attributes:
        buckets: How many fell between the bounds.
        seconds: All of them together.
    """

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


Requests = dict[tuple[str, str, str], Durations]
"""By method, route and status. Written on the event loop's thread only."""


class Measured:
    """ASGI middleware that counts what passes.

    Args:
        app: What comes behind.
        requests: Where it is counted.
    """

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"  # of an answer that never came
        begun = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = _route(scope)
            if not route.startswith(ENDLESS):
                taken = time.perf_counter() - begun
                durations = self._requests[scope["method"], route, status]
                durations.buckets[bisect_left(BOUNDS, taken)] += 1
                durations.seconds += taken


def _route(scope: Scope) -> str:
    """The pattern that a path has matched, as a router that is included elsewhere does not know all of it."""
    pattern = getattr(scope.get("route"), "path_format", "")
    if not pattern:
        return NONE
    path: str = scope["path"]
    return path.removesuffix(pattern.format(**scope["path_params"])) + str(pattern)


def no_requests() -> Requests:
    """Nothing counted yet."""
    return defaultdict(Durations)
