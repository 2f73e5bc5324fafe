"""GLIGEN models in the layout of their files, against diffusers' layers with the same weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.attention import GatedSelfAttentionDense
from diffusers.models.embeddings import GLIGENTextBoundingboxProjection
from safetensors.torch import load_file, save_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.diffusion.sharing import settle
from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.models.guider import Guider
from safelight.models.patching.gligen import PLACES, Box, Fuser, Gligen, grounded, load_gligen
from safelight.models.placement import Placement
from safelight.models.precision import Precision, precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from tests.models.patching.sites import random, site
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, loaded
from tests.tiny import KINDS, ldm_unet_names

WORDS, HIDDEN, THINGS = 64, 32, 64
MODEL = loaded("sd1").model
X = random(1, 4, 16, 24, seed=5) * 4
SIGMAS = torch.tensor([14.6, 4.0, 1.0, 0.0])


def gligen_file(path: Path, *, gate: float = 0.8, prefix: str = "") -> Path:
    """Random weights for each attention of the tiny SD 1.x model."""
    shapes: dict[str, tuple[int, ...]] = {
        "position_net.null_positive_feature": (WORDS,),
        "position_net.null_position_feature": (64,),
    }
    for layer, sizes in ((0, (HIDDEN, WORDS + 64)), (2, (HIDDEN, HIDDEN)), (4, (THINGS, HIDDEN))):
        shapes |= {f"position_net.linears.{layer}.weight": sizes, f"position_net.linears.{layer}.bias": sizes[:1]}
    for name, shape in ldm_unet_names(KINDS["sd1"].unet):
        if name.endswith("attn1.to_q.weight"):
            shapes |= fuser_shapes(name.replace("attn1.to_q.weight", "fuser."), shape[0])
    tensors = {prefix + name: random(*shape, seed=index) * 0.2 for index, (name, shape) in enumerate(shapes.items())}
    tensors |= {name: torch.tensor(gate) for name in tensors if ".alpha_" in name}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


def fuser_shapes(start: str, width: int) -> dict[str, tuple[int, ...]]:
    maps = {"linear": (width, THINGS), "attn.to_out.0": (width, width)}
    maps |= {"ff.net.0.proj": (8 * width, width), "ff.net.2": (width, 4 * width)}
    shapes: dict[str, tuple[int, ...]] = {f"{start}{name}.weight": shape for name, shape in maps.items()}
    shapes |= {f"{start}{name}.bias": shape[:1] for name, shape in maps.items()}
    shapes |= {f"{start}attn.to_{name}.weight": (width, width) for name in "qkv"}
    shapes |= {f"{start}norm{number}.{name}": (width,) for number in (1, 2) for name in ("weight", "bias")}
    return shapes | {f"{start}alpha_attn": (), f"{start}alpha_dense": ()}


@pytest.fixture
def gligen(tmp_path: Path, placement: Placement, fp32: Precision) -> Gligen:
    return load_gligen(gligen_file(tmp_path / "boxes.safetensors"), placement, fp32)


def a_box(seed: int = 0, left: int = 2, top: int = 3, right: int = 10, bottom: int = 9) -> Box:
    return Box(random(1, WORDS, seed=seed), left, top, right, bottom)


def estimate(cond: Cond, x: Tensor = X) -> Tensor:
    with torch.no_grad():
        guider = Guider(MODEL, (cond,), (cond_for("sd1", 2),), 5.0)
        return guider.denoiser(torch.zeros_like(x), None, SIGMAS)(x, SIGMAS[1])


def with_boxes(gligen: Gligen, *boxes: Box) -> Cond:
    cond = cond_for("sd1", 1)
    for box in boxes:
        cond = replace(cond, changes=grounded(cond.changes, gligen, box))
    return cond


def test_things_in_boxes_are_what_diffusers_makes_of_them(gligen: Gligen, tmp_path: Path) -> None:
    tensors = load_file(tmp_path / "boxes.safetensors")
    reference = GLIGENTextBoundingboxProjection(WORDS, THINGS)
    reference.linears[0] = torch.nn.Linear(WORDS + 64, HIDDEN)  # 512 wide in the full size, whatever the file says
    reference.linears[2] = torch.nn.Linear(HIDDEN, HIDDEN)
    reference.linears[4] = torch.nn.Linear(HIDDEN, THINGS)
    start = "position_net."
    reference.load_state_dict({name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)})
    words, edges = random(2, WORDS), torch.rand(2, 4, generator=torch.Generator().manual_seed(1))
    filled_words, filled_edges = torch.zeros(1, PLACES, WORDS), torch.zeros(1, PLACES, 4)
    filled_words[0, :2], filled_edges[0, :2] = words, edges
    masks = (torch.arange(PLACES) < 2).float()[None]
    torch.testing.assert_close(
        gligen.network.position_net(words, edges), reference(filled_edges, masks, filled_words), rtol=1e-5, atol=1e-5
    )


def test_a_fuser_is_that_of_diffusers(gligen: Gligen, tmp_path: Path) -> None:
    start = "middle_block.1.transformer_blocks.0.fuser."
    tensors = load_file(tmp_path / "boxes.safetensors")
    ours = gligen.network.fuser(site(2, 3, way="middle"))
    assert isinstance(ours, Fuser)
    reference = GatedSelfAttentionDense(64, THINGS, ours.attn.heads, 64 // ours.attn.heads)
    reference.load_state_dict({name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)})
    x, things = random(2, 6, 64), random(1, PLACES, THINGS)
    torch.testing.assert_close(ours(x, things), reference(x, things.expand(2, -1, -1)), rtol=1e-5, atol=1e-5)


def test_a_box_changes_the_estimate_and_where_it_is_does_too(gligen: Gligen) -> None:
    plain = estimate(cond_for("sd1", 1))
    here, there = (estimate(with_boxes(gligen, a_box(left=left, right=left + 6))) for left in (2, 15))
    assert not torch.allclose(here, plain, atol=1e-2)
    assert not torch.allclose(here, there, atol=1e-4)


def test_boxes_of_one_model_are_seen_together_in_any_order(gligen: Gligen) -> None:
    cat, dog = a_box(1), a_box(2, left=12, right=20)
    both = with_boxes(gligen, cat, dog)
    assert len(both.changes) == 1
    torch.testing.assert_close(estimate(both), estimate(with_boxes(gligen, dog, cat)), rtol=1e-3, atol=1e-3)


def test_boxes_count_for_the_negative_prompt_too_unless_it_has_its_own(gligen: Gligen) -> None:
    positive, plain, own = with_boxes(gligen, a_box(1)), cond_for("sd1", 2), with_boxes(gligen, a_box(2))
    assert settle((plain,), (positive,))[0].changes == positive.changes
    assert settle((own,), (positive,)) == (own,)


def test_closed_gates_change_nothing(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    closed = load_gligen(gligen_file(tmp_path / "boxes.safetensors", gate=0.0), placement, fp32)
    # the two prompts are then asked for in two batches, which rounds otherwise
    torch.testing.assert_close(
        estimate(with_boxes(closed, a_box())), estimate(cond_for("sd1", 1)), rtol=1e-3, atol=1e-3
    )


def test_pictures_of_odd_sizes_and_batches_take_boxes(gligen: Gligen) -> None:
    batch = random(2, 4, 17, 23) * 4
    together = estimate(with_boxes(gligen, a_box()), batch)
    torch.testing.assert_close(together[:1], estimate(with_boxes(gligen, a_box()), batch[:1]), rtol=1e-3, atol=1e-3)


def test_names_may_begin_with_those_of_a_checkpoint(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = gligen_file(tmp_path / "boxes.safetensors", prefix="model.diffusion_model.")
    assert load_gligen(path, placement, fp32).words == WORDS


def test_what_does_not_fit_is_refused_in_words(gligen: Gligen) -> None:
    with pytest.raises(BadInput, match="reads texts of 64 numbers, and this text encoder writes 128"):
        grounded((), gligen, a_box()._replace(words=torch.zeros(1, 128)))
    crowded: Any = ()
    for _ in range(PLACES):
        crowded = grounded(crowded, gligen, a_box())
    with pytest.raises(BadInput, match="at most 30"):
        grounded(crowded, gligen, a_box())


def test_a_gligen_model_of_another_family_is_refused_in_words(gligen: Gligen) -> None:
    (change,) = grounded((), gligen, a_box())
    (fuse,) = change.between  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match="made for another family"):
        fuse(site(2, 3, way="middle"), random(1, 6, 128))


def test_a_file_of_another_kind_is_refused_in_words(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    save_file({"emb_params": torch.zeros(2, 768)}, tmp_path / "cat.safetensors")
    with pytest.raises(BadInput, match=r"cat.safetensors is no GLIGEN model"):
        load_gligen(tmp_path / "cat.safetensors", placement, fp32)


def test_the_nodes_put_a_text_into_a_box(home: Path) -> None:
    folders = Folders.at(home)
    folders.make()
    gligen_file(folders.directories["gligen"][0] / "boxes.safetensors")
    cpu = torch.device("cpu")
    run = RecordedRun(folders, models=ModelStore(Placement(cpu), precision("fp32", cpu), 10**9))
    model = BUILTIN["GLIGENLoader"](gligen_name="boxes.safetensors", run=run)
    prompt = (cond_for("sd1", 1),)
    place = {"width": 64, "height": 48, "x": 16, "y": 24}
    (cond,) = BUILTIN["GLIGENTextBoxApply"](
        conditioning_to=prompt, clip=loaded("sd1").clip, gligen_textbox_model=model, text="a cat", **place, run=run
    )
    (change,) = cond.changes
    (box,) = change.boxes
    assert box[1:] == (2, 3, 10, 9)
    assert not torch.allclose(estimate(cond), estimate(*prompt), atol=1e-3)
