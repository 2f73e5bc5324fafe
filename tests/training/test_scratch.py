"""Training from scratch on toys that are drawn here: each kind learns, goes on as if it had not stopped, and loads."""

import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from safelight.clip.model import open_clip_model
from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.families.describe import describe
from safelight.families.detect import identify
from safelight.files.folders import STARTER, STARTER_CHECKPOINT, STARTER_CLIP, Folders
from safelight.files.header import read_header
from safelight.inspect.opening import open_checkpoint, open_picture
from safelight.models.loader import load_vae
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.saving import CODES
from safelight.runs.settings import TrainingSettings, checked
from safelight.training.data.checks import check_data
from safelight.training.run import Place, begin, open_subject, train
from safelight.training.scratch.autoencoder import edges_apart, likeness, rescaled
from safelight.training.scratch.contrast import contrast
from safelight.training.scratch.judge import adversarial, begin_judge
from tests.studio import tiny_file
from tests.training.test_run import Watcher

CPU = torch.device("cpu")
SIDE = 32
LONG = 1000  # steps: samples are drawn before the first and after the last only
TINY = "tiny.safetensors"
COLOURS = {"red": (220, 30, 30), "green": (40, 160, 60), "blue": (40, 70, 220), "yellow": (250, 220, 40)}
CORNERS: dict[str, tuple[tuple[int, int], ...]] = {
    "square": ((0, 0), (18, 0), (18, 18), (0, 18)),
    "triangle": ((0, 18), (18, 18), (9, 0)),
    "bar": ((0, 6), (18, 6), (18, 12), (0, 12)),
    "kite": ((9, 0), (18, 9), (9, 18), (0, 9)),
}


def draw_toys(folder: Path) -> None:
    """Each of four shapes in each of four colours, at two places: 32 pictures with captions."""
    folder.mkdir()
    for colour, rgb in COLOURS.items():
        for shape, corners in CORNERS.items():
            for number, (left, top) in enumerate(((3, 4), (10, 9))):
                picture = Image.new("RGB", (SIDE, SIDE), "white")
                ImageDraw.Draw(picture).polygon([(left + x, top + y) for x, y in corners], fill=rgb)
                picture.save(folder / f"{colour}-{shape}-{number}.png")
                (folder / f"{colour}-{shape}-{number}.txt").write_text(f"a {colour} {shape}", encoding="utf-8")


KINDS: dict[str, dict[str, Any]] = {
    "clip": {
        "clip": {
            "side": SIDE,
            "patch": 8,
            "width": 64,
            "layers": 2,
            "text_width": 64,
            "text_layers": 2,
            "projection": 32,
        },
        "optimizer": {"rate": 2e-3},
        "run": {"steps": 60, "batch": 16},
    },
    "vae": {
        "vae": {"channels": [32, 32, 32, 32], "blocks": 1, "edges": 0.25, "structure": 0.0},
        "optimizer": {"rate": 4e-3},
        "run": {"steps": 120, "batch": 4},
    },
    "denoiser": {
        "denoiser": {"vae": TINY, "clip": TINY, "channels": [32, 32], "blocks": 1},
        "optimizer": {"rate": 3e-3},
        "run": {"steps": 60, "batch": 8},
    },
}


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toys") / "toys"
    draw_toys(folder)
    return folder


def place_of(home: Path) -> Place:
    folders = Folders.at(home, [])
    folders.make()
    checkpoint = home / "models" / "checkpoints" / TINY
    if not checkpoint.exists():
        shutil.copyfile(tiny_file("sd1"), checkpoint)
    return Place(folders, "cpu")


def settings_of(kind: str, toys: Path, **tables: dict[str, Any]) -> TrainingSettings:
    told: dict[str, Any] = {"name": f"toy-{kind}", "kind": kind, "data": {"folder": str(toys), "resolution": SIDE}}
    told |= {"samples": {"every": 0}}
    for name, table in (*KINDS[kind].items(), *tables.items()):
        told[name] = {**told.get(name, {}), **table}
    return checked(told, "test")


class Toy:
    """A toy run that was trained to its end."""

    def __init__(self, kind: str, toys: Path, home: Path) -> None:
        self.place = place_of(home)
        self.settings = settings_of(kind, toys, samples={"every": LONG, "steps": 2})
        self.folder = begin(self.settings, self.place)
        self.made = train(self.folder, self.place, Watcher())
        self.losses = [line.loss for line in self.folder.lines()]

    @property
    def factor(self) -> float:
        """How many times less the loss of the last ten steps is than that of the first ten."""
        return sum(self.losses[:10]) / sum(self.losses[-10:])


