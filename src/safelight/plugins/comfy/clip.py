"""A text encoder as packs call it: first cut the text into tokens, then encode those."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from safelight.diffusion.conditioning import Conditioning, SizeConditioning
from safelight.models.text_encoder import Clip
from safelight.nodes.text import clip_text_encode, clip_text_encode_sdxl
from safelight.plugins.comfy.conds import Listed, listed
from safelight.plugins.comfy.live import current_run

Tokens = dict[str, list[str]]
"""By text tower the texts it is given, one behind the other: they are cut up only when they are encoded."""


@dataclass
class PackClip:
    """A text encoder, to be encoded with while a node runs.

    Attributes:
        clip: Ours, which is handed on.
    """

    clip: Clip

    def clone(self) -> "PackClip":
        """Another one, which can be left at another layer."""
        return PackClip(self.clip)

    def clip_layer(self, layer_idx: int) -> None:
        """Use a layer; -1 is the last, -2 the one before it."""
        self.clip = self.clip.with_layer(-layer_idx)

    def tokenize(self, text: str, return_word_ids: bool = False, **_: object) -> Tokens:
        """What `encode_from_tokens` takes, for one text."""
        del return_word_ids
        return {tower.name: [text] for tower in self.clip.towers}

    def encode(self, text: str) -> Tensor:
        """The hidden states of a text, [1, T, W]."""
        return self._encoded(self.tokenize(text))[0].context

    def encode_from_tokens(self, tokens: Tokens, return_pooled: bool = False, return_dict: bool = False) -> Any:
        """The hidden states [1, T, W]; with the pooled text [1, P], or in a dict of `cond` and `pooled_output`."""
        cond = self._encoded(tokens)[0]
        if return_dict:
            return {"cond": cond.context, "pooled_output": cond.pooled}
        return (cond.context, cond.pooled) if return_pooled else cond.context

    def encode_from_tokens_scheduled(
        self, tokens: Tokens, unprojected: bool = False, add_dict: Mapping[str, object] | None = None
    ) -> Listed:
        """Conditioning as packs know it, with more options if there are any."""
        del unprojected
        return [[words, {**options, **(add_dict or {})}] for words, options in listed(self._encoded(tokens))]

    def _encoded(self, tokens: Tokens) -> Conditioning:
        texts = {name: " ".join(parts) for name, parts in tokens.items()}
        run = current_run()
        if len(set(texts.values())) == 1:
            return clip_text_encode(text=next(iter(texts.values())), clip=self.clip, run=run)
        conds = clip_text_encode_sdxl(clip=self.clip, text_g=texts["g"], text_l=texts["l"], run=run)
        return tuple(replace(cond, size=SizeConditioning()) for cond in conds)
