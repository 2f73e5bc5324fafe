"""Captions to what the denoiser is told, with gradients where the text encoders or a new word are learned."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from safelight.models.text_encoder import Clip, TextEncoder
from safelight.prompts.syntax import Piece
from safelight.prompts.tokenizer import CHUNK_LENGTH, Chunk, empty_chunk, tokenize

Words = Mapping[str, Mapping[str, Tensor]]
"""New words: name -> for each tower, by name, its vectors [n, W]. Captions have them as `embedding:NAME`."""


def read_captions(clip: Clip, texts: Sequence[str], words: Words | None = None) -> tuple[Tensor, Tensor | None]:
    """Encode captions as they stand: brackets are brackets, not emphasis.

    Args:
        clip: Text encoders.
        texts: B captions of any length.
        words: What is learned as a word.

    Returns:
        Context [B, 77 n, W], all of as many chunks as the longest has, and the pooled texts [B, P], on the device of
        the encoders, in their dtype.
    """
    chunks = {tower.name: [_chunks(tower, text, words or {}) for text in texts] for tower in clip.towers}
    longest = max(len(each) for of_tower in chunks.values() for each in of_tower)
    contexts, pooled = [], None
    for tower in clip.towers:
        empty = empty_chunk(tower.pad_token)
        filled = [(*each, *[empty] * (longest - len(each))) for each in chunks[tower.name]]
        hidden, pooled = _read(tower, [chunk for each in filled for chunk in each], clip.skip)
        contexts.append(hidden.reshape(len(texts), longest * CHUNK_LENGTH, -1))
    assert pooled is not None, "a model has a text encoder"
    return torch.cat(contexts, dim=-1), pooled[::longest]


def _chunks(tower: TextEncoder, text: str, words: Words) -> tuple[Chunk, ...]:
    def look_up(name: str) -> Iterable[object] | None:
        return list(words[name][tower.name]) if name in words else None

    return tokenize([[Piece(text, 1.0)]], pad_token=tower.pad_token, look_up=look_up).chunks


def _read(tower: TextEncoder, chunks: Sequence[Chunk], skip: int) -> tuple[Tensor, Tensor]:
    tower.placement.bring(tower.network, tower.weights)
    values = [[token.value for token in chunk] for chunk in chunks]
    ids = torch.tensor([[value if isinstance(value, int) else 0 for value in row] for row in values])
    embeddings = tower.network.embeddings.token_embedding(ids.to(tower.placement.device)).clone()
    for row, of_chunk in enumerate(values):
        for column, value in enumerate(of_chunk):
            if isinstance(value, Tensor):
                embeddings[row, column] = value.to(embeddings)
    return tower.follow(embeddings, ids, skip=skip)
