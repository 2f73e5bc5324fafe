"""Listens for requests."""

import gc
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from safelight.errors import BadInput
from safelight.server.opening import Opening
from safelight.server.security.reach import needs_accounts
from safelight.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Lifespan

    from safelight.engine.interface import Fleet

GRACE = 5  # seconds that open connections have when the server ends
WAITING = 2048  # connections that may wait to be taken


def listen(settings: Settings) -> None:
    """Serve until told to end.

    Raises:
        BadInput: The address cannot be listened on, or people must sign in and nobody could.
        SafelightError: The database cannot be opened.
    """
    _check_accounts(settings)
    listening = _socket(settings)
    host, port = listening.getsockname()[:2]
    print(f"Safelight is at http://{_shown(host)}:{port}", file=sys.stderr, flush=True)

    def make() -> "tuple[ASGIApp, Lifespan[object]]":
        from safelight.server.app import make_app  # noqa: PLC0415 (takes a second, while others are answered already)

        app = make_app(settings, _fleet(settings))
        gc.freeze()  # what was imported stays, and need not be looked through again and again
        return app, app.router.lifespan_context

    opening = Opening(make, failed=lambda: setattr(server, "should_exit", True))
    config = uvicorn.Config(
        opening,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        ws_max_size=settings.body_bytes,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if opening.failure is not None:
        raise opening.failure


def _check_accounts(settings: Settings) -> None:
    """See that there is somebody who can sign in, where everybody must."""
    if not needs_accounts(settings):
        return
    from safelight.store import accounts  # noqa: PLC0415 (as above)
    from safelight.store.database import Database, database_url  # noqa: PLC0415

    database = Database(database_url(settings.database, settings.home))
    try:
        with database.read() as connection:
            if accounts.anybody_can_enter(connection):
                return
    finally:
        database.close()
    make = "Make one with `safelight users add NAME --admin`"
    if settings.auth == "on":
        raise BadInput("People must sign in, as `auth` is on, and there is no account yet.", mend=f"{make}.")
    raise BadInput(
        f"Others can reach {settings.host or 'all addresses'}, so people must sign in, and there is no account yet.",
        mend=f"{make}; or let everybody in who can reach it, with --insecure.",
    )


def _fleet(settings: Settings) -> "Fleet":
    if not settings.cluster:
        from safelight.engine.local import LocalFleet  # noqa: PLC0415 (as above)

        return LocalFleet(settings)
    from safelight.engine.cluster import ClusterFleet  # noqa: PLC0415 (most servers have none)

    return ClusterFleet(settings, settings.cluster)


def _socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio looks at the protocol, and without it sends the body of an answer 40 ms after its headers (Nagle)
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(WAITING)
    except OSError as error:
        listening.close()
        raise BadInput(
            f"The address {settings.host}:{settings.port} cannot be listened on: {error.strerror or error}.",
            mend="Is Safelight running already? Otherwise give another --port or --host.",
        ) from error
    return listening


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
