"""Requests made up from our own OpenAPI: whatever comes, no answer is a failure of the server."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from tests.server.security.signing import add_person
from tests.serving import eventually, serving

schemathesis = pytest.importorskip("schemathesis")

EACH = 4  # requests for each operation, of those that fit the schema, and of those that do not
STREAM = "/api/v1/events"  # does not end
SLOWEST = 20  # seconds


def test_no_request_is_answered_with_a_failure_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where schemathesis puts notes of its own
    failures: list[str] = []
    asked = 0

    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call(timeout=SLOWEST, headers=header)
        if answer.status_code >= 500:
            failures.append(f"{answer.status_code}: {case.as_curl_command()[:2000]}\n{answer.text[:2000]}")

    with serving(tmp_path, auth="on") as served:
        header = add_person(served.studio.database, "ada", admin=True)
        eventually(lambda: served.http.get("/api/v1/ready").status_code == 200)
        schema = schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json", headers=header)
        operations = [found.ok() for found in schema.exclude(path=STREAM).get_all_operations()]
        for operation in operations:
            for mode in schemathesis.GenerationMode:
                with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be given anything wrong
                    given(case=operation.as_strategy(generation_mode=mode))(ask)()
        assert served.http.get("/api/v1/health").status_code == 200
    assert not failures, "\n\n".join(failures)
    assert asked > 3 * len(operations) > 100
