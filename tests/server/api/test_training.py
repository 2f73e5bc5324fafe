"""Training runs and their pictures over the API."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from safelight.runs.course import POINTS, Courses
from safelight.runs.folder import LogLine, RunFolder
from safelight.runs.results import publish_step
from safelight.runs.settings import TrainingSettings
from tests.server.api.conftest import encoded
from tests.server.security.signing import add_person
from tests.serving import Served, eventually
from tests.timing import processor_seconds, uncollected

RUNS = "/api/v1/training/runs"
DATA = "/api/v1/training/data"
Headers = dict[str, str]


def bring(served: Served, number: int = 2, folder: str = "training/zorb", headers: Headers | None = None) -> list[str]:
    """Pictures, uploaded into a folder of the input folder."""
    names = []
    for side in range(number):
        sent = served.http.post(
            "/api/v1/assets",
            files={"file": (f"{side}.png", encoded(40 + side, 40))},
            data={"folder": folder},
            headers=headers,
        )
        assert sent.status_code == 201, sent.text
        names.append(str(sent.json()["path"]))
    return names


def told(**more: Any) -> dict[str, Any]:
    return {"name": "zorb", "data": {"folder": "training/zorb", "trigger": "zorb"}, **more}


def begun(served: Served, headers: Headers | None = None, **more: Any) -> dict[str, Any]:
    bring(served, headers=headers)
    answer = served.http.post(RUNS, json=told(**more), headers=headers)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def line(step: int) -> LogLine:
    level = step % 100 / 100
    return LogLine(step, 1 / step, 1e-3, 0.5, (level, 1 - level), (level, 1 - level), step / 2)


def folder_of(served: Served, name: str = "zorb") -> RunFolder:
    return RunFolder.of(served.settings.home, name)


def test_what_a_run_can_be_told_is_in_the_api(served: Served) -> None:
    form = served.http.get("/api/v1/training/settings").json()
    properties = form["settings_schema"]["$defs"]["Optimizer"]["properties"]
    assert properties["rate"]["description"].startswith("Learning rate")
    assert form["defaults"]["run"]["steps"] == 600
    assert [preset["name"] for preset in form["presets"]] == ["style", "subject"]
    for preset in form["presets"]:
        values = {**form["defaults"], "name": "a", "data": {**form["defaults"]["data"], "folder": "b"}}
        for table, changes in preset["values"].items():
            values[table] = {**values[table], **changes}
        assert TrainingSettings.model_validate(values).run.steps == preset["values"]["run"]["steps"]


def test_a_run_is_begun_from_uploaded_pictures(paused: Served) -> None:
    view = begun(paused, run={"steps": 7})
    assert (view["name"], view["state"], view["step"], view["steps"]) == ("zorb", "new", 0, 7)
    assert view["settings"]["data"]["folder"] == "training/zorb"
    kept = folder_of(paused).read_settings()
    assert kept.data.folder == paused.settings.home.resolve() / "input/training/zorb"
    again = {**view["settings"], "name": "again"}  # what was answered can be sent
    assert paused.http.post(RUNS, json=again).status_code == 201
    listed = paused.http.get(RUNS).json()["runs"]
    assert {run["name"] for run in listed} == {"zorb", "again"}


def test_a_run_is_queued_stopped_and_deleted(paused: Served) -> None:
    begun(paused)
    job = paused.http.post(f"{RUNS}/zorb/start")
    assert job.status_code == 202, job.text
    assert job.json()["title"] == "Training zorb"
    details = paused.http.get(f"/api/v1/jobs/{job.json()['id']}").json()
    assert details["workflow"]["1"]["class_type"] == "TrainRun"
    view = paused.http.get(f"{RUNS}/zorb").json()
    assert (view["state"], view["job"]) == ("queued", job.json()["id"])
    again = paused.http.post(f"{RUNS}/zorb/start")
    assert (again.status_code, again.json()["error"]["mend"]) == (400, "Wait for it, or stop it first.")
    assert paused.http.delete(f"{RUNS}/zorb").json()["error"]["mend"] == "Stop it first."
    assert paused.http.post(f"{RUNS}/zorb/stop").json()["state"] == "stopped"
    assert paused.http.post(f"{RUNS}/zorb/start").status_code == 202
    paused.http.post(f"{RUNS}/zorb/stop")
    assert paused.http.delete(f"{RUNS}/zorb").status_code == 204
    assert not folder_of(paused).path.exists()
    assert (paused.settings.home / "input/training/zorb").is_dir()
    assert paused.http.get(f"{RUNS}/zorb").status_code == 404


def test_a_run_whose_job_has_failed_says_why(served: Served) -> None:
    begun(served)
    job = served.http.post(f"{RUNS}/zorb/start").json()["id"]
    eventually(lambda: served.http.get(f"/api/v1/jobs/{job}").json()["state"] == "done")
    assert served.http.get(f"{RUNS}/zorb").json()["state"] == "stopped"  # this engine only pretends
    folder = folder_of(served)
    folder.add_lines([line(step) for step in range(1, 601)])
    folder.result(600).write_bytes(b"")
    assert served.http.get(f"{RUNS}/zorb").json()["state"] == "done"


@pytest.mark.parametrize(
    ("settings", "status", "what"),
    [
        (told(run={"steps": 0}), 422, "run.steps: Input should be greater than or equal to 1."),
        (told(colour="red"), 422, "colour: is not a setting."),
        ({"data": {"folder": "training/zorb"}}, 422, "name: is missing."),
        (told(name="../zorb"), 422, "name: has other signs than letters"),
        (told(name="a/b"), 422, "name: has other signs than letters"),
        (told(name="x" * 82), 422, "name: has other signs than letters"),
        (told(name="zorb\n"), 422, "name: has other signs than letters"),
        (told(name="CON"), 400, "is not a name inside the folder"),
        (told(name="my zorb", kind="inversion"), 400, "is read only as far as the space"),
        (told(name="a."), 400, "is not a name inside the folder"),
        (told(checkpoint="none.safetensors"), 400, "There is no none.safetensors"),
        (told(checkpoint="../../x.safetensors"), 400, "is not a name inside the folder"),
        (told(data={"folder": "../training"}), 400, "is not a name inside the folder"),
        (told(data={"folder": "training/none"}), 400, "There is no folder training/none."),
        (told(data={"folder": "/none"}), 400, "There is no folder /none."),
        (told(data={"folder": "training/zorb", "prior_folder": "none"}), 400, "There is no folder none."),
        (told(data={"folder": "a\0b"}), 400, "is not a name inside the folder"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], status: int, what: str, paused: Served) -> None:
    bring(paused)
    answer = paused.http.post(RUNS, json=settings)
    assert answer.status_code == status, answer.text
    assert what in answer.json()["error"]["what"]
    assert paused.http.get(RUNS).json()["runs"] == []


def test_a_name_that_is_taken_is_refused(paused: Served) -> None:
    begun(paused)
    answer = paused.http.post(RUNS, json=told())
    assert (answer.status_code, answer.json()["error"]["what"]) == (400, "There is a run called zorb.")


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2fzorb", "zorb%2f..", "CON", "x" * 300, "zorb%00"])
def test_names_that_lead_elsewhere_are_no_runs(name: str, paused: Served) -> None:
    begun(paused)
    for answer in (
        paused.http.get(f"{RUNS}/{name}/samples/0/0"),
        paused.http.delete(f"{RUNS}/{name}"),
        paused.http.post(f"{RUNS}/{name}/start"),
    ):
        assert answer.status_code in (404, 405, 422), answer.text
    assert folder_of(paused).is_there


def test_a_run_tells_how_it_goes(paused: Served) -> None:
    begun(paused, run={"steps": 4000}, samples={"prompts": ["zorb", "a zorb"]})
    folder = folder_of(paused)
    folder.add_lines([line(step) for step in range(1, 2001)])
    folder.data_report.write_text("2 pictures.\nAll are small.\n", encoding="utf-8")
    folder.result(2000).write_bytes(b"12345")
    for step, place in ((0, 0), (0, 1), (100, 0)):
        Image.new("RGB", (32, 32), "teal").save(folder.sample(step, place))
    view = paused.http.get(f"{RUNS}/zorb").json()
    assert (view["state"], view["step"], view["seconds"], view["seconds_left"]) == ("stopped", 2000, 1000.0, None)
    assert view["report"] == ["2 pictures.", "All are small."]
    assert [(sample["step"], sample["prompt"]) for sample in view["samples"]] == [(0, 0), (0, 1), (100, 0)]
    assert view["results"] == [{"step": 2000, "bytes": 5}]
    assert view["sample"] == view["samples"][-1]["url"]
    course = view["course"]
    assert course["steps"] == list(range(2, 2001, 2))
    assert course["losses"][0] == pytest.approx(0.75)
    assert course["means"][-1] == pytest.approx(view["loss"], rel=0.01)
    assert (course["levels"]["first"][:2], course["levels"]["last"][:2]) == ([1, 201], [200, 400])
    assert len(course["levels"]["errors"]) == 10
    assert course["levels"]["errors"][0][9] == pytest.approx(0.945, abs=0.01)
    assert paused.http.post(f"{RUNS}/zorb/start").status_code == 202
    assert paused.http.get(RUNS).json()["runs"][0]["seconds_left"] == pytest.approx(1000)


def test_samples_are_pictures_that_browsers_keep(paused: Served) -> None:
    begun(paused)
    Image.new("RGB", (300, 300), "teal").save(folder_of(paused).sample(5, 0))
    url = paused.http.get(f"{RUNS}/zorb").json()["samples"][0]["url"]
    for query, kind in (("", "image/png"), ("?size=128", "image/webp")):
        answer = paused.http.get(url + query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        known = {"If-None-Match": answer.headers["etag"]}
        assert paused.http.get(url + query, headers=known).status_code == 304
    assert paused.http.get(f"{RUNS}/zorb/samples/6/0").status_code == 404


def test_a_result_of_the_way_is_put_where_models_are_and_outlives_its_run(paused: Served) -> None:
    begun(paused)
    folder = folder_of(paused)
    folder.result(300).write_bytes(b"learned")
    url = f"{RUNS}/zorb/results/300/publish"
    for _ in range(2):  # twice is once
        assert paused.http.post(url).json() == {"result": "loras/zorb-000300.safetensors"}
    made = paused.settings.home / "models/loras/zorb-000300.safetensors"
    assert made.samefile(folder.result(300))
    assert paused.http.delete(f"{RUNS}/zorb").status_code == 204
    assert made.read_bytes() == b"learned"


def test_a_result_that_is_not_there_or_whose_name_is_taken_is_refused(paused: Served) -> None:
    begun(paused)
    absent = paused.http.post(f"{RUNS}/zorb/results/300/publish")
    assert (absent.status_code, absent.json()["error"]["what"]) == (400, "zorb has kept no result of step 300.")
    folder_of(paused).result(300).write_bytes(b"learned")
    taken = paused.settings.home / "models/loras/zorb-000300.safetensors"
    taken.write_bytes(b"another")
    refused = paused.http.post(f"{RUNS}/zorb/results/300/publish")
    assert (refused.status_code, refused.json()["error"]["what"]) == (400, f"There is another file {taken.resolve()}.")
    assert taken.read_bytes() == b"another"


def test_a_result_is_copied_where_files_cannot_have_two_names(
    paused: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(paused)
    folder_of(paused).result(300).write_bytes(b"learned")

    def refuse(path: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert publish_step(folder_of(paused), 300, paused.studio.folders) == "loras/zorb-000300.safetensors"
    assert (paused.settings.home / "models/loras/zorb-000300.safetensors").read_bytes() == b"learned"


def test_a_long_run_is_looked_at_cheaply(paused: Served) -> None:
    begun(paused, run={"steps": 100_000})
    folder = folder_of(paused)
    folder.add_lines([line(step) for step in range(1, 100_001)])
    courses = Courses()
    courses.of(folder.log, 100_000)
    folder.add_lines([line(100_001)])
    with uncollected():
        before = time.process_time()
        course = courses.of(folder.log, 100_000)
        assert time.process_time() - before < 0.05
    assert len(course.steps) <= POINTS
    assert course.steps[-1] == 100_001
    paused.http.get(f"{RUNS}/zorb")
    assert processor_seconds(lambda: paused.http.get(f"{RUNS}/zorb").raise_for_status()) < 0.05
    assert processor_seconds(lambda: paused.http.get(RUNS).raise_for_status()) < 0.05


def test_a_log_that_is_cut_is_read_anew_and_half_a_line_later(tmp_path: Path) -> None:
    folder, courses = RunFolder(tmp_path), Courses()
    assert courses.of(folder.log, 10).steps == []
    folder.add_lines([line(step) for step in range(1, 6)])
    assert courses.of(folder.log, 10).steps == [1, 2, 3, 4, 5]
    folder.cut_log(3)
    assert courses.of(folder.log, 10).steps == [1, 2, 3]
    folder.add_lines([line(4)])
    with folder.log.open("a") as file:
        file.write('{"step":5,')
    assert courses.of(folder.log, 10).steps == [1, 2, 3, 4]
    with folder.log.open("a") as file:
        file.write('"loss":NaN}\n')
    folder.add_lines([line(6)])
    assert courses.of(folder.log, 10).steps == [1, 2, 3, 4, 6]


def test_a_run_whose_settings_are_broken_is_shown_and_can_be_removed(paused: Served) -> None:
    begun(paused)
    folder_of(paused).settings.write_text("name = ", encoding="utf-8")
    (view,) = paused.http.get(RUNS).json()["runs"]
    assert (view["name"], view["state"]) == ("zorb", "failed")
    assert "TOML" in view["error"]["what"]
    assert paused.http.get(f"{RUNS}/zorb").status_code == 400
    assert paused.http.delete(f"{RUNS}/zorb").status_code == 204


def test_pictures_are_listed_with_captions_that_can_be_written(paused: Served) -> None:
    bring(paused, 3)
    asked = {"folder": "training/zorb"}
    sent = {**asked, "name": "0.png", "caption": " a  teal\nzorb "}
    written = paused.http.put(f"{DATA}/caption", json=sent)
    assert written.json()["caption"] == "a teal zorb", written.text
    home = paused.settings.home / "input/training/zorb"
    assert (home / "0.txt").read_text(encoding="utf-8") == "a teal zorb\n"
    view = paused.http.get(DATA, params=asked).json()
    assert [(each["name"], each["caption"]) for each in view["pictures"]] == [
        ("0.png", "a teal zorb"),
        ("1.png", None),
        ("2.png", None),
    ]
    assert (view["folder"], view["total"], view["captioned"], view["problems"]) == ("training/zorb", 3, 1, [])
    picture = paused.http.get(view["pictures"][2]["thumbnail"], params={"size": 128})
    shown = paused.http.get(view["pictures"][2]["thumbnail"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp"), picture.text
    known = {"If-None-Match": shown.headers["etag"]}
    assert paused.http.get(view["pictures"][2]["thumbnail"], headers=known).status_code == 304
    page = paused.http.get(DATA, params={**asked, "limit": 1, "offset": 1}).json()
    assert ([each["name"] for each in page["pictures"]], page["total"]) == (["1.png"], 3)
    none = paused.http.put(f"{DATA}/caption", json={**sent, "caption": None}).json()
    assert none["caption"] is None
    assert not (home / "0.txt").exists()


def test_a_picture_goes_into_the_bin_and_comes_back(paused: Served) -> None:
    bring(paused)
    home = paused.settings.home / "input/training/zorb"
    (home / "1.txt").write_text("a zorb")
    Image.new("RGB", (8, 8)).save(home / "by hand.png")
    for name, caption in (("1.png", "a zorb"), ("by hand.png", None)):
        removed = paused.http.post(f"{DATA}/remove", json={"folder": "training/zorb", "name": name}).json()
        assert removed["caption"] == caption
        assert not (home / name).exists()
        back = paused.http.post("/api/v1/assets/restore", json={"assets": [removed["asset"]]})
        assert back.json() == {"count": 1}
        assert (home / name).is_file()
    assert not (home / "1.txt").exists()


@pytest.mark.parametrize("name", ["../zorb/0.png", "/etc/passwd", "0.txt", ".hidden.png", "none.png", "..", "link.png"])
def test_only_pictures_of_the_folder_are_touched(name: str, paused: Served) -> None:
    bring(paused)
    home = paused.settings.home / "input/training/zorb"
    for other in ("0.txt", "link.txt"):
        (home / other).write_text("keep me")
    for answer in (
        paused.http.get(f"{DATA}/picture", params={"folder": "training/zorb", "name": name}),
        paused.http.post(f"{DATA}/remove", json={"folder": "training/zorb", "name": name}),
        paused.http.put(f"{DATA}/caption", json={"folder": "training/zorb", "name": name, "caption": "x"}),
    ):
        assert answer.status_code == 404, answer.text
    assert (home / "0.txt").read_text() == (home / "link.txt").read_text() == "keep me"


def test_folders_elsewhere_are_for_admins(tmp_path: Path, served: Served) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.png").write_bytes(encoded())
    asked = {"folder": str(elsewhere)}
    admin = add_person(served.studio.database, "ada", admin=True)
    bob = add_person(served.studio.database, "bob")
    assert served.http.get(DATA, params=asked, headers=admin).json()["total"] == 1
    removed = served.http.post(f"{DATA}/remove", json={**asked, "name": "a.png"}, headers=admin)
    assert (removed.status_code, removed.json()["error"]["mend"]) == (400, "Take it out of its folder yourself.")
    for answer in (
        served.http.get(DATA, params=asked, headers=bob),
        served.http.get(f"{DATA}/picture", params={**asked, "name": "a.png"}, headers=bob),
        served.http.put(f"{DATA}/caption", json={**asked, "name": "a.png", "caption": "x"}, headers=bob),
        served.http.post(RUNS, json=told(data=asked), headers=bob),
    ):
        assert answer.status_code == 403, answer.text
    bring(served, headers=bob)
    (own,) = served.settings.home.glob("users/*/input/training")
    link = own / "link"
    link.symlink_to(elsewhere)
    assert served.http.get(DATA, params={"folder": "training/link"}, headers=bob).status_code == 400


def test_each_person_has_runs_of_their_own(served: Served) -> None:
    ada, bob = (add_person(served.studio.database, name, admin=name == "ada") for name in ("ada", "bob"))
    served.http.post("/api/v1/queue/pause", json={}, headers=ada).raise_for_status()
    begun(served, headers=bob)
    (own,) = served.settings.home.glob("users/*/training/zorb")
    Image.new("RGB", (32, 32)).save(RunFolder(own).sample(0, 0))
    assert [run["name"] for run in served.http.get(RUNS, headers=bob).json()["runs"]] == ["zorb"]
    assert served.http.get(RUNS, headers=ada).json()["runs"] == []
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/start"),
        ("POST", "/stop"),
        ("GET", "/samples/0/0"),
    ):
        assert served.http.request(method, f"{RUNS}/zorb{path}", headers=ada).status_code == 404
    bring(served, headers=ada)
    taken = served.http.post(RUNS, json=told(), headers=ada)
    assert (taken.status_code, taken.json()["error"]["mend"]) == (400, "Take another name.")
    workflow = {"1": {"class_type": "TrainRun", "inputs": {"run_name": "zorb"}}}
    assert served.http.post("/api/v1/jobs", json={"workflow": workflow}, headers=ada).status_code == 422
    assert served.http.post("/api/v1/jobs", json={"workflow": workflow}, headers=bob).status_code == 202
    assert served.http.post(f"{RUNS}/zorb/start", headers=bob).status_code == 202
    assert served.http.get(f"{RUNS}/zorb/samples/0/0", headers=bob).status_code == 200


def test_folders_with_pictures_are_listed(paused: Served) -> None:
    bring(paused, 3)
    bring(paused, 1, "holiday")
    home = paused.settings.home / "input"
    (home / "empty").mkdir()
    Image.new("RGB", (8, 8)).save(home / "alone.png")
    os.utime(home / "holiday", (1, 1))
    listed = paused.http.get(f"{DATA}/folders").json()["folders"]
    assert listed == [{"folder": "training/zorb", "pictures": 3}, {"folder": "holiday", "pictures": 1}]
    bob = add_person(paused.studio.database, "bob")
    assert paused.http.get(f"{DATA}/folders", headers=bob).json()["folders"] == []
