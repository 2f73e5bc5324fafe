"""ControlNets: nothing at first, then what follows the picture, and the file that others read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.diffusion.control import ControlCall
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.errors import Cancelled
from safelight.families.additions import identify_addition
from safelight.files.header import read_header
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.control.controlnet import ControlNet
from safelight.models.control.edges import outlines
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl
from safelight.models.guider import Guider, run_sampler
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.runs.data.folder import read_folder
from safelight.runs.folder import RunFolder
from safelight.runs.settings import checked
from safelight.training.data.checks import check_data
from safelight.training.data.views import pixels, view_of
from safelight.training.forward import Shown, output_of
from safelight.training.lessons import LESSONS, Lesson
from safelight.training.noising import generator_at
from safelight.training.run import begin, taught_as, train
from safelight.training.steering import CONTROLS
from safelight.training.trainer import Denoising, Material, Trainer
from tests.controls import reference_controlnet
from tests.studio import tiny_file
from tests.tiny import Kind
from tests.training.data.drawn import data, draw
from tests.training.drawing import draw_set
from tests.training.test_adapters import disturbed, saved
from tests.training.test_run import Watcher, place_of, settings_of

CPU = torch.device("cpu")
SHOWN = Shown(64, 64, 0, 0, 64, 64)
BATCH = 8


class Patterns:
    """Latents of one of 64 patterns of eight by eight cells, each of its own sign, and pictures that show which.

    Nothing but the picture tells a cell's sign where noise hides it, since neighbours say nothing of each other.
    """

    def __init__(self, lesson: Lesson, *, is_shown: bool) -> None:
        assert lesson.control is not None
        self.control = lesson.control
        self.is_shown = is_shown
        self.signs = torch.randint(0, 2, (64, 1, 8, 8), generator=torch.Generator().manual_seed(0)).float()

    def at(self, number: int) -> Material:
        cells = self.signs[torch.randint(len(self.signs), (BATCH,), generator=generator_at(7, number))]
        picture = cells.repeat_interleave(8, 2).repeat_interleave(8, 3).expand(-1, 3, -1, -1).movedim(1, -1)
        control = PictureControl(self.control, picture * self.is_shown)
        latents = (cells * 2 - 1).expand(-1, 4, -1, -1) * 5
        return Material(latents, ("a",) * BATCH, (SHOWN,) * BATCH, torch.ones(BATCH), control=control)


def lesson_of(file: Kind = "sd1", **tables: dict[str, Any]) -> tuple[Lesson, Any]:
    settings = checked({"name": "edges", "kind": "controlnet", "data": {"folder": "."}, **tables}, "test")
    opened = open_checkpoint(tiny_file(file), numbers="fp32")
    opened = replace(opened, model=taught_as(opened.model, settings.loss))
    return LESSONS["controlnet"](opened, settings, generator_at(settings.run.seed, -1)), settings


def trainer_of(file: Kind = "sd1", *, is_shown: bool = True, **tables: dict[str, Any]) -> Trainer:
    lesson, settings = lesson_of(file, **tables)
    return Trainer(lesson, Denoising(lesson, Patterns(lesson, is_shown=is_shown), settings), settings)


def opened_of(trainer: Trainer) -> Opened:
    assert isinstance(trainer.lesson, Lesson)
    return trainer.lesson.opened


def inputs(opened: Opened) -> dict[str, Any]:
    source, width = torch.Generator().manual_seed(0), opened.model.shape.label_width
    return {
        "x": torch.randn(2, 4, 8, 8, generator=source),
        "sigma": torch.tensor([3.0, 0.2]).reshape(2, 1, 1, 1),
        "context": torch.randn(2, 77, opened.model.shape.context_width, generator=source),
        "label": None if width is None else torch.randn(2, width, generator=source),
    }


def picture(size: int = 64) -> Tensor:
    return torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(1)).round()


def loaded(path: Path) -> ControlNet:
    control = load_control(path, Placement(CPU), precision("fp32", CPU))
    assert isinstance(control, ControlNet)
    return control


@pytest.mark.parametrize("file", ["sd1", "sd2-v", "sdxl"])
def test_a_fresh_controlnet_changes_nothing(file: Kind) -> None:
    lesson, _ = lesson_of(file)
    assert lesson.control is not None
    asked = inputs(lesson.opened)
    with torch.no_grad(), lesson.worn():
        plain = output_of(lesson.opened.model, **asked)
        steered = output_of(lesson.opened.model, **asked, control=PictureControl(lesson.control, picture()))
    assert torch.equal(plain, steered)


def test_what_the_picture_shows_is_learned() -> None:
    """After 80 steps the error is less than two thirds of what it is where every picture is black."""
    table: dict[str, Any] = {
        "loss": {"lowest": 0.4, "highest": 0.6},
        "optimizer": {"rate": 6e-3, "plan": "constant"},
        "run": {"steps": 80},
    }
    seen, blind = (
        sum(step.loss for step in [*trainer_of(is_shown=is_shown, **table).steps()][-20:]) for is_shown in (True, False)
    )
    assert seen < blind / 1.5


RUNS: dict[str, tuple[Kind, dict[str, Any]]] = {
    "plain": ("sd1", {}),
    "blocks computed again": ("sd1", {"run": {"checkpointing": True}}),
    "v": ("sd2-v", {}),
    "SDXL": ("sdxl", {}),
}


def networks(opened: Opened) -> Iterator[tuple[str, Tensor]]:
    parts = (opened.model.network, opened.vae.network, *(tower.network for tower in opened.clip.towers))
    for number, network in enumerate(parts):
        for name, parameter in network.named_parameters():
            yield f"{number}.{name}", parameter


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_only_the_controlnet_changes_and_a_run_gone_on_with_ends_the_same_to_the_bit(
    run: tuple[Kind, dict[str, Any]],
) -> None:
    file, tables = run
    tables = {"optimizer": {"rate": 1e-3}, **tables, "run": {"steps": 4, "ema": 0.9, **tables.get("run", {})}}
    whole = trainer_of(file, **tables)
    frozen = {name: parameter.clone() for name, parameter in networks(opened_of(whole))}
    first = {name: tensor.detach().clone() for name, tensor in whole.lesson.learned.items()}
    told = [step.loss for step in whole.steps()]
    for name, parameter in networks(opened_of(whole)):
        assert torch.equal(parameter, frozen[name]), name
        assert not parameter.requires_grad
    changed = [name for name, tensor in whole.lesson.learned.items() if not torch.equal(tensor, first[name])]
    assert len(changed) > 0.9 * len(first)
    begun, gone_on = trainer_of(file, **tables), trainer_of(file, **tables)
    steps = begun.steps()
    losses = [next(steps).loss for _ in range(2)]
    gone_on.resume(begun.state())
    assert losses + [step.loss for step in gone_on.steps()] == told
    for name, tensor in whole.lesson.learned.items():
        assert torch.equal(tensor, gone_on.lesson.learned[name]), name
        assert torch.equal(whole.mean[name], gone_on.mean[name]), name


def test_computing_blocks_again_gives_the_same_steps() -> None:
    losses = [
        [step.loss for step in trainer_of(run={"steps": 3, "checkpointing": again}).steps()] for again in (False, True)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("file", ["sd1", "sd2-v", "sdxl"])
def test_what_is_trained_is_what_the_file_does(file: Kind, tmp_path: Path) -> None:
    """To the half precision that the file is written in; diffusers converts it and gives the same residuals."""
    lesson, _ = lesson_of(file)
    assert lesson.control is not None
    path = saved(disturbed(lesson), tmp_path / "edges.safetensors")
    addition = identify_addition(read_header(path))
    assert addition is not None
    assert addition.kind == "controlnet"
    shown = inputs(lesson.opened)
    timestep = torch.tensor([700.0])
    call = ControlCall(shown["x"], torch.tensor(3.0), timestep, shown["context"], shown["label"])
    control = loaded(path)
    with torch.no_grad(), lesson.worn():
        trained = PictureControl(lesson.control, picture())(call)
        found = PictureControl(control, picture())(call)
    assert all(name.startswith("control_model.") for name in load_file(path))
    for one, other in zip((*trained.skips, trained.middle), (*found.skips, found.middle), strict=True):
        assert one is not None
        assert other is not None
        torch.testing.assert_close(other, one, atol=2e-2, rtol=2e-2)
        assert other.abs().max() > 0.1
    if file == "sdxl":
        return  # diffusers makes the label itself, of the pooled prompt and six numbers
    theirs = reference_controlnet(lesson.opened.model.shape, load_file(path))
    hint = picture().movedim(-1, 1).expand(2, -1, -1, -1)
    with torch.no_grad():
        skips, middle = theirs(shown["x"], timestep, shown["context"], hint, return_dict=False)
    for other, expected in zip((*found.skips, found.middle), (*skips, middle), strict=True):
        torch.testing.assert_close(other, expected, atol=1e-4, rtol=1e-4)


def test_at_strength_0_the_picture_is_the_same_to_the_bit(tmp_path: Path) -> None:
    lesson, _ = lesson_of()
    control = loaded(saved(disturbed(lesson), tmp_path / "edges.safetensors"))
    opened = lesson.opened
    told = opened.prompt("a zorb")
    sigmas = SCHEDULERS["normal"](opened.model.schedule, 3)

    def drawn(conds: tuple[Cond, ...]) -> Tensor:
        guider = Guider(opened.model, conds, opened.prompt(""), 5.0)
        start = Latent(torch.zeros(1, 4, 8, 8))
        return run_sampler(guider, SAMPLERS["euler"], sigmas, start, seed=1, on_step=lambda _: None)[0].samples

    def under(strength: float) -> tuple[Cond, ...]:
        control_of = PictureControl(control, picture(), strength)
        return tuple(replace(cond, controls=(control_of,), controls_shared=True) for cond in told)

    assert torch.equal(drawn(under(0.0)), drawn(told))
    assert not torch.allclose(drawn(under(1.0)), drawn(told), atol=1e-2)


def test_controls_are_cropped_and_mirrored_as_their_pictures(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", (96, 64), seed=1)
    (tmp_path / "a.png").rename(tmp_path / "a.control.png")
    draw(tmp_path / "a.png", (96, 64), seed=1)
    (example,) = read_folder(tmp_path).examples
    for flipped in (False, True):
        view = view_of(example, (64, 64), place=(1.0, 0.0), is_flipped=flipped)
        torch.testing.assert_close(CONTROLS["file"](view), pixels(view))
        torch.testing.assert_close(CONTROLS["canny"](view), outlines(pixels(view)[None])[0])
    assert CONTROLS["canny"](view).max() == 1


def test_a_control_of_another_size_keeps_its_values(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", (64, 64))
    marks = np.array([[0, 255], [128, 7]], np.uint8)
    Image.fromarray(marks).save(tmp_path / "a.control.png")
    (example,) = read_folder(tmp_path).examples
    found = (CONTROLS["file"](view_of(example, (64, 64))) * 255).round()
    assert sorted(set(found.flatten().tolist())) == [0, 7, 128, 255]


def test_missing_damaged_and_odd_controls_are_told(tmp_path: Path) -> None:
    for number in range(4):
        draw(tmp_path / f"{number}.png", seed=number)
        (tmp_path / f"{number}.txt").write_text("a thing")
    draw(tmp_path / "odd.png").rename(tmp_path / "0.control.png")
    draw(tmp_path / "1.control.png", (32, 64))
    (tmp_path / "2.control.png").write_text("no picture")
    draw(tmp_path / "stray.control.png")
    report = check_data(data(tmp_path), 64, wants_controls=True)
    told = [(problem.file, problem.kind) for problem in report.problems if problem.kind != "set"]
    expected = [("stray.control.png", "stray"), ("1.control.png", "control"), ("2.control.png", "unreadable")]
    assert told == [*expected, ("3.png", "control")]
    assert [example.picture.name for example in report.examples] == ["0.png", "1.png"]
    assert report.left_out == 2
    assert len(check_data(data(tmp_path), 64).examples) == 4  # other kinds of runs look at no controls


def test_a_run_makes_a_file_for_the_controlnet_folder_and_goes_on_to_the_same(tmp_path: Path) -> None:
    draw_set(tmp_path / "zorbs", 4)
    tables: dict[str, Any] = {"samples": {"every": 2, "steps": 2}, "run": {"steps": 4}}
    settings = settings_of(tmp_path / "zorbs", **tables)
    canny = settings.data.model_copy(update={"control": "canny"})
    settings = settings.model_copy(update={"kind": "controlnet", "data": canny})
    made = []
    for home in ("whole", "stopped"):
        place = place_of(tmp_path / home)
        folder = begin(settings, place)

        def stop(where: str, home: str = home) -> None:
            if (home, where) == ("stopped", "step 3"):
                raise Cancelled

        if home == "stopped":
            with pytest.raises(Cancelled):
                train(folder, place, Watcher(stop))
        path = train(folder, place, Watcher())
        assert path == (tmp_path / home).resolve() / "models" / "controlnet" / "zorb.safetensors"
        made.append(path.read_bytes())
    assert made[0] == made[1]
    run = RunFolder.of(place.folders.home, "zorb")
    # one for each of the first pictures, whose controls differ though their seed is one
    assert [(sample.step, sample.place) for sample in run.all_samples()][:3] == [(0, 0), (0, 1), (0, 2)]
    told = read_header(path).metadata
    assert told["modelspec.architecture"] == "stable-diffusion-v1/controlnet"
    loaded(path)


def test_a_run_without_controls_says_what_is_missing(tmp_path: Path) -> None:
    draw_set(tmp_path / "zorbs", 4)
    place = place_of(tmp_path)
    settings = settings_of(tmp_path / "zorbs").model_copy(update={"kind": "controlnet"})
    watcher = Watcher()
    with pytest.raises(Exception, match="no picture to learn from"):
        train(begin(settings, place), place, watcher)
    assert any("zorb-00.png: It has no control" in said for said in watcher.said)
    assert any("NAME.control.png" in said for said in watcher.said)
