"""Pictures are looked at in the background, and found by words and by pictures."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safelight.server import looking, studio
from safelight.server.looking import packed, unpacked
from tests.looking import PretendLooker, vector
from tests.server.api.conftest import encoded
from tests.serving import Served, eventually, serving, workflow

ASSETS, CLIP = "/api/v1/assets", "/api/v1/clip"
Open = Callable[..., Served]


@pytest.fixture
def lookers(monkeypatch: pytest.MonkeyPatch) -> list[PretendLooker]:
    """What pretends to look at pictures, in the order in which servers were started."""
    made: list[PretendLooker] = []

    class Kept(PretendLooker):
        def __init__(self, settings: object) -> None:
            super().__init__(settings)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(studio, "Looker", Kept)
    monkeypatch.setattr(looking, "OFTEN", 0.01)
    monkeypatch.setattr(looking, "AGAIN", 0.01)
    monkeypatch.setattr(looking.Looking, "_hash", lambda self: made[-1].sha256)
    return made


@pytest.fixture
def served(tmp_path: Path, lookers: list[PretendLooker]) -> Iterator[Served]:
    with serving(tmp_path, find_pictures=True) as running:
        yield running


def brought(served: Served, colour: str, name: str | None = None) -> str:
    answer = served.http.post(ASSETS, files={"file": (name or f"{colour}.png", encoded(colour=colour))})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def names(served: Served, **sought: object) -> list[str]:
    answer = served.http.get(ASSETS, params=sought)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert len(page["likeness"]) == len(page["assets"])
    assert page["likeness"] == sorted(page["likeness"], reverse=True)
    return [asset["path"] for asset in page["assets"]]


def looked_at(served: Served, count: int) -> dict[str, object]:
    def state() -> dict[str, object] | None:
        found: dict[str, object] = served.http.get(CLIP).json()
        return found if found["looked_at"] == count and found["waiting"] == 0 else None

    found = eventually(state)
    assert isinstance(found, dict)
    return found


def test_nothing_looks_at_pictures_before_there_is_one(served: Served, lookers: list[PretendLooker]) -> None:
    assert looked_at(served, 0)["total"] == 0
    assert lookers[0].starts == 0
    brought(served, "red")
    looked_at(served, 1)
    assert lookers[0].starts > 0


def test_pictures_are_found_by_words_by_a_picture_and_by_one_that_is_not_kept(served: Served) -> None:
    red = brought(served, "red")
    for colour in ("green", "blue"):
        brought(served, colour)
    looked_at(served, 3)
    assert names(served, like="red apple")[0] == "red.png"
    assert names(served, like="blue")[0] == "blue.png"
    assert names(served, near=red)[0] == "red.png"
    answer = served.http.post(f"{CLIP}/vector", files={"file": ("x.png", encoded(colour="green"))})
    assert names(served, vector=answer.json()["vector"])[0] == "green.png"
    assert served.http.get(ASSETS).json()["total"] == 3
    assert not list((served.settings.home / looking.HANDED_IN).iterdir())


def test_a_map_has_pictures_that_are_alike_close_together(served: Served) -> None:
    empty = served.http.get(f"{CLIP}/map").json()
    assert (empty["pictures"], empty["explained"], empty["total"], empty["waiting"]) == ([], [0, 0], 0, 0)
    ids = {name: brought(served, name.partition("-")[0], f"{name}.png") for name in ("red", "red-2", "green", "blue")}
    looked_at(served, 4)
    laid = served.http.get(f"{CLIP}/map", params={"kind": "images"}).json()
    where = {picture["id"]: complex(picture["x"], picture["y"]) for picture in laid["pictures"]}
    assert set(where) == set(ids.values())
    assert where[ids["red"]] == where[ids["red-2"]]
    assert abs(where[ids["red"]] - where[ids["blue"]]) > 0.5
    assert abs(sum(where.values())) < 0.01
    assert 0.9 < sum(laid["explained"]) <= 1.0001
    picture = laid["pictures"][0]
    assert served.http.get(picture["thumbnail"]).headers["content-type"] == "image/webp"
    assert (laid["total"], laid["waiting"], picture["width"] > 0) == (4, 0, True)


def test_a_map_keeps_to_the_filters_and_to_a_search(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    red = brought(served, "red")
    for colour in ("green", "blue"):
        brought(served, colour)
    served.http.patch(f"{ASSETS}/{red}", json={"favourite": True})
    looked_at(served, 3)

    def laid(**sought: object) -> tuple[set[str], int]:
        answer = served.http.get(f"{CLIP}/map", params=sought).json()  # type: ignore[arg-type]
        return {picture["path"] for picture in answer["pictures"]}, answer["total"]

    assert laid(favourite=True) == ({"red.png"}, 1)
    assert laid(folder="output") == (set(), 0)
    assert laid(near=red, folder="input") == ({"red.png", "green.png", "blue.png"}, 3)
    assert served.http.get(f"{CLIP}/map", params={"collection": "none"}).status_code == 404
    monkeypatch.setattr("safelight.server.api.clip.MOST_ON_MAP", 2)
    assert laid() == ({"green.png", "blue.png"}, 3)


UMAP = """
class UMAP:
    def __init__(self, **options): pass
    def fit_transform(self, vectors): return vectors[:, :2] * 3
