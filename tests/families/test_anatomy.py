"""What is in a file is told whole: every tensor is in one layer, and every number is counted once."""

from pathlib import Path

import pytest

from safelight.families.anatomy import anatomy, layer_of, places
from safelight.files.header import read_header
from safelight.files.tensors import Header
from tests.families.headers import header_of
from tests.studio import tiny_file
from tests.tiny import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_of_a_checkpoint_are_all_its_tensors(kind: Kind) -> None:
    header = read_header(tiny_file(kind))
    parts = anatomy(header)
    shapes = [shape for part in parts for layer in part.layers for shape in layer.shapes.values()]
    assert sorted(shapes) == sorted(tensor.shape for tensor in header.tensors.values())
    assert sum(part.parameters for part in parts) == sum(tensor.numbers for tensor in header.tensors.values())
    assert [part.kind for part in parts[:2]] == ["unet", "text"]


def test_a_piece_is_as_large_as_what_it_is_made_of() -> None:
    waiting = list(anatomy(read_header(tiny_file("sdxl"))))
    for piece in waiting:
        if piece.pieces:
            assert piece.parameters == sum(inside.parameters for inside in piece.pieces), piece.name
            assert piece.bytes == sum(inside.bytes for inside in piece.pieces), piece.name
        assert sum(piece.dtypes.values()) == piece.parameters
        waiting += piece.pieces


def test_both_text_encoders_have_their_names() -> None:
    titles = [part.name for part in anatomy(read_header(tiny_file("sdxl")))]
    assert titles == ["denoiser", "text encoder CLIP L", "text encoder CLIP G", "VAE"]


def test_an_averaged_copy_is_told_as_one_piece(tmp_path: Path) -> None:
    denoiser, _, _, copy = anatomy(read_header(tiny_file("sd1", ema=True)))
    assert (copy.kind, copy.pieces) == ("ema", ())
    assert copy.parameters == denoiser.parameters + 2  # its own two numbers


def test_blocks_stand_in_the_order_of_their_numbers() -> None:
    named = [(f"blocks.{number}.{leaf}", (2,)) for number in (0, 1, 10, 2) for leaf in ("a.weight", "b.weight")]
    (part,) = anatomy(header_of(named))
    assert [piece.name for piece in part.pieces[0].pieces] == ["0", "1", "2", "10"]


def lora() -> Header:
    return header_of([("lora_unet_mid.lora_up.weight", (8, 2)), ("lora_unet_mid.lora_down.weight", (2, 8))])


def test_what_is_no_model_is_one_part_of_all_its_tensors() -> None:
    (part,) = anatomy(lora())
    assert (part.kind, part.parameters, part.bytes) == ("other", 32, 64)
    assert {place.part for place in places(lora()).values()} == {part.name}


def test_a_weight_and_its_bias_are_of_one_layer() -> None:
    assert layer_of("attn1.to_q.weight") == layer_of("attn1.to_q.bias") == "attn1.to_q"
    assert layer_of("text_projection") == "text_projection"
