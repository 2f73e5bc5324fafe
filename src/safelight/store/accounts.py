"""People, and what they prove with who they are, in the database. Secrets come in as hashes only."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from safelight.errors import BadInput
from safelight.store.state import ONLY_USER
from safelight.store.tables import ASSETS, JOBS, SESSIONS, TOKENS, USERS


class NoSuchAccount(BadInput):
    """There is no account of that id or name, or no such thing of it."""


@dataclass(frozen=True)
class User:
    """Somebody who has an account.

    Attributes:
        id: Names their folder too.
        name: That they sign in by.
        admin: Whether they see and change what is everybody's.
        disabled: Whether they are kept out; what is theirs stays.
        has_password: Whether they can sign in with one.
        created: Seconds since 1970.
        device_seconds_a_day, bytes_kept: Quotas; None where there are none.
    """

    id: str
    name: str
    admin: bool
    disabled: bool
    has_password: bool
    created: float
    device_seconds_a_day: float | None
    bytes_kept: int | None


@dataclass(frozen=True)
class Token:
    """What a program proves with for whom it asks; the secret itself is kept nowhere.

    Attributes:
        id: By which it is taken back.
        name: What people call it.
        created, used, expires: Seconds since 1970; None where it never was, or never will.
    """

    id: str
    name: str
    created: float
    used: float | None
    expires: float | None


@dataclass(frozen=True)
class Usage:
    """What somebody has used.

    Attributes:
        device_seconds_today: Of jobs of the last 24 hours.
        device_seconds_ahead: That their open jobs will take, as far as it is known.
        bytes_kept: Of their stored files.
    """

    device_seconds_today: float
    device_seconds_ahead: float
    bytes_kept: int


DAY = 24 * 3600.0  # seconds
TOUCHED = 60.0  # seconds within which the use of a token is not noted again


def add_user(connection: Connection, name: str, *, password: str | None = None, admin: bool = False) -> User:
    """Make an account.

    Args:
        name: As `server.security.credentials.checked_name` gives it.
        password: Its hash; None for somebody who comes with tokens only.
        admin: See `User`.

    Raises:
        BadInput: There is one of that name.
    """
    drawn = uuid.uuid4().hex
    values = {"id": drawn, "name": name, "password": password, "admin": admin, "disabled": False}
    try:
        with connection.begin_nested():
            connection.execute(insert(USERS).values(**values, created=time.time()))
    except IntegrityError as error:
        raise BadInput(f"There is an account called {name} already.", mend="Choose another name.") from error
    return get_user(connection, drawn)


def get_user(connection: Connection, user: str) -> User:
    """The account of an id.

    Raises:
        NoSuchAccount: There is none.
    """
    row = connection.execute(select(USERS).where(USERS.c.id == user)).one_or_none()
    if row is None:
        raise NoSuchAccount(f"There is no account with the id {user[:80]}.", mend="Look at the list of accounts.")
    return _user(row)


def named_user(connection: Connection, name: str) -> User:
    """The account of a name.

    Raises:
        NoSuchAccount: There is none.
    """
    row = connection.execute(select(USERS).where(USERS.c.name == name)).one_or_none()
    if row is None:
        raise NoSuchAccount(f"There is no account called {name[:80]}.", mend="`safelight users list` shows all.")
    return _user(row)


def users(connection: Connection) -> list[User]:
    """All accounts, by name."""
    return [_user(row) for row in connection.execute(select(USERS).order_by(USERS.c.name))]


def change_user(connection: Connection, user: str, **values: object) -> None:
    """Change columns of an account."""
    connection.execute(update(USERS).where(USERS.c.id == user).values(**values))


def password_of(connection: Connection, name: str) -> tuple[str, str] | None:
    """Id and hash of the password of an account that may sign in with one."""
    query = select(USERS.c.id, USERS.c.password).where(USERS.c.name == name, ~USERS.c.disabled)
    row = connection.execute(query).one_or_none()
    return None if row is None or row.password is None else (row.id, row.password)


def has_accounts(connection: Connection) -> bool:
    """Whether there is anybody beside the one person at the machine, or that person has a password."""
    query = select(USERS.c.id).where(or_(USERS.c.id != ONLY_USER, USERS.c.password.is_not(None))).limit(1)
    return connection.execute(query).first() is not None


def anybody_can_enter(connection: Connection) -> bool:
    """Whether there is an account that can sign in, or has a token."""
    query = (
        select(USERS.c.id)
        .outerjoin(TOKENS, TOKENS.c.user_id == USERS.c.id)
        .where(~USERS.c.disabled, or_(USERS.c.password.is_not(None), TOKENS.c.id.is_not(None)))
        .limit(1)
    )
    return connection.execute(query).first() is not None


def has_admin(connection: Connection) -> bool:
    """Whether somebody can sign in who may look after the accounts."""
    query = select(USERS.c.id).where(USERS.c.admin, ~USERS.c.disabled, USERS.c.password.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def add_token(connection: Connection, user: str, name: str, digest: str, expires: float | None = None) -> Token:
    """Keep a token, by the SHA-256 of its secret."""
    token = Token(uuid.uuid4().hex, name, time.time(), None, expires)
    connection.execute(
        insert(TOKENS).values(id=token.id, user_id=user, name=name, hash=digest, created=token.created, expires=expires)
    )
    return token


def tokens_of(connection: Connection, user: str) -> list[Token]:
    """The tokens of an account, oldest first."""
    query = select(TOKENS).where(TOKENS.c.user_id == user).order_by(TOKENS.c.created)
    return [Token(row.id, row.name, row.created, row.used, row.expires) for row in connection.execute(query)]


def delete_token(connection: Connection, user: str, token: str) -> None:
    """Take a token of an account back.

    Raises:
        NoSuchAccount: It has none of that id.
    """
    done = connection.execute(delete(TOKENS).where(TOKENS.c.user_id == user, TOKENS.c.id == token))
    if done.rowcount == 0:
        raise NoSuchAccount(f"You have no token {token[:80]}.", mend="Look at the list.")


def user_by_token(connection: Connection, digest: str) -> tuple[User, Token] | None:
    """Whose token a secret is, by its SHA-256; nobody's where it has run out or its owner is kept out."""
    now = time.time()
    query = (
        select(USERS, *(column.label(f"token_{column.name}") for column in TOKENS.c))
        .join(TOKENS, TOKENS.c.user_id == USERS.c.id)
        .where(TOKENS.c.hash == digest, ~USERS.c.disabled, or_(TOKENS.c.expires.is_(None), TOKENS.c.expires > now))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return _user(row), Token(row.token_id, row.token_name, row.token_created, row.token_used, row.token_expires)


def touch_token(connection: Connection, token: str) -> None:
    """Note that a token was used now."""
    connection.execute(update(TOKENS).where(TOKENS.c.id == token).values(used=time.time()))


def add_session(connection: Connection, user: str, digest: str, expires: float) -> None:
    """Keep a session, by the SHA-256 of what its cookie holds."""
    connection.execute(insert(SESSIONS).values(hash=digest, user_id=user, created=time.time(), expires=expires))


def user_by_session(connection: Connection, digest: str) -> User | None:
    """Whose session it is; nobody's where it has run out or its owner is kept out."""
    query = (
        select(USERS)
        .join(SESSIONS, SESSIONS.c.user_id == USERS.c.id)
        .where(SESSIONS.c.hash == digest, SESSIONS.c.expires > time.time(), ~USERS.c.disabled)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _user(row)


def end_session(connection: Connection, digest: str) -> None:
    """Forget a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == digest))


def end_sessions(connection: Connection, user: str) -> None:
    """Forget all sessions of an account."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user))


def forget_expired(connection: Connection) -> None:
    """Forget sessions and tokens that have run out."""
    now = time.time()
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= now))
    connection.execute(delete(TOKENS).where(and_(TOKENS.c.expires.is_not(None), TOKENS.c.expires <= now)))


