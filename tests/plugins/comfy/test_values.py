"""Latents and prompts as packs know them, and back."""

from typing import Any

import pytest
import torch

from safelight.diffusion.conditioning import Area, Cond, SizeConditioning
from safelight.diffusion.latent import Latent
from safelight.plugins.comfy.conds import COND
from safelight.plugins.comfy.values import from_pack, to_pack

CONDS = (
    Cond(
        torch.ones(1, 77, 8),
        torch.ones(1, 4),
        size=SizeConditioning(512, 768, crop_top=8, target_width=64, aesthetic_score=6.0),
        area=Area(0.5, 0.25, 0.0, 0.1, relative=True),
        strength=0.5,
        mask=torch.ones(1, 8, 8),
        mask_bounds=True,
        start=0.25,
        inpaint_latent=torch.ones(1, 4, 8, 8),
        part=1,
    ),
    Cond(torch.zeros(1, 77, 8), area=Area(8, 16, 0, 4)),
)


def test_a_prompt_is_a_list_of_words_and_options() -> None:
    told: Any = to_pack(CONDS)
    first, second = told
    assert first[0] is CONDS[0].context
    options = {key: value for key, value in first[1].items() if not isinstance(value, torch.Tensor | Cond)}
    assert options == {
        "strength": 0.5,
        "set_area_to_bounds": True,
        "start_percent": 0.25,
        "height": 512,
        "width": 768,
        "crop_h": 8,
        "target_width": 64,
        "aesthetic_score": 6.0,
        "area": ("percentage", 0.5, 0.25, 0.0, 0.1),
    }
    assert first[1]["pooled_output"] is CONDS[0].pooled
    assert first[1]["concat_latent_image"] is CONDS[0].inpaint_latent
    assert {key: value for key, value in second[1].items() if key != COND} == {
        "pooled_output": None,
        "area": (8, 16, 0, 4),
    }


@pytest.mark.parametrize("kind", ["CONDITIONING", "*"])
def test_a_prompt_comes_back_as_it_was(kind: str) -> None:
    back: Any = from_pack(kind, to_pack(CONDS))
    for before, after in zip(CONDS, back, strict=True):
        assert vars(after) == vars(before)


def test_an_option_that_a_pack_takes_out_is_gone() -> None:
    told: Any = to_pack(CONDS)
    words, options = told[0]
    kept = {key: value for key, value in options.items() if key not in ("area", "mask", "width")}
    made: Any = from_pack("CONDITIONING", [[words, kept]])
    (cond,) = made
    assert (cond.area, cond.mask, cond.size.width, cond.size.height) == (None, None, None, 512)
    assert cond.part == 1


def test_a_prompt_that_a_pack_has_made_needs_no_option() -> None:
    context = torch.ones(1, 77, 8)
    made: Any = from_pack("CONDITIONING", [[context, {"pooled_output": None, "unknown": 3}]])
    (cond,) = made
    assert vars(cond) == vars(Cond(context))


@pytest.mark.parametrize("kind", ["LATENT", "*"])
def test_a_latent_is_a_dict_and_comes_back(kind: str) -> None:
    latent = Latent(torch.ones(2, 4, 8, 8), torch.ones(1, 1, 64, 64), (3, 4))
    told: Any = to_pack(latent)
    assert told["batch_index"] == [3, 4]
    assert to_pack(Latent(latent.samples)) == {"samples": latent.samples}
    back = from_pack(kind, {**told, "noise_mask": torch.ones(1, 64, 64)})
    assert isinstance(back, Latent)
    assert (back.samples is latent.samples, back.batch_index) == (True, (3, 4))
    assert back.noise_mask is not None
    assert back.noise_mask.shape == (1, 1, 64, 64)


@pytest.mark.parametrize("value", [3, "text", [1, 2], {"a": 1}, [], ({"samples": 3},), None])
def test_anything_else_passes_as_it_is(value: object) -> None:
    assert from_pack("*", to_pack(value)) == value


def test_lists_are_changed_element_by_element() -> None:
    latent = Latent(torch.ones(1, 4, 8, 8))
    assert to_pack([latent, 3]) == [{"samples": latent.samples}, 3]
