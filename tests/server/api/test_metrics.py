"""Figures for Prometheus."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from safelight.client import Client
from safelight.errors import SafelightError
from tests.serving import Served, workflow


def figures(served: Served) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every figure by its name and the values of its labels."""
    answer = served.http.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text))
    return {(each.name, tuple(each.labels.values())): each.value for family in families for each in family.samples}


def test_jobs_engines_and_requests_are_counted(served: Served, client: Client) -> None:
    (job,) = client.submit(workflow())
    client.wait(job)
    (failing,) = client.submit(workflow("fail"))
    with pytest.raises(SafelightError):
        client.wait(failing)
    told = figures(served)
    assert told["safelight_jobs", ("done",)] == told["safelight_jobs", ("failed",)] == 1
    assert told["safelight_queue_length", ()] == told["safelight_engine_deaths_total", ("pretend",)] == 0
    assert told["safelight_engine_ready", ("pretend",)] == 1
    assert told["safelight_device_seconds", ("pretend",)] > 0
    assert told["safelight_request_seconds_count", ("POST", "/api/v1/jobs", "202")] == 2
    assert 0 < told["safelight_request_seconds_sum", ("POST", "/api/v1/jobs", "202")] < 10


def test_strangers_cannot_lengthen_the_list_of_routes(served: Served) -> None:
    for number in range(3):
        served.http.get(f"/api/v1/nothing/{number}")
        served.http.get(f"/api/v1/jobs/nothing-{number}")
    told = figures(served)
    assert told["safelight_request_seconds_count", ("GET", "none", "404")] == 3
    assert told["safelight_request_seconds_count", ("GET", "/api/v1/jobs/{job}", "404")] == 3
    assert not any("nothing" in label for _, labels in told for label in labels)
