"""Weights are changed when a network is next used, and given back to the bit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from safelight.models.assemble import Source, fill_from
from safelight.models.placement import Placement
from safelight.models.weight_patches import UNPATCHED, WeightPatch, WeightPatches
from safelight.models.weights import open_weights

DTYPES = [torch.float32, torch.float16, torch.bfloat16]


def network(dtype: torch.dtype = torch.float32) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3).to(dtype).requires_grad_(False)


def twice(weight: Tensor) -> Tensor:
    return weight * 2


def plus_one(weight: Tensor) -> Tensor:
    return weight + 1


def failing(weight: Tensor) -> Tensor:
    raise RuntimeError("no memory")


def laid(*patches: WeightPatch, name: str = "weight") -> WeightPatches:
    found = UNPATCHED
    for patch in patches:
        found = found.plus({name: patch})
    return found


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_are_restored_to_the_bit(dtype: torch.dtype, placement: Placement) -> None:
    linear = network(dtype)
    own = {name: tensor.clone() for name, tensor in linear.state_dict().items()}
    placement.bring(linear, laid(twice, plus_one))
    placement.bring(linear, laid(plus_one, name="bias"))
    placement.bring(linear)
    assert all(torch.equal(tensor, own[name]) for name, tensor in linear.state_dict().items())
    assert all(tensor.dtype == dtype for tensor in linear.state_dict().values())


def test_patches_are_laid_on_in_their_order_and_only_where_they_are_meant(placement: Placement) -> None:
    linear = network()
    weight, bias = linear.weight.clone(), linear.bias.clone()
    placement.bring(linear, laid(twice, plus_one))
    torch.testing.assert_close(linear.weight, weight * 2 + 1)
    assert torch.equal(linear.bias, bias)


def test_changing_patches_begins_with_the_own_weights(placement: Placement) -> None:
    linear = network()
    weight = linear.weight.clone()
    placement.bring(linear, laid(twice))
    placement.bring(linear, laid(plus_one))
    torch.testing.assert_close(linear.weight, weight + 1)


def test_a_network_that_wears_its_patches_is_left_alone(placement: Placement) -> None:
    linear, calls = network(), []

    def counted(weight: Tensor) -> Tensor:
        calls.append(1)
        return weight

    patches = laid(counted)
    placement.bring(linear, patches)
    placement.bring(linear, patches)
    assert len(calls) == 1


def test_a_patch_that_fails_leaves_the_own_weights(placement: Placement) -> None:
    linear = network()
    own = {name: tensor.clone() for name, tensor in linear.state_dict().items()}
    placement.bring(linear, laid(twice))
    both = laid(twice).plus({"bias": failing})
    with pytest.raises(RuntimeError, match="no memory"):
        placement.bring(linear, both)
    assert all(torch.equal(tensor, own[name]) for name, tensor in linear.state_dict().items())
    placement.bring(linear, laid(plus_one))
    torch.testing.assert_close(linear.weight, own["weight"] + 1)


def test_more_patches_leave_those_that_were_there_as_they_were() -> None:
    first = laid(twice)
    second = first.plus({"weight": plus_one, "bias": plus_one})
    assert first.of == {"weight": (twice,)}
    assert second.of == {"weight": (twice, plus_one), "bias": (plus_one,)}


def test_a_memory_mapped_weight_is_not_written_to(tmp_path: Path, placement: Placement) -> None:
    own = {name: tensor.clone() for name, tensor in network().state_dict().items()}
    path = tmp_path / "m.safetensors"
    save_file(own, path)
    weights = open_weights(path)
    with torch.device("meta"):
        linear = nn.Linear(4, 3)
    stored = {name: name for name in own}
    fill_from(linear, weights, stored, Source, part="test", placement=placement, dtype=torch.float32)
    before, at = path.read_bytes(), linear.weight.data_ptr()
    placement.bring(linear, laid(twice))
    torch.testing.assert_close(linear.weight, own["weight"] * 2)
    assert torch.equal(weights["weight"], own["weight"])
    assert path.read_bytes() == before
    placement.bring(linear)
    assert linear.weight.data_ptr() == at


def test_the_next_patches_are_written_over_the_last(placement: Placement) -> None:
    linear = network()
    weight = linear.weight.clone()
    placement.bring(linear, laid(lambda weight: weight.mul_(2)))
    at = linear.weight.data_ptr()
    placement.bring(linear, laid(lambda weight: weight.add_(1)))
    assert linear.weight.data_ptr() == at
    torch.testing.assert_close(linear.weight, weight + 1)


def test_a_weight_that_a_patch_has_from_elsewhere_is_not_written_to(placement: Placement) -> None:
    linear, another = network(), torch.ones(3, 4)
    placement.bring(linear, laid(lambda weight: another))
    assert torch.equal(linear.weight, another)
    placement.bring(linear, laid(lambda weight: weight.add_(1)))
    assert torch.equal(another, torch.ones(3, 4))


def test_patches_of_a_run_can_be_changed_outside_of_it(placement: Placement) -> None:
    linear = network()
    weight = linear.weight.clone()
    with torch.inference_mode():
        placement.bring(linear, laid(lambda weight: weight.mul_(2)))
    placement.bring(linear, laid(lambda weight: weight.add_(1)))
    torch.testing.assert_close(linear.weight, weight + 1)


def test_half_precision_is_patched_in_float32(placement: Placement) -> None:
    linear = network(torch.float16)
    weight = linear.weight.clone()
    placement.bring(linear, laid(lambda weight: weight + 1e-4, lambda weight: weight - 1e-4))
    assert torch.equal(linear.weight, weight)


def test_a_weight_can_be_seen_under_patches_that_are_not_worn(placement: Placement) -> None:
    linear = network()
    weight = linear.weight.clone()
    placement.bring(linear, laid(twice))
    seen = placement.wardrobe.weight(linear, "weight", laid(plus_one))
    torch.testing.assert_close(seen, weight + 1)
    everything = dict(placement.wardrobe.weights(linear, UNPATCHED))
    assert torch.equal(everything["weight"], weight)
    torch.testing.assert_close(linear.weight, weight * 2)
