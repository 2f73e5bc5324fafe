"""What a check of a workflow found, on the standard output."""

import json
from dataclasses import asdict

import typer

from safelight.cli.models import readable_size
from safelight.graph.check import Verdict
from safelight.graph.estimate import Estimate
from safelight.graph.problems import refused

BAD_INPUT = 2


def show_verdict(verdict: Verdict, *, as_json: bool) -> None:
    """Print what a workflow will take.

    Args:
        verdict: Of the workflow.
        as_json: Whether to print one object of JSON, problems included.

    Raises:
        BadInput: It cannot be run as it stands; all that is wrong with it is said.
        typer.Exit: The same, where it was said as JSON.
    """
    if as_json:
        told = asdict(verdict)
        typer.echo(json.dumps(told, indent=2))
        if verdict.problems:
            raise typer.Exit(BAD_INPUT)
    elif verdict.estimate is None:
        raise refused(verdict.problems)
    else:
        for name, value in _lines(verdict.estimate):
            typer.echo(f"{name:<13} {value}")


def _lines(estimate: Estimate) -> list[tuple[str, str]]:
    lines = [
        ("weights", readable_size(estimate.weights)),
        ("peak memory", "unknown" if estimate.peak is None else f"about {readable_size(estimate.peak)}"),
        ("model calls", "unknown" if estimate.model_calls is None else str(estimate.model_calls)),
        ("sampling", "unknown" if estimate.seconds is None else f"about {_duration(estimate.seconds)}"),
        ("on", estimate.device),
    ]
    return lines + [("not known", what) for what in estimate.unknown]


def _duration(seconds: float) -> str:
    """A time, to two digits."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.2g} min" if seconds < 6000 else f"{seconds / 3600:.2g} h"
