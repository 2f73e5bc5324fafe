"""How the server is: for people, and for what watches over it."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from safelight import __version__
from safelight.server.access import Whoever
from safelight.server.studio import TheStudio

router = APIRouter(tags=["health"])


class EngineView(BaseModel):
    """One engine: the process that runs jobs on a device."""

    name: str
    state: Literal["starting", "idle", "busy", "unfit", "lost", "stopped"]
    device: str | None
    job: str | None
    models: list[str]
    memory_total: int | None
    memory_free: int | None
    deaths: int
    why: str


class HealthView(BaseModel):
    """How the server is."""

    version: str
    ready: bool
    waiting_for: str
    engines: list[EngineView]


@router.get("/health")
def health(studio: TheStudio, person: Whoever) -> HealthView:
    """How the server and its engines are; it answers as soon as the server does. Strangers see no engines."""
    engines = [
        EngineView(
            name=station.name,
            state=station.state,
            device=station.ready.title if station.ready else None,
            job=station.current.row.id if station.current else None,
            models=list(station.idle.models) if station.idle else [],
            memory_total=station.idle.memory_total if station.idle else None,
            memory_free=station.idle.memory_free if station.idle else None,
            deaths=station.deaths,
            why=station.why,
        )
        for station in list(studio.dispatcher.stations)
    ]
    ready = any(engine.state in ("idle", "busy") for engine in engines)
    if person is None:
        return HealthView(version=__version__, ready=ready, waiting_for="", engines=[])
    return HealthView(version=__version__, ready=ready, waiting_for=studio.dispatcher.waiting_for, engines=engines)


@router.get("/ready", responses={503: {"description": "No engine can take a job yet."}})
def readiness(studio: TheStudio, person: Whoever, response: Response) -> HealthView:
    """Whether a job would be begun now: 200, or 503 while no engine has started."""
    view = health(studio, person)
    response.status_code = 200 if view.ready else 503
    return view
