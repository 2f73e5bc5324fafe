"""A CLIP model from scratch: pictures and captions that belong together come to lie together (Radford et al. 2021,
arXiv:2103.00020, figure 3)."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.clip.model import tokens_of
from safelight.families.shapes import TextShape
from safelight.models.clip_text import ClipText, build_text
from safelight.models.clip_vision import MEAN, STD, ClipVision, VisionShape, build_vision, number_places
from safelight.models.fresh import fill_with_chance
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.saving import Entry, tensor_entries
from safelight.prompts.bpe import END_TOKEN, START_TOKEN, token_ids
from safelight.runs.settings import Data, TrainingSettings
from safelight.training.data.batches import Batches
from safelight.training.data.report import DataReport
from safelight.training.scratch.networks import Networks, copies, place_and_numbers
from safelight.training.scratch.pixels import Pixels
from safelight.training.told import told_of_run
from safelight.training.trainer import Seen
from safelight.training.work import Watch, Work

POSITIONS = 77
VOCABULARY = END_TOKEN + 1
PER_HEAD = 64
FIRST_SCALE = math.log(1 / 0.07)
"""What similarities are multiplied by at first, as its logarithm (section 2.5)."""
LARGEST_SCALE = 100.0
STORED = torch.float16
TOKENS = "embeddings.token_embedding.weight"
VISION, TEXT, SCALE = "", "text.", "logit_scale"


@dataclass(frozen=True)
class Towers:
    """Both towers, opened for a run; a `work.Subject`."""

    settings: TrainingSettings
    vision: ClipVision
    text: ClipText
    text_shape: TextShape
    base: str = ""

    @property
    def data(self) -> Data:
        """Squares, and always with their captions: a picture belongs to no empty one."""
        return self.settings.data.model_copy(update={"buckets": False, "drop_caption": 0.0})

    @property
    def side(self) -> int:
        return self.vision.shape.image

    def work(self, found: DataReport, watch: Watch) -> Work:
        settings, run = self.settings, self.settings.run
        batches = Batches(found.examples, self.data, self.side, run.batch, run.seed)
        lesson = self._lesson([example.caption or "" for example in found.examples])
        pixels = Pixels(batches)

        def look(number: int) -> Seen:
            shown = pixels.at(number)
            pictures = F.normalize(self.vision.follow(shown.pixels.to(lesson.device)).float(), dim=-1)
            texts = F.normalize(self._read(shown.captions).float(), dim=-1)
            scale = lesson.learned[SCALE].exp().clamp(max=LARGEST_SCALE)
            return Seen(contrast(pictures, texts, scale, shown.captions), torch.empty(0), torch.empty(0))

        return Work(
            lesson,
            look,
            lambda rate: {**told_of_run(settings, found, rate), **self._sizes()},
            lambda place, on_step: [],
        )

    def _read(self, captions: Sequence[str]) -> Tensor:
        tokens, ends = (each.to(self.vision.placement.device) for each in tokens_of(captions, POSITIONS))
        _, pooled = self.text(self.text.embeddings.token_embedding(tokens), ends, 1, final_norm=True)
        read: Tensor = pooled
        return read

    def _lesson(self, captions: Sequence[str]) -> Networks:
        networks = {VISION: self.vision.network, TEXT: self.text}
        device = self.vision.placement.device
        learned = copies(networks, device)
        _forget_unused(learned[TEXT + TOKENS], [*captions, self.settings.data.trigger])
        learned[SCALE] = torch.tensor(FIRST_SCALE, device=device).requires_grad_()
        return Networks(
            networks, learned, self._entries, self.vision.placement, self.vision.dtype, self.settings.clip.text_width
        )

    def _entries(self, known: Mapping[str, Tensor]) -> Iterator[Entry]:
        """The file, in the layout of transformers."""
        tensors = {_name_in_file(name): tensor.detach().to(STORED) for name, tensor in known.items() if name != SCALE}
        tensors[SCALE] = known[SCALE].detach()
        tensors["text_model.embeddings.position_ids"] = torch.arange(POSITIONS)[None]
        patches = (self.side // self.vision.shape.patch) ** 2 + 1
        tensors["vision_model.embeddings.position_ids"] = torch.arange(patches)[None]
        return tensor_entries(tensors)

    def _sizes(self) -> dict[str, str]:
        return {
            "format": "pt",
            "vision_config": json.dumps(asdict(self.vision.shape)),
            "text_config": json.dumps(asdict(self.text_shape)),
            "image_mean": json.dumps(MEAN),
            "image_std": json.dumps(STD),
        }


def open_towers(settings: TrainingSettings, device: str) -> Towers:
    """Both towers without experience.

    Args:
        settings: Of the run.
        device: Where they are trained.
    """
    told = settings.clip
    place, numbers = place_and_numbers(device, settings.run.dtype)
    placement, dtype = Placement(place), precision(numbers, place).text
    seen = VisionShape(
        width=told.width,
        layers=told.layers,
        heads=told.width // PER_HEAD,
        intermediate=4 * told.width,
        patch=told.patch,
        image=told.side,
        activation="quick_gelu",
        projection=told.projection,
    )
    read = TextShape(
        tower="l",
        width=told.text_width,
        layers=told.text_layers,
        heads=told.text_width // PER_HEAD,
        intermediate=4 * told.text_width,
        vocabulary=VOCABULARY,
        positions=POSITIONS,
        activation="quick_gelu",
        projection=told.projection,
    )
    vision, text = build_vision(seen), build_text(read)
    fill_with_chance(vision, settings.run.seed, placement, dtype)
    fill_with_chance(text, settings.run.seed, placement, dtype)
    number_places(vision, seen)
    return Towers(settings, ClipVision(vision, seen, dtype, placement), text, read)


def contrast(pictures: Tensor, texts: Tensor, scale: Tensor, captions: Sequence[str]) -> Tensor:
    """How badly pictures and captions find each other: the mean cross-entropy of both ways.

    A picture with the same caption as another's is no wrong answer to it, and is not asked for either.

    Args:
        pictures: Unit vectors [B, P].
        texts: Unit vectors of their captions [B, P].
        scale: What similarities are multiplied by, a scalar.
        captions: Which are the same.
    """
    number = {caption: place for place, caption in enumerate(captions)}
    which = torch.tensor([number[caption] for caption in captions], device=pictures.device)
    others = (which[:, None] == which[None]).fill_diagonal_(False)
    similar = (scale * pictures @ texts.T).masked_fill(others, -torch.inf)
    own = torch.arange(len(captions), device=pictures.device)
    return (F.cross_entropy(similar, own) + F.cross_entropy(similar.T, own)) / 2


def _forget_unused(table: Tensor, texts: Sequence[str]) -> None:
    """Make the vectors of tokens zero that no caption has: nothing would ever move them from where chance put them."""
    used = sorted({START_TOKEN, END_TOKEN, *(token for text in texts for token in token_ids(text))})
    with torch.no_grad():
        kept = table[used].clone()
        table.zero_()
        table[used] = kept


def _name_in_file(name: str) -> str:
    if not name.startswith(TEXT):
        return name
    own = name.removeprefix(TEXT)
    return own if own.startswith("text_projection.") else f"text_model.{own}"
