"""What the server remembers of itself, and who is there where nobody signs in."""

import time

from sqlalchemy import Connection, delete, insert, select

from safelight.store.tables import STATE, USERS

ONLY_USER = "local"
"""Id of the person at the machine, whose files are right in the home folder."""
_PAUSED = "paused"


def is_paused(connection: Connection) -> bool:
    """Whether the queue stands still."""
    return connection.execute(select(STATE.c.value).where(STATE.c.key == _PAUSED)).scalar() == "yes"


def set_paused(connection: Connection, paused: bool) -> None:
    """Let the queue stand still, or go on."""
    connection.execute(delete(STATE).where(STATE.c.key == _PAUSED))
    if paused:
        connection.execute(insert(STATE).values(key=_PAUSED, value="yes"))


def ensure_only_user(connection: Connection) -> None:
    """See that the person at the machine is in the books."""
    if connection.execute(select(USERS.c.id).where(USERS.c.id == ONLY_USER)).scalar() is None:
        connection.execute(
            insert(USERS).values(id=ONLY_USER, name=ONLY_USER, admin=True, disabled=False, created=time.time())
        )
