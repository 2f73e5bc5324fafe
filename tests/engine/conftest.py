"""A Ray cluster on this machine, and engines of every kind."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from safelight.engine.cluster import RAY_SETTINGS, ClusterEngine, ClusterFleet
from safelight.engine.interface import Engine, Fleet
from safelight.engine.local import LocalEngine, LocalFleet
from safelight.settings import Settings, read_settings
from tests.engine.live import Loop

ENVIRONMENT = {
    **RAY_SETTINGS,
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "5afe" * 16,  # else one is kept in the home folder of who runs the tests
}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running Ray with two places for engines; the home folder that its machines have."""
    home = tmp_path_factory.mktemp("machine")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "SAFELIGHT_HOME": str(home)}.items():
            patch.setenv(name, value)
        ray = pytest.importorskip("ray", reason="needs Ray: pip install 'safelight[cluster]'")
        ray.init(
            address="local",
            num_cpus=2,
            resources={"safelight": 2},
            object_store_memory=2**27,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
        )
        try:
            yield home
        finally:
            ray.shutdown()


@dataclass(frozen=True)
class Kind:
    """A kind of engines.

    Attributes:
        fleet: Where they come from.
        settings: Of the server.
    """

    fleet: Fleet
    settings: Settings

    def path(self, folder: str, name: str) -> Path:
        """Where a file is on the server's machine."""
        return self.settings.home / folder / name


@pytest.fixture(scope="module")
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    """Engines by the name of their kind.

    `process` of this machine, `ray` for actors that see the server's home folder, `ray-elsewhere` for such that do not.
    """
    own = tmp_path_factory.mktemp("server")
    if request.param == "process":
        settings = _settings(own)
        return Kind(LocalFleet(settings), settings)
    machine: Path = request.getfixturevalue("cluster")
    settings = _settings(machine if request.param == "ray" else own)
    return Kind(ClusterFleet(settings, "auto"), settings)


def _settings(home: Path) -> Settings:
    return read_settings(home=home, device="cpu", disk_cache_bytes=0, spare_bytes=0)


def first_engine(fleet: Fleet) -> Engine:
    """The first engine of a fleet."""
    loop = Loop()
    try:
        return loop.do(fleet.first())[0]
    finally:
        loop.close()


def process_of(engine: Engine) -> int:
    """The id of the process in which an engine's jobs run."""
    if isinstance(engine, LocalEngine):
        assert engine.pid is not None
        return engine.pid
    return _in_actor(engine, lambda relay: relay._engine.pid)


def actor_of(engine: Engine) -> int:
    """The id of the process of an engine's actor."""
    return _in_actor(engine, lambda relay: os.getpid())


def _in_actor(engine: Engine, call: Callable[[Any], Any]) -> int:
    """What a lambda gives for the actor; the code of a function with a name would be looked for there, and imported."""
    import ray  # noqa: PLC0415 (may not be installed)

    assert isinstance(engine, ClusterEngine)
    return int(ray.get(engine._actor.__ray_call__.remote(call), timeout=60))
