"""What is learned: beside the weights (LoRA and its relatives), as a word (textual inversion), the weights, or a
network that steers (ControlNet)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import torch
from torch import Generator, Tensor, nn

from safelight.errors import BadInput
from safelight.inspect.opening import Opened
from safelight.models.control.controlnet import ControlNet
from safelight.models.lora.changes import Change
from safelight.models.lora.names import TEXT_UNDERSCORED, UNET_UNDERSCORED, text_spellings, unet_spellings
from safelight.models.saving import (
    Entry,
    clip_entries,
    metadata_of,
    model_entries,
    tensor_entries,
    vae_entries,
)
from safelight.models.text_encoder import TextEncoder
from safelight.models.unet import unet_source
from safelight.models.weight_patches import WeightPatches
from safelight.prompts.bpe import token_ids
from safelight.prompts.tokenizer import EMBEDDING_PREFIX
from safelight.runs.settings import TrainingSettings
from safelight.training.adapters import Parts, begin, changes_of
from safelight.training.scratch.denoiser import tables_of_checkpoint
from safelight.training.steering import begin_controlnet, control_entries
from safelight.training.wearing import Taught, worn
from safelight.training.words import Words, read_captions

Read = Callable[[Sequence[str]], tuple[Tensor, Tensor | None]]

STORED = torch.float16
"""What adapters and words are written in."""

LDM_NAMED = ("sdxl", "refiner")
"""Families whose LoRA files number the denoiser's blocks as LDM does; the others as diffusers."""


@dataclass(frozen=True)
class Lesson:
    """What one run learns.

    Attributes:
        opened: The checkpoint, whose own weights are never changed.
        learned: All that is learned, by name, float32: leaves that gradients reach. Those named `text…` are of the
            text encoders or words.
        model_changes: Parameter of the denoiser -> how what is learned changes it.
        tower_changes: The same for each text encoder.
        words: What is learned as a word.
        word: What captions call it.
        control: A network beside the denoiser that is learned.
        control_changes: As `model_changes`, of that network.
        folder: Which kind of model file comes out of it.
        entries: Makes the tensors of that file of what has been learned, or of a mean of it.
        told: What the file says of itself.
    """

    opened: Opened
    learned: dict[str, Tensor]
    folder: str
    entries: Callable[[Mapping[str, Tensor]], Iterator[Entry]]
    model_changes: Mapping[str, Change] = field(default_factory=dict)
    tower_changes: tuple[Mapping[str, Change], ...] = ()
    words: Words = field(default_factory=dict)
    word: str = ""
    control: ControlNet | None = None
    control_changes: Mapping[str, Change] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_about_text(self) -> bool:
        """Whether captions mean something else after each step."""
        return bool(self.words) or any(self.tower_changes)

    @property
    def device(self) -> torch.device:
        """Where it is learned."""
        return self.opened.model.placement.device

    @property
    def dtype(self) -> torch.dtype:
        """What the denoiser works in."""
        return self.opened.model.dtype

    @property
    def width(self) -> int:
        """Channels of the denoiser's first level."""
        return self.opened.model.shape.block_channels[0]

    def groups(self) -> dict[str, list[Tensor]]:
        """What is learned, by whose rate it learns at: `unet` and `text`."""
        groups: dict[str, list[Tensor]] = {"unet": [], "text": []}
        for name, tensor in self.learned.items():
            groups["text" if name.startswith(TEXT) else "unet"].append(tensor)
        return groups

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Within, the checkpoint's networks are as what has been learned makes them."""
        model, towers = self.opened.model, self.opened.clip.towers
        model.placement.bring(model.network, model.weights)
        with ExitStack() as stack:
            stack.enter_context(worn(model.network, self.model_changes, model.dtype))
            if self.control is not None:
                # which is brought while the denoiser waits for it
                stack.enter_context(model.placement.at_work(model.network))
                stack.enter_context(worn(self.control.network, self.control_changes, self.control.dtype))
            for tower, changes in zip(towers, self.tower_changes, strict=False):
                tower.placement.bring(tower.network, tower.weights)
                dtype = next(tower.network.parameters()).dtype
                stack.enter_context(worn(tower.network, changes, dtype))
            yield

    def read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        """Captions as the denoiser is told them, while what has been learned is worn; see `read_captions`."""
        return read_captions(self.opened.clip, [self._with_word(text) for text in texts], self.words)

    def _with_word(self, text: str) -> str:
        if not self.word:
            return text
        return re.sub(rf"(?<!\w){re.escape(self.word)}(?!\w)", f" {EMBEDDING_PREFIX}{LEARNED} ", text)


