"""Jobs, files, workflows and preferences are their owner's; an admin sees all of jobs and files."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.client import Asset, Client, Job
from safelight.errors import BadInput
from tests.server.security.signing import add_person
from tests.serving import Served, serving, workflow


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server where people sign in."""
    with serving(tmp_path_factory.mktemp("guarded"), auth="on") as served:
        yield served


@pytest.fixture(scope="module")
def people(guarded: Served) -> Iterator[dict[str, Client]]:
    """Clients of three people: an admin, one who works, and one who is curious."""
    tokens = {
        name: add_person(guarded.studio.database, name, admin=name == "ada")["Authorization"].removeprefix("Bearer ")
        for name in ("ada", "ben", "cleo")
    }
    clients = {name: Client(guarded.url, token) for name, token in tokens.items()}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def made(people: dict[str, Client]) -> tuple[Job, Asset]:
    """A job of the one who works, and its picture."""
    (job,) = people["ben"].submit(workflow("a secret cat"))
    (asset,) = people["ben"].wait(job).files
    return job, asset


def ways(client: Client, job: Job, asset: Asset, folder: Path) -> dict[str, object]:
    """What one can try with another's job and picture."""
    return {
        "look": lambda: client.job(job),
        "follow": lambda: next(client.follow(job)),
        "cancel": lambda: client.cancel(job),
        "retry": lambda: client.retry(job),
        "delete": lambda: client.delete(job),
        "fetch": lambda: client.download(asset, folder),
        "remove": lambda: client.delete_asset(asset),
        "begin with it": lambda: client.images("a cat", init_image=asset.id),
        "begin with its name": lambda: client.images("a cat", init_image=f"{asset.path} [output]"),
    }


@pytest.mark.parametrize(
    "way", ["look", "follow", "cancel", "retry", "delete", "fetch", "remove", "begin with it", "begin with its name"]
)
def test_what_is_anothers_is_not_there(
    way: str, people: dict[str, Client], made: tuple[Job, Asset], tmp_path: Path
) -> None:
    attempt = ways(people["cleo"], *made, tmp_path)[way]
    assert callable(attempt)
    with pytest.raises(BadInput, match="There is no"):
        attempt()
    assert people["ben"].job(made[0]).state == "done"


def test_lists_hold_ones_own_and_an_admin_may_ask_for_all(
    guarded: Served, people: dict[str, Client], made: tuple[Job, Asset]
) -> None:
    job, asset = made
    for name, everyone, sees in (
        ("ben", False, True),
        ("cleo", True, False),
        ("ada", False, False),
        ("ada", True, True),
    ):
        client = people[name]
        assert (asset.id in {each.id for each in client.assets(everyone=everyone)}) is sees
    assert [each.id for each in people["cleo"].jobs()] == []
    assert people["ada"].job(job).state == "done"


def test_streams_tell_of_ones_own_jobs_alone(people: dict[str, Client], made: tuple[Job, Asset]) -> None:
    (mine,) = people["cleo"].submit(workflow("mine"))
    told = people["cleo"]._server.events(0, None)
    seen = list(itertools.takewhile(lambda event: event["event"] != "done", told))
    assert {event["job"] for event in seen if "job" in event} == {mine.id}


def test_workflows_are_ones_own_even_before_an_admin(people: dict[str, Client]) -> None:
    saved = people["ben"].save_workflow("plan", {"secret": 1})
    people["cleo"].save_workflow("plan", {})
    for name in ("ada", "cleo"):
        with pytest.raises(BadInput, match="There is no workflow"):
            people[name].open_workflow(saved)


@pytest.mark.parametrize("what", ["queue/pause", "queue/resume"])
def test_the_queue_as_a_whole_is_an_admins(what: str, guarded: Served, people: dict[str, Client]) -> None:
    with pytest.raises(BadInput, match="Only an admin"):
        people["ben"]._server.ask("POST", f"/{what}", json={})
    people["ada"]._server.ask("POST", "/queue/resume")


def test_only_an_admin_goes_before_others(people: dict[str, Client]) -> None:
    with pytest.raises(BadInput, match="Only an admin may put jobs before"):
        people["ben"].submit(workflow(), priority=1)
    (job,) = people["ada"].submit(workflow(), priority=1)
    assert people["ada"].wait(job).state == "done"


def test_where_folders_are_is_told_to_admins_alone(people: dict[str, Client]) -> None:
    assert "home" in people["ada"]._server.ask("GET", "/settings")["settings"]
    assert "home" not in people["ben"]._server.ask("GET", "/settings")["settings"]
