"""A prompt to the conditioning that a denoiser is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from safelight.prompts.embedding_files import EmbeddingFinder, find_nothing
from safelight.prompts.syntaxes import SYNTAXES
from safelight.prompts.tokenizer import CHUNK_LENGTH, Chunk, Tokenized, empty_chunk, tokenize
from safelight.text.embeddings import look_up_for
from safelight.text.tower import TextTower

Weighting = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(hidden [n, 77, W], hidden of the empty prompt [77, W], weights [n, 77]) -> weighted hidden [n, 77, W]."""


def away_from_empty(hidden: Tensor, empty: Tensor, weights: Tensor) -> Tensor:
    """Move each token along the line from the empty prompt through it: `empty + w (hidden - empty)`."""
    weights = weights[..., None]
    return torch.where(weights == 1, hidden, (hidden - empty) * weights + empty)


def scaled(hidden: Tensor, _empty: Tensor, weights: Tensor) -> Tensor:
    """Multiply each token by its weight."""
    return hidden * weights[..., None]


def scaled_to_mean(hidden: Tensor, empty: Tensor, weights: Tensor) -> Tensor:
    """Multiply each token by its weight, then each chunk, so that its mean over tokens and numbers is as before."""
    weighted = scaled(hidden, empty, weights)
    return weighted * (hidden.mean((1, 2), keepdim=True) / weighted.mean((1, 2), keepdim=True))


WEIGHTINGS: dict[str, Weighting] = {
    "comfyui": away_from_empty,
    "a1111": scaled_to_mean,
    "a1111_no_norm": scaled,
}


@dataclass(frozen=True)
class EncodeOptions:
    """How a prompt is read.

    Attributes:
        skip: Layer of the towers to take, from the end; 1 is the last. SD 2.x and SDXL were trained on 2.
        syntax: A name of `SYNTAXES`.
        weighting: A name of `WEIGHTINGS`.
        find_embedding: Finds the file of a textual inversion.
    """

    skip: int = 1
    syntax: str = "comfyui"
    weighting: str = "comfyui"
    find_embedding: EmbeddingFinder = find_nothing


@dataclass(frozen=True)
class Encoded:
    """A prompt, ready for a denoiser.

    Attributes:
        context: Hidden states of all chunks in a row, towers side by side, [1, 77 n, W].
        pooled: The whole text in one vector [1, P], of the first chunk; None for towers that have none.
        tokens: Chunks by tower name.
        warnings: Sentences for the person who wrote the prompt.
    """

    context: Tensor
    pooled: Tensor | None
    tokens: Mapping[str, tuple[Chunk, ...]]
    warnings: tuple[str, ...] = ()


def encode_prompt(
    prompt: str | Mapping[str, str], towers: Sequence[TextTower], options: EncodeOptions | None = None
) -> Encoded:
    """Encode a prompt of any length with every tower of a model.

    Args:
        prompt: One text, or one for each tower by name; the shorter ones are followed by empty chunks.
        towers: SD 1.x and 2.x have one; SDXL has L, then G, whose hidden states are joined number by number, and the
            last of which gives `pooled`.
        options: How the prompt is read; as ComfyUI does by default.

    Raises:
        BadInput: An embedding cannot be read or does not fit a tower.
    """
    options = options or EncodeOptions()
    texts = prompt if isinstance(prompt, Mapping) else {tower.name: prompt for tower in towers}
    tokenized = {tower.name: tokenize_for(tower, texts[tower.name], options) for tower in towers}
    length = max(len(part.chunks) for part in tokenized.values())
    tokens = {tower.name: _filled_up(tokenized[tower.name].chunks, length, tower) for tower in towers}
    encoded = [encode_chunks(tokens[tower.name], tower, options) for tower in towers]
    missing = dict.fromkeys(name for part in tokenized.values() for name in part.missing)
    return Encoded(
        context=torch.cat([context for context, _ in encoded], dim=-1),
        pooled=encoded[-1][1],
        tokens=tokens,
        warnings=tuple(f"There is no embedding named {name!r}; the prompt was read without it." for name in missing),
    )


def tokenize_for(tower: TextTower, prompt: str, options: EncodeOptions) -> Tokenized:
    """The chunks of a prompt as `tower` sees them."""
    look_up = look_up_for(tower, options.find_embedding)
    return tokenize(SYNTAXES[options.syntax](prompt), pad_token=tower.pad_token, look_up=look_up)


def encode_chunks(chunks: Sequence[Chunk], tower: TextTower, options: EncodeOptions) -> tuple[Tensor, Tensor | None]:
    """Run one tower over all chunks at once and weigh the result.

    Returns:
        Hidden states [1, 77 n, W], and the first chunk's pooled vector [1, P] if the tower has one.
    """
    weights = torch.tensor([[token.weight for token in chunk] for chunk in chunks])
    weighted = bool((weights != 1).any())
    batch = [*chunks, empty_chunk(tower.pad_token)] if weighted else chunks
    tokens = torch.tensor([[_id(token.value) for token in chunk] for chunk in batch])
    embeddings = tower.embed(tokens)
    for row, chunk in enumerate(batch):
        for column, token in enumerate(chunk):
            if isinstance(token.value, torch.Tensor):
                embeddings[row, column] = token.value.to(embeddings)
    hidden, pooled = tower.encode(embeddings, tokens, skip=options.skip)
    if weighted:
        hidden = WEIGHTINGS[options.weighting](hidden[:-1], hidden[-1], weights.to(hidden))
    context = hidden.reshape(1, len(chunks) * CHUNK_LENGTH, tower.width)
    return context, None if pooled is None else pooled[:1]


def _filled_up(chunks: tuple[Chunk, ...], length: int, tower: TextTower) -> tuple[Chunk, ...]:
    return chunks + (empty_chunk(tower.pad_token),) * (length - len(chunks))


def _id(value: object) -> int:
    return value if isinstance(value, int) else 0
