"""The nodes that ask CLIP, on the embedded model and pictures whose content is plain."""

import pytest
import torch
from torch import Tensor

from safelight.clip.model import ClipModel
from safelight.errors import BadInput
from safelight.graph.catalog import NodeSpec
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.judging import (
    clip_compare_images,
    clip_guidance,
    clip_labels,
    clip_model_loader,
    clip_rank,
    clip_score,
)
from safelight.nodes.registry import BUILTIN
from tests.nodes.running import RecordedRun

pytestmark = pytest.mark.weights
CPU = torch.device("cpu")


def square(*color: float) -> Tensor:
    """A picture of one colour, with a grey frame."""
    picture = torch.full((1, 128, 128, 3), 0.5)
    picture[:, 8:-8, 8:-8] = torch.tensor(color)
    return picture


RED, BLUE, BLACK = square(1, 0, 0), square(0, 0, 1), square(0, 0, 0)


@pytest.fixture
def clip(run: RecordedRun) -> ClipModel:
    torch.set_num_threads(1)
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    return clip_model_loader(clip_name="clip.safetensors", run=run)


def test_the_embedded_model_is_the_default() -> None:
    spec: NodeSpec = BUILTIN["CLIPModelLoader"].spec
    (port,) = spec.inputs
    assert (port.default, port.folder) == ("clip.safetensors", "clip_vision")
    assert [output.type for output in spec.outputs] == ["CLIP_MODEL"]


def test_scores_are_a_list_of_numbers_in_the_order_of_the_pictures(clip: ClipModel, run: RecordedRun) -> None:
    scores, text = clip_score(clip_model=clip, images=torch.cat([RED, BLUE]), text="red", run=run)
    expected = clip.images(torch.cat([RED, BLUE])) @ clip.texts(["red"])[0]
    assert scores == pytest.approx(expected.tolist())
    assert run.texts == [text]
    assert text.splitlines()[0] == f"1: {scores[0]:.3f}"
    spec = BUILTIN["CLIPScore"].spec
    assert [(output.name, output.type, output.is_list) for output in spec.outputs] == [
        ("scores", "FLOAT", True),
        ("text", "STRING", False),
    ]


def test_the_best_pictures_are_kept_in_order(clip: ClipModel, run: RecordedRun) -> None:
    pictures = torch.cat([BLUE, BLACK, RED])
    ordered = clip_rank(clip_model=clip, images=pictures, text="a red square", keep=16, run=run)
    assert sorted(ordered.scores, reverse=True) == ordered.scores
    assert torch.equal(ordered.images[0], RED[0])
    kept = clip_rank(clip_model=clip, images=pictures, text="a red square", keep=2, run=run)
    assert torch.equal(kept.images, ordered.images[:2])
    assert run.texts[-1].startswith("picture 3: ")


def test_each_picture_gets_the_label_that_fits(clip: ClipModel, run: RecordedRun) -> None:
    found = clip_labels(
        clip_model=clip,
        images=torch.cat([RED, BLUE]),
        labels="red\nblue",
        template="a {} background",
        run=run,
    )
    assert found.labels == ["red", "blue"]
    assert all(0.5 < share <= 1 for share in found.shares)
    assert found.table == run.texts[-1]
    assert found.table.splitlines()[0] == "picture 1"


def test_the_same_picture_is_alike_by_one(clip: ClipModel, run: RecordedRun) -> None:
    same = clip_compare_images(clip_model=clip, images=torch.cat([RED, BLUE]), reference=RED, run=run).scores
    assert same[0] == pytest.approx(1, abs=1e-5)
    assert same[1] < same[0]
    pairs = torch.cat([RED, BLUE])
    each = clip_compare_images(clip_model=clip, images=pairs, reference=pairs.flip(0), run=run).scores
    assert each == pytest.approx([same[1], same[1]], abs=1e-5)


def test_as_many_pictures_as_references_are_wanted(clip: ClipModel, run: RecordedRun) -> None:
    with pytest.raises(BadInput, match="3 pictures cannot be compared with 2"):
        clip_compare_images(
            clip_model=clip, images=torch.cat([RED, BLUE, BLACK]), reference=torch.cat([RED, BLUE]), run=run
        )


def test_a_text_that_is_too_long_is_told_of(clip: ClipModel, run: RecordedRun) -> None:
    clip_score(clip_model=clip, images=RED, text="red " * 80, run=run)
    assert len(run.warnings) == 1
    assert "CLIP reads 75" in run.warnings[0]


def test_guidance_is_one_more_change_of_the_estimate(clip: ClipModel, run: RecordedRun) -> None:
    checkpoint = run.models.checkpoint(run.folders.resolve("checkpoints", "starter-128.safetensors"))
    assert checkpoint.vae is not None
    model = clip_guidance(model=checkpoint.model, clip_model=clip, vae=checkpoint.vae, text="a red cat", run=run)
    assert len(model.guidance.after) == 1
    assert model.network is checkpoint.model.network
