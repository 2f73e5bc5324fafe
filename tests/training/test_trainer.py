"""The steps of training: what they change, what they leave alone, and that they can be gone on with."""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._dynamo import register_backend

from safelight.errors import SafelightError
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.precision import PrecisionName
from safelight.runs.settings import Optimizer, checked
from safelight.training.forward import Shown
from safelight.training.lessons import LESSONS, Lesson
from safelight.training.noising import generator_at
from safelight.training.optimizers import optimizer_of, share_of_rate, suitable_rate
from safelight.training.run import taught_as
from safelight.training.trainer import Denoising, Material, Trainer
from tests.studio import tiny_file
from tests.tiny import Kind

SHOWN = Shown(64, 64, 0, 0, 64, 64)
CAPTIONS = ("a zorb on white", "a zorb")


class Two:
    """Two latents, again and again."""

    def __init__(self, masks: Tensor | None = None) -> None:
        self.latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 5
        self.masks = masks

    def at(self, number: int) -> Material:
        return Material(self.latents, CAPTIONS, (SHOWN, SHOWN), torch.ones(2), self.masks)


def trainer_of(kind: str, file: Kind = "sd1", *, opened: Opened | None = None, **tables: dict[str, Any]) -> Trainer:
    told: dict[str, Any] = {"name": "x", "kind": kind, "data": {"folder": ".", "trigger": "zorb"}, **tables}
    told["optimizer"] = {"rate": 1e-3, **told.get("optimizer", {})}
    told["run"] = {"steps": 12, **told.get("run", {})}
    settings = checked(told, "test")
    opened = opened or open_checkpoint(tiny_file(file), numbers=numbers_of(tables))
    opened = replace(opened, model=taught_as(opened.model, settings.loss))
    lesson = LESSONS[kind](opened, settings, generator_at(settings.run.seed, -1))
    return Trainer(lesson, Denoising(lesson, Two(), settings), settings)


def numbers_of(tables: dict[str, Any]) -> PrecisionName:
    numbers: PrecisionName = tables.get("run", {}).get("dtype", "fp32")
    return numbers


def networks(opened: Opened) -> Iterator[tuple[str, Tensor]]:
    parts = {"unet": opened.model.network, "vae": opened.vae.network}
    parts |= {tower.name: tower.network for tower in opened.clip.towers}
    for part, network in parts.items():
        for name, parameter in network.named_parameters():
            yield f"{part}.{name}", parameter


