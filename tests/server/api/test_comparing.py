"""Why two stored pictures are not the same, and what they were made from."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.client import Client
from safelight.store.tables import JOB_INPUTS
from tests.server.api.conftest import encoded
from tests.serving import Served, serving, workflow

ASSETS = "/api/v1/assets"
COMPARE = "/api/v1/compare"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server, whose engines have told what nodes there are."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def made(served: Served, document: dict[str, Any]) -> str:
    """The id of the picture that a workflow saves."""
    with Client(served.url) as client:
        (asset,) = client.wait(client.submit(document)[0]).files
    return asset.id


def brought(served: Served, name: str = "it.png", **look: Any) -> dict[str, Any]:
    """An uploaded picture."""
    answer = served.http.post(ASSETS, files={"file": (name, encoded(**look))})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def compared(served: Served, a: str, b: str) -> dict[str, Any]:
    found: dict[str, Any] = served.http.get(COMPARE, params={"a": a, "b": b}).raise_for_status().json()
    return found


def lineage(served: Served, asset: str) -> dict[str, Any]:
    found: dict[str, Any] = served.http.get(f"{ASSETS}/{asset}/lineage").raise_for_status().json()
    return found


def starting_from(*names: str) -> dict[str, Any]:
    """A workflow that begins with pictures, of which the last is the one that is changed."""
    document: dict[str, Any] = json.loads(json.dumps(workflow("a cat")))
    for number, name in enumerate(names, start=20):
        document[str(number)] = {"class_type": "LoadImage", "inputs": {"image": name}}
        document["4"] = {"class_type": "VAEEncode", "inputs": {"pixels": [str(number), 0], "vae": ["1", 2]}}
    return document


def test_two_pictures_of_a_job_are_told_apart(served: Served) -> None:
    a, b = made(served, workflow("a red cat", seed=1)), made(served, workflow("a green cat", seed=2))
    found = compared(served, a, b)
    assert [(each["kind"], each["effect"]) for each in found["differences"]] == [("seed", "much"), ("prompt", "much")]
    assert found["differences"][1]["removed"] == ["red"]
    assert found["silent"] == []
    assert found["pixels"]["identical"], "engines that pretend make pictures of one colour"


def test_pixels_are_compared_and_their_difference_is_a_picture(served: Served) -> None:
    a, b = brought(served, colour=(10, 10, 10))["id"], brought(served, colour=(10, 10, 15))["id"]
    found = compared(served, a, b)
    assert found["silent"] == ["a", "b"]
    assert (found["pixels"]["most"], found["pixels"]["changed"], found["pixels"]["gain"]) == (5, 1.0, 51.0)
    answer = served.http.get(f"{COMPARE}/picture", params={"a": a, "b": b})
    assert Image.open(io.BytesIO(answer.content)).getpixel((0, 0)) == (0, 0, 255)


def test_pictures_of_two_sizes_have_no_difference_picture(served: Served) -> None:
    a, b = brought(served)["id"], brought(served, width=20)["id"]
    assert compared(served, a, b)["pixels"]["mean"] is None
    answer = served.http.get(f"{COMPARE}/picture", params={"a": a, "b": b})
    assert (answer.status_code, "two sizes" in answer.json()["error"]["what"]) == (400, True)


def test_a_picture_that_is_not_there_is_not_compared(served: Served) -> None:
    assert served.http.get(COMPARE, params={"a": "none", "b": "none"}).status_code == 404


def test_the_lineage_of_a_picture_goes_both_ways_by_what_workflows_load(served: Served) -> None:
    first = brought(served, "first one.png")
    second = made(served, starting_from(first["path"]))
    path = served.http.get(f"{ASSETS}/{second}").json()["path"]
    third = made(served, starting_from(f"{path} [output]"))
    found = lineage(served, third)
    (parent,) = found["parents"]
    assert parent["asset"]["id"] == second
    assert parent["job"]
    assert [each["asset"]["id"] for each in parent["relatives"]] == [first["id"]]
    assert (found["children"], found["complete"], found["others"]) == ([], True, [])
    (child,) = lineage(served, first["id"])["children"]
    assert child["asset"]["id"] == second
    assert [each["asset"]["id"] for each in child["relatives"]] == [third]


def test_what_does_not_feed_a_picture_is_no_parent_of_it(served: Served) -> None:
    used, beside = brought(served, "used.png"), brought(served, "beside.png")
    asset = made(served, starting_from(beside["path"], used["path"]))
    assert [each["asset"]["id"] for each in lineage(served, asset)["parents"]] == [used["id"]]
    assert lineage(served, beside["id"])["children"] == []


def ids(relatives: list[dict[str, Any]]) -> list[str]:
    return [each["asset"]["id"] for each in relatives]


def test_a_picture_that_took_the_name_of_a_deleted_one_has_nothing_to_do_with_its_children(served: Served) -> None:
    first = brought(served, "was deleted.png", colour="red")
    child = made(served, starting_from(first["path"]))
    served.http.delete(f"{ASSETS}/{first['id']}").raise_for_status()
    second = brought(served, "was deleted.png", colour="blue")
    assert second["path"] == first["path"]
    assert (ids(lineage(served, child)["parents"]), lineage(served, child)["others"]) == ([], [first["path"]])
    assert lineage(served, second["id"])["children"] == []
    other = made(served, starting_from(first["path"]))
    assert ids(lineage(served, other)["parents"]) == [second["id"]]
    assert ids(lineage(served, second["id"])["children"]) == [other]


def test_a_picture_that_was_written_over_is_no_parent_of_what_was_made_before(served: Served) -> None:
    def written(colour: str) -> str:
        form = {"overwrite": "true"}
        image = {"image": ("over.bmp", encoded(kind="BMP", colour=colour))}  # each has as many bytes
        served.http.post("/upload/image", data=form, files=image).raise_for_status()
        found = served.http.get(ASSETS, params={"folder": "input", "limit": 100}).json()["assets"]
        return str(next(each["id"] for each in found if each["path"] == "over.bmp"))

    first = written("red")
    assert written("red") == first
    child = made(served, starting_from("over.bmp"))
    second = written("blue")
    assert second != first
    assert ids(lineage(served, child)["parents"]) == []
    assert lineage(served, second)["children"] == []


def test_a_picture_that_came_back_under_another_name_keeps_its_children(served: Served) -> None:
    first = brought(served, "renamed.png", colour="red")
    child = made(served, starting_from(first["path"]))
    served.http.post(f"{ASSETS}/delete", json={"assets": [first["id"]]}).raise_for_status()
    assert (ids(lineage(served, child)["parents"]), lineage(served, child)["others"]) == ([], [first["path"]])
    second = brought(served, "renamed.png", colour="blue")
    served.http.post(f"{ASSETS}/restore", json={"assets": [first["id"]]}).raise_for_status()
    assert served.http.get(f"{ASSETS}/{first['id']}").json()["path"] == "renamed (1).png"
    assert ids(lineage(served, child)["parents"]) == [first["id"]]
    assert ids(lineage(served, first["id"])["children"]) == [child]
    assert lineage(served, second["id"])["children"] == []


def test_pictures_keep_their_parents_when_the_history_is_cleared(served: Served) -> None:
    first = brought(served, "history.png")
    child = made(served, starting_from(first["path"]))
    job = served.http.get(f"{ASSETS}/{child}").json()["job"]
    served.http.post("/api/v1/jobs/delete", json={"jobs": [job]}).raise_for_status()
    assert ids(lineage(served, child)["parents"]) == [first["id"]]
    assert ids(lineage(served, first["id"])["children"]) == [child]


def test_jobs_from_before_it_was_noted_go_by_names_and_by_time(served: Served) -> None:
    first = brought(served, "long ago.png", colour="red")
    child = made(served, starting_from(first["path"]))
    with served.studio.database.write() as connection:
        connection.execute(JOB_INPUTS.delete())
    assert ids(lineage(served, child)["parents"]) == [first["id"]]
    assert ids(lineage(served, first["id"])["children"]) == [child]
    served.http.delete(f"{ASSETS}/{first['id']}").raise_for_status()
    second = brought(served, "long ago.png", colour="blue")
    assert ids(lineage(served, child)["parents"]) == []
    assert lineage(served, second["id"])["children"] == []


def test_a_picture_that_names_one_that_is_not_in_the_books_says_so(served: Served) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("prompt", json.dumps(starting_from("by hand.png")))
    assert lineage(served, brought(served, pnginfo=texts)["id"])["others"] == ["by hand.png"]