@pytest.fixture(scope="module")
def toy(toys: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Toy]:
    return cache(lambda kind: Toy(kind, toys, tmp_path_factory.mktemp(kind)))


@pytest.mark.parametrize(("kind", "factor"), [("clip", 2.0), ("vae", 2.2), ("denoiser", 4.0)])
def test_what_begins_as_chance_learns(kind: str, factor: float, toy: Callable[[str], Toy]) -> None:
    assert toy(kind).factor > factor


def test_clip_finds_the_caption_of_a_picture(toy: Callable[[str], Toy], toys: Path) -> None:
    """Of sixteen captions, by the file as all others read it; chance is a sixteenth."""
    model = open_clip_model(toy("clip").made)
    captions = [f"a {colour} {shape}" for colour in COLOURS for shape in CORNERS]
    paths = [toys / f"{caption[2:].replace(' ', '-')}-0.png" for caption in captions]
    vectors = model.images(torch.stack([open_picture(path) for path in paths]))
    found = (vectors @ model.texts(captions).T).argmax(1)
    assert float((found == torch.arange(16)).float().mean()) > 0.5
    told = read_header(toy("clip").made).metadata
    assert told["ss_num_train_images"] == "32"
    assert not toy("clip").folder.all_samples()


def test_the_vae_gives_pictures_back_from_latents_of_unit_variance(toy: Callable[[str], Toy], toys: Path) -> None:
    vae = load_vae(toy("vae").made, Placement(CPU), precision("fp32", CPU))
    pictures = torch.stack([open_picture(path) for path in sorted(toys.glob("*.png"))])
    latents = vae.encode(pictures)
    scaled = latents * 0.18215
    assert scaled.mean((0, 2, 3)).abs().max() < 0.02
    assert (scaled.std((0, 2, 3)) - 1).abs().max() < 0.02
    missed = (vae.decode(latents) - pictures).square().mean()
    plain = (pictures.mean((0, 1, 2)) - pictures).square().mean()
    assert missed < 0.8 * plain
    assert [(sample.step, sample.place) for sample in toy("vae").folder.all_samples()] == [
        (step, place) for step in (0, 120) for place in range(3)
    ]
    with Image.open(toy("vae").folder.sample(120, 0)) as sample:
        assert sample.size == (2 * SIDE, SIDE)
        assert "comes back" in sample.info["parameters"]


def test_the_denoiser_is_a_whole_checkpoint(toy: Callable[[str], Toy], toys: Path) -> None:
    made = toy("denoiser").made
    contents = identify(read_header(made))
    assert contents.kind == "checkpoint"
    assert contents.family is not None
    assert contents.family.name == "sd1"
    assert contents.native_size == (SIDE, SIDE)
    assert contents.unet is not None
    assert contents.unet.shape.block_channels == (32, 32)
    assert "ss_sd_model_name" not in contents.metadata
    ours, source = open_checkpoint(made), open_checkpoint(toy("denoiser").place.folders.resolve("checkpoints", TINY))
    for name, parameter in source.vae.network.named_parameters():
        assert torch.equal(parameter, ours.vae.network.get_parameter(name)), name
    assert torch.equal(ours.prompt("a red square")[0].context, source.prompt("a red square")[0].context)
    assert len(toy("denoiser").folder.all_samples()) == 6


