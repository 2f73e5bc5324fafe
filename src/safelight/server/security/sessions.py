"""Signing in and out."""

import time

from safelight.server.access import NotSignedIn, TooManyTries
from safelight.server.security.credentials import (
    LONGEST_PASSWORD,
    checked_name,
    digest,
    drawn_session,
    password_fits,
)
from safelight.server.security.throttle import Throttle
from safelight.store import accounts
from safelight.store.database import Database

LIFETIME = 30 * 24 * 3600  # seconds


def sign_in(name: str, password: str, address: str, database: Database, throttle: Throttle) -> str:
    """Begin a session; what its cookie is to hold.

    Takes as long for a name that nobody has as for a wrong password, and answers the same.

    Args:
        name, password: As they were typed.
        address: Where they came from.
        database: Where accounts are.
        throttle: Slows down guessing.

    Raises:
        NotSignedIn: They are not those of an account.
        TooManyTries: There were too many that were not, of late.
        BadInput: The name cannot be one.
    """
    name = checked_name(name)
    wait = throttle.wait(name, address)
    if wait > 0:
        raise TooManyTries(
            "There were too many wrong passwords of late.", mend=f"Wait {wait:.0f} seconds before the next try."
        )
    with database.read() as connection:
        kept = accounts.password_of(connection, name)
    if not password_fits(password, kept[1] if kept else None) or kept is None or len(password) > LONGEST_PASSWORD:
        throttle.failed(name, address)
        raise NotSignedIn("The name or the password is wrong.", mend="Try again, or have an admin set a new one.")
    throttle.succeeded(name, address)
    session = drawn_session()
    with database.write() as connection:
        accounts.forget_expired(connection)
        accounts.add_session(connection, kept[0], digest(session), time.time() + LIFETIME)
    return session
