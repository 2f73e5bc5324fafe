"""The workflows that ship with Safelight."""

from safelight.files.templates import templates
from tests.serving import Served

TEMPLATES = "/api/v1/templates"


def test_every_template_is_listed_and_can_be_queued_as_it_comes(paused: Served) -> None:
    names = [each["name"] for each in paused.http.get(TEMPLATES).json()["templates"]]
    assert names == list(templates())
    template = paused.http.get(f"{TEMPLATES}/text-to-image").json()
    sent = {"workflow": template["workflow"], "editor": template["editor"]}
    assert paused.http.post("/api/v1/jobs", json=sent).status_code == 202


def test_an_unknown_one_is_answered_with_the_nearest(served: Served) -> None:
    answer = served.http.get(f"{TEMPLATES}/text-to-imagr")
    assert (answer.status_code, answer.json()["error"]["mend"]) == (404, "Did you mean text-to-image?")
