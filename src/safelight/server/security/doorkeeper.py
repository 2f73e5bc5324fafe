"""Finds out who is asking: by a session's cookie, by a token, or because nobody needs to say."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from safelight.errors import SafelightError
from safelight.server.access import THE_ONE_HERE, Person
from safelight.server.security.credentials import digest
from safelight.server.security.reach import needs_accounts
from safelight.server.security.throttle import Throttle
from safelight.settings import Settings
from safelight.store import accounts
from safelight.store.accounts import User
from safelight.store.database import Database

COOKIE = "safelight_session"
FRESH = 2.0  # seconds for which an answer of the database is believed; what the command changes counts after them
MOST_KEPT = 1000
LONGEST_SECRET = 200  # characters


@dataclass(frozen=True)
class Credential:
    """What somebody proves with who they are.

    Attributes:
        kind: Where it came from.
        digest: See `credentials.digest`; empty where there is none.
    """

    kind: Literal["session", "token", "none"]
    digest: str = ""


NOTHING = Credential("none")


class Doorkeeper:
    """Knows who is known. Used from any thread, but for `who`.

    Args:
        settings: Say whether signing in is needed in any case.
        clock: Seconds, growing.

    Attributes:
        throttle: Slows down those who guess passwords.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.throttle = Throttle(clock)
        self._always = needs_accounts(settings)
        self._clock = clock
        self._known: dict[Credential, tuple[float, Person | None]] = {}

    async def who(self, credential: Credential, database: Database) -> Person | None:
        """The person of a credential; None for a stranger.

        Raises:
            DatabaseBusy: It cannot be found out now.
        """
        kept = self._known.get(credential)
        if kept is not None and kept[0] > self._clock():
            return kept[1]
        person = await asyncio.to_thread(self._looked_up, credential, database)
        if person is not None or credential is NOTHING:  # guesses are not kept
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[credential] = (self._clock() + FRESH, person)
        return person

    def forget(self) -> None:
        """Ask the database again: an account was changed."""
        self._known.clear()

    def _looked_up(self, credential: Credential, database: Database) -> Person | None:
        with database.read() as connection:
            if not self._always and not accounts.has_accounts(connection):
                return THE_ONE_HERE
            if credential.kind == "session":
                return _person(accounts.user_by_session(connection, credential.digest))
            found = accounts.user_by_token(connection, credential.digest) if credential.kind == "token" else None
        if found is None:
            return None
        user, token = found
        if token.used is None or token.used < time.time() - accounts.TOUCHED:
            with contextlib.suppress(SafelightError), database.write() as connection:
                accounts.touch_token(connection, token.id)
        return _person(user)


def credential_of(scope: Scope) -> Credential:
    """What a request brings: a token in its header, or of a WebSocket behind `?token=`; else a session's cookie.

    A token behind the `?` is taken out of the scope, so that nothing behind can write it into a log.
    """
    headers = Headers(scope=scope)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scope["type"] == "websocket":
        asked = _without_token(scope)
        token = token if scheme.lower() == "bearer" else asked
        scheme = "bearer" if token else scheme
    if scheme.lower() == "bearer" and token:
        return Credential("token", digest(token.strip())) if len(token) <= LONGEST_SECRET else NOTHING
    cookies: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        cookies.load(headers.get("cookie", ""))
    session = cookies[COOKIE].value if COOKIE in cookies else ""
    return Credential("session", digest(session)) if 0 < len(session) <= LONGEST_SECRET else NOTHING


def _without_token(scope: Scope) -> str:
    """The token in a query, which is left without it; empty where there is none."""
    parts = scope["query_string"].split(b"&")
    tokens = [part for part in parts if part.startswith(b"token=")]
    scope["query_string"] = b"&".join(part for part in parts if part not in tokens)
    return parse_qs(tokens[-1].decode("latin-1")).get("token", [""])[0] if tokens else ""


def _person(user: User | None) -> Person | None:
    return None if user is None else Person(user.id, user.name, user.admin)
