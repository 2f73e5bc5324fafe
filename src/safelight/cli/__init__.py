"""The commands of Safelight, one file each: start reading here.

`generate` makes a picture from words, `run` runs a saved workflow, `models` says what is in the model folders.
"""

import logging
import logging.handlers
import sys

import typer

from safelight import __version__
from safelight.cli import generate, models, run
from safelight.errors import BadInput, SafelightError
from safelight.settings import read_settings

app = typer.Typer(
    help="Safelight: type a description and watch the latent image develop into a picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("generate")(generate.generate)
app.command("run")(run.run)
app.add_typer(models.app, name="models")

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
LOG = "safelight.log"
LOG_BYTES = 5_000_000


def main() -> None:
    """Run a command, and end with 0 (done), 1 (failed in running), 2 (bad input) or 130 (Ctrl-C)."""
    try:
        _log_to_file()
        app()
    except SafelightError as error:
        _say(error)
        sys.exit(BAD_INPUT if isinstance(error, BadInput) else FAILED)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(INTERRUPTED)
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
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, delay=True)
    logging.basicConfig(
        handlers=[handler], level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.captureWarnings(True)