def test_a_flow_is_learned_and_known_again(toys: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    told: dict[str, Any] = {"loss": {"prediction": "flow"}, "samples": {"every": LONG, "steps": 2}}
    folder = begin(settings_of("denoiser", toys, **told), place)
    made = train(folder, place, Watcher())
    losses = [line.loss for line in folder.lines()]
    assert sum(losses[:10]) > 2 * sum(losses[-10:])
    contents = identify(read_header(made))
    assert describe(contents) == "SD 1.x checkpoint, flow"
    assert contents.recommended is not None
    assert (contents.recommended.sampler, contents.recommended.scheduler) == ("euler", "simple")
    model = open_checkpoint(made).model
    assert (model.prediction, model.schedule.process.flow, model.schedule.sigma_max) == ("flow", True, 1.0)
    assert len(folder.all_samples()) == 6


RESUMED: dict[str, tuple[str, dict[str, Any]]] = {
    "clip": ("clip", {}),
    "vae": ("vae", {}),
    "vae with all it can have": (
        "vae",
        {
            "vae": {
                "patch": 16,
                "distance": "l2",
                "structure": 0.1,
                "perceptual": 0.1,
                "adversarial": 0.1,
                "clip": "eye.safetensors",
            },
            "run": {"accumulate": 2},
        },
    ),
    "denoiser of v": ("denoiser", {"loss": {"prediction": "v", "zero_terminal_snr": True}}),
    "denoiser of a flow": ("denoiser", {"loss": {"prediction": "flow", "levels": "logit_normal"}}),
    "denoiser and its text": ("denoiser", {"full": {"text_layers": ["mlp"]}, "loss": {"weighting": "min_snr"}}),
}


@pytest.mark.parametrize("case", RESUMED.values(), ids=RESUMED)
def test_a_run_that_was_stopped_goes_on_to_the_same_file(
    case: tuple[str, dict[str, Any]], toy: Callable[[str], Toy], toys: Path, tmp_path: Path
) -> None:
    kind, tables = case
    run = {"steps": 6, "batch": 4, "save_every": 2, "ema": 0.9, **tables.get("run", {})}
    settings = settings_of(kind, toys, **{**tables, "run": run})
    made = []

    def stop(where: str) -> None:
        if where == "step 3":
            raise Cancelled

    for name in ("whole", "stopped"):
        place = place_of(tmp_path / name)
        shutil.copyfile(toy("clip").made, place.folders.directories["clip_vision"][0] / "eye.safetensors")
        folder = begin(settings, place)
        if name == "stopped":
            with pytest.raises(Cancelled):
                train(folder, place, Watcher(stop))
            assert torch.load(folder.state, weights_only=True)["step"] == 3
        made.append(train(folder, place, Watcher()).read_bytes())
        assert [line.step for line in folder.lines()] == list(range(1, 7))
    assert made[0] == made[1]


def test_a_file_that_a_denoiser_hears_with_must_stay(toys: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of("denoiser", toys, run={"steps": 1}), place)
    train(folder, place, Watcher())
    checkpoint = tmp_path / "models" / "checkpoints" / TINY
    checkpoint.unlink()
    shutil.copyfile(tiny_file("sd1", seed=1), checkpoint)
    with pytest.raises(BadInput, match=r"tiny.safetensors is not the file that toy-denoiser was begun with"):
        train(folder, place, Watcher())


def test_what_does_not_fit_is_told_before_a_run_begins(toys: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    with pytest.raises(BadInput, match=r"nowhere\.safetensors"):
        begin(settings_of("denoiser", toys, denoiser={"vae": "nowhere.safetensors"}), place)
    for kind, tables, said in (
        ("clip", {"run": {"batch": 1}}, "run.batch must be 2 or more"),
        ("vae", {"data": {"masks": True}}, "data.masks and data.prior_folder are for denoisers"),
        ("vae", {"run": {"compile": True}}, "run.compile is for denoisers"),
        ("clip", {"loss": {"prediction": "flow"}}, "loss.prediction flow is for kinds that make a checkpoint"),
        ("denoiser", {"loss": {"prediction": "flow", "zero_terminal_snr": True}}, "zero_terminal_snr is for v"),
    ):
        with pytest.raises(BadInput, match=said):
            settings_of(kind, toys, **tables)
    for kind, table, said in (
        ("denoiser", {"channels": [32, 40]}, "multiple of 32"),
        ("denoiser", {"channels": [32], "attention": [1]}, "attention names a level that channels do not have"),
        ("clip", {"side": 30, "patch": 8}, "side must be a multiple of patch"),
        ("vae", {"channels": [32, 32]}, "at least 4"),
    ):
        with pytest.raises(BadInput, match=said):
            settings_of(kind, toys, **{kind: table})


def test_a_loss_that_is_no_number_stops_the_run_before_it_teaches(toys: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of("vae", toys, optimizer={"rate": 1e6, "clip_norm": 0, "warmup": 0}), place)
    with pytest.raises(SafelightError, match=r"is no number any more in step \d+.*Lower optimizer.rate"):
        train(folder, place, Watcher())
    assert not (tmp_path / "models" / "vae" / "toy-vae.safetensors").exists()


@pytest.mark.weights
@pytest.mark.parametrize("kind", ["clip", "denoiser"])
def test_files_have_the_layout_of_the_starter(kind: str, toys: Path, tmp_path: Path) -> None:
    """With the sizes that are the defaults: the same tensors, shapes and types as what is shipped."""
    told = checked({"name": "x", "kind": kind, "data": {"folder": str(toys), "resolution": 128}}, "test")
    found = check_data(told.data, 128)
    subject = open_subject(told, place_of(tmp_path))
    lesson = subject.work(found, Watcher()).lesson
    ours = {entry.name: (CODES[entry.dtype], entry.shape) for entry in lesson.entries(lesson.learned)}
    shipped = read_header(STARTER / (STARTER_CLIP if kind == "clip" else STARTER_CHECKPOINT))
    assert ours == {name: (tensor.dtype, tensor.shape) for name, tensor in shipped.tensors.items()}


def test_neither_side_of_the_contest_teaches_the_other() -> None:
    judge = begin_judge(0, Placement(CPU))
    learned = {name: p.clone().requires_grad_() for name, p in judge.named_parameters()}
    image, made = torch.rand(2, 1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).unbind()
    made.requires_grad_()
    missing, wrong = adversarial(judge, learned, image, made)
    (given,) = torch.autograd.grad(missing, made, retain_graph=True)
    assert given.abs().sum() > 0
    none = [*torch.autograd.grad(missing, list(learned.values()), allow_unused=True, retain_graph=True)]
    none += torch.autograd.grad(wrong, made, allow_unused=True, retain_graph=True)
    assert all(gradient is None for gradient in none)
    assert all(gradient.abs().sum() > 0 for gradient in torch.autograd.grad(wrong, list(learned.values())))


def test_pictures_with_one_caption_are_no_wrong_answers() -> None:
    """Three pictures of two captions, each right to the end: there is nothing left to be lost."""
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    scale = torch.tensor(50.0)
    assert contrast(vectors, vectors, scale, ["a cat", "a cat", "a dog"]) < 1e-6
    apart = contrast(vectors, vectors, scale, ["a cat", "one more", "a dog"])
    assert float(apart) == pytest.approx(2 / 3 * math.log(2), rel=1e-4)


def test_structure_and_edges_tell_pictures_apart() -> None:
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert float(likeness(picture, picture)) == pytest.approx(1)
    assert float(edges_apart(picture, picture)) == 0
    assert float(edges_apart(picture, picture + 0.1)) == pytest.approx(0, abs=1e-5)
    assert float(likeness(picture, torch.zeros_like(picture))) < 0.1
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1  # one edge of 1 among 7, 3 and 1 differences across
    assert float(edges_apart(torch.zeros_like(step), step)) == pytest.approx(1 / 7 + 1 / 3 + 1)


def test_rescaling_changes_latents_and_no_picture() -> None:
    source = torch.Generator().manual_seed(0)
    shapes = {"quant_conv": (8, 8), "post_quant_conv": (4, 4)}
    weights = {f"{name}.weight": torch.randn(*shape, 1, 1, generator=source) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": torch.randn(shape[0], generator=source) for name, shape in shapes.items()}

    def through(weights: dict[str, Tensor], encoded: Tensor) -> tuple[Tensor, Tensor]:
        moments = F.conv2d(encoded, weights["quant_conv.weight"], weights["quant_conv.bias"])
        latent = moments[:, :4]
        return moments, F.conv2d(latent, weights["post_quant_conv.weight"], weights["post_quant_conv.bias"])

    encoded = torch.randn(3, 8, 6, 6, generator=source) * 2 + 1
    moments, given = through(weights, encoded)
    mean, deviation = moments[:, :4].mean((0, 2, 3)), moments[:, :4].std((0, 2, 3))
    after, same = through(rescaled(weights, mean, deviation), encoded)
    torch.testing.assert_close(same, given, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close((after[:, :4] * 0.18215).std((0, 2, 3)), torch.ones(4), rtol=1e-4, atol=1e-4)
    # a latent's spread is scaled as the latent is
    ratio = ((after[:, 4:] - moments[:, 4:]) / 2).exp()[0, :, 0, 0]
    torch.testing.assert_close(ratio, 1 / (deviation * 0.18215), rtol=1e-4, atol=1e-4)
