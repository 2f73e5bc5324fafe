from dataclasses import replace

from safelight.files.parameters import Parameters, parameters_text

PARAMETERS = Parameters(
    prompt="a red cat\non a table",
    negative="blurry",
    steps=20,
    sampler="euler_ancestral",
    scheduler="karras",
    cfg=7,
    seed=1,
    width=512,
    height=768,
    version="0.1.0",
    model="starter-128",
    model_hash="0123456789",
)


def test_the_text_is_that_of_automatic1111() -> None:
    # The format as pictures of AUTOMATIC1111 1.10 hold it.
    assert parameters_text(PARAMETERS) == (
        "a red cat\non a table\n"
        "Negative prompt: blurry\n"
        "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.0, Seed: 1, Size: 512x768, "
        "Model hash: 0123456789, Model: starter-128, Version: Safelight 0.1.0"
    )


def test_what_says_nothing_is_left_out() -> None:
    text = parameters_text(replace(PARAMETERS, negative="", model="", model_hash=""))
    assert "Negative" not in text
    assert "Model" not in text
    assert "Denoising" not in text


def test_a_picture_from_another_picture_tells_how_far_it_was_changed() -> None:
    text = parameters_text(replace(PARAMETERS, denoise=0.6, clip_skip=2))
    assert "Denoising strength: 0.6, Clip skip: 2" in text


def test_a_sampler_that_automatic1111_lacks_keeps_its_name() -> None:
    assert "Sampler: er_sde" in parameters_text(replace(PARAMETERS, sampler="er_sde"))


def test_a_name_with_separators_is_quoted() -> None:
    assert 'Model: "cat, v1: \\"final\\""' in parameters_text(replace(PARAMETERS, model='cat, v1: "final"'))
