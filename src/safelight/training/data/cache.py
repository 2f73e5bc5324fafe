"""Latents of views and vectors of captions, encoded once for a whole run and for the next."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.training.data.buckets import Size
from safelight.training.data.kept import Kept, in_blocks, key_of
from safelight.training.data.views import CELL, View, pixels

TOGETHER_PIXELS = 2**20
"""Encoded at once: one picture of 1024 by 1024, or as many of the same area."""
MOST_TOGETHER = 16
HEAD = 512  # bytes of a file, or less
READERS = 4  # threads that decode the pictures of a batch
HASHES = 65_536  # pictures whose hashes are known
LATENT, CONTEXT, POOLED = "latent", "context", "pooled"

OnProgress = Callable[[int, int], None]
"""Told how many are done, and how many there are."""


class LatentCache:
    """Latents of views.

    They are kept by the content of the picture, the view, and the VAE: whatever a file is called, it is encoded once.

    Args:
        kept: Where they are kept, and nothing else: 4 KiB each at 128 pixels, 132 KiB at 1024.
        identity: Tells VAEs and what they run in apart: a hash.
        encode: Pictures [B, H, W, 3] in 0..1 -> latents [B, C, H / 8, W / 8].
    """

    def __init__(self, kept: Kept, identity: str, encode: Callable[[Tensor], Tensor]) -> None:
        self._kept = kept
        self._identity = identity
        self._encode = encode

    def get(self, view: View) -> Tensor:
        """The latent of a view [C, H / 8, W / 8], float32, on the CPU.

        Raises:
            BadInput: The picture cannot be read any more, or its latent is not finite.
        """
        key = self._key(view)
        found = self._kept.get(key)
        if found is None:
            (latent,) = self._encoded([view], pixels(view)[None])
            found = self._kept.put(key, {LATENT: latent})
        return found[LATENT]

    def fill(self, views: Sequence[View], on_progress: OnProgress | None = None) -> None:
        """Encode what is not there, several views of a size at once.

        Which are encoded together depends on `views` alone: as the last bits of a latent may depend on it, filling
        that was stopped and begun anew gives the same as without a stop; and what is kept is never replaced. Where
        there is no more room, the rest is left to `get`, which encodes it each time.

        Args:
            views: All that will be wanted.
            on_progress: Told after each batch, of what there is room for.

        Raises:
            BadInput: As `get`.
        """
        keys = {view: self._key(view) for view in views}
        planned = list(_fitting(_together(tuple(keys)), self._kept.most_bytes))
        missing = [part for part in planned if any(keys[view] not in self._kept for view in part)]
        self._kept.make_room({keys[view] for part in planned for view in part}, sum(map(_bytes_of, missing)))
        total = sum(map(len, planned))
        done = total - sum(map(len, missing))
        for part, read in zip(missing, _decoded(missing), strict=True):
            for view, latent in zip(part, self._encoded(part, read), strict=True):
                if keys[view] not in self._kept:
                    self._kept.put(keys[view], {LATENT: latent})
            done += len(part)
            if on_progress is not None:
                on_progress(done, total)

    def _encoded(self, views: Sequence[View], read: Tensor) -> Tensor:
        latents = self._encode(read)
        for view, latent in zip(views, latents, strict=True):
            if not bool(latent.isfinite().all()):
                raise BadInput(
                    f"The VAE made numbers without end (NaN) of {view.example.picture.name}.",
                    mend="Run the VAE in fp32, or take the picture out.",
                )
        return latents

    def _key(self, view: View) -> str:
        content = _content(view.example.picture, view.example.stamp)
        where = (view.scaled, view.size, view.left, view.top, view.is_flipped, view.is_masked)
        return key_of(LATENT, self._identity, content, where)


class TextCache:
    """Encoded captions.

    Args:
        kept: Where they are kept.
        identity: Tells text encoders and what they run in apart: a hash.
        encode: A text -> its vectors, and the pooled one where the family has one; of any shape.
    """

    def __init__(self, kept: Kept, identity: str, encode: Callable[[str], tuple[Tensor, Tensor | None]]) -> None:
        self._kept = kept
        self._identity = identity
        self._encode = encode

    def get(self, text: str) -> tuple[Tensor, Tensor | None]:
        """A text as `encode` gives it, float32, on the CPU."""
        key = key_of(CONTEXT, self._identity, text)
        found = self._kept.get(key)
        if found is None:
            context, pooled = self._encode(text)
            found = self._kept.put(key, {CONTEXT: context} | ({} if pooled is None else {POOLED: pooled}))
        return found[CONTEXT], found.get(POOLED)


@lru_cache(maxsize=HASHES)
def _content(path: Path, stamp: tuple[int, int]) -> str:
    """A hash of a file as it was at its stamp.

    Raises:
        BadInput: It cannot be read.
    """
    del stamp  # another time is another file
    digest = blake2b(digest_size=20)
    try:
        with path.open("rb") as file:
            while part := file.read(2**20):
                digest.update(part)
    except OSError as error:
        raise BadInput(
            f"{path.name} cannot be read: {error.strerror}.", mend="Put it back where it was, or begin a new run."
        ) from error
    return digest.hexdigest()


def _together(views: Sequence[View]) -> Iterator[list[View]]:
    """Views of one size each, as many as are encoded at once."""
    by_size: dict[Size, list[View]] = defaultdict(list)
    for view in views:
        by_size[view.size].append(view)
    for (width, height), alike in by_size.items():
        count = max(1, min(MOST_TOGETHER, TOGETHER_PIXELS // (width * height)))
        yield from (alike[start : start + count] for start in range(0, len(alike), count))


def _fitting(parts: Iterable[list[View]], most_bytes: int) -> Iterator[list[View]]:
    """The parts, from the first, that there is room for: those and no others, however often filling is begun."""
    used = 0
    for part in parts:
        used += _bytes_of(part)
        if used > most_bytes:
            return
        yield part


def _decoded(parts: Sequence[list[View]]) -> Iterator[Tensor]:
    """The pixels of each part [B, H, W, 3]; the next part is decoded while one is encoded."""
    with ThreadPoolExecutor(READERS) as pool:
        behind: list[Future[Tensor]] = []
        for part in (*parts, []):
            ahead = [pool.submit(pixels, view) for view in part]
            if behind:
                yield torch.stack([future.result() for future in behind])
            behind = ahead


def _bytes_of(views: Sequence[View]) -> int:
    """What latents of four channels take on the disk."""
    return sum(in_blocks(view.size[0] * view.size[1] // CELL**2 * 4 * 2 + HEAD) for view in views)
