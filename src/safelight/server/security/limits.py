"""How large a request may be, counted while it comes in."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safelight.server.security.refusal import refuse

MEND = "Send less at once, or raise `body_bytes` or `upload_bytes` in the settings."


class BodyLimits:
    """ASGI middleware that answers 413 where a request is too large, whatever the route makes of the rest.

    Args:
        app: What comes behind.
        body_bytes: Of a request.
        upload_bytes: Of one that brings files (multipart).
    """

    def __init__(self, app: ASGIApp, body_bytes: int, upload_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").lower().startswith("multipart/")
        most = self._upload_bytes if is_upload else self._body_bytes
        announced = headers.get("content-length", "")
        body = _Counted(receive, most, int(announced[:20]) if announced.isdecimal() else 0)
        is_refused = False

        async def answer(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and body.is_too_large:
                is_refused = True
                await body.discard()
                await refuse(scope, receive, send, 413, body.what, mend=MEND, headers={"Connection": "close"})
            elif not is_refused:
                await send(message)

        if body.is_too_large:
            await answer({"type": "http.response.start"})
        else:
            await self._app(scope, body.receive, answer)


class _Counted:
    """A request's body on its way in."""

    def __init__(self, receive: Receive, most: int, announced: int) -> None:
        self.what = f"The request is larger than the {most} bytes that are taken."
        self.is_too_large = announced > most
        self._receive = receive
        self._most = most
        self._came = 0
        self._is_over = False

    async def receive(self) -> Message:
        message = await self._next()
        if self._came > self._most:
            self.is_too_large = True
            raise HTTPException(413, self.what)  # which routes hand on
        return message

    async def discard(self) -> None:
        """Let the rest pass, as clients read no answer before they have sent it all; but not without end."""
        while not self._is_over and self._came <= 2 * self._most:
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._came += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        return message
