"""How pictures came about, as the server tells it; the recordings themselves are put there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.client import Client
from safelight.files.folders import RECORDINGS, recording_name
from safelight.graph.formats import parse_api
from safelight.graph.work import work_of
from tests.files.test_film import colours, recording
from tests.serving import Served, serving, workflow

ASSETS = "/api/v1/assets"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server, whose engines have told what nodes there are."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def made(served: Served, prompt: str) -> str:
    with Client(served.url) as client:
        (asset,) = client.wait(client.submit(workflow(prompt))[0]).files
    return asset.id


def record(served: Served, prompt: str) -> Path:
    """A recording in the place where that of a picture is looked for."""
    nodes, _ = parse_api(workflow(prompt))
    (folder,) = served.studio.folders.directories[RECORDINGS][:1]
    folder.mkdir(parents=True, exist_ok=True)
    return recording(folder / recording_name(work_of(nodes, "5")))


def test_the_words_of_a_picture_are_told_as_clip_reads_them(served: Served) -> None:
    told = served.http.get(f"{ASSETS}/{made(served, 'a (cat:1.3)')}/recording").json()
    (sampling,) = told["samplings"]
    assert (sampling["node"], sampling["class_type"], sampling["recorded"]) == ("5", "KSampler", False)
    tokens = [(token["text"].strip(), token["weight"]) for token in sampling["words"]["tokens"]]
    assert tokens == [("a", 1.0), ("cat", 1.3)]
    assert sampling["words"]["syntax"] == "comfyui"


def test_a_recorded_run_is_given_as_its_file_and_as_a_film(served: Served) -> None:
    asset, path = made(served, "a recorded cat"), record(served, "a recorded cat")
    told = served.http.get(f"{ASSETS}/{asset}/recording").json()
    assert told["samplings"][0]["recorded"] is True
    assert served.http.get(f"{ASSETS}/{asset}/recording/file").content == path.read_bytes()
    film = served.http.get(f"{ASSETS}/{asset}/recording/film", params={"what": "denoised", "save": True})
    assert film.headers["content-type"] == "image/webp"
    assert "denoised.webp" in film.headers["content-disposition"]
    assert len(colours(film.content)) == 3


def test_what_was_not_recorded_is_not_there_and_can_be_recorded(served: Served) -> None:
    asset = made(served, "a fleeting cat")
    for part in ("file", "film?what=noisy", "film?what=noisy&node=9"):
        answer = served.http.get(f"{ASSETS}/{asset}/recording/{part}")
        assert answer.status_code == 404
        assert "not recorded" in answer.json()["error"]["what"]
    answer = served.http.post(f"{ASSETS}/{asset}/recording")
    assert answer.status_code == 202
    (job,) = answer.json()["jobs"]
    details = served.http.get(f"/api/v1/jobs/{job['id']}").json()
    assert details["targets"] == ["5"]
    assert details["extra"]["record"] is True