CONTROL = "control."
"""How the names of what a ControlNet learns begin."""


LEARNED = "learned"
"""The name of a word that is learned, while it is."""


TEXT = ("text.", "word.", *(prefix for place in TEXT_UNDERSCORED for prefix in place))
"""How the names of what text encoders learn begin."""


def _adapter(opened: Opened, settings: TrainingSettings, source: Generator) -> Lesson:
    model, clip, adapter = opened.model, opened.clip, settings.adapter
    prefix = UNET_UNDERSCORED[0]
    numbered = unet_source(model.shape, "ldm")

    def spell(module: str) -> str:
        spelt = module
        if model.family.name in LDM_NAMED:
            spelt = numbered(f"{module}.weight").name.removesuffix(".weight")
        return prefix + spelt.replace(".", "_")

    tensors = begin(model.network, adapter.layers, adapter, spell, source)
    of_towers = []
    for place, tower in enumerate(clip.towers):
        lead = TEXT_UNDERSCORED[place][1 if len(clip.towers) > 1 and place == 0 else 0]

        def spell_text(module: str, lead: str = lead) -> str:
            return f"{lead}text_model_{module.replace('.', '_')}"

        of_towers.append(begin(tower.network, adapter.text_layers, adapter, spell_text, source))
    if not any((tensors, *of_towers)):
        raise BadInput("Nothing is to be trained.", where="adapter", mend="Name layers of the denoiser or of the text.")
    device = model.placement.device
    everything = {name: tensor.to(device) for name, tensor in chain(tensors.items(), *(t.items() for t in of_towers))}
    learned = {name: t.requires_grad_() for name, t in everything.items() if not name.endswith(".alpha")}
    spellings = unet_spellings(_names(model.network), model.shape)
    return Lesson(
        opened,
        learned,
        "loras",
        partial(_adapter_entries, everything),
        model_changes=changes_of({name: everything[name] for name in tensors}, spellings),
        tower_changes=tuple(
            changes_of({name: everything[name] for name in own}, text_spellings(_names(tower.network), tower.name, at))
            for at, (tower, own) in enumerate(zip(clip.towers, of_towers, strict=True))
        ),
    )


def _adapter_entries(everything: Parts, learned: Mapping[str, Tensor]) -> Iterator[Entry]:
    """The file of an adapter, in kohya's layout."""
    return tensor_entries({name: learned.get(name, own).detach().to(STORED) for name, own in everything.items()})


def _inversion(opened: Opened, settings: TrainingSettings, source: Generator) -> Lesson:
    """A new word for each text encoder (Gal et al. 2022, arXiv:2208.01618), called as the trigger is."""
    del source
    word = settings.data.trigger.strip()
    if not word:
        raise BadInput("A word to be learned needs a name.", where="data.trigger", mend="Give a trigger.")
    vectors: dict[str, Tensor] = {}
    for tower in opened.clip.towers:
        start = _meaning(tower, settings.inversion.start or word, settings.inversion.tokens)
        vectors[tower.name] = start.to(tower.placement.device).requires_grad_()
    learned = {f"word.clip_{name}": tensor for name, tensor in vectors.items()}

    def entries(known: Mapping[str, Tensor]) -> Iterator[Entry]:
        named = {name.removeprefix("word."): tensor.detach().to(STORED) for name, tensor in known.items()}
        return tensor_entries(named if len(named) > 1 else {"emb_params": next(iter(named.values()))})

    return Lesson(opened, learned, "embeddings", entries, words={LEARNED: vectors}, word=word)


