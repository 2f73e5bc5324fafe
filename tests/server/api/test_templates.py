"""The workflows that ship with Safelight."""

import io

from PIL import Image

from safelight.files.templates import templates
from tests.serving import Served

TEMPLATES = "/api/v1/templates"
MOST_BYTES = 15_000  # of a picture; they come with every installation


def test_every_template_is_listed_and_can_be_queued_as_it_comes(paused: Served) -> None:
    names = [each["name"] for each in paused.http.get(TEMPLATES).json()["templates"]]
    assert names == list(templates())
    template = paused.http.get(f"{TEMPLATES}/text-to-image").json()
    sent = {"workflow": template["workflow"], "editor": template["editor"]}
    assert paused.http.post("/api/v1/jobs", json=sent).status_code == 202


def test_an_unknown_one_is_answered_with_the_nearest(served: Served) -> None:
    answer = served.http.get(f"{TEMPLATES}/text-to-imagr")
    assert (answer.status_code, answer.json()["error"]["mend"]) == (404, "Did you mean text-to-image?")


def test_a_template_has_a_small_picture_or_says_that_it_has_none(served: Served) -> None:
    listed = served.http.get(TEMPLATES).json()["templates"]
    for template in listed:
        answer = served.http.get(f"{TEMPLATES}/{template['name']}/picture")
        if template["picture"] is None:
            assert answer.status_code == 404
            continue
        assert (template["picture"], answer.headers["content-type"]) == (answer.url.path, "image/webp")
        assert len(answer.content) <= MOST_BYTES
        assert max(Image.open(io.BytesIO(answer.content)).size) <= 256
    assert any(template["picture"] for template in listed)
