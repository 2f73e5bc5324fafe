"""Hypernetworks in the layout of AUTOMATIC1111's files."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.models.model import Model
from safelight.models.patching.hypernetwork import load_hypernetwork
from safelight.models.placement import Placement
from safelight.models.precision import Precision, precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from tests.models.patching.sites import random
from tests.nodes.running import RecordedRun
from tests.nodes.test_model_patches import MODEL, error, estimate

WIDTH = 64  # of the prompts and of the coarser levels of the tiny model


def table(seed: int, *, norms: bool = False, old_names: bool = False) -> dict[str, Tensor]:
    """Weights of one network, twice as wide inside."""
    shapes: list[tuple[int, ...]] = [(2 * WIDTH, WIDTH), (WIDTH, 2 * WIDTH)]
    if norms:
        shapes = [shapes[0], (2 * WIDTH,), shapes[1], (WIDTH,)]
    names = ["linear1", "linear2"] if old_names else [f"linear.{index}" for index in range(len(shapes))]
    found: dict[str, Tensor] = {}
    for index, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        found[f"{name}.weight"] = random(*shape, seed=seed + index) * 0.1
        found[f"{name}.bias"] = random(shape[0], seed=seed + index + 50) * 0.1
    return found


def hypernetwork(path: Path, *, norms: bool = False, old_names: bool = False, **notes: Any) -> Path:
    pair = tuple(table(seed, norms=norms, old_names=old_names) for seed in (1, 101))
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[object, object] = {WIDTH: pair, "step": 100, "name": "style", "is_layer_norm": norms}
    torch.save(content | notes, path)
    return path


def added(weights: dict[str, Tensor], x: Tensor, activation: Any) -> Tensor:
    first, first_bias, second, second_bias = weights.values()
    return F.linear(activation(F.linear(x, first, first_bias)), second, second_bias)


@pytest.mark.parametrize(
    ("notes", "activation"),
    [({}, lambda x: x), ({"activation_func": "relu"}, F.relu), ({"activation_func": "swish"}, F.hardswish)],
)
@pytest.mark.parametrize("old_names", [True, False])
def test_keys_and_values_each_get_what_their_network_makes_of_them(
    tmp_path: Path, placement: Placement, fp32: Precision, old_names: bool, notes: dict[str, Any], activation: Any
) -> None:
    path = hypernetwork(tmp_path / "style.pt", old_names=old_names, **notes)
    network = load_hypernetwork(path, placement, fp32)
    x, y = random(2, 5, WIDTH, seed=7), random(2, 5, WIDTH, seed=8)
    keys, values = network(x, y, 0.5)
    torch.testing.assert_close(keys, x + 0.5 * added(table(1), x, activation))
    torch.testing.assert_close(values, y + 0.5 * added(table(101), y, activation))


def test_a_norm_follows_the_activation(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = hypernetwork(tmp_path / "style.pt", norms=True, activation_func="tanh", activate_output=True)
    x = random(2, 5, WIDTH, seed=7)
    keys, _ = load_hypernetwork(path, placement, fp32)(x, x, 1.0)
    first, first_bias, scale, shift, second, second_bias, last_scale, last_shift = table(1, norms=True).values()
    inner = F.layer_norm(F.linear(x, first, first_bias).tanh(), (2 * WIDTH,), scale, shift)
    expected = F.layer_norm(F.linear(inner, second, second_bias).tanh(), (WIDTH,), last_scale, last_shift)
    torch.testing.assert_close(keys, x + expected)


def test_inputs_of_other_widths_are_left_alone(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    x = random(2, 5, 32)
    keys, values = load_hypernetwork(hypernetwork(tmp_path / "style.pt"), placement, fp32)(x, x, 1.0)
    assert keys is x
    assert values is x


def test_an_unknown_activation_is_refused_in_words(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    path = hypernetwork(tmp_path / "style.pt", activation_func="snake")
    with pytest.raises(BadInput, match="'snake', which is not known") as caught:
        load_hypernetwork(path, placement, fp32)
    assert caught.value.where == "style.pt"


def test_a_file_of_another_kind_is_refused_in_words(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    torch.save({"emb_params": torch.zeros(2, 768)}, tmp_path / "cat.pt")
    with pytest.raises(BadInput, match=r"cat.pt is a textual inversion embedding"):
        load_hypernetwork(tmp_path / "cat.pt", placement, fp32)


class Program:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_a_pickle_with_a_program_in_it_is_refused_and_not_run(
    tmp_path: Path, placement: Placement, fp32: Precision
) -> None:
    path = tmp_path / "style.pt"
    torch.save({WIDTH: (table(1), table(2)), "step": Program(tmp_path / "run")}, path, pickle_module=pickle)
    with pytest.raises(BadInput):
        load_hypernetwork(path, placement, fp32)
    assert not (tmp_path / "run").exists()


def with_style(home: Path, strength: float) -> Model:
    folders = Folders.at(home)
    folders.make()
    hypernetwork(folders.directories["hypernetworks"][0] / "style.pt", activation_func="relu")
    cpu = torch.device("cpu")
    run = RecordedRun(folders, models=ModelStore(Placement(cpu), precision("fp32", cpu), 10**9))
    loader = BUILTIN["HypernetworkLoader"]
    model = loader(model=MODEL, hypernetwork_name="style.pt", strength=strength, run=run)
    assert isinstance(model, Model)
    return model


def test_the_node_changes_the_estimate_and_at_strength_0_nothing(home: Path) -> None:
    assert torch.equal(estimate(with_style(home, 0.0)), estimate())
    assert error(estimate(with_style(home, 1.0)), estimate()) > 1e-3
