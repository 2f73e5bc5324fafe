"""Stands in front of all routes, and lets in who may come in."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from safelight.errors import SafelightError
from safelight.logs import PERSON
from safelight.server.errors import status_of
from safelight.server.security.doorkeeper import Doorkeeper, credential_of
from safelight.server.security.refusal import refuse
from safelight.server.studio import studio_of

OPEN = frozenset({"/api/v1/health", "/api/v1/ready", "/api/v1/session"})
"""What strangers may ask."""


class Gate:
    """ASGI middleware that puts the person who asks into the scope, and turns strangers away.

    Args:
        app: What comes behind.
        doorkeeper: Knows people.
    """

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        credential = credential_of(scope)
        try:
            person = await self._doorkeeper.who(credential, studio_of(HTTPConnection(scope)).database)
        except SafelightError as error:
            await refuse(scope, receive, send, status_of(error), error.what, mend=error.mend)
            return
        if person is None and scope["path"] not in OPEN:
            what = "You are not signed in." if credential.kind == "none" else "You are signed in no more."
            await refuse(
                scope,
                receive,
                send,
                401,
                what,
                mend="Sign in, or send a token that is in force as `Authorization: Bearer sl_…`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
            return
        scope["person"] = person
        PERSON.set(person.name if person else "")
        await self._app(scope, receive, send)
