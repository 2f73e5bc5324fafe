import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.errors import BadInput
from safelight.prompts.embedding_files import find_in
from safelight.text.embeddings import look_up_for, read_embedding

VECTORS = torch.arange(6.0).reshape(2, 3)
OTHERS = torch.zeros(2, 5)


@dataclass(frozen=True)
class Tower:
    """A tower as wide as `VECTORS` that is only asked about, never run."""

    name: str = "l"
    width: int = 3
    pad_token: int = 0

    def embed(self, tokens: Tensor) -> Tensor:
        raise NotImplementedError

    def encode(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor | None]:
        raise NotImplementedError


# file name -> content; all hold VECTORS for tower l
LAYOUTS: dict[str, dict[str, object]] = {
    "safetensors.safetensors": {"emb_params": VECTORS},
    "sdxl.safetensors": {"clip_g": OTHERS, "clip_l": VECTORS},
    "single.safetensors": {"anything": VECTORS},
    "a1111.pt": {"string_to_token": {"*": 265}, "string_to_param": {"*": VECTORS}, "name": "foo", "step": 10},
    "parameter.pt": {"string_to_param": {"*": torch.nn.Parameter(VECTORS)}},
    "diffusers.bin": {"<token>": VECTORS},
    "sdxl.pt": {"clip_l": VECTORS, "clip_g": OTHERS},
}


def save(content: dict[str, object], path: Path) -> None:
    if path.suffix == ".safetensors":
        save_file({key: value for key, value in content.items() if isinstance(value, Tensor)}, path)
    else:
        torch.save(content, path)


@pytest.mark.parametrize(("name", "content"), LAYOUTS.items(), ids=LAYOUTS)
def test_vectors_are_read_from(name: str, content: dict[str, object], tmp_path: Path) -> None:
    save(content, tmp_path / name)
    vectors = read_embedding(tmp_path / name, "l")
    torch.testing.assert_close(vectors, VECTORS)
    assert not vectors.requires_grad


def test_a_single_vector_is_a_row(tmp_path: Path) -> None:
    torch.save({"<token>": VECTORS[0]}, tmp_path / "one.bin")
    torch.testing.assert_close(read_embedding(tmp_path / "one.bin", "h"), VECTORS[:1])


def test_each_sdxl_tower_gets_its_own_vectors(tmp_path: Path) -> None:
    save_file({"clip_l": VECTORS, "clip_g": OTHERS}, tmp_path / "both.safetensors")
    assert read_embedding(tmp_path / "both.safetensors", "g").shape == OTHERS.shape


@pytest.mark.parametrize("name", ["foo", "foo.pt", "sub/foo", "sub/foo.safetensors"])
def test_a_file_is_found_with_or_without_its_ending(name: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "foo.pt").touch()
    (tmp_path / "sub" / "foo.safetensors").touch()
    found = find_in([tmp_path / "absent", tmp_path])(name)
    assert found
    assert found.relative_to(tmp_path).as_posix().startswith(name)


@pytest.mark.parametrize("name", ["bar", "FOO", "../outside", "", ".", "foo\0", "x" * 5000])
def test_nothing_is_found_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "foo.pt").touch()
    (tmp_path / "outside.pt").touch()
    assert find_in([tmp_path / "inside"])(name) is None


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "foo.pt").touch()
    (tmp_path / "inside" / "foo.pt").symlink_to(tmp_path / "foo.pt")
    assert find_in([tmp_path / "inside"])("foo") is None
    (tmp_path / "inside" / "bar.pt").touch()
    (tmp_path / "inside" / "baz.pt").symlink_to(tmp_path / "inside" / "bar.pt")
    assert find_in([tmp_path / "inside"])("baz") == tmp_path / "inside" / "baz.pt"


def test_an_absolute_path_leads_out_of_no_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.pt").touch()
    assert find_in([tmp_path / "inside"])(str(tmp_path / "outside.pt")) is None


def test_a_wrong_width_is_an_error_that_names_both(tmp_path: Path) -> None:
    save_file({"emb_params": OTHERS}, tmp_path / "foo.safetensors")
    with pytest.raises(BadInput, match=r"foo has vectors of 5 numbers.* CLIP-L of this model takes 3"):
        look_up_for(Tower(), find_in([tmp_path]))("foo")


def test_an_unknown_name_has_no_vectors(tmp_path: Path) -> None:
    assert look_up_for(Tower(), find_in([tmp_path]))("foo") is None


@dataclass
class Program:
    """A pickle of it is a program, which makes a folder."""

    folder: str

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.folder,)


def test_a_program_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    (tmp_path / "foo.pt").write_bytes(pickle.dumps(Program(str(made)), protocol=2))
    torch.save({"string_to_param": {"*": VECTORS}, "extra": Program(str(made))}, tmp_path / "bar.pt")
    for name in ("foo.pt", "bar.pt"):
        with pytest.raises(BadInput, match=name):
            read_embedding(tmp_path / name, "l")
    assert not made.exists()


@pytest.mark.parametrize("name", ["foo.safetensors", "foo.pt", "foo.bin"])
@pytest.mark.parametrize("content", [b"", b"not a model", bytes(range(256)) * 4])
def test_a_damaged_file_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=name):
        read_embedding(tmp_path / name, "l")


@pytest.mark.parametrize("content", [{}, {"step": 3}, {"string_to_param": {}}, {"ids": torch.ones(2, 3).int()}, [1]])
def test_a_file_without_vectors_is_named(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "foo.pt")
    with pytest.raises(BadInput, match=r"foo\.pt holds no word vectors"):
        read_embedding(tmp_path / "foo.pt", "l")