def usage_of(connection: Connection, ids: Sequence[str]) -> dict[str, Usage]:
    """What each of some accounts has used."""
    since = time.time() - DAY
    used = _by_user(
        connection,
        select(JOBS.c.user_id, func.sum(JOBS.c.device_seconds)).where(JOBS.c.created >= since, JOBS.c.user_id.in_(ids)),
    )
    ahead = _by_user(
        connection,
        select(JOBS.c.user_id, func.sum(JOBS.c.estimate)).where(
            JOBS.c.state.in_(("queued", "running")), JOBS.c.user_id.in_(ids)
        ),
    )
    kept = _by_user(connection, select(ASSETS.c.user_id, func.sum(ASSETS.c.bytes)).where(ASSETS.c.user_id.in_(ids)))
    return {user: Usage(used.get(user, 0.0), ahead.get(user, 0.0), int(kept.get(user, 0))) for user in ids}


def _by_user(connection: Connection, query: Any) -> dict[str, float]:
    return {user: float(total or 0) for user, total in connection.execute(query.group_by(query.selected_columns[0]))}


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        admin=row.admin,
        disabled=row.disabled,
        has_password=row.password is not None,
        created=row.created,
        device_seconds_a_day=row.device_seconds_a_day,
        bytes_kept=row.bytes_kept,
    )
