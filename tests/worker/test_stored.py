import json
import math
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, NetworkChange, SeenPicture, SizeConditioning, SmallPicture
from safelight.diffusion.latent import Latent
from safelight.models.clip_vision import ClipVisionOutput
from safelight.protocol.events import Output
from safelight.worker.mapping import Many
from safelight.worker.stored import KINDS, STORED, DamagedError, Entry, UnstorableError, pack, read

SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Pair(NamedTuple):
    first: object
    second: object


class Changed(NetworkChange):
    """Something that is not plain data."""


def written(path: Path, entry: Entry) -> Path:
    with path.open("wb") as file:
        pack(entry).write(file)
    return path


def round_trip(path: Path, *outputs: object) -> tuple[object, ...]:
    return read(written(path / "entry.safetensors", Entry(outputs))).outputs


def bits(value: object) -> object:
    """All that can be told of a value: types, numbers to the bit, and how tensors lie in memory."""
    if isinstance(value, Tensor):
        raw = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        steps = [step for size, step in zip(value.shape, value.stride(), strict=True) if size > 1 and value.numel()]
        return value.dtype, tuple(value.shape), steps, raw
    if isinstance(value, float):
        return "float", struct.pack("d", value)
    if isinstance(value, list | tuple):
        return type(value), [bits(item) for item in value]
    if isinstance(value, dict):
        return "dict", [(bits(key), bits(item)) for key, item in value.items()]
    if type(value).__module__.startswith("safelight"):
        return type(value), bits(vars(value))
    return type(value), value


numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
shapes = st.lists(st.integers(0, 3), max_size=4)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Tensors of random bits, NaN among them, of any type, shape and order in memory."""
    dtype = draw(st.sampled_from(sorted(STORED, key=str)))
    shape = draw(shapes)
    size = math.prod(shape) * dtype.itemsize
    raw = torch.tensor(list(draw(st.binary(min_size=size, max_size=size))), dtype=torch.uint8)
    tensor = (raw % 2).bool() if dtype == torch.bool else raw.view(dtype) if size else torch.empty(0, dtype=dtype)
    return tensor.reshape(shape).permute(draw(st.permutations(range(len(shape)))))


values = st.recursive(
    numbers | tensors(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
        | st.lists(inner, max_size=3).map(lambda items: Many(tuple(items)))
    ),
    max_leaves=8,
)


@SETTINGS
@given(st.lists(values, max_size=3))
def test_plain_data_comes_back_to_the_bit(tmp_path: Path, outputs: list[object]) -> None:
    assert bits(round_trip(tmp_path, *outputs)) == bits(tuple(outputs))


def test_what_nodes_give_comes_back_to_the_bit(tmp_path: Path) -> None:
    def some(*shape: int) -> Tensor:
        return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)))

    conds = (
        Cond(
            some(1, 77, 8),
            pooled=some(1, 8),
            size=SizeConditioning(64, 64, aesthetic_score=6.0),
            area=Area(0.5, 0.5, 0, 0, relative=True),
            mask=some(1, 8, 8),
            steps=(0.0, 0.25),
            pictures=(SeenPicture(some(1, 8), 1.0, 0.1),),
            small_picture=SmallPicture(some(1, 3, 8, 8), 0.5),
            role="negative",
        ),
        Cond(some(1, 77, 8), fallback=True),
    )
    outputs = (
        Latent(some(1, 4, 8, 8), noise_mask=some(1, 1, 8, 8), batch_index=(3, 4)),
        conds,
        ClipVisionOutput(some(1, 4), some(1, 5, 4), some(1, 5, 4)),
        some(1, 3, 16, 16).movedim(1, -1),
    )
    assert bits(round_trip(tmp_path, *outputs)) == bits(outputs)


def test_a_picture_that_lies_in_memory_as_the_decoder_made_it_does_so_again(tmp_path: Path) -> None:
    picture = torch.rand(2, 3, 8, 8).movedim(1, -1)
    (back,) = round_trip(tmp_path, picture)
    assert isinstance(back, Tensor)
    assert back.stride() == picture.stride() != picture.contiguous().stride()


def test_a_tensor_that_is_there_twice_is_written_once_and_is_one_again(tmp_path: Path) -> None:
    tensor = torch.rand(1000)
    first, second, part = round_trip(tmp_path, tensor, Latent(tensor), tensor[:10])
    assert isinstance(first, Tensor)
    assert isinstance(second, Latent)
    assert isinstance(part, Tensor)
    assert first.data_ptr() == second.samples.data_ptr()
    assert torch.equal(part, tensor[:10])
    assert (tmp_path / "entry.safetensors").stat().st_size < 6000


def test_a_tensor_that_repeats_its_numbers_comes_back_with_the_same(tmp_path: Path) -> None:
    mask = torch.rand(1, 4, 4, 1).expand(-1, -1, -1, 3)
    (back,) = round_trip(tmp_path, mask)
    assert isinstance(back, Tensor)
    assert torch.equal(back, mask)


def test_not_a_number_and_the_infinities_come_back(tmp_path: Path) -> None:
    back = round_trip(tmp_path, math.nan, math.inf, -math.inf, -0.0)
    assert list(map(str, back)) == ["nan", "inf", "-inf", "-0.0"]


def test_what_was_shown_comes_back(tmp_path: Path) -> None:
    shown = (Output("j", "3", "images", "output", "a/cat_00001_.png"), Output("j", "3", "warning", text="Ünder \ud800"))
    entry = Entry((), shown, ("('/home/x.png', 3, 4)",))
    assert read(written(tmp_path / "entry", entry)) == entry


def test_the_file_is_one_that_any_safetensors_reader_opens(tmp_path: Path) -> None:
    path = written(tmp_path / "entry.safetensors", Entry((torch.arange(5), {"a": torch.ones(2)})))
    with safe_open(path, "pt") as file:
        assert torch.equal(file.get_tensor("0"), torch.arange(5))
        assert json.loads(file.metadata()["result"])["outputs"] == [
            {"tensor": [0, 0]},
            {"dict": [["a", {"tensor": [1, 0]}]]},
        ]


NESTED: list[object] = []
for _ in range(100_000):
    NESTED = [NESTED]

UNSTORABLE: dict[str, Any] = {
    "a network": torch.nn.Linear(2, 2),
    "its weights": torch.nn.Parameter(torch.ones(2)),
    "a tensor with gradients": torch.ones(2, requires_grad=True),
    "a tensor elsewhere": torch.ones(2, device="meta"),
    "a sparse tensor": torch.ones(2, 2).to_sparse(),
    "complex numbers": torch.ones(2, dtype=torch.complex64),
    "a cond that changes the network": Cond(torch.ones(1, 2, 2), changes=(Changed(),)),
    "a function": print,
    "an unknown tuple": Pair(1, 2),
    "an array": np.ones(2),
    "a number of another kind": np.float64(1.0),
    "a set": {1},
    "a value nested too deep": NESTED,
}


@pytest.mark.parametrize("value", UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_is_not_plain_data_is_not_stored(value: object) -> None:
    for outputs in [(value,), ([1, value],), ({"a": value},), (Many((value,)),)]:
        with pytest.raises(UnstorableError):
            pack(Entry(outputs))


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return written(tmp_path / "entry.safetensors", Entry((torch.rand(100), Latent(torch.ones(1, 4, 2, 2)), "text")))


def test_a_file_with_any_bit_changed_or_bytes_missing_is_noticed(sound: Path) -> None:
    content, whole = sound.read_bytes(), read(sound).outputs
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 4
        sound.write_bytes(changed)
        with suppress(DamagedError):
            assert bits(read(sound).outputs) == bits(whole), "a bit of padding"
        sound.write_bytes(content[:place])
        with pytest.raises(DamagedError):
            read(sound)


def test_a_file_of_another_format_or_with_another_class_is_not_read(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("safelight.worker.stored.FORMAT", "0")
        with pytest.raises(DamagedError, match="another version"):
            read(sound)
    with monkeypatch.context() as patched:
        patched.delitem(KINDS, "Latent")
        with pytest.raises(DamagedError):
            read(sound)
    assert read(sound).outputs[2] == "text"


def test_a_copy_of_a_result_is_not_made_where_it_lies_in_one_piece() -> None:
    picture = torch.rand(1, 3, 8, 8).movedim(1, -1)
    assert pack(Entry((picture,))).tensors[0].data_ptr() == picture.data_ptr()
    assert pack(Entry((Latent(picture),))).size >= picture.nbytes
