"""Pictures to latents and back."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.models import vae as vae_module
from safelight.models.loader import load_checkpoint, load_vae
from safelight.models.memory.measures import ORDER
from safelight.models.placement import Placement, Vram
from safelight.models.precision import Precision
from safelight.models.vae import Vae
from tests.models.memory.elsewhere import elsewhere
from tests.models.starter import STARTER
from tests.shared import shared_file

NO_ROOM = torch.OutOfMemoryError("CUDA out of memory")


@pytest.fixture
def starter_vae(placement: Placement, fp32: Precision) -> Vae:
    vae = load_checkpoint(STARTER, placement, fp32).vae
    assert vae is not None
    return vae


def picture(height: int, width: int) -> Tensor:
    """Smooth colours and a few hard edges, [1, H, W, 3]."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    disc = ((y - 0.5) ** 2 + (x - 0.4) ** 2 < 0.06).float()
    return torch.stack([x, 0.5 + 0.5 * disc, 1 - y], dim=-1)[None]


@pytest.fixture(scope="module")
def recorded_vae(tmp_path_factory: pytest.TempPathFactory) -> Vae:
    """The SD 1.5-sized VAE that ComfyUI 0.3.64 was recorded with (../shared/oracle/README.md)."""
    script = _import(shared_file("oracle/make_checkpoints.py"))
    path = tmp_path_factory.mktemp("recorded") / "vae.safetensors"
    tensors = [item for item in script.layout("sd15") if item[0].startswith("first_stage_model.")]
    script.write(path, tensors, 20240607, "sd15")
    cpu = torch.device("cpu")
    return load_vae(path, Placement(cpu), Precision(torch.float32, torch.float32, torch.float32))


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(key: str) -> Tensor:
    with np.load(shared_file("oracle/workflows/workflow_outputs.npz")) as outputs:
        return torch.from_numpy(outputs[key]).float()


