"""From what somebody wishes for to requests: what is not said suits the checkpoint."""

from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.files.folders import STARTER, Folders
from safelight.files.header import read_header
from safelight.graph.wish import CHANGE, DEFAULT_CHECKPOINT, SEEDS, Wish, requests_of

pytestmark = pytest.mark.weights


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders.at(tmp_path)
    made.make()
    return made


def test_what_is_not_said_suits_the_checkpoint(folders: Folders) -> None:
    contents = identify(read_header(STARTER / DEFAULT_CHECKPOINT))
    (request,) = requests_of(Wish("a cat"), folders, None)
    best = contents.recommended
    assert best is not None
    assert (request.steps, request.cfg, request.sampler, request.scheduler) == tuple(vars(best).values())
    assert (request.width, request.height) == contents.native_size
    assert (request.denoise, 0 <= request.seed < SEEDS) == (1.0, True)


def test_what_is_said_is_taken(folders: Folders) -> None:
    wish = Wish("a cat", negative="fog", checkpoint="sketch-256", steps=3, cfg=1.5, sampler="ddim", width=100, seed=9)
    (request,) = requests_of(wish, folders, None)
    assert (request.checkpoint, request.steps, request.cfg, request.sampler) == (
        "sketch-256.safetensors",
        3,
        1.5,
        "ddim",
    )
    assert (request.negative, request.width, request.height, request.seed) == ("fog", 96, 96, 9)


def test_each_seed_is_a_request_whose_choices_it_draws(folders: Folders) -> None:
    wish = Wish("{a|b|c|d|e|f}", seed=3, count=20)
    requests = requests_of(wish, folders, None)
    assert [request.seed for request in requests] == list(range(3, 23))
    assert len({request.prompt for request in requests}) > 3
    assert requests[4:] == requests_of(Wish("{a|b|c|d|e|f}", seed=7, count=16), folders, None)


@pytest.mark.parametrize(("start", "size"), [((64, 48), (64, 48)), ((1280, 320), (256, 64)), ((100, 60), (96, 64))])
def test_the_size_is_that_of_the_picture_to_start_from_as_far_as_the_checkpoint_knows_it(
    start: tuple[int, int], size: tuple[int, int], folders: Folders
) -> None:
    (request,) = requests_of(Wish("a cat", init_image="x.png"), folders, start)
    assert request.denoise == CHANGE
    assert (request.width, request.height) == size


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        (Wish("a", mask="x.png"), "there is no picture"),
        (Wish("a", denoise=0.5), "there is no picture"),
        (Wish("a", seed=2**64 - 1, count=2), "past 2"),
        (Wish("a", checkpoint="nothing-like-it"), "There is no nothing-like-it"),
        (Wish("a", checkpoint="../x"), "not a name inside"),
        (Wish("a", vae="nothing"), "There is no nothing in the folder vae"),
        (Wish("a __nowhere__"), "nowhere"),
    ],
)
def test_what_cannot_be_is_refused(wish: Wish, what: str, folders: Folders) -> None:
    with pytest.raises(BadInput, match=what):
        requests_of(wish, folders, None)