def _meaning(tower: TextEncoder, text: str, count: int) -> Tensor:
    """The first vectors that a text encoder has for a text, repeated where there are fewer."""
    ids = list(token_ids(text))
    table = tower.network.embeddings.token_embedding.weight
    return table[torch.tensor([ids[place % len(ids)] for place in range(count)], device=table.device)].float().clone()


def _full(opened: Opened, settings: TrainingSettings, source: Generator) -> Lesson:
    """The weights themselves, of which a float32 copy learns."""
    del source
    model, clip, full = opened.model, opened.clip, settings.full
    of_model = _copies(model.network, full.layers, "unet.")
    of_towers = [_copies(tower.network, full.text_layers, f"text.{tower.name}.") for tower in clip.towers]
    learned = {**of_model, **{name: tensor for own in of_towers for name, tensor in own.items()}}
    if not learned:
        raise BadInput(
            "No weight has one of these texts in its name.", where="full.layers", mend='Write "" for all of them.'
        )

    def entries(known: Mapping[str, Tensor]) -> Iterator[Entry]:
        def patched(prefix: str) -> WeightPatches:
            found = {name.removeprefix(prefix): t.detach() for name, t in known.items() if name.startswith(prefix)}
            return WeightPatches({name: (Taught(tensor).over,) for name, tensor in found.items()})

        towers = tuple(replace(tower, weights=patched(f"text.{tower.name}.")) for tower in clip.towers)
        yield from model_entries(replace(model, weights=patched("unet.")))
        yield from vae_entries(opened.vae, "first_stage_model.")
        yield from clip_entries(replace(clip, towers=towers))

    return Lesson(
        opened,
        learned,
        "checkpoints",
        entries,
        model_changes={name.removeprefix("unet."): Taught(tensor) for name, tensor in of_model.items()},
        tower_changes=tuple(
            {name.removeprefix(f"text.{tower.name}."): Taught(tensor) for name, tensor in own.items()}
            for tower, own in zip(clip.towers, of_towers, strict=True)
        ),
        told=metadata_of(model),
    )


def _controlnet(opened: Opened, settings: TrainingSettings, source: Generator) -> Lesson:
    """A network beside the denoiser that is shown a picture, of which a float32 copy learns."""
    model = opened.model
    control = begin_controlnet(model, settings.name, source)
    if settings.run.checkpointing:
        control.network.enable_gradient_checkpointing()
    learned = _copies(control.network, ("",), CONTROL)

    def entries(known: Mapping[str, Tensor]) -> Iterator[Entry]:
        return control_entries(control, {name.removeprefix(CONTROL): known[name] for name in learned}, STORED)

    return Lesson(
        opened,
        learned,
        "controlnet",
        entries,
        control=control,
        control_changes={name.removeprefix(CONTROL): Taught(tensor) for name, tensor in learned.items()},
    )


def _from_scratch(opened: Opened, settings: TrainingSettings, source: Generator) -> Lesson:
    """A whole denoiser; its file has all that files of its family have."""
    everything = settings.full.model_copy(update={"layers": ("",)})
    lesson = _full(opened, settings.model_copy(update={"full": everything}), source)

    def entries(known: Mapping[str, Tensor]) -> Iterator[Entry]:
        yield from lesson.entries(known)
        yield from tensor_entries(tables_of_checkpoint(opened.clip))

    return replace(lesson, entries=entries)


def _copies(network: nn.Module, layers: tuple[str, ...], prefix: str) -> dict[str, Tensor]:
    return {
        prefix + name: parameter.detach().to(torch.float32, copy=True).requires_grad_()
        for name, parameter in network.named_parameters()
        if any(text in name for text in layers)
    }


def _names(network: nn.Module) -> tuple[str, ...]:
    return tuple(name for name, _ in network.named_parameters())


LESSONS: dict[str, Callable[[Opened, TrainingSettings, Generator], Lesson]] = {
    "lora": _adapter,
    "inversion": _inversion,
    "full": _full,
    "controlnet": _controlnet,
    "denoiser": _from_scratch,
}
"""(checkpoint, settings, source of chance) -> what is learned, by the kind of the run."""
