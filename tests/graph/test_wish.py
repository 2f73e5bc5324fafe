"""From what somebody wishes for to requests: what is not said suits the checkpoint."""

import json
from dataclasses import replace
from math import prod
from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.files.folders import STARTER, Folders
from safelight.files.header import read_header
from safelight.graph.request import Prompted
from safelight.graph.wanted import Control, Lora, Outpaint, Reference, Upscale, Variation
from safelight.graph.wish import CHANGE, DEFAULT_CHECKPOINT, EXTEND, SEEDS, Wish, filled_in, requests_of

pytestmark = pytest.mark.weights


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders.at(tmp_path)
    made.make()
    return made


def write_header(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """A safetensors file of zeros in fp16."""
    header = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)


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
        (Wish("a", outpaint=Outpaint(left=8)), "there is no picture"),
        (Wish("a", loras=(Lora("none"),)), "There is no none in the folder loras"),
        (Wish("a", controls=(Control("none", "x.png"),)), "There is no none in the folder controlnet"),
        (Wish("a", references=(Reference("x.png"),)), "needs an IP-Adapter for"),
        (Wish("a", references=(Reference("x.png", model="none"),)), "There is no none in the folder ipadapter"),
        (Wish("a", upscale=Upscale(model="none")), "There is no none in the folder upscale_models"),
        (Wish("a", variation=Variation(2**64 - 1), count=2), "past 2"),
    ],
)
def test_what_cannot_be_is_refused(wish: Wish, what: str, folders: Folders) -> None:
    with pytest.raises(BadInput, match=what):
        requests_of(wish, folders, None)


def test_what_is_filled_in_asks_for_the_same(folders: Folders) -> None:
    (folders.directories["loras"][0] / "soft.safetensors").write_bytes(b"x")
    wish = Wish("a {cat|dog}", loras=(Lora("soft"),), upscale=Upscale(2), variation=Variation(), height=96)
    (request,) = requests_of(wish, folders, None)
    full = filled_in(wish, request, None)
    assert requests_of(full, folders, None) == [request]
    assert full.prompt == "a {cat|dog}"
    assert (full.seed, full.width, full.loras[0].name) == (request.seed, 96, "soft.safetensors")
    assert full.variation == request.variation is not None


def test_checkpoints_of_small_pictures_only_enlarge_in_a_second_pass(folders: Folders) -> None:
    (request,) = requests_of(Wish("a", upscale=Upscale(2)), folders, None)
    assert request.upscale == Upscale(2, 0.0, request.steps)
    (request,) = requests_of(Wish("a", upscale=Upscale(2, 0.5)), folders, None)
    assert request.upscale == Upscale(2, 0.5, request.steps)


def test_margins_grow_and_shrink_with_the_picture(folders: Folders) -> None:
    wish = Wish("a", init_image="x.png", outpaint=Outpaint(left=100, feather=20))
    (request,) = requests_of(wish, folders, (256, 256))  # twice as large as the starter knows
    assert request.outpaint == Outpaint(left=56, feather=10)
    assert (request.width, request.height, request.denoise) == (128 + 56, 128, EXTEND)
    with pytest.raises(BadInput, match="Nothing is added"):
        requests_of(Wish("a", init_image="x.png", outpaint=Outpaint()), folders, (64, 64))


def test_a_masked_part_is_sampled_at_the_size_that_the_checkpoint_knows(folders: Folders) -> None:
    wish = Wish("a", init_image="x.png", mask="m.png", inpaint_area="masked")
    (request,) = requests_of(wish, folders, (1000, 800), (0.5, 0.5, 0.6, 0.625))
    area = request.area
    assert area is not None
    assert (area.x, area.y, area.width, area.height) == (468, 368, 164, 164)  # 100 pixels, and 32 on each side
    assert (request.width, request.height) == (128, 128)
    (request,) = requests_of(wish, folders, (1000, 800), (0.0, 0.0, 0.01, 1.0))
    area = request.area
    assert area is not None
    assert (area.x, area.y, area.height) == (0, 0, 800)
    with pytest.raises(BadInput, match="nothing white"):
        requests_of(wish, folders, (64, 64), None)
    with pytest.raises(BadInput, match="is to be extended"):
        requests_of(replace(wish, outpaint=Outpaint(left=8)), folders, (64, 64), (0, 0, 1, 1))


def test_a_reference_is_shown_by_an_adapter_of_the_family_and_its_vision_model(folders: Folders) -> None:
    wish = Wish("a", references=(Reference("x.png", 0.5),))
    plain = {
        "image_proj.proj.weight": (4 * 768, 1024),
        "image_proj.norm.weight": (768,),
        "ip_adapter.1.to_k_ip.weight": (320, 768),
    }
    write_header(folders.directories["ipadapter"][0] / "face-sd15.safetensors", plain)
    write_header(folders.directories["ipadapter"][0] / "plain-sd15.safetensors", plain)
    other = plain | {"ip_adapter.1.to_k_ip.weight": (640, 2048)}
    write_header(folders.directories["ipadapter"][0] / "a-sdxl.safetensors", other)
    with pytest.raises(BadInput, match="gives 1024 numbers"):
        requests_of(wish, folders, None)
    for name, width, projection in (("l", 1024, 768), ("h", 1280, 1024)):
        vision = {
            "vision_model.embeddings.class_embedding": (width,),
            "visual_projection.weight": (projection, width),
        }
        write_header(folders.directories["clip_vision"][0] / f"{name}.safetensors", vision)
    (request,) = requests_of(wish, folders, None)
    assert request.references == (Prompted("x.png", 0.5, "plain-sd15.safetensors", "h.safetensors"),)
