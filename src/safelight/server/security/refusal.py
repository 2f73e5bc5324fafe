"""How a request is turned away before any route sees it."""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from safelight.errors import BadInput
from safelight.server.errors import told


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    what: str,
    *,
    mend: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer a request, or the opening of a WebSocket, with what is wrong with it."""
    answer = JSONResponse(told(BadInput(what, mend=mend)), status, headers=headers)
    await answer(scope, receive, send)
