import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from safelight.logs import JsonLines
from tests.server.security.signing import PASSWORD, add_person
from tests.serving import Served, eventually, serving, workflow


class Lines(logging.Handler):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))

    def access(self) -> list[dict[str, str]]:
        """The lines about requests."""
        return [told for line in self.kept if (told := json.loads(line))["logger"] == "safelight.access"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, auth="on") as running:
        yield running


def test_a_line_names_the_person_the_job_and_the_answer(served: Served, lines: Lines) -> None:
    header = add_person(served.studio.database, "ann")
    job = served.http.post("/prompt", json={"prompt": workflow()}, headers=header).json()["prompt_id"]
    served.http.get(f"/api/v1/jobs/{job}", headers=header)
    served.http.get("/queue")
    eventually(lambda: len(lines.access()) == 3)  # a line is written after its answer was sent
    submitted, shown, refused = lines.access()
    assert submitted["message"].startswith("POST /prompt 200 in ")
    assert (submitted["person"], submitted["level"]) == ("ann", "info")
    assert (shown["job"], shown["level"]) == (job, "debug")
    assert refused["message"].startswith("GET /queue 401 in ")
    assert refused["level"] == "info"
    assert "person" not in refused


def test_no_line_of_any_log_holds_a_secret(served: Served, lines: Lines) -> None:
    header = add_person(served.studio.database, "ann")
    token = header["Authorization"].removeprefix("Bearer ")
    answer = served.http.post("/api/v1/session", json={"name": "ann", "password": PASSWORD})
    cookie = answer.cookies["safelight_session"]
    served.http.post("/api/v1/session", json={"name": "ann", "password": "a wrong password"})
    served.http.get(f"/queue?token={token}", headers=header)
    drawn = served.http.post("/api/v1/me/tokens", json={"name": "phone"}, headers=header).json()["secret"]
    socket = served.url.replace("http", "ws") + "/ws"
    with connect(f"{socket}?clientId=1&token={token}"), connect(f"{socket}?token={drawn}"):
        pass
    with pytest.raises(InvalidStatus), connect(f"{socket}?token=sl_{'w' * 43}"):
        pass
    eventually(lambda: len(lines.access()) >= 5)
    ours = [line for line in lines.kept if '"logger": "websockets.client"' not in line]  # the test's own
    for secret in (token, cookie, drawn, PASSWORD, "a wrong password", "w" * 43):
        assert secret not in "".join(ours)
