"""What the text package asks of a text encoder; the networks are in `models`."""

from typing import Protocol

from torch import Tensor


class TextTower(Protocol):
    """One CLIP text encoder of a model."""

    @property
    def name(self) -> str:
        """`l`, `g` or `h`, the size's usual name."""
        ...

    @property
    def width(self) -> int:
        """Numbers per token, W."""
        ...

    @property
    def pad_token(self) -> int:
        """What the family fills a chunk with behind its end mark."""
        ...

    def embed(self, tokens: Tensor) -> Tensor:
        """Token ids [B, 77] (int64, on the CPU) to token embeddings [B, 77, W], positions not yet added."""
        ...

    def encode(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor | None]:
        """Run the network.

        Args:
            embeddings: [B, 77, W], from `embed`, with textual inversions put in.
            tokens: Their ids [B, 77]; the first 49407 is the end of the text. A textual inversion counts as 0.
            skip: Which layer to give, from the end; 1 is the last.

        Returns:
            Hidden states [B, 77, W] of that layer, with the final layer norm where the family applies it; and the
            pooled text [B, P], for towers that have it.
        """
        ...
