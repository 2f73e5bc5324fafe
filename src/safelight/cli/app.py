"""The program: its commands, how it ends, and where its log is."""

import logging
import logging.handlers
import sys
from typing import Annotated

import typer

from safelight import __version__
from safelight.cli import generate, models, nodes, plugins, run, serve, users
from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("generate")(generate.generate)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("nodes")(nodes.nodes)
app.add_typer(models.app, name="models")
app.add_typer(plugins.app, name="plugins")
app.add_typer(users.app, name="users")

FAILED, BAD_INPUT = 1, 2
LOG = "safelight.log"
LOG_BYTES = 5_000_000


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"safelight {__version__}")
        raise typer.Exit


@app.callback()
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
        app()
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
