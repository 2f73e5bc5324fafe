"""Nothing is lost, doubled or stuck, whatever is killed, full, held or gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, house, wait_for
from tests.faults.scenarios import ON_A_RUNNING_SERVER, WITH_A_SERVER_OF_THEIR_OWN, Report


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house") / "home") as running:
        wait_for(running.is_ready)
        yield running


def unharmed(report: Report) -> bool:
    return (report.lost, report.doubled, report.stuck) == (0, 0, 0)


ONLY_IN_THE_REPORT = {"engine killed while loading", "engine killed while decoding", "engine killed twice at one job"}
"""Much like others; `make reliability` has them all."""
IN_THE_TESTS = {name: scenario for name, scenario in ON_A_RUNNING_SERVER.items() if name not in ONLY_IN_THE_REPORT}


@pytest.mark.parametrize("scenario", IN_THE_TESTS.values(), ids=IN_THE_TESTS)
def test_nothing_is_lost_doubled_or_stuck(studio: House, scenario: object) -> None:
    assert callable(scenario)
    report = scenario(studio)
    assert unharmed(report), report


@pytest.mark.parametrize("scenario", WITH_A_SERVER_OF_THEIR_OWN.values(), ids=WITH_A_SERVER_OF_THEIR_OWN)
def test_nothing_is_lost_doubled_or_stuck_over_the_end_of_a_server(tmp_path: Path, scenario: object) -> None:
    assert callable(scenario)
    try:
        report = scenario(tmp_path)
    except PermissionError as error:
        pytest.skip(str(error))
    assert unharmed(report), report


def test_what_a_job_had_finished_is_not_done_again_after_the_server_was_killed(tmp_path: Path) -> None:
    with house(tmp_path / "home") as studio:
        job = studio.submit("long", steps=60, width=128, height=128)  # takes well over what is worth keeping
        wait_for(lambda: "VAEDecode" in studio.node_types(job))
        studio.kill()
        studio.start()
        wait_for(lambda: studio.states()[job] == "done")
        assert studio.node_types(job).count("KSampler") == 1
        assert len(studio.pictures()) == 1
