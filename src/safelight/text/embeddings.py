"""Textual inversions: files of learned word vectors, asked for as `embedding:name`."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors.torch import load_file
from torch import Tensor

from safelight.errors import BadInput
from safelight.prompts.embedding_files import EmbeddingFinder
from safelight.prompts.tokenizer import EmbeddingLookup
from safelight.text.tower import TextTower


def look_up_for(tower: TextTower, find: EmbeddingFinder) -> EmbeddingLookup:
    """What `tokenize` asks for vectors: the file's part for this tower, checked against its width.

    The lookup raises:
        BadInput: The file cannot be read, or its vectors are not `tower.width` wide.
    """

    def look_up(name: str) -> Tensor | None:
        path = find(name)
        if path is None:
            return None
        vectors = read_embedding(path, tower.name)
        if vectors.shape[-1] != tower.width:
            raise BadInput(
                f"The embedding {name} has vectors of {vectors.shape[-1]} numbers, and the text encoder "
                f"CLIP-{tower.name.upper()} of this model takes {tower.width}.",
                mend=f"Take embedding:{name} out of the prompt, or choose a model of the family it was trained for.",
            )
        return vectors

    return look_up


def read_embedding(path: Path, tower: str) -> Tensor:
    """The vectors of a textual inversion file for one text tower.

    Args:
        path: `.safetensors`, or a pickle of tensors and plain containers only (`.pt`, `.bin`).
        tower: "l", "g" or "h"; picks `clip_l`, `clip_g` or `clip_h` of a file that has several.

    Returns:
        [n, W] on the CPU, in the file's precision.

    Raises:
        BadInput: The file is damaged, holds more than data, or holds no vectors.
    """
    content = _load(path)
    if isinstance(content, Mapping):
        content = content.get("string_to_param", content)  # AUTOMATIC1111: {"string_to_param": {"*": vectors}, ...}
    if isinstance(content, Mapping):
        # Otherwise the only tensor: emb_params (safetensors), or the token itself (diffusers: {"<token>": vectors})
        content = content.get(f"clip_{tower}", next((v for v in content.values() if isinstance(v, Tensor)), None))
    if not isinstance(content, Tensor) or content.ndim not in (1, 2) or not content.is_floating_point():
        raise BadInput(
            f"{path.name} holds no word vectors for the text encoder CLIP-{tower.upper()}.",
            mend="Check that it is a textual inversion and belongs in the embeddings folder.",
        )
    return content.detach().reshape(-1, content.shape[-1])


def _load(path: Path) -> object:
    """The file's content; tensors and plain containers only."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise BadInput(
            f"{path.name} is damaged, or holds Python objects besides tensors, which could run a program.",
            mend="Get it as a .safetensors file.",
        ) from error
    except Exception as error:  # a damaged file can fail in any way
        raise BadInput(f"{path.name} cannot be read: {error}.", mend="Copy or download the file again.") from error
