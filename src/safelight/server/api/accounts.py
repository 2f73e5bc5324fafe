"""Signing in, one's own account, and everybody's for admins."""

import time
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from safelight.errors import BadInput
from safelight.server.access import Admin, Me, NotAllowed, Whoever
from safelight.server.api.answers import refusals
from safelight.server.security.credentials import checked_name, digest, drawn_token, hashed_password, password_fits
from safelight.server.security.doorkeeper import COOKIE, Doorkeeper
from safelight.server.security.sessions import LIFETIME, sign_in
from safelight.server.studio import TheStudio
from safelight.store import accounts
from safelight.store.accounts import DAY, Token, Usage, User

router = APIRouter(tags=["accounts"])
MOST_TOKENS = 100  # of one account

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
Password = Annotated[str, Field(max_length=1000)]
Id = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]


def doorkeeper_of(request: Request) -> Doorkeeper:
    """Who knows people."""
    return cast(Doorkeeper, request.app.state.doorkeeper)


Doors = Annotated[Doorkeeper, Depends(doorkeeper_of)]


class SignIn(BaseModel):
    """What a person types to sign in."""

    name: Name
    password: Password


class SessionView(BaseModel):
    """Who is signed in; nobody, where a stranger asks."""

    name: str | None
    admin: bool


class UserView(BaseModel):
    """An account, and what it has used; quotas are null where there are none."""

    id: str
    name: str
    admin: bool
    disabled: bool
    has_password: bool
    created: float
    device_seconds_today: float
    device_seconds_a_day: float | None
    bytes_used: int
    bytes_kept: int | None


class NewUser(BaseModel):
    """An account to be made; one without a password comes with tokens only."""

    name: Name
    password: Password | None = None
    admin: bool = False


class UserChange(BaseModel):
    """What is to be changed of an account; what is left out stays. A quota of null is none."""

    password: Password | None = None
    admin: bool | None = None
    disabled: bool | None = None
    device_seconds_a_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    bytes_kept: Annotated[int, Field(ge=0, le=2**53)] | None = None


class PasswordChange(BaseModel):
    """The password in force, where there is one, and the new one."""

    old: Password = ""
    new: Password


class NewToken(BaseModel):
    """A token to be drawn."""

    name: Name
    days: Annotated[float, Field(gt=0, le=36500)] | None = None


class TokenView(BaseModel):
    """A token. The secret is shown once, when it is drawn."""

    id: str
    name: str
    created: float
    used: float | None
    expires: float | None
    secret: str | None = None


