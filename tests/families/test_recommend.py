import pytest

from safelight.families import FAMILIES
from safelight.families.base import Recommended
from safelight.families.recommend import native_size, recommended

SD1, SD2, SDXL = FAMILIES["sd1"], FAMILIES["sd2"], FAMILIES["sdxl"]


def test_the_size_in_the_metadata_comes_before_the_familys() -> None:
    assert native_size({"modelspec.resolution": "896x1152"}, SDXL, "eps") == (896, 1152)
    assert native_size({}, SDXL, "eps") == (1024, 1024)
    assert native_size({}, None, "eps") is None


def test_sd2_is_larger_where_it_predicts_v() -> None:
    assert native_size({}, SD2, "eps") == (512, 512)
    assert native_size({}, SD2, "v") == (768, 768)


@pytest.mark.parametrize("nonsense", ["", "big", "0x0", "512", "99999999x99999999", "-1x5"])
def test_a_size_that_makes_no_sense_is_not_taken(nonsense: str) -> None:
    assert native_size({"modelspec.resolution": nonsense}, SD1, "eps") == (512, 512)


def test_settings_are_taken_from_the_usage_hint_and_else_from_the_family() -> None:
    hint = {"modelspec.usage_hint": "Draws icons. Steps: 22, CFG scale 5.5, sampler euler_ancestral, scheduler normal"}
    assert recommended(hint, SD1, "eps", zero_terminal_snr=False) == Recommended(22, 5.5, "euler_ancestral", "normal")
    assert recommended({}, SD1, "eps", zero_terminal_snr=False) == SD1.recommended
    partly = recommended({"modelspec.usage_hint": "use 8 steps"}, SD1, "eps", zero_terminal_snr=False)
    assert partly
    assert (partly.steps, partly.sampler) == (8, SD1.recommended.sampler)


def test_zero_terminal_snr_models_are_sampled_from_the_last_training_step() -> None:
    settings = recommended({}, SDXL, "v", zero_terminal_snr=True)
    assert settings
    assert settings.scheduler == "sgm_uniform"


def test_flows_are_sampled_in_equal_steps() -> None:
    settings = recommended({}, SD1, "flow", zero_terminal_snr=False)
    assert settings
    assert (settings.sampler, settings.scheduler) == ("euler", "simple")