def test_encoding_matches_the_recording(recorded_vae: Vae) -> None:
    # The encoded picture stands unchanged in the middle of the one that was padded for outpainting.
    pixels = recorded("image_pad_outpaint/4/images/0")[None, 0:128, 16:144] / 255
    expected = recorded("vae_encode/4/latents/0")
    assert (recorded_vae.encode(pixels) - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.parametrize(
    ("latent", "image"),
    [("vae_encode/4/latents/0", "vae_encode/6/images/1"), ("txt2img/6/latents/0", "txt2img/8/images/1")],
)
def test_decoding_matches_the_recording(recorded_vae: Vae, latent: str, image: str) -> None:
    shown = recorded_vae.decode(recorded(latent))[0] * 255
    below = shown - recorded(image)  # the recorded pictures are rounded down to whole steps
    assert below.min() > -0.01
    assert below.max() < 1.01


@pytest.mark.weights
def test_a_picture_survives_the_starter(starter_vae: Vae) -> None:
    pixels = picture(128, 128)
    latent = starter_vae.encode(pixels)
    assert latent.shape == (1, 4, 16, 16)
    error = (starter_vae.decode(latent) - pixels).square().mean()
    assert -10 * error.log10() > 25  # dB, for a picture unlike those that it was trained on


@pytest.mark.weights
def test_sides_are_cut_at_both_ends_to_whole_latents(starter_vae: Vae) -> None:
    pixels = picture(77, 90)
    assert torch.equal(starter_vae.encode(pixels), starter_vae.encode(pixels[:, 2:74, 1:89]))


@pytest.mark.weights
def test_transparency_is_not_encoded(starter_vae: Vae) -> None:
    pixels = picture(32, 32)
    with_alpha = torch.cat([pixels, torch.rand(1, 32, 32, 1)], dim=-1)
    assert torch.equal(starter_vae.encode(with_alpha), starter_vae.encode(pixels))


@pytest.mark.weights
def test_a_picture_of_less_than_one_latent_is_refused(starter_vae: Vae) -> None:
    with pytest.raises(BadInput, match="40 by 7"):
        starter_vae.encode(torch.zeros(1, 7, 40, 3))


def steps(image: Tensor) -> Tensor:
    """Mean change from each row to the next and from each column to the next, border left out, [2, size - 17]."""
    rows = image[0].diff(dim=0).abs().mean((1, 2))
    columns = image[0].diff(dim=1).abs().mean((0, 2))
    return torch.stack([rows, columns])[:, 8:-8]


@pytest.mark.weights
@pytest.mark.parametrize(("tile", "overlap"), [(96, 32), (128, 64)])
def test_no_seam_can_be_seen_between_tiles(starter_vae: Vae, tile: int, overlap: int) -> None:
    # Tiles differ from the whole in tone, because the network's norms see less; only a jump of it would be seen.
    latent = starter_vae.encode(picture(192, 192))
    whole, tiled = starter_vae.decode(latent), starter_vae.decode_tiled(latent, tile=tile, overlap=overlap)
    assert (steps(tiled) - steps(whole)).max() < 1 / 255
    assert (tiled - whole).abs().mean() < 0.05


@pytest.mark.weights
def test_a_picture_survives_being_encoded_in_tiles(starter_vae: Vae) -> None:
    pixels = picture(192, 160)
    decoded = starter_vae.decode(starter_vae.encode_tiled(pixels, tile=96, overlap=32))
    assert -10 * (decoded - pixels).square().mean().log10() > 25


@pytest.mark.weights
def test_tiles_that_overlap_entirely_are_refused(starter_vae: Vae) -> None:
    with pytest.raises(BadInput, match="whole size"):
        starter_vae.decode_tiled(torch.zeros(1, 4, 8, 8), tile=64, overlap=64)


def limited(
    vae: Vae, monkeypatch: pytest.MonkeyPatch, *, cells: int, pictures: int = 9, error: RuntimeError = NO_ROOM
) -> list[int]:
    """Have the decoder fail above so many cells along a side or pictures; how many pictures it was asked for."""
    decoder, asked = vae.network.decoder.forward, []

    def forward(x: Tensor) -> Tensor:
        asked.append(len(x))
        if max(x.shape[-2:]) > cells or len(x) > pictures:
            raise error
        decoded: Tensor = decoder(x)
        return decoded

    monkeypatch.setattr(vae.network.decoder, "forward", forward)
    return asked


class Cramped(Placement):
    """A device with little room."""

    def make_room(self, needed: int, *, keep: object = None) -> int:
        return 2**20


@pytest.mark.weights
def test_tiles_are_used_where_a_picture_does_not_fit(starter_vae: Vae, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae_module, "TILE", 96)
    monkeypatch.setattr(vae_module, "OVERLAP", 32)
    cramped = replace(starter_vae, placement=Cramped(torch.device("cpu")))
    latent = torch.randn(1, 4, 16, 24, generator=torch.Generator().manual_seed(0))
    assert torch.equal(cramped.decode(latent), starter_vae.decode_tiled(latent, tile=96, overlap=32))


@pytest.mark.weights
@pytest.mark.parametrize(
    "error",
    [NO_ROOM, RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")],
)
def test_tiles_are_used_where_memory_runs_out(
    starter_vae: Vae, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    monkeypatch.setattr(vae_module, "TILE", 96)
    monkeypatch.setattr(vae_module, "OVERLAP", 32)
    latent = torch.randn(1, 4, 16, 24, generator=torch.Generator().manual_seed(0))
    expected = starter_vae.decode_tiled(latent, tile=96, overlap=32)
    limited(starter_vae, monkeypatch, cells=12, error=error)
    assert torch.equal(starter_vae.decode(latent), expected)


@pytest.mark.weights
def test_smaller_tiles_are_used_where_tiles_do_not_fit(starter_vae: Vae, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae_module, "TILE", 192)
    monkeypatch.setattr(vae_module, "OVERLAP", 32)
    told: list[str] = []
    starter_vae.placement.tell = told.append
    latent = torch.randn(1, 4, 16, 24, generator=torch.Generator().manual_seed(0))
    expected = starter_vae.decode_tiled(latent, tile=96, overlap=32)
    limited(starter_vae, monkeypatch, cells=12)
    assert torch.equal(starter_vae.decode(latent), expected)
    assert told == [f"Memory is short: {ORDER[measure]}." for measure in ("tiles", "small tiles")]


@pytest.mark.weights
def test_pictures_are_decoded_one_by_one_before_any_is_cut(starter_vae: Vae, monkeypatch: pytest.MonkeyPatch) -> None:
    latent = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = starter_vae.decode(latent)
    asked = limited(starter_vae, monkeypatch, cells=8, pictures=1)
    torch.testing.assert_close(starter_vae.decode(latent), expected, rtol=0, atol=1e-4)
    assert asked == [3, 1, 1, 1]


@pytest.mark.weights
@pytest.mark.parametrize("vram", ["low", "normal"])
def test_a_vae_leaves_after_its_work_where_little_may_stay(vram: Vram, monkeypatch: pytest.MonkeyPatch) -> None:
    device = elsewhere(monkeypatch, vram)
    vae = load_checkpoint(STARTER, device.placement, Precision(*[torch.float32] * 3)).vae
    assert vae is not None
    for work in (vae.decode, vae.decode_tiled):
        work(torch.zeros(1, 4, 4, 4))
        assert (vae.network in device.placement._placed) == (vram == "normal")


@pytest.mark.weights
def test_a_picture_that_does_not_fit_at_all_fails(starter_vae: Vae, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(starter_vae, monkeypatch, cells=1)
    with pytest.raises(torch.OutOfMemoryError):
        starter_vae.decode(torch.zeros(1, 4, 8, 8))


@pytest.mark.weights
def test_other_failures_are_not_hidden(starter_vae: Vae) -> None:
    with pytest.raises(RuntimeError, match="channels"):
        starter_vae.decode(torch.zeros(1, 3, 8, 8))


@pytest.mark.weights
def test_a_batch_gives_what_its_pictures_give_alone(starter_vae: Vae) -> None:
    latent = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    together = starter_vae.decode(latent)
    for index in range(3):
        alone = starter_vae.decode(latent[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone, rtol=0, atol=1e-4)