"""


def test_umap_draws_in_a_process_of_its_own_where_it_is_installed(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for colour in ("red", "green", "blue"):
        brought(served, colour)
    looked_at(served, 3)
    library = tmp_path / "library"
    library.mkdir()
    (library / "umap.py").write_text(UMAP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(library), *sys.path]))
    few = served.http.get(f"{CLIP}/map", params={"method": "umap"})
    assert (few.status_code, few.json()["error"]["what"]) == (
        400,
        "UMAP has neighbours to find, and there are 3 pictures.",
    )
    brought(served, "teal")
    looked_at(served, 4)
    drawn = served.http.get(f"{CLIP}/map", params={"method": "umap"}).json()
    assert (len(drawn["pictures"]), drawn["explained"]) == (4, [0, 0])
    assert len({picture["x"] for picture in drawn["pictures"]}) > 1
    (library / "umap.py").write_text("raise SystemExit(1)")
    assert served.http.get(f"{CLIP}/map", params={"method": "umap"}).status_code == 503
    assert served.http.get(f"{CLIP}/map", params={"method": "tsne"}).status_code == 422


def test_a_search_has_pages_and_keeps_to_the_filters(served: Served) -> None:
    red = brought(served, "red")
    for colour in ("green", "blue"):
        brought(served, colour)
    served.http.patch(f"{ASSETS}/{red}", json={"favourite": True, "tags": ["warm"]})
    looked_at(served, 3)
    assert names(served, like="blue", favourite=True) == names(served, like="blue", tag="warm") == ["red.png"]
    assert names(served, like="blue", folder="output") == []
    whole = names(served, like="blue")
    pages = [names(served, like="blue", limit=1, offset=offset) for offset in range(4)]
    assert pages == [*([name] for name in whole), []]


def test_a_made_picture_is_found_and_a_deleted_one_is_not_until_it_is_restored(served: Served) -> None:
    served.http.post("/api/v1/jobs", json={"workflow": workflow("a cat")}).raise_for_status()
    looked_at(served, 1)
    (name,) = names(served, like="teal")
    (asset,) = served.http.get(ASSETS).json()["assets"]
    served.http.post(f"{ASSETS}/delete", json={"assets": [asset["id"]]}).raise_for_status()
    assert names(served, like="teal") == []
    served.http.post(f"{ASSETS}/restore", json={"assets": [asset["id"]]}).raise_for_status()
    looked_at(served, 1)
    assert names(served, like="teal") == [name]
    served.http.delete(f"{ASSETS}/{asset['id']}").raise_for_status()
    assert names(served, like="teal") == []
    assert looked_at(served, 0)["total"] == 0


def test_a_broken_picture_is_tried_once(served: Served, lookers: list[PretendLooker]) -> None:
    broken, fine = brought(served, "red", "broken.png"), brought(served, "blue")
    looked_at(served, 2)
    path = served.settings.home / "input" / "broken.png"
    path.write_bytes(b"no picture any more")
    os.utime(path, (1.0, 1.0))
    served.studio.looking.forget_changed()
    assert looked_at(served, 1)["unreadable"] == 1
    brought(served, "green")
    looked_at(served, 2)
    assert lookers[0].looked_at.count("broken.png") == 2
    assert set(names(served, near=fine)) == {"blue.png", "green.png"}
    refused = served.http.get(ASSETS, params={"near": broken})
    assert (refused.status_code, refused.json()["error"]["what"]) == (400, "broken.png cannot be read.")


def test_a_process_that_dies_over_one_picture_looks_at_all_others(served: Served, lookers: list[PretendLooker]) -> None:
    lookers[0].deadly.add("bomb")
    for name in ("a.png", "bomb.png", "c.png"):
        brought(served, {"a.png": "red", "bomb.png": "green"}.get(name, "blue"), name)
    assert looked_at(served, 2)["unreadable"] == 1


def test_another_clip_looks_at_everything_anew(tmp_path: Path, lookers: list[PretendLooker]) -> None:
    with serving(tmp_path, find_pictures=True) as served:
        brought(served, "red")
        brought(served, "blue")
        looked_at(served, 2)
    with serving(tmp_path, find_pictures=True) as served:
        looked_at(served, 2)
        assert lookers[1].looked_at == []  # all is known
        assert names(served, like="red")[0] == "red.png"
    looking_anew = pytest.MonkeyPatch()
    looking_anew.setattr(PretendLooker, "__init__", _another)
    with looking_anew.context(), serving(tmp_path, find_pictures=True) as served:
        looked_at(served, 2)
        assert sorted(lookers[2].looked_at) == ["blue.png", "red.png"]
        assert names(served, like="red")[0] == "red.png"
    looking_anew.undo()


def _another(self: PretendLooker, settings: object) -> None:
    self.starts, self.looked_at, self.deadly, self.sha256 = 0, [], set(), "b" * 64


def test_scores_ranks_and_labels_are_told_for_stored_pictures(served: Served) -> None:
    red, blue = brought(served, "red"), brought(served, "blue")
    scores = served.http.post(f"{CLIP}/score", json={"assets": [red, blue], "texts": ["red", "blue"]}).json()["scores"]
    assert scores[0][0] == pytest.approx(1) == scores[1][1]
    assert scores[0][1] < 1
    ranked = served.http.post(f"{CLIP}/rank", json={"assets": [red, blue], "text": "blue", "keep": 1}).json()["ranked"]
    assert [one["asset"] for one in ranked] == [blue]
    labels = served.http.post(f"{CLIP}/labels", json={"assets": [red], "labels": ["blue", "red"]}).json()["pictures"]
    assert (labels[0]["asset"], labels[0]["labels"][0]["label"]) == (red, "red")
    assert served.http.post(f"{CLIP}/score", json={"assets": ["none"], "texts": ["red"]}).status_code == 404


@pytest.mark.parametrize(
    ("sought", "says"),
    [
        ({"like": "red", "vector": "AAAA"}, "by words or by a picture"),
        ({"vector": "AAAA"}, "cut off"),
        ({"vector": "fwAA"}, "has 8"),
        ({"near": "nobody"}, "no asset"),
    ],
)
def test_a_search_that_cannot_be_is_refused_in_words(sought: dict[str, str], says: str, served: Served) -> None:
    brought(served, "red")
    looked_at(served, 1)
    answer = served.http.get(ASSETS, params=sought)
    assert answer.status_code in (400, 404)
    assert says in answer.json()["error"]["what"]


def test_where_pictures_are_not_looked_at_searching_says_so(tmp_path: Path, lookers: list[PretendLooker]) -> None:
    with serving(tmp_path, find_pictures=False) as served:
        red = brought(served, "red")
        assert not served.http.get(CLIP).json()["on"]
        for sought in ({"like": "red"}, {"near": red}, {"vector": "fwAA"}):
            answer = served.http.get(ASSETS, params=sought)
            assert (answer.status_code, answer.json()["error"]["what"]) == (400, "Pictures are not looked at here.")
        assert served.http.get(f"{CLIP}/map").status_code == 400
        sent = {"file": ("one.png", encoded())}
        served.http.post(ASSETS, files=sent, data={"folder": "zorb"}).raise_for_status()
        asked = {"folder": "zorb", "names": ["one.png"]}
        assert served.http.post("/api/v1/training/data/proposals", json=asked).status_code == 400
        assert lookers[0].starts == 0


def test_captions_are_proposed_and_not_written(served: Served) -> None:
    data = "/api/v1/training/data"
    for name in ("one.png", "two.png"):
        sent = {"file": (name, encoded(colour="red"))}
        served.http.post(ASSETS, files=sent, data={"folder": "training/zorb"}).raise_for_status()
    wanted = {"folder": "training/zorb", "names": ["two.png"]}
    answer = served.http.post(f"{data}/proposals", json=wanted)
    assert answer.json() == {"proposals": [{"name": "two.png", "caption": "a picture of two"}]}, answer.text
    assert served.http.get(data, params={"folder": "training/zorb"}).json()["captioned"] == 0
    (served.settings.home / "input/training/zorb/two.png").write_bytes(b"no picture")
    assert served.http.post(f"{data}/proposals", json=wanted).json() == {"proposals": []}
    for names, status in ((["../x.png"], 404), ([], 422)):
        assert served.http.post(f"{data}/proposals", json={**wanted, "names": names}).status_code == status


def test_a_vector_in_an_address_is_nearly_the_vector_itself() -> None:
    exact = vector((200, 30, 90))
    again = unpacked(packed(exact))
    assert len(again) == len(exact)
    assert memoryview(again).cast("f").tolist() == pytest.approx(memoryview(exact).cast("f").tolist(), abs=0.01)
