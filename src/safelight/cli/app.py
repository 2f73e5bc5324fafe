"""The program: its commands, how it ends, and where its log is."""

import logging
import logging.handlers
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from safelight import __version__
from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.settings import read_settings

COMMANDS: dict[str, str] = {
    "generate": "safelight.cli.generate:generate",
    "run": "safelight.cli.run:run",
    "serve": "safelight.cli.serve:serve",
    "models": "safelight.cli.models:app",
    "nodes": "safelight.cli.nodes:nodes",
    "plugins": "safelight.cli.plugins:app",
    "users": "safelight.cli.users:app",
    "score": "safelight.cli.judge:score",
    "label": "safelight.cli.judge:label",
    "compare": "safelight.cli.compare:compare",
    "reproduce": "safelight.cli.reproduce:reproduce",
    "search": "safelight.cli.search:search",
    "index": "safelight.cli.index:index",
    "train": "safelight.cli.train:train",
}
"""First word -> what it stands for: a function, or a group of commands. Imported when it is asked for."""

FAILED, BAD_INPUT = 1, 2
LOG = "safelight.log"
LOG_BYTES = 5_000_000


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"safelight {__version__}")
        raise typer.Exit


def app_of(words: Sequence[str]) -> typer.Typer:
    """The program as far as the words that were typed need it: one command, or all of them."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(safelight)
    first = words[0] if words else ""
    for name in [first] if first in COMMANDS else COMMANDS:
        module, _, what = COMMANDS[name].partition(":")
        command = getattr(import_module(module), what)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def safelight(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Safelight: type a description and watch the latent image develop into a picture."""


def run_command() -> None:
    """Run the command that was typed, and end the process with 0 (done), 1 (failed in running) or 2 (bad input).

    Raises:
        KeyboardInterrupt: The person pressed Ctrl-C.
    """
    try:
        _log_to_file()
        app_of(sys.argv[1:])()
    except SafelightError as error:
        _say(error)
        sys.exit(BAD_INPUT if isinstance(error, BadInput) else FAILED)
    except Cancelled:
        raise KeyboardInterrupt from None
    except Exception as error:
        _say(_unexpected(error))
        sys.exit(FAILED)


def _say(error: SafelightError) -> None:
    for line in (f"Error: {error.what}", error.where and f"  where: {error.where}", error.mend and f"  {error.mend}"):
        if line:
            print(line, file=sys.stderr)


def _unexpected(error: Exception) -> SafelightError:
    """A bug of ours, in words; the details are in the log, which can be sent along with a report."""
    logging.getLogger(__name__).error("safelight %s", __version__, exc_info=error)
    return SafelightError(
        f"Safelight made a mistake it did not expect ({type(error).__name__}: {error}).",
        mend=f"Details are in {LOG} in the home folder ({read_settings().home}); please report them.",
    )


def _log_to_file() -> None:
    """Keep stack traces and the chatter of libraries off the terminal."""
    path = read_settings().home / LOG
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"The home folder {path.parent} cannot be made: {error.strerror}.", mend="Set SAFELIGHT_HOME to another."
        ) from error
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, delay=True)
    logging.basicConfig(
        handlers=[handler], level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.captureWarnings(True)
