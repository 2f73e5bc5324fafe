"""A whole CLIP model (Radford et al. 2021, arXiv:2103.00020): pictures and texts in one space.

Both towers come from one file, as OpenAI, transformers and OpenCLIP publish them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.errors import BadInput
from safelight.families.detect import identify
from safelight.families.layouts import prefixes
from safelight.families.shapes import TextShape
from safelight.models.assemble import fill
from safelight.models.clip_text import ClipText, build_text, text_source
from safelight.models.clip_vision import ClipVision, vision_shape, vision_tower
from safelight.models.device import HOST, find_device
from safelight.models.placement import Placement
from safelight.models.precision import Precision, PrecisionName
from safelight.models.precision import precision as precision_of
from safelight.models.weights import Weights, open_weights
from safelight.prompts.bpe import END_TOKEN, START_TOKEN, token_ids

TOGETHER = 32  # pictures or texts in a batch
USUAL_SCALE = 100.0  # where training stops raising it, and so that of nearly every CLIP
MARKS = 2  # tokens at the ends of every text


@dataclass(frozen=True)
class ClipModel:
    """Both towers of a file, ready to run.

    Attributes:
        vision: What looks at pictures.
        text: What reads texts.
        text_shape: Its sizes.
        dims: Numbers of a vector, P.
        scale: What similarities are multiplied by before they are turned into shares (softmax).
        dtype: What the text tower runs in.
        placement: Where it runs.
    """

    vision: ClipVision
    text: ClipText
    text_shape: TextShape
    dims: int
    scale: float
    dtype: torch.dtype
    placement: Placement

    def images(self, images: Tensor) -> Tensor:
        """Pictures [B, H, W, 3 or more] in 0..1 as unit vectors [B, P], float32, on the CPU.

        Of a picture that is no square the middle is looked at.
        """
        seen = [self.vision.encode(part).image_embeds for part in torch.split(images, TOGETHER)]
        return F.normalize(torch.cat(seen), dim=-1)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Texts as unit vectors [N, P], float32, on the CPU; of a long one the beginning counts, see `cut`."""
        vectors = [self._read(texts[start : start + TOGETHER]) for start in range(0, len(texts), TOGETHER)]
        return F.normalize(torch.cat(vectors), dim=-1) if vectors else torch.empty(0, self.dims)

    def cut(self, texts: Sequence[str]) -> tuple[str, ...]:
        """A sentence for the person about each text that is too long to be read whole."""
        room = self.text_shape.positions - MARKS
        lengths = [(text, len(token_ids(text))) for text in texts]
        return tuple(
            f"“{text[:40].strip()}…” has {length} tokens, and CLIP reads {room}: the rest of it does not count."
            for text, length in lengths
            if length > room
        )

    def _read(self, texts: Sequence[str]) -> Tensor:
        tokens, ends = (each.to(self.placement.device) for each in tokens_of(texts, self.text_shape.positions))
        self.placement.bring(self.text)
        with torch.no_grad():
            _, pooled = self.text(self.text.embeddings.token_embedding(tokens), ends, 1, final_norm=True)
        self.placement.finished(self.text)
        read: Tensor = pooled.to(HOST, torch.float32)
        return read


def tokens_of(texts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
    """Texts as ids [N, length], of long ones the beginning; and where each ends [N]."""
    rows = [[START_TOKEN, *token_ids(text)[: length - MARKS], END_TOKEN] for text in texts]
    # what follows the end is never looked at, so that it does not matter what it is
    tokens = torch.tensor([row + [END_TOKEN] * (length - len(row)) for row in rows])
    return tokens, torch.tensor([len(row) - 1 for row in rows])


def load_clip_model(path: Path, placement: Placement, precision: Precision) -> ClipModel:
    """Load both towers of a file.

    Args:
        path: A file in the layout of transformers or of OpenCLIP, ViT-B/32 to ViT-bigG/14.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: One of the towers is missing, the two do not fit, or the file is damaged or none.
    """
    weights = open_weights(path)
    _check_whole(weights)
    vision = vision_tower(weights, placement, precision)
    part = identify(weights.header).text[0]
    # both towers of a model have one activation, which is better known of the image tower
    shape = replace(part.shape, activation=vision.shape.activation)
    dims = vision.shape.projection
    if dims is None or shape.projection != dims:
        raise BadInput(
            f"The two halves of {path.name} give vectors that cannot be compared: the one for pictures has "
            f"{_numbers(dims)}, the one for texts {_numbers(shape.projection)}.",
            mend="Choose a file with a whole CLIP model, as it was published.",
        )
    text = build_text(shape)
    fill(text, weights, part, text_source(part.layout), placement=placement, dtype=precision.text)
    return ClipModel(vision, text, shape, dims, _scale(weights), precision.text, placement)


def open_clip_model(path: Path, device: str = "cpu", dtype: PrecisionName = "auto") -> ClipModel:
    """`load_clip_model` for a process that has no other models: device and precision by their names in the settings."""
    where = find_device(device)
    return load_clip_model(path, Placement(where), precision_of(dtype, where))


def _check_whole(weights: Weights) -> None:
    """See that both towers are there."""
    halves = {
        "the half that looks at pictures": vision_shape(weights.header) is not None,
        "the half that reads texts": any(kind == "text" for kind, _, _ in prefixes(weights.header.tensors)),
    }
    missing = [half for half, is_there in halves.items() if not is_there]
    if not missing:
        return
    raise BadInput(
        f"{weights.path.name} has no CLIP model in it."
        if len(missing) == len(halves)
        else f"{weights.path.name} has one half of a CLIP model only; {missing[0]} is missing.",
        mend="Choose a file with a whole CLIP model, for pictures and for texts: ViT-B/32 or ViT-L/14, say.",
    )


def _scale(weights: Weights) -> float:
    name = next((name for name in weights if name.rpartition(".")[2] == "logit_scale"), None)
    return USUAL_SCALE if name is None else exp(float(weights[name]))


def _numbers(dims: int | None) -> str:
    return "no projection" if dims is None else f"{dims} numbers"
