from pathlib import Path

import pytest

from safelight.graph.speeds import read_speeds
from safelight.protocol.events import Event, Progress
from safelight.worker.stopwatch import Stopwatch
from tests.studio import Studio, changed, loaded, text_to_image


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def test_the_first_step_does_not_count() -> None:
    told: list[Event] = []
    times = iter([50.0, 52.0, 54.0, 59.0])
    watch = Stopwatch(told.append, lambda: next(times))
    for value in range(5):
        watch(Progress("job", "3", value, 4))
    assert watch.seconds_per_step("3") == 2.0
    assert len(told) == 5


def test_one_step_says_nothing() -> None:
    watch = Stopwatch(lambda event: None)
    watch(Progress("job", "3", 0, 1))
    watch(Progress("job", "3", 1, 1))
    assert watch.seconds_per_step("3") is None
    assert watch.seconds_per_step("4") is None


def test_a_run_is_remembered_as_the_speed_of_its_device(studio: Studio) -> None:
    studio.run(text_to_image(studio.checkpoint("sd1"), steps=4, width=64, height=128, batch=2))
    (speed,) = read_speeds(studio.home)
    parameters = sum(parameter.numel() for parameter in loaded("sd1").model.network.parameters())
    assert (speed.family, speed.parameters, speed.latent_pixels) == ("sd1", parameters, 8 * 16 * 2)
    assert speed.device.startswith("CPU")
    assert 0 < speed.seconds < 10


def test_what_came_from_the_cache_is_not_measured(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), steps=4)
    studio.run(graph)
    (before,) = read_speeds(studio.home)
    studio.run(changed(graph, "SaveImage", filename_prefix="again"))
    assert read_speeds(studio.home) == (before,)
