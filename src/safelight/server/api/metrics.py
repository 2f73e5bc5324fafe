"""Figures for Prometheus."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from safelight.server.access import Admin
from safelight.server.api.answers import refusals
from safelight.server.measuring import BOUNDS, Requests
from safelight.server.studio import Studio, TheStudio
from safelight.store.figures import device_seconds_by_engine, jobs_by_state
from safelight.store.jobs import ENDED, OPEN

if TYPE_CHECKING:
    from prometheus_client.core import Metric

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse, responses=refusals(403))
def metrics(request: Request, studio: TheStudio, me: Admin) -> PlainTextResponse:
    """Jobs, engines, listeners and requests, in Prometheus' text format."""
    # forty milliseconds to import, which the first answer of the server need not wait for
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.exposition import CONTENT_TYPE_LATEST  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(Figures(studio, cast(Requests, request.app.state.requests)))
    return PlainTextResponse(generate_latest(registry).decode(), media_type=CONTENT_TYPE_LATEST)


class Figures:
    """What a registry collects: everything as it is at this moment."""

    def __init__(self, studio: Studio, requests: Requests) -> None:
        self._studio = studio
        self._requests = requests

    def collect(self) -> Iterable["Metric"]:
        """All families of figures."""
        from prometheus_client.core import (  # noqa: PLC0415 (as above)
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        with self._studio.database.read() as connection:
            jobs: Mapping[str, int] = jobs_by_state(connection)
            seconds = device_seconds_by_engine(connection)
        by_state = GaugeMetricFamily("safelight_jobs", "Jobs that are known.", labels=["state"])
        for state in (*OPEN, *ENDED):
            by_state.add_metric([state], jobs.get(state, 0))
        yield by_state
        length = sum(jobs.get(state, 0) for state in OPEN)
        yield GaugeMetricFamily("safelight_queue_length", "Jobs queued and running.", length)
        listeners = len(self._studio.hub)
        yield GaugeMetricFamily("safelight_event_listeners", "Who listens to events now.", listeners)
        spent = GaugeMetricFamily("safelight_device_seconds", "Device time of known jobs.", labels=["engine"])
        for engine, value in seconds.items():
            spent.add_metric([engine], value)
        yield spent
        ready = GaugeMetricFamily("safelight_engine_ready", "Whether it can take jobs.", labels=["engine"])
        deaths = CounterMetricFamily("safelight_engine_deaths", "How often it was lost.", labels=["engine"])
        for station in list(self._studio.dispatcher.stations):
            ready.add_metric([station.name], float(station.state in ("idle", "busy")))
            deaths.add_metric([station.name], station.deaths)
        yield ready
        yield deaths
        labels = ["method", "route", "status"]
        taken = HistogramMetricFamily("safelight_request_seconds", "How long requests took.", labels=labels)
        for kind, durations in list(self._requests.items()):
            buckets, total = [], 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), durations.buckets, strict=True):
                total += count
                buckets.append((bound, float(total)))
            taken.add_metric(list(kind), buckets, durations.seconds)
        yield taken