RUNS: dict[str, tuple[str, Kind, dict[str, Any]]] = {
    "lora": ("lora", "sd1", {}),
    "lora of text": ("lora", "sd1", {"adapter": {"layers": [], "text_layers": ["self_attn"]}}),
    "lora of SDXL and its text": ("lora", "sdxl", {"adapter": {"text_layers": ["mlp"]}}),
    "dora, v": ("lora", "sd2-v", {"adapter": {"kind": "dora"}}),
    "loha": ("lora", "sd1", {"adapter": {"kind": "loha", "layers": [""]}}),
    "lokr, zero SNR": ("lora", "sdxl-v-ztsnr", {"adapter": {"kind": "lokr"}}),
    "word": ("inversion", "sd1", {}),
    "word of SDXL": ("inversion", "sdxl", {}),
    "weights": ("full", "sd1", {}),
    "weights of the text too": ("full", "sd1", {"full": {"text_layers": ["mlp"]}}),
    "masked, weighted, accumulated": (
        "lora",
        "sd1",
        {"loss": {"weighting": "min_snr", "kind": "huber", "offset_noise": 0.1}, "run": {"accumulate": 2}},
    ),
    "blocks computed again": ("lora", "sd1", {"run": {"checkpointing": True}}),
    "adafactor": ("lora", "sd1", {"optimizer": {"name": "adafactor"}}),
    "prodigy": ("lora", "sd1", {"optimizer": {"name": "prodigy", "rate": 1.0}}),
    "lion": ("lora", "sd1", {"optimizer": {"name": "lion", "rate": 1e-4}}),
    "bf16": ("lora", "sd1", {"run": {"dtype": "bf16"}}),
    "fp16, its loss scaled": ("full", "sd1", {"run": {"dtype": "fp16"}}),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_what_is_frozen_is_unchanged_to_the_bit(run: tuple[str, Kind, dict[str, Any]]) -> None:
    kind, file, tables = run
    opened = open_checkpoint(tiny_file(file), numbers=numbers_of(tables))
    before = {name: parameter.clone() for name, parameter in networks(opened)}
    order = [name for name, _ in networks(opened)]
    trainer = trainer_of(kind, opened=opened, **{**tables, "run": {"steps": 3, **tables.get("run", {})}})
    first = {name: tensor.detach().clone() for name, tensor in trainer.lesson.learned.items()}
    for _ in trainer.steps():
        pass
    assert [name for name, _ in networks(opened)] == order
    for name, parameter in networks(opened):
        assert torch.equal(parameter, before[name]), name
        assert parameter.grad is None
        assert not parameter.requires_grad
    assert any(not torch.equal(tensor, first[name]) for name, tensor in trainer.lesson.learned.items())


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_run_that_is_gone_on_with_ends_the_same_to_the_bit(run: tuple[str, Kind, dict[str, Any]]) -> None:
    kind, file, tables = run
    tables = {**tables, "run": {"steps": 6, "ema": 0.9, **tables.get("run", {})}}
    whole = trainer_of(kind, file, **tables)
    told = [step.loss for step in whole.steps()]
    begun = trainer_of(kind, file, **tables)
    steps = begun.steps()
    losses = [next(steps).loss for _ in range(3)]
    gone_on = trainer_of(kind, file, **tables)
    gone_on.resume(begun.state())
    losses += [step.loss for step in gone_on.steps()]
    assert losses == told
    for name, tensor in whole.lesson.learned.items():
        assert torch.equal(tensor, gone_on.lesson.learned[name]), name
        assert torch.equal(whole.mean[name], gone_on.mean[name]), name


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_computing_blocks_again_gives_the_same_steps(kind: str) -> None:
    losses = []
    for again in (False, True):
        trainer = trainer_of(kind, run={"steps": 4, "checkpointing": again})
        losses.append([step.loss for step in trainer.steps()])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_what_is_learned_lowers_the_loss() -> None:
    """Two latents are learned by heart: the error at high noise falls to a half in 60 steps."""
    table: dict[str, Any] = {
        "loss": {"lowest": 0.6},
        "optimizer": {"rate": 3e-3, "plan": "constant"},
        "run": {"steps": 60},
    }
    errors = [step.loss for step in trainer_of("full", **table).steps()]
    assert sum(errors[-10:]) < sum(errors[:10]) / 2


def test_a_loss_that_is_no_number_stops_the_run_before_it_teaches() -> None:
    trainer = trainer_of("lora")
    steps = trainer.steps()
    next(steps)
    learned = {name: tensor.detach().clone() for name, tensor in trainer.lesson.learned.items()}
    trainer.look.source.latents[0] = torch.nan  # type: ignore[attr-defined]
    with pytest.raises(SafelightError, match=r"no number any more in step 2.*Lower optimizer.rate \(it is 0.001\)"):
        next(steps)
    assert trainer.step == 1
    assert all(torch.equal(tensor, learned[name]) for name, tensor in trainer.lesson.learned.items())


def test_adamw_in_8_bits_remembers_in_8_bits_and_goes_on_the_same() -> None:
    """The library keeps tensors of 4,096 numbers and more in 8 bits; a tiny network has none."""
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed: diffusers would import it each time")

    def begin() -> tuple[Tensor, torch.optim.Optimizer]:
        weight = torch.linspace(-2, 2, 8192).reshape(64, 128).requires_grad_()
        return weight, optimizer_of(Optimizer(name="adamw8bit", rate=0.1), {"weights": [weight]})

    def step(weight: Tensor, optimizer: torch.optim.Optimizer) -> None:
        torch.autograd.backward(weight.square().sum())
        optimizer.step()
        optimizer.zero_grad()

    weight, optimizer = begin()
    for _ in range(4):
        step(weight, optimizer)
    kept = deepcopy(optimizer.state_dict())
    assert [optimizer.state[weight][mean].dtype for mean in ("state1", "state2")] == [torch.uint8] * 2
    again, gone_on = begin()
    with torch.no_grad():
        again.copy_(weight)
    gone_on.load_state_dict(kept)
    for _ in range(4):
        step(weight, optimizer)
        step(again, gone_on)
    assert torch.equal(weight, again)
    assert float(weight.detach().square().mean()) < 0.6  # 4/3 at first


def test_a_gradient_too_large_for_fp16_is_passed_over_with_a_smaller_scale() -> None:
    """The first scales, from 65,536 down, are too large where the loss is a thousand times what it was."""
    trainer = trainer_of("full", run={"dtype": "fp16", "steps": 40})
    look = trainer.look
    trainer.look = lambda number: replace(seen := look(number), loss=seen.loss * 1e3)
    steps = list(trainer.steps())
    passed = [step for step in steps if not math.isfinite(step.norm)]
    assert 0 < len(passed) < 17
    assert steps[: len(passed)] == passed
    assert all(bool(tensor.isfinite().all()) for tensor in trainer.lesson.learned.values())


def test_a_gradient_that_no_scale_makes_a_number_stops_the_run() -> None:
    trainer = trainer_of("lora", run={"dtype": "fp16", "steps": 40})
    look = trainer.look
    trainer.look = lambda number: replace(seen := look(number), loss=_with_gradient_of_nan(seen.loss))
    with pytest.raises(SafelightError, match=r"The gradient is no number any more in step 17;.*run.dtype to fp32"):
        list(trainer.steps())


def _with_gradient_of_nan(loss: Tensor) -> Tensor:
    loss.register_hook(lambda gradient: gradient * torch.nan)  # type: ignore[no-untyped-call]
    return loss


def test_the_mean_is_that_of_the_weights_and_leaves_them() -> None:
    trainer = trainer_of("lora", run={"steps": 5, "ema": 0.5})
    name = next(name for name in trainer.lesson.learned if name.endswith("lora_up.weight"))
    mean = trainer.lesson.learned[name].detach().clone()
    for step, _ in enumerate(trainer.steps()):
        mean = torch.lerp(mean, trainer.lesson.learned[name].detach(), 1 - min(0.5, (1 + step) / (10 + step)))
    torch.testing.assert_close(trainer.mean[name], mean)
    own = trainer.lesson.learned[name].detach().clone()
    with trainer.averaged():
        assert torch.equal(trainer.lesson.learned[name], trainer.mean[name])
    assert torch.equal(trainer.lesson.learned[name], own)


def test_text_learns_at_its_own_rate() -> None:
    trainer = trainer_of("lora", adapter={"text_layers": ["mlp"]}, optimizer={"rate": 1e-3, "text_rate": 1e-4})
    assert [group["height"] for group in trainer._optimizer.param_groups] == [1e-3, 1e-4]


def test_a_rate_that_is_not_said_suits_the_run() -> None:
    assert suitable_rate("lora", "adamw", 320) == 1e-4
    assert suitable_rate("lora", "adamw", 32) == 3.2e-3
    assert suitable_rate("full", "lion", 320) == 1e-6
    assert suitable_rate("full", "prodigy", 32) == 1
    trainer = trainer_of("lora", optimizer={"rate": 0})
    assert trainer.settings.optimizer.rate == 3.2e-3
    assert next(trainer.steps()).rate == 3.2e-3


def test_the_rate_rises_then_falls_as_planned() -> None:
    for plan, middle in (("constant", 1.0), ("linear", 0.55), ("cosine", 0.55)):
        settings = Optimizer.model_validate({"plan": plan, "warmup": 0.1, "end": 0.1})
        shares = [share_of_rate(settings, step, 110) for step in range(110)]
        assert shares[0] == pytest.approx(1 / 11)
        assert shares[10] == 1
        assert shares[11] == 1
        assert shares[11 + 99 // 2] == pytest.approx(middle, abs=0.01)
        assert shares[-1] == pytest.approx(1 if plan == "constant" else 0.1, abs=0.01)


def test_a_learned_word_stands_for_itself_alone() -> None:
    trainer = trainer_of("inversion", data={"folder": ".", "trigger": "my zorb"})
    lesson = trainer.lesson
    assert isinstance(lesson, Lesson)
    plain, word, inside = (lesson.read([text])[0] for text in ("a thing, blue", "a my zorb, blue", "a my zorbs, blue"))
    with torch.no_grad():
        for tensor in lesson.learned.values():
            tensor.copy_(torch.randn(tensor.shape, generator=generator_at(3, 0)))
    assert torch.equal(lesson.read(["a thing, blue"])[0], plain)
    assert not torch.allclose(lesson.read(["a my zorb, blue"])[0], word, atol=1e-3)
    assert torch.equal(lesson.read(["a my zorbs, blue"])[0], inside)


def test_captions_beyond_what_is_kept_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.training.trainer.MOST_READ", 1)
    few = [step.loss for step in trainer_of("lora", run={"steps": 3}).steps()]
    monkeypatch.undo()
    assert few == pytest.approx([step.loss for step in trainer_of("lora", run={"steps": 3}).steps()], rel=1e-4)


def test_a_compiled_denoiser_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the part of the compiler that works without another one; `inductor` takes minutes."""
    monkeypatch.setattr("safelight.training.trainer.COMPILER", "aot_eager")
    found = []
    for is_compiled in (False, True):
        taught = trainer_of("lora", run={"steps": 3, "compile": is_compiled})
        found.append(
            [
                *(step.loss for step in taught.steps()),
                *(float(t.detach().sum()) for t in taught.lesson.learned.values()),
            ]
        )
    assert found[1] == pytest.approx(found[0], rel=1e-4, abs=1e-6)


def test_what_cannot_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> torch.fx.GraphModule:
        raise RuntimeError("No working C++ compiler found")

    register_backend(unable, name="unable")
    monkeypatch.setattr("safelight.training.trainer.COMPILER", "unable")
    with pytest.raises(SafelightError, match="cannot be compiled with unable") as told:
        next(trainer_of("lora", run={"compile": True}).steps())
    assert "set run.compile to false" in told.value.mend
