"""Why the nodes of a job ran."""

from typing import Any

from safelight.client import Client
from tests.serving import Served, workflow


def test_a_job_says_what_is_not_as_in_the_job_before_it(served: Served, client: Client) -> None:
    first, second = (client.wait(client.submit(workflow(steps=steps))[0]).id for steps in (2, 3))
    nodes: dict[str, Any] = {}
    for job in (first, second):
        answer = served.http.get(f"/api/v1/jobs/{job}/reasons").json()["nodes"]
        nodes[job] = {each["node"]: each for each in answer}
    assert {each["reason"] for each in nodes[first].values()} == {"new"}
    assert nodes[second]["5"]["reason"] == "changed"
    assert (nodes[second]["5"]["before"], nodes[second]["5"]["now"]) == (2, 3)
    assert (nodes[second]["6"]["reason"], nodes[second]["6"]["because"]) == ("upstream", "5")
    assert served.http.get("/api/v1/jobs/nothing/reasons").status_code == 404