@router.post("/session", responses=refusals(400, 401, 429))
def begin_session(form: SignIn, request: Request, response: Response, studio: TheStudio, doors: Doors) -> SessionView:
    """Sign in; the cookie that comes with the answer is to be sent with all further requests."""
    address = request.client.host if request.client else ""
    session = sign_in(form.name, form.password, address, studio.database, doors.throttle)
    with studio.database.read() as connection:
        user = accounts.user_by_session(connection, digest(session))
    response.set_cookie(
        COOKIE, session, max_age=LIFETIME, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return SessionView(name=user.name if user else None, admin=user is not None and user.admin)


@router.get("/session")
def show_session(person: Whoever) -> SessionView:
    """Who is signed in; strangers may ask, too."""
    return SessionView(name=person.name if person else None, admin=person is not None and person.admin)


@router.delete("/session", status_code=204)
def end_session(request: Request, response: Response, studio: TheStudio, doors: Doors) -> None:
    """Sign out."""
    with studio.database.write() as connection:
        accounts.end_session(connection, digest(request.cookies.get(COOKIE, "")))
    doors.forget()
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/me", responses=refusals(401))
def show_me(me: Me, studio: TheStudio) -> UserView:
    """One's own account, with what one has used and may use."""
    with studio.database.read() as connection:
        return _view(accounts.get_user(connection, me.id), accounts.usage_of(connection, [me.id])[me.id])


@router.put("/me/password", status_code=204, responses=refusals(400, 401, 403))
def change_password(form: PasswordChange, me: Me, studio: TheStudio, doors: Doors) -> None:
    """Set a new password; all sessions end."""
    with studio.database.read() as connection:
        kept = accounts.password_of(connection, me.name)
    if kept is not None:
        wait = doors.throttle.wait(me.name, "password")
        if wait > 0 or not password_fits(form.old, kept[1]):
            doors.throttle.failed(me.name, "password")
            raise NotAllowed("The old password is wrong.", mend="Try again in a while, or have an admin set a new one.")
    hashed = hashed_password(form.new)
    with studio.database.write() as connection:
        accounts.change_user(connection, me.id, password=hashed)
        accounts.end_sessions(connection, me.id)
    doors.forget()


@router.get("/me/tokens", responses=refusals(401))
def list_tokens(me: Me, studio: TheStudio) -> list[TokenView]:
    """One's own tokens, oldest first."""
    with studio.database.read() as connection:
        return [_token(token) for token in accounts.tokens_of(connection, me.id)]


@router.post("/me/tokens", status_code=201, responses=refusals(400, 401))
def draw_token(form: NewToken, me: Me, studio: TheStudio) -> TokenView:
    """Draw a token for a program: `Authorization: Bearer sl_…`. It is shown this once."""
    secret = drawn_token()
    expires = None if form.days is None else time.time() + form.days * DAY
    with studio.database.write() as connection:
        if len(accounts.tokens_of(connection, me.id)) >= MOST_TOKENS:
            raise BadInput(f"You have {MOST_TOKENS} tokens already.", mend="Take back those that are not needed.")
        return _token(accounts.add_token(connection, me.id, form.name, digest(secret), expires), secret)


@router.delete("/me/tokens/{token}", status_code=204, responses=refusals(401, 404))
def take_token_back(token: Id, me: Me, studio: TheStudio, doors: Doors) -> None:
    """Take a token back; it is good for nothing then."""
    with studio.database.write() as connection:
        accounts.delete_token(connection, me.id, token)
    doors.forget()


@router.get("/users", responses=refusals(401, 403))
def list_users(admin: Admin, studio: TheStudio) -> list[UserView]:
    """All accounts, with what each has used."""
    with studio.database.read() as connection:
        found = accounts.users(connection)
        usage = accounts.usage_of(connection, [user.id for user in found])
    return [_view(user, usage[user.id]) for user in found]


@router.post("/users", status_code=201, responses=refusals(400, 401, 403))
def add_user(form: NewUser, admin: Admin, studio: TheStudio, doors: Doors) -> UserView:
    """Make an account. With the first one, everybody must sign in."""
    password = None if form.password is None else hashed_password(form.password)
    with studio.database.write() as connection:
        if not (form.admin and password) and not accounts.has_admin(connection):
            raise BadInput(
                "From the first account on everybody must sign in, and nobody could look after the accounts.",
                mend="Make an admin with a password first.",
            )
        user = accounts.add_user(connection, checked_name(form.name), password=password, admin=form.admin)
    doors.forget()
    return _view(user, Usage(0.0, 0.0, 0))


@router.patch("/users/{user}", responses=refusals(400, 401, 403, 404))
def change_user(user: Id, form: UserChange, admin: Admin, studio: TheStudio, doors: Doors) -> UserView:
    """Change an account: password, rights, quotas, or keep it out."""
    values = form.model_dump(exclude_unset=True)
    for name in ("admin", "disabled", "password"):
        if values.get(name, ...) is None:
            del values[name]
    if "password" in values:
        values["password"] = hashed_password(values["password"])
    if user == admin.id and (values.get("disabled") or values.get("admin") is False):
        raise BadInput("That would keep you out yourself.", mend="Have another admin do it.")
    with studio.database.write() as connection:
        accounts.get_user(connection, user)
        if values:
            accounts.change_user(connection, user, **values)
        if {"password", "disabled"} & set(values):
            accounts.end_sessions(connection, user)
        changed = accounts.get_user(connection, user)
        usage = accounts.usage_of(connection, [user])[user]
    doors.forget()
    return _view(changed, usage)


def _view(user: User, usage: Usage) -> UserView:
    return UserView(
        id=user.id,
        name=user.name,
        admin=user.admin,
        disabled=user.disabled,
        has_password=user.has_password,
        created=user.created,
        device_seconds_today=usage.device_seconds_today,
        device_seconds_a_day=user.device_seconds_a_day,
        bytes_used=usage.bytes_kept,
        bytes_kept=user.bytes_kept,
    )


def _token(token: Token, secret: str | None = None) -> TokenView:
    return TokenView(
        id=token.id, name=token.name, created=token.created, used=token.used, expires=token.expires, secret=secret
    )
