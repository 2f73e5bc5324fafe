"""`safelight users`: who may sign in, with which rights, and what each has used. It works on the database itself."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from safelight.cli.report import note
from safelight.errors import BadInput
from safelight.settings import read_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer(help="Say who may sign in, and make accounts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account; `local` is the one person at the machine.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name that they sign in by.")],
    admin: Annotated[bool, typer.Option("--admin", help="They see and change what is everybody's.")] = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="They come with tokens only.")] = False,
) -> None:
    """Make an account; the password is asked for, or read from the input. From the first one on all must sign in."""
    from safelight.server.security.credentials import checked_name, hashed_password  # noqa: PLC0415 (as in `_writing`)
    from safelight.store import accounts  # noqa: PLC0415

    checked = checked_name(name)
    password = None if no_password else hashed_password(_typed_password())
    with _writing() as connection:
        user = accounts.add_user(connection, checked, password=password, admin=admin)
    note(f"{user.name} has an account{' as an admin' if admin else ''}.")


@app.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List all accounts, with what each has used and may use."""
    from safelight.store import accounts  # noqa: PLC0415 (as in `_writing`)

    with _writing() as connection:
        users = accounts.users(connection)
        usage = accounts.usage_of(connection, [user.id for user in users])
    if as_json:
        typer.echo(json.dumps([{**asdict(user), "used": asdict(usage[user.id])} for user in users], indent=2))
        return
    table = Table("name", "rights", "device seconds today", "of", "MB kept", "of")
    for user in users:
        used = usage[user.id]
        rights = "kept out" if user.disabled else "admin" if user.admin else ""
        seconds = "" if user.device_seconds_a_day is None else f"{user.device_seconds_a_day:.0f}"
        room = "" if user.bytes_kept is None else f"{user.bytes_kept / 1e6:.0f}"
        table.add_row(
            user.name, rights, f"{used.device_seconds_today:.0f}", seconds, f"{used.bytes_kept / 1e6:.1f}", room
        )
    Console(highlight=False, markup=False).print(table)


@app.command("password")
def set_password(name: Name) -> None:
    """Set a password, which is asked for, or read from the input; sessions of the account end."""
    from safelight.server.security.credentials import hashed_password  # noqa: PLC0415 (as in `_writing`)
    from safelight.store import accounts  # noqa: PLC0415

    password = hashed_password(_typed_password())
    with _changing(name) as (connection, user):
        accounts.change_user(connection, user, password=password)
        accounts.end_sessions(connection, user)
    note(f"{name} has a new password.")


@app.command("disable")
def disable(name: Name) -> None:
    """Keep somebody out; their pictures and jobs stay."""
    from safelight.store import accounts  # noqa: PLC0415 (as in `_writing`)

    with _changing(name) as (connection, user):
        accounts.change_user(connection, user, disabled=True)
        accounts.end_sessions(connection, user)
    note(f"{name} is kept out.")


@app.command("enable")
def enable(name: Name) -> None:
    """Let somebody in again."""
    from safelight.store import accounts  # noqa: PLC0415 (as in `_writing`)

    with _changing(name) as (connection, user):
        accounts.change_user(connection, user, disabled=False)
    note(f"{name} may come in.")


@app.command("quota")
def set_quota(
    name: Name,
    seconds: Annotated[float | None, typer.Option(min=0, help="Of device time in 24 hours; none: no limit.")] = None,
    megabytes: Annotated[float | None, typer.Option(min=0, help="Of stored files; none: no limit.")] = None,
) -> None:
    """Set what somebody may use; what is not given has no limit from then on."""
    from safelight.store import accounts  # noqa: PLC0415 (as in `_writing`)

    room = None if megabytes is None else int(megabytes * 1e6)
    with _changing(name) as (connection, user):
        accounts.change_user(connection, user, device_seconds_a_day=seconds, bytes_kept=room)
    note(f"{name} has new quotas.")


@app.command("token")
def draw_token(
    name: Name, title: Annotated[str, typer.Option(help="What the token is called in lists.")] = "command"
) -> None:
    """Print a new token for programs; it is shown this once."""
    from safelight.server.security.credentials import digest, drawn_token  # noqa: PLC0415 (as in `_writing`)
    from safelight.store import accounts  # noqa: PLC0415

    secret = drawn_token()
    with _changing(name) as (connection, user):
        accounts.add_token(connection, user, title, digest(secret))
    typer.echo(secret)
    note("Programs send it as `Authorization: Bearer sl_…`.")


@contextmanager
def _changing(name: str) -> Iterator[tuple["Connection", str]]:
    """A transaction, and the id of an account."""
    from safelight.server.security.credentials import checked_name  # noqa: PLC0415 (as in `_writing`)
    from safelight.store import accounts  # noqa: PLC0415

    with _writing() as connection:
        yield connection, accounts.named_user(connection, checked_name(name)).id


@contextmanager
def _writing() -> Iterator["Connection"]:
    """A transaction on the database of the settings, with the one person at the machine in the books."""
    from safelight.store import state  # noqa: PLC0415 (other commands need no database)
    from safelight.store.database import Database, database_url  # noqa: PLC0415

    settings = read_settings()
    database = Database(database_url(settings.database, settings.home))
    try:
        with database.write() as connection:
            state.ensure_only_user(connection)
            yield connection
    finally:
        database.close()


def _typed_password() -> str:
    """A password, typed twice; or the first line of the input where that is no terminal.

    Raises:
        BadInput: The two are not the same.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise BadInput("The two passwords are not the same.", mend="Type them again.")
    return password
