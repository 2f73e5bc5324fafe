"""Runs on a server what the commands would run here, and shows it in the same way."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from safelight.cli.report import Report
from safelight.client import Client, Job
from safelight.errors import SafelightError
from safelight.files.folders import RECORDINGS, Folders
from safelight.files.uploads import keep
from safelight.graph.catalog import Catalog
from safelight.graph.catalog_json import FORMAT, catalog_from_json
from safelight.graph.check import Verdict
from safelight.graph.document import Workflow
from safelight.graph.estimate import Estimate
from safelight.graph.formats import write_api
from safelight.graph.problems import Problem
from safelight.graph.wish import SEEDS, Wish
from safelight.protocol import events


def generate(client: Client, wish: Wish, pictures: Mapping[str, Path], folders: Folders, report: Report) -> int:
    """Have pictures made from words, and bring them here.

    Args:
        client: Speaks to the server.
        wish: What was said.
        pictures: `init_image` and `mask`, where they are given; they are uploaded.
        folders: Where what is made goes.
        report: Told every event.

    Returns:
        The first seed.

    Raises:
        BadInput: The server refuses it.
        SafelightError: It failed.
        KeyboardInterrupt: The person pressed Ctrl-C; what had not ended is cancelled.
    """
    seed = secrets.randbelow(SEEDS) if wish.seed is None else wish.seed
    words = asdict(wish) | {"seed": seed} | {name: client.upload(path).id for name, path in pictures.items()}
    _follow(client, client.images(**words), folders, report)
    return seed


def run(
    client: Client, workflow: Workflow, editor: Mapping[str, object] | None, folders: Folders, report: Report
) -> None:
    """Run a workflow, and bring here what it saves; arguments and errors as of `generate`."""
    _follow(client, client.submit(write_api(workflow), editor=editor), folders, report)


def catalog_of(client: Client) -> Catalog:
    """The nodes that a server has."""
    return catalog_from_json({"format": FORMAT, "nodes": client.nodes()["nodes"]})


def verdict_of(client: Client, workflow: Workflow) -> Verdict:
    """What a server says of a workflow."""
    told = client.check(write_api(workflow))
    estimate = told["estimate"]
    return Verdict(
        tuple(Problem(**problem) for problem in told["problems"]),
        estimate and Estimate(**estimate | {"unknown": tuple(estimate["unknown"])}),
    )


def _follow(client: Client, jobs: Sequence[Job], folders: Folders, report: Report) -> None:
    try:
        for job in jobs:
            for event in client.follow(job):
                if not isinstance(event, events.Output):
                    report(event)
                elif event.folder != RECORDINGS:  # those are looked at where they were made
                    report(_brought(client, event, folders))
            ended = client.job(job)
            if ended.error is not None:
                raise ended.error
            if ended.state == "cancelled":
                raise SafelightError("The job was cancelled on the server.", mend="Start it again.")
    except KeyboardInterrupt:
        for job in jobs:
            client.cancel(job)
        raise


def _brought(client: Client, event: events.Output, folders: Folders) -> events.Output:
    """An output whose file is here, under a name that is free."""
    if not event.path:
        return event
    for output in client.job(event.job).outputs:
        asset = output.asset
        if asset and (asset.folder, asset.path) == (event.folder, event.path):
            return replace(event, path=keep(folders, event.folder, event.path, client.content(asset)))
    return replace(event, kind="warning", folder="", path="", text=f"{event.path} is not on the server any more.")
