"""Pictures from words, in one call."""

import io
from typing import Any

import pytest
from PIL import Image

from safelight.families.detect import identify
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.files.header import read_header
from safelight.server.api.images import LONGEST_WAIT, waiting_time
from tests.server.api.conftest import Upload, encoded
from tests.serving import Served

IMAGES = "/api/v1/images"


def workflows(served: Served, **words: object) -> list[dict[str, Any]]:
    """The inputs of each job's nodes, by their type."""
    answer = served.http.post(IMAGES, json={"prompt": "a cat", **words})
    assert answer.status_code == 202, answer.text
    found = []
    for job in answer.json()["jobs"]:
        calls = served.http.get(f"/api/v1/jobs/{job['id']}").json()["workflow"].values()
        found.append({call["class_type"]: call["inputs"] for call in calls})
    return found


@pytest.mark.weights
def test_what_is_not_given_suits_the_checkpoint(paused: Served) -> None:
    best = identify(read_header(STARTER / STARTER_CHECKPOINT)).recommended
    assert best is not None
    (made,) = workflows(paused)
    sampler = made["KSampler"]
    assert (sampler["steps"], sampler["cfg"], sampler["sampler_name"]) == (best.steps, best.cfg, best.sampler)
    assert (made["EmptyLatentImage"]["width"], made["SaveImage"]["filename_prefix"]) == (128, "safelight")


def test_several_pictures_are_jobs_of_one_batch_with_choices_drawn_by_their_seeds(paused: Served) -> None:
    made = workflows(paused, prompt="{a|b|c|d|e|f}", count=12, seed=5)
    assert [each["KSampler"]["seed"] for each in made] == list(range(5, 17))
    assert len({each["CLIPTextEncode"]["text"] for each in workflows(paused, negative="{a|b|c}", count=12)}) > 1
    assert made == workflows(paused, prompt="{a|b|c|d|e|f}", count=12, seed=5)


def test_the_picture_itself_is_the_answer_where_one_waits(served: Served) -> None:
    answer = served.http.post(IMAGES, params={"wait": 1}, json={"prompt": "a cat", "steps": 2})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    asset = served.http.get(f"/api/v1/assets/{answer.headers['x-asset']}").json()
    assert asset["job"] == answer.headers["x-job"]


def test_several_pictures_are_answered_as_jobs_that_are_done(served: Served) -> None:
    sent = {"prompt": "a cat", "steps": 1, "count": 2}
    answer = served.http.post(IMAGES, headers={"Prefer": "wait=30"}, json=sent)
    assert answer.status_code == 200
    assert [(job["state"], len(job["outputs"])) for job in answer.json()["jobs"]] == [("done", 1)] * 2


def test_one_that_waits_too_long_is_answered_with_the_job_which_goes_on(paused: Served) -> None:
    answer = paused.http.post(IMAGES, headers={"Prefer": "wait=1"}, json={"prompt": "a cat"})
    assert (answer.status_code, answer.json()["jobs"][0]["state"]) == (202, "queued")


def test_a_failed_picture_is_answered_with_its_reason(served: Served) -> None:
    answer = served.http.post(IMAGES, params={"wait": 1}, json={"prompt": "fail"})
    assert (answer.status_code, answer.json()["error"]["what"]) == (500, "It was told to fail.")


@pytest.mark.parametrize(
    ("wait", "prefer", "seconds"),
    [
        (False, "", 0),
        (True, "", LONGEST_WAIT),
        (False, "wait", LONGEST_WAIT),
        (False, "respond-async, wait=10", 10),
        (True, "wait=99999", LONGEST_WAIT),
        (False, "handling=strict", 0),
    ],
)
def test_how_long_to_wait_is_said_by_query_or_by_header(wait: bool, prefer: str, seconds: float) -> None:
    assert waiting_time(wait, prefer) == seconds


@pytest.mark.parametrize("named_by", ["id", "path"])
def test_a_picture_to_start_from_is_named_by_its_id_or_its_name(named_by: str, paused: Served, upload: Upload) -> None:
    start, mask = upload(encoded(80, 40), "start.png"), upload(encoded(80, 40, mode="L", colour=255), "mask.png")
    (made,) = workflows(paused, init_image=start[named_by], mask=mask[named_by])
    assert made["LoadImage"]["image"] == "mask.png"
    assert (made["ImageScale"]["width"], made["ImageScale"]["height"]) == (80, 40)
    assert made["KSampler"]["denoise"] == 0.7


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        ({"mask": "x.png"}, 400, "there is no picture"),
        ({"init_image": "../../secret.png"}, 400, "is not a name inside the folder"),
        ({"init_image": "0" * 32}, 404, "There is no asset"),
        ({"checkpoint": "sketch-265"}, 400, "There is no sketch-265"),
        ({"sampler": "eulr"}, 422, "eulr"),
        ({"seed": 2**64 - 1, "count": 2}, 400, "past 2^64 - 1"),
        ({"steps": 0}, 422, "steps"),
        ({"cfg": -1}, 422, "cfg"),
        ({"prompt": "a __nothing__"}, 400, "nothing"),
    ],
)
def test_what_cannot_be_is_refused(words: dict[str, object], status: int, what: str, paused: Served) -> None:
    answer = paused.http.post(IMAGES, json={"prompt": "a cat", **words})
    assert (answer.status_code, what in answer.text) == (status, True)
    assert paused.http.get("/api/v1/queue").json()["queued"] == 0


