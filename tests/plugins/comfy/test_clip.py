"""Text encoders as packs call them give what our own nodes give."""

from pathlib import Path

import torch

from safelight.files.folders import Folders
from safelight.models.text_encoder import Clip
from safelight.nodes.text import clip_text_encode, clip_text_encode_sdxl
from safelight.plugins.comfy.clip import PackClip
from safelight.plugins.comfy.live import living
from safelight.plugins.comfy.values import from_pack, to_pack
from tests.nodes.running import RecordedRun
from tests.studio import loaded
from tests.tiny import Kind

TEXT = "a picture of a (cat:1.3)"


def clip_of(kind: Kind) -> Clip:
    clip = loaded(kind).clip
    assert clip is not None
    return clip


def test_tokens_are_encoded_as_the_node_encodes_their_text(home: Path) -> None:
    clip, run = clip_of("sdxl"), RecordedRun(Folders.at(home))
    (own,) = clip_text_encode(text=TEXT, clip=clip, run=run)
    theirs = to_pack(clip)
    assert isinstance(theirs, PackClip)
    with living(run):
        words, pooled = theirs.encode_from_tokens(theirs.tokenize(TEXT), return_pooled=True)
        ((scheduled, options),) = theirs.encode_from_tokens_scheduled(theirs.tokenize(TEXT), add_dict={"width": 8})
        assert isinstance(scheduled, torch.Tensor)
        assert torch.equal(scheduled, theirs.encode(TEXT))
    assert torch.equal(words, own.context)
    assert own.pooled is not None
    assert torch.equal(pooled, own.pooled)
    assert isinstance(options, dict)
    assert options["width"] == 8


def test_each_tower_can_be_given_a_text_of_its_own(home: Path) -> None:
    clip, run = clip_of("sdxl"), RecordedRun(Folders.at(home))
    theirs = PackClip(clip)
    (own,) = clip_text_encode_sdxl(clip=clip, text_g="a dog", text_l=TEXT, run=run)
    tokens = {**theirs.tokenize("a dog"), "l": theirs.tokenize(TEXT)["l"]}
    with living(run):
        told = theirs.encode_from_tokens(tokens, return_dict=True)
    assert torch.equal(told["cond"], own.context)


def test_another_layer_is_that_of_the_copy_alone() -> None:
    clip = clip_of("sd1")
    copy = PackClip(clip).clone()
    copy.clip_layer(-2)
    assert from_pack("CLIP", copy) == clip.with_layer(2)
    assert from_pack("*", PackClip(clip)) is clip
