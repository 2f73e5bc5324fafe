"""The options of commands that can be run on a server."""

from typing import Annotated

import typer

from safelight.client import Client
from safelight.errors import BadInput

Server = Annotated[str | None, typer.Option(metavar="URL", help="Run it on a server, not here.")]
Token = Annotated[
    str | None, typer.Option(envvar="SAFELIGHT_TOKEN", help="Who asks, where people sign in.", show_envvar=True)
]


def client_of(server: str, token: str | None, device: str | None, dtype: str | None) -> Client:
    """Speaks to the server that a command was given.

    Raises:
        BadInput: The address is none; or what is said of the device, which is the server's, cannot be.
    """
    if device is not None or dtype is not None:
        raise BadInput("--device and --dtype are settings of the server.", mend="Leave them out with --server.")
    return Client(server, token)
