"""Opening a weight file just far enough to know what it is."""

import struct
from collections.abc import Callable
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.pickle_header import read_pickle_header, read_record
from safelight.files.safetensors_header import HEADER_LIMIT, LENGTH_BYTES, read_safetensors_header
from safelight.files.tensors import Header, TensorInfo

OPENING_BYTES = 64
PICKLE_ENDINGS = frozenset((".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"))

IMPOSTORS: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype", "a web page", "The download gave a page, perhaps a log-in, instead of the file: download it again."),
    (b"<html", "a web page", "The download gave a page, perhaps a log-in, instead of the file: download it again."),
    (b"<?xml", "an error message of a download server", "Download it again."),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it points to", "Run `git lfs pull`, or download it."),
    (b"{", "a text file (JSON)", "Download the file of weights that belongs to it."),
    (b"gguf", "a GGUF file, which is not supported yet", "Look for a .safetensors version."),
    (b"rar!", "a RAR archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
)
"""What a file named like a model may be instead: its first bytes in lower case, what it is, what to do."""


def read_header(path: Path) -> Header:
    """What tensors a file has, read from its header alone: neither torch nor the weights are loaded.

    Args:
        path: A safetensors file or a torch pickle; told apart by content.

    Raises:
        BadInput: There is no such file, it is something else, or it is damaged.
    """
    try:
        with path.open("rb", buffering=0) as file:
            opening = file.read(OPENING_BYTES)
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}.", mend="Choose a file that is there.") from error
    if not opening:
        raise BadInput(f"{path.name} is empty.", mend="Download it again.")
    if opening[LENGTH_BYTES:].startswith(b"{") and int.from_bytes(opening[:LENGTH_BYTES], "little") <= HEADER_LIMIT:
        return read_safetensors_header(path)
    text = opening.lower().lstrip(b"\xef\xbb\xbf \r\n\t")
    for start, kind, mend in IMPOSTORS:
        if text.startswith(start):
            raise BadInput(f"{path.name} is {kind}.", mend=mend)
    if not opening.startswith((b"PK\x03\x04", b"\x80")):
        raise BadInput(
            f"{path.name} is not a model file: it begins like neither safetensors nor a torch pickle.",
            mend="Choose a .safetensors or .ckpt file, or download this one again.",
        )
    if path.suffix.lower() not in PICKLE_ENDINGS:
        raise BadInput(
            f"{path.name} is a pickle under a name that promises something else.",
            mend="If you trust where it comes from, rename it to end in .ckpt.",
        )
    return read_pickle_header(path)


def read_values(header: Header, name: str) -> tuple[float, ...]:
    """The numbers of one small tensor, in row order.

    Args:
        header: The file's.
        name: A tensor of fp64, fp32, fp16 or bf16.
    """
    tensor = header.tensors[name]
    return _DECODERS[tensor.dtype](_bytes_of(header, tensor))


def _bytes_of(header: Header, tensor: TensorInfo) -> bytes:
    if header.format == "pickle":
        return read_record(header, tensor)
    with header.path.open("rb", buffering=0) as file:
        file.seek(header.data_start + tensor.start)
        return file.read(tensor.end - tensor.start)


def _unpacked(code: str, width: int) -> Callable[[bytes], tuple[float, ...]]:
    return lambda raw: struct.unpack(f"<{len(raw) // width}{code}", raw)


def _bf16(raw: bytes) -> tuple[float, ...]:
    # bf16 is the upper half of an fp32
    return _unpacked("f", 4)(b"".join(b"\0\0" + raw[place : place + 2] for place in range(0, len(raw), 2)))


_DECODERS: dict[str, Callable[[bytes], tuple[float, ...]]] = {
    "F64": _unpacked("d", 8),
    "F32": _unpacked("f", 4),
    "F16": _unpacked("e", 2),
    "BF16": _bf16,
}
