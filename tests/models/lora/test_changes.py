"""What LoRA and its relatives do to a weight.

Sources: lycoris-lora 4.1 (Apache-2.0), whose modules write the files: what their changed map gives, to 1e-5 of the
largest number; and the papers' formulas.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from safelight.models.lora.changes import Change, cayley
from safelight.models.lora.file import read_lora

BOUND = 1e-5
MAPS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(24, 16),
    "conv 1x1": lambda: nn.Conv2d(24, 16, 1),
    "conv 3x3": lambda: nn.Conv2d(24, 16, 3, padding=1),
}
ALGORITHMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "LoRA": ("locon", "LoConModule", {"alpha": 2.0}),
    "LoCon CP": ("locon", "LoConModule", {"alpha": 2.0, "use_tucker": True}),
    "LoHa": ("loha", "LohaModule", {"alpha": 2.0}),
    "LoHa CP": ("loha", "LohaModule", {"alpha": 2.0, "use_tucker": True}),
    "LoKr whole": ("lokr", "LokrModule", {"alpha": 2.0, "lora_dim": 10000}),
    "LoKr": ("lokr", "LokrModule", {"alpha": 1.0, "lora_dim": 2, "factor": 2}),
    "LoKr both": ("lokr", "LokrModule", {"alpha": 1.0, "lora_dim": 1, "factor": 4, "decompose_both": True}),
    "LoKr CP": ("lokr", "LokrModule", {"alpha": 1.0, "lora_dim": 2, "factor": 2, "use_tucker": True}),
    "GLoRA": ("glora", "GLoRAModule", {"alpha": 2.0}),
    "OFT": ("diag_oft", "DiagOFTModule", {}),
    "BOFT": ("boft", "ButterflyOFTModule", {}),
    "(IA)3": ("ia3", "IA3Module", {}),
    "(IA)3 on the input": ("ia3", "IA3Module", {"train_on_input": True}),
}
AT_ONE: dict[str, tuple[str, str, dict[str, Any]]] = {
    # LyCORIS gives strengths other than 1 another meaning here: its result at 0 is not the weight
    "DoRA by rows": ("locon", "LoConModule", {"alpha": 2.0, "weight_decompose": True, "wd_on_out": True}),
    "DoRA by columns": ("locon", "LoConModule", {"alpha": 2.0, "weight_decompose": True, "wd_on_out": False}),
    "DoRA of a LoHa": ("loha", "LohaModule", {"alpha": 2.0, "weight_decompose": True}),
    "DoRA of a LoKr": ("lokr", "LokrModule", {"lora_dim": 2, "factor": 2, "weight_decompose": True}),
    "OFT with a limit and factors": ("diag_oft", "DiagOFTModule", {"constraint": 1e-2, "rescaled": True}),
    "BOFT with a limit and factors": ("boft", "ButterflyOFTModule", {"constraint": 1e-2, "rescaled": True}),
}
CASES = [
    *(
        pytest.param(*spec, strength, id=f"{name} at {strength}")
        for name, spec in ALGORITHMS.items()
        for strength in (1.0, 0.6, -0.5)
    ),
    *(pytest.param(*spec, 1.0, id=name) for name, spec in AT_ONE.items()),
]


def trained(base: nn.Module, module: str, kind: str, options: dict[str, Any], strength: float) -> Any:
    """A module of LyCORIS as after some training: all its numbers random."""
    package = pytest.importorskip(f"lycoris.modules.{module}", reason="compares with lycoris-lora, an extra of dev")
    made = getattr(package, kind)("m", base, strength, **({"lora_dim": 4} | options))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return made


def change_of(tensors: dict[str, Tensor], leaf: str = "weight") -> Change:
    """The change that a file with these parts of the module `m` makes."""
    lora = read_lora("test.safetensors", None, {f"m.{part}": tensor for part, tensor in tensors.items()})
    assert lora.strange == ()
    return lora.entries[f"m.{leaf}"].change


def close(found: Tensor, expected: Tensor) -> None:
    assert (found - expected).abs().max() <= BOUND * expected.abs().max()


def applied(change: Change, weight: Tensor, strength: float) -> Tensor:
    """The changed weight; changes may write to theirs."""
    return change(weight.clone(), strength)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("map_", MAPS)
@pytest.mark.parametrize(("module", "kind", "options", "strength"), CASES)
def test_a_file_of_lycoris_gives_the_weight_that_lycoris_gives(
    map_: str, module: str, kind: str, options: dict[str, Any], strength: float
) -> None:
    torch.manual_seed(0)
    base = MAPS[map_]()
    weight = base.get_parameter("weight").data.clone()
    made = trained(base, module, kind, options, strength)
    tensors = {part: tensor.detach().clone() for part, tensor in made.state_dict().items()}
    x = drawn(2, 24, *([5, 5] if weight.ndim == 4 else []))
    with torch.no_grad():
        before, expected = base(x), made(x)
        change = change_of(tensors)
        assert change.fits(weight.shape)
        base.get_parameter("weight").data = applied(change, weight, strength)
        close(base(x), expected)
    assert (before - expected).abs().max() > 1e-2


KINDS: dict[str, dict[str, Tensor]] = {
    "LoRA": {"lora_up.weight": drawn(6, 2), "lora_down.weight": drawn(2, 4), "alpha": torch.tensor(1.0)},
    "DoRA": {"lora_up.weight": drawn(6, 2), "lora_down.weight": drawn(2, 4), "dora_scale": drawn(6, 1).abs()},
    "LoHa": {"hada_w1_a": drawn(6, 2), "hada_w1_b": drawn(2, 4), "hada_w2_a": drawn(6, 2), "hada_w2_b": drawn(2, 4)},
    "LoKr": {"lokr_w1": drawn(2, 2), "lokr_w2": drawn(3, 2)},
    "GLoRA": {"a1.weight": drawn(4, 2), "a2.weight": drawn(2, 4), "b1.weight": drawn(6, 2), "b2.weight": drawn(2, 4)},
    "OFT": {"oft_blocks": drawn(3, 2, 2), "rescale": drawn(6, 1)},
    "OFT of rotations": {"oft_diag": cayley(drawn(3, 2, 2), 0.0)},
    "BOFT": {"oft_blocks": drawn(1, 3, 2, 2), "rescale": drawn(6, 1)},
    "(IA)3": {"weight": drawn(6), "on_input": torch.tensor(0)},
    "whole": {"diff": drawn(6, 4)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_strength_0_is_the_weight(kind: str) -> None:
    weight = drawn(6, 4, seed=5)
    close(applied(change_of(KINDS[kind]), weight, 0.0), weight)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_does_not_fit_a_weight_of_another_size(kind: str) -> None:
    change = change_of(KINDS[kind])
    assert change.fits(torch.Size((6, 4)))
    assert not change.fits(torch.Size((5, 4)))
    assert not change.fits(torch.Size((8, 3)))


def test_a_lora_without_alpha_is_added_as_it_is() -> None:
    up, down, weight = drawn(6, 2), drawn(2, 4, seed=1), drawn(6, 4, seed=2)
    close(applied(change_of({"lora_B.weight": up, "lora_A.weight": down}), weight, 0.5), weight + 0.5 * up @ down)


def test_a_linear_lora_fits_a_1x1_convolution() -> None:
    up, down, weight = drawn(6, 2), drawn(2, 4, seed=1), drawn(6, 4, 1, 1, seed=2)
    found = applied(change_of({"lora_up.weight": up, "lora_down.weight": down}), weight, 1.0)
    close(found[..., 0, 0], weight[..., 0, 0] + up @ down)


def test_a_lora_in_half_precision_is_worked_out_in_float32() -> None:
    up, down, weight = drawn(6, 2).half(), drawn(2, 4, seed=1).half(), drawn(6, 4, seed=2)
    found = applied(change_of({"lora_up.weight": up, "lora_down.weight": down}), weight, 1.0)
    assert found.dtype == torch.float32
    close(found, weight + up.float() @ down.float())


def test_dora_gives_rows_the_learned_length_and_half_of_it_is_half_way() -> None:
    weight = drawn(6, 4, seed=5)
    change, lengths = change_of(KINDS["DoRA"]), KINDS["DoRA"]["dora_scale"][:, 0]
    whole = applied(change, weight, 1.0)
    torch.testing.assert_close(whole.norm(dim=1), lengths)
    close(applied(change, weight, 0.5), (weight + whole) / 2)


@pytest.mark.parametrize("named", ["dora_scale", "lora_magnitude_vector", "lora_magnitude_vector.weight"])
def test_the_lengths_of_dora_have_the_names_of_lycoris_and_peft(named: str) -> None:
    parts = {"lora_A.weight": drawn(2, 4), "lora_B.weight": drawn(6, 2), named: torch.full((6,), 3.0)}
    torch.testing.assert_close(change_of(parts)(drawn(6, 4, seed=5), 1.0).norm(dim=1), torch.full((6,), 3.0))


def test_a_row_of_zeros_stays_one_under_dora() -> None:
    parts = {"lora_up.weight": torch.zeros(6, 2), "lora_down.weight": drawn(2, 4), "dora_scale": torch.ones(6, 1)}
    assert torch.equal(change_of(parts)(torch.zeros(6, 4), 1.0), torch.zeros(6, 4))


def test_cayley_makes_rotations() -> None:
    turns = cayley(drawn(3, 4, 4), 0.0)
    torch.testing.assert_close(turns @ turns.transpose(1, 2), torch.eye(4).expand(3, 4, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(3), atol=1e-5, rtol=0)


def test_a_limit_keeps_rotations_small() -> None:
    free, held = cayley(drawn(3, 4, 4), 0.0), cayley(drawn(3, 4, 4), 0.01)
    eye = torch.eye(4)
    assert (held - eye).norm() < 0.03 < (free - eye).norm()
    assert torch.equal(cayley(drawn(3, 4, 4), 1e6), free)


@pytest.mark.parametrize("kind", ["OFT", "BOFT"])
def test_turned_rows_keep_the_angles_between_columns(kind: str) -> None:
    parts = {part: tensor for part, tensor in KINDS[kind].items() if part != "rescale"}
    weight = drawn(6, 4, seed=5)
    turned = applied(change_of(parts), weight, 1.0)
    close(turned.T @ turned, weight.T @ weight)
    assert not torch.allclose(turned, weight, atol=0.01)


def test_glora_of_the_first_lycoris_has_its_factors_the_other_way_round() -> None:
    parts = KINDS["GLoRA"]
    names = {"a1.weight": "a2.weight", "a2.weight": "a1.weight", "b1.weight": "b2.weight", "b2.weight": "b1.weight"}
    weight = drawn(6, 4, seed=5)
    close(
        applied(change_of({names[name]: tensor for name, tensor in parts.items()}), weight, 0.7),
        applied(change_of(parts), weight, 0.7),
    )


def test_a_weight_that_is_set_is_set() -> None:
    assert torch.equal(change_of({"set_weight": torch.ones(6, 4)})(drawn(6, 4), 0.3), torch.ones(6, 4))


@pytest.mark.parametrize(
    ("part", "leaf"), [("diff", "weight"), ("diff_b", "bias"), ("w_norm", "weight"), ("b_norm", "bias")]
)
def test_whole_differences_are_added(part: str, leaf: str) -> None:
    weight, difference = drawn(6), drawn(6, seed=1)
    close(applied(change_of({part: difference}, leaf), weight, 0.5), weight + difference / 2)