def shown(served: Served, **words: object) -> dict[str, Any]:
    answer = served.http.post(f"{IMAGES}/workflow", json={"prompt": "a cat", **words})
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def calls(view: dict[str, Any], class_type: str) -> list[dict[str, Any]]:
    return [call["inputs"] for call in view["workflow"].values() if call["class_type"] == class_type]


@pytest.mark.weights
def test_the_workflow_of_a_wish_is_shown_with_all_filled_in_and_makes_the_same_again(paused: Served) -> None:
    view = shown(paused, upscale={"by": 2}, variation={"strength": 0.2})
    wish = view["wish"]
    unsaid = ("vae", "init_image", "mask", "clip_skip", "denoise", "outpaint")
    assert all((value is None) == (name in unsaid) for name, value in wish.items())
    assert (wish["width"], wish["upscale"]["denoise"], wish["variation"]["strength"]) == (128, 0, 0.2)
    assert shown(paused, **wish) == view
    assert {str(node["id"]) for node in view["editor"]["nodes"]} == set(view["workflow"])
    assert paused.http.get("/api/v1/queue").json()["queued"] == 0


def test_a_part_is_repainted_and_the_rest_pasted_back(paused: Served, upload: Upload) -> None:
    upload(encoded(256, 128), "start.png")
    mask = io.BytesIO()
    drawn = Image.new("RGB", (256, 128))
    drawn.paste("white", (20, 40, 60, 80))
    drawn.save(mask, "PNG")
    upload(mask.getvalue(), "mask.png")
    view = shown(paused, init_image="start.png", mask="mask.png", mask_feather=8)
    (pasted,) = calls(view, "ImageCompositeMasked")
    assert view["workflow"][pasted["destination"][0]]["class_type"] == "ImageScale"
    view = shown(paused, init_image="start.png", mask="mask.png", inpaint_area="masked")
    (pasted,), cuts = calls(view, "ImageCompositeMasked"), calls(view, "ImageCrop")
    assert (pasted["x"], pasted["y"]) == (0, 8)
    assert [(cut["width"], cut["height"]) for cut in cuts] == [(92, 104)] * 2
    answer = paused.http.post(IMAGES, json={"prompt": "a", "init_image": "start.png", "mask": "mask.png"})
    assert answer.status_code == 202


def test_a_picture_is_extended_by_pixels_of_its_own(paused: Served, upload: Upload) -> None:
    upload(encoded(256, 256), "start.png")
    view = shown(paused, init_image="start.png", outpaint={"right": 100, "feather": 16})
    (padded,) = calls(view, "ImagePadForOutpaint")
    wish = view["wish"]
    assert padded["right"] % 8 == 0
    assert padded["right"] >= 100 * wish["width"] / 256
    assert wish["outpaint"]["right"] == 100


def test_pictures_to_follow_are_named_by_id_or_name_and_their_networks_must_be_there(
    paused: Served, upload: Upload
) -> None:
    asset = upload(encoded(64, 64), "pose.png")
    (paused.settings.home / "models/controlnet/lines.safetensors").write_bytes(b"x")
    view = shown(paused, controls=[{"model": "lines", "image": asset["id"], "preprocess": "canny"}])
    assert (len(calls(view, "Canny")), calls(view, "LoadImage")[0]["image"]) == (1, "pose.png")
    assert calls(view, "ControlNetLoader")[0]["control_net_name"] == "lines.safetensors"
    assert view["wish"]["controls"][0]["image"] == asset["id"]
    for words in (
        {"controls": [{"model": "other", "image": "pose.png"}]},
        {"references": [{"image": "pose.png"}]},
        {"loras": [{"name": "none"}]},
        {"upscale": {"model": "none"}},
        {"outpaint": {"left": 8}},
    ):
        answer = paused.http.post(f"{IMAGES}/workflow", json={"prompt": "a cat", **words})
        assert (answer.status_code, bool(answer.json()["error"]["mend"])) == (400, True)


def test_variations_keep_the_seed_and_count_the_other_one(paused: Served) -> None:
    made = workflows(paused, seed=5, count=3, variation={"seed": 9, "strength": 0.3})
    assert [each["KSamplerVariation"]["variation_seed"] for each in made] == [9, 10, 11]
    assert {each["KSamplerVariation"]["seed"] for each in made} == {5}
