"""Who is asking."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from safelight.errors import BadInput, SafelightError
from safelight.store.state import ONLY_USER


class NotSignedIn(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """Nobody knows who is asking, and that must be known."""


class NotAllowed(BadInput):
    """Who is asking may not do that."""


class TooManyTries(SafelightError):  # noqa: N818 (as above)
    """Somebody has guessed passwords too often of late."""


@dataclass(frozen=True)
class Person:
    """Somebody who uses the server.

    Attributes:
        id, name: Of the account.
        admin: Whether they may see and do everything.
    """

    id: str
    name: str
    admin: bool

    @property
    def sees(self) -> str | None:
        """Whose jobs and files they see: their own, or None for everybody's."""
        return None if self.admin else self.id


THE_ONE_HERE = Person(ONLY_USER, ONLY_USER, admin=True)
"""Who asks where nobody signs in."""


def anybody(connection: HTTPConnection) -> Person | None:
    """Who sent a request or opened a WebSocket, as the gate has found out; None for a stranger at an open door."""
    return cast(Person | None, connection.scope["person"])


def person_of(connection: HTTPConnection) -> Person:
    """Who sent a request or opened a WebSocket.

    Raises:
        NotSignedIn: A stranger did.
    """
    person = anybody(connection)
    if person is None:
        raise NotSignedIn("You are not signed in.", mend="Sign in, or send a token.")
    return person


def admin_of(connection: HTTPConnection) -> Person:
    """Who sent a request that only an admin may.

    Raises:
        NotSignedIn: A stranger did.
        NotAllowed: Somebody else did.
    """
    person = person_of(connection)
    if not person.admin:
        raise NotAllowed("Only an admin may do that.", mend="Ask one, or sign in as one.")
    return person


Me = Annotated[Person, Depends(person_of)]
"""A route's parameter for who asks."""
Admin = Annotated[Person, Depends(admin_of)]
"""A route's parameter for who asks, where that must be an admin."""
Whoever = Annotated[Person | None, Depends(anybody)]
"""A route's parameter for who asks, where strangers may."""
