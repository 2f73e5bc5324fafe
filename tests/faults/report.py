"""Writes the figures of docs/reliability.md anew: `make reliability`."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.house import house, wait_for
from tests.faults.listeners import listen_together
from tests.faults.scenarios import ON_A_RUNNING_SERVER, WITH_A_SERVER_OF_THEIR_OWN, Report
from tests.serving import serving, workflow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"


def main() -> None:
    """Do everything that goes wrong, and write down what became of it."""
    heads = ("what happens", "jobs", "lost", "doubled", "stuck", "first job done after")
    rows = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for name, report in reports():
        print(name, report, flush=True)
        rows.append(
            f"| {name} | {report.jobs} | {report.lost} | {report.doubled} | {report.stuck} | {report.seconds:.1f} s |"
        )
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as served:
        heard = listen_together(served, workflow(steps=100))
    print(heard, flush=True)
    rows += [
        "",
        f"200 WebSocket clients, one of which reads nothing: {heard.told} of the other {heard.clients} were told of",
        f"the job's end, after {heard.seconds:.1f} s; another request took {1000 * heard.answer:.0f} ms at most.",
        "",
    ]
    page = PAGE.read_text(encoding="utf-8")
    figures = BEGIN + "\n".join(rows) + END
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: figures, page, flags=re.DOTALL), encoding="utf-8")


def reports() -> Iterator[tuple[str, Report]]:
    """What became of the jobs of each scenario."""
    with tempfile.TemporaryDirectory() as folder:
        for name, alone in WITH_A_SERVER_OF_THEIR_OWN.items():
            place = Path(folder) / name.replace(" ", "-")
            place.mkdir()
            yield name, alone(place)
        with house(Path(folder) / "home") as studio:
            wait_for(studio.is_ready)
            for name, scenario in ON_A_RUNNING_SERVER.items():
                yield name, scenario(studio)


if __name__ == "__main__":
    main()
