"""Recordings of sampler runs: real ones of tiny models, through a session."""

from pathlib import Path

import numpy as np
import pytest

from safelight.errors import BadInput
from safelight.files.folders import RECORDINGS, recording_name
from safelight.graph.work import RECORDED, work_of
from safelight.inspect.recording import Recording, open_recording
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Output
from tests.studio import SIDE, Ran, Studio, node_of, text_to_image

ALWAYS = SIDE * SIDE


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def files(ran: Ran) -> list[str]:
    return [event.path for event in ran.told(Output) if event.kind == "recording"]


def recorded(studio: Studio, **changes: object) -> Recording:
    (name,) = files(studio.run(text_to_image(studio.checkpoint("sd1"), **changes), record_pixels=ALWAYS))
    return open_recording(studio.path(RECORDINGS, name))


def test_a_recording_has_every_step_and_every_call_of_the_model(studio: Studio) -> None:
    run = recorded(studio, steps=3, sampler="heun")
    assert run.noisy.shape == run.denoised.shape == run.guidance.shape == (3, 1, 4, SIDE // 8, SIDE // 8)
    assert list(run.call_steps) == [0, 0, 1, 1, 2]  # two calls a step, but for the last, which ends at 0
    assert np.array_equal(run.step_sigmas, run.sigmas[:3])
    assert run.sigmas[-1] == 0
    assert run.head.cfg == 5.0
    assert run.change_rms[0] == 0
    assert (run.change_rms[1:] > 0).all()
    assert (run.guidance_rms > 0).all()


def test_at_each_place_the_tokens_share_the_attention(studio: Studio) -> None:
    run = recorded(studio, steps=2)
    steps, pictures, tokens, height, width = run.attention.shape
    assert (steps, pictures, tokens) == (2, 1, 77)
    whole = run.attention_of(list(range(77)))
    assert whole.shape == (height, width)
    assert whole == pytest.approx(1, abs=77 * run.attention_top / 255)


def test_recording_changes_no_picture(studio: Studio, tmp_path: Path) -> None:
    other = Studio(tmp_path / "other")
    plain = other.run(text_to_image(other.checkpoint("sd1")))
    heard = studio.run(text_to_image(studio.checkpoint("sd1")), record_pixels=ALWAYS)
    pictures = [path for path in heard.saved if path.suffix == ".png"]
    assert [path.read_bytes()[-500:] for path in pictures] == [path.read_bytes()[-500:] for path in plain.saved]
    assert files(plain) == []


def test_a_picture_that_is_too_large_is_recorded_only_when_asked(studio: Studio) -> None:
    workflow = text_to_image(studio.checkpoint("sd1"))
    assert files(studio.run(workflow, record_pixels=ALWAYS - 1)) == []
    asked = studio.run(workflow, recorded=True, targets=[node_of(workflow, "KSampler")])
    assert len(files(asked)) == 1  # though its result was known


def test_a_recording_is_found_by_what_its_sampler_does(studio: Studio) -> None:
    workflow = text_to_image(studio.checkpoint("sd1"))
    (name,) = files(studio.run(workflow, record_pixels=ALWAYS))
    assert name == recording_name(work_of(workflow, node_of(workflow, "KSampler")))


def test_what_is_unguided_records_no_guidance(studio: Studio) -> None:
    assert recorded(studio, steps=2, cfg=1.0).guidance.shape == (0,)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(BadInput, match=r"it\.safetensors"):
        open_recording(path)


def test_the_nodes_that_record_are_those_that_the_web_half_knows() -> None:
    assert {name for name, node in BUILTIN.items() if node.records} == RECORDED
