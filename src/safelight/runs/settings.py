"""What a training run is told: one TOML file, typed, whole, and the same for the command, the page and the worker."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from safelight.errors import BadInput

Kind = Literal["lora", "inversion", "full"]
AdapterKind = Literal["lora", "loha", "lokr", "dora"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Data(_Table):
    """The pictures, and how each is shown to the network."""

    folder: Path
    """Of pictures with their captions beside them, as NAME.txt; folders in it may be called REPEATS_words."""
    trigger: str = ""
    """Words put in front of every caption: what the result is called by afterwards."""
    resolution: Annotated[int, Field(ge=0, multiple_of=8)] = 0
    """Side of a square picture in pixels; 0 for what the checkpoint draws best."""
    buckets: bool = True
    """Keep the shape of pictures, about as many pixels each; else all are cropped to squares."""
    repeats: Count = 1
    """How often each picture comes in an epoch."""
    flip: bool = False
    """Also show pictures mirrored; not for faces, letters and what else has sides."""
    random_crop: bool = False
    """Crop somewhere else each time, not in the middle; latents are then encoded for some places of each picture."""
    shuffle_tags: bool = False
    """Put what stands between commas into another order each time."""
    keep_tags: Annotated[int, Field(ge=0)] = 0
    """So many tags in front stay where they are; those of the trigger always do."""
    drop_tags: Share = 0.0
    """How often each of the other tags is left out."""
    drop_caption: Share = 0.1
    """How often the caption is left out as a whole, which guidance lives on."""
    masks: bool = False
    """Learn only where NAME.mask.png is white, or where a picture is opaque."""
    prior_folder: Path | None = None
    """Pictures of the same sort of thing that must not change (DreamBooth's prior preservation)."""
    prior_weight: Annotated[float, Field(ge=0)] = 1.0
    """How much these count."""


class Adapter(_Table):
    """What is trained beside the weights: a LoRA or one of its relatives."""

    kind: AdapterKind = "lora"
    """How the change is written: two thin matrices (lora), products of such (loha, lokr), or lengths apart (dora)."""
    rank: Count = 8
    """How much can be learned: the width of the thin matrices. The file grows with it."""
    alpha: Annotated[float, Field(ge=0)] = 0.0
    """The change is multiplied by alpha / rank; 0 stands for the rank itself."""
    layers: tuple[str, ...] = ("attentions",)
    """Of the denoiser: modules whose name has one of these in it; an empty text takes all."""
    text_layers: tuple[str, ...] = ()
    """The same of the text encoders; none by default."""
    ranks: dict[str, Count] = {}
    """Another rank for modules whose name has this in it; the first that fits counts."""
    factor: Annotated[int, Field(ge=-1)] = -1
    """Of LoKr: how large the small matrix is at most; -1 for the even split."""


class Inversion(_Table):
    """What is trained as a word: textual inversion."""

    tokens: Annotated[int, Field(ge=1, le=32)] = 4
    """Vectors of the new word."""
    start: str = ""
    """Words that it begins as; empty for what the trigger's own words mean."""


class Full(_Table):
    """What is trained of the weights themselves."""

    layers: tuple[str, ...] = ("",)
    """Of the denoiser: parameters whose name has one of these in it; an empty text takes all."""
    text_layers: tuple[str, ...] = ()
    """The same of the text encoders; none by default."""


class Loss(_Table):
    """How wrong a prediction is."""

    kind: Literal["mse", "huber"] = "mse"
    """The mean squared error, or Huber's, which minds single large errors less."""
    huber: Positive = 0.1
    """Where Huber's loss turns from a square to a line."""
    weighting: Literal["none", "min_snr", "debiased"] = "none"
    """Whether noise levels count differently: by min-SNR (arXiv:2303.09556) or debiased (arXiv:2310.08442)."""
    gamma: Positive = 5.0
    """Of min-SNR: the signal-to-noise ratio from which levels count less."""
    levels: Literal["uniform", "logit_normal", "high_noise", "low_noise"] = "uniform"
    """Which noise levels are shown how often."""
    lowest: Share = 0.0
    """Share of the schedule from which levels are shown."""
    highest: Share = 1.0
    """Share of the schedule up to which levels are shown."""
    offset_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Noise added to whole channels, for darker and brighter pictures."""
    pyramid_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """How much coarser noise counts at each halving of its size."""
    prediction: Literal["auto", "eps", "v"] = "auto"
    """What the network is taught to predict; `auto` for what it predicts already."""
    zero_terminal_snr: bool = False
    """Change the schedule so that its last level is all noise; for v prediction."""

    @model_validator(mode="after")
    def _in_order(self) -> "Loss":
        if self.lowest >= self.highest:
            raise ValueError("lowest must be less than highest")
        if self.zero_terminal_snr and self.prediction == "eps":
            raise ValueError("with zero_terminal_snr nothing can be learned by eps prediction: use v")
        return self


class Optimizer(_Table):
    """How weights are changed."""

    name: Literal["adamw", "adamw8bit", "prodigy", "adafactor", "lion"] = "adamw"
    """Which rule; some need an extra to be installed."""
    rate: Annotated[float, Field(ge=0)] = 0.0
    """Learning rate at its height; 0 for what suits the kind of run, the optimizer and the size of the checkpoint."""
    text_rate: Annotated[float, Field(ge=0)] = 0.0
    """Of the text encoders; 0 for the same."""
    plan: Literal["constant", "linear", "cosine"] = "cosine"
    """How the rate falls from its height to `end` of it."""
    warmup: Share = 0.05
    """Share of the steps in which the rate rises from nothing."""
    end: Share = 0.05
    """Share of the rate that is left at the end."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """How strongly weights are drawn towards nothing."""
    betas: tuple[float, float] = (0.9, 0.99)
    """How long the optimizer remembers gradients, and their squares."""
    clip_norm: Annotated[float, Field(ge=0)] = 1.0
    """Longest gradient; longer ones are shortened to it. 0 for no limit."""


class Samples(_Table):
    """Pictures drawn on the way, always of the same seeds."""

    prompts: tuple[str, ...] = ()
    """Empty for the trigger, or the captions of three pictures."""
    every: Annotated[int, Field(ge=0)] = 100
    """Steps between two rounds; 0 for none. There is a round before the first step and one after the last."""
    seed: int = 1
    """The same for all of them, so that only what was learned differs."""
    steps: Count = 20
    """Steps of the sampler."""
    cfg: Positive = 5.0
    """How closely they follow their prompts."""


class Run(_Table):
    """How long, how large, how safe."""

    steps: Count = 600
    """How often something is learned from a batch."""
    batch: Count = 4
    """Pictures that are learned from together: more take more memory, and go more steadily."""
    accumulate: Count = 1
    """Batches whose gradients make one step together."""
    seed: int = 0
    """All chance follows from it: the same settings and pictures give the same result."""
    dtype: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """What the network works in while it is trained; what is trained is always kept in fp32."""
    save_every: Annotated[int, Field(ge=1)] = 100
    """Steps between two saves of the state: what a crash loses at most."""
    keep: Annotated[int, Field(ge=0)] = 3
    """Results kept of the way, beside the last."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of the running mean of the weights that is saved in their place; 0 for none."""
    checkpointing: bool = False
    """Compute blocks again on the way back, which takes a third longer and much less memory."""


class TrainingSettings(_Table):
    """All that a run is told."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,80}$")]
    """Of the run's folder and of the file that it makes."""
    kind: Kind = "lora"
    checkpoint: str = "starter-128.safetensors"
    """What is trained: a file of the folder `checkpoints`."""
    data: Data
    adapter: Adapter = Adapter()
    inversion: Inversion = Inversion()
    full: Full = Full()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    samples: Samples = Samples()
    run: Run = Run()


def parse_settings(text: str, where: str) -> TrainingSettings:
    """Settings from the text of a TOML file.

    Args:
        text: The file.
        where: Its name, for messages.

    Raises:
        BadInput: The text is no TOML, a setting is unknown or out of its range; the message names it.
    """
    try:
        return checked(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The settings are no TOML: {error}.", where=where, mend="Mend that line.") from error


def checked(values: dict[str, Any], where: str) -> TrainingSettings:
    """Settings from their values. Errors as for `parse_settings`."""
    try:
        return TrainingSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        problem = {
            "extra_forbidden": "is not a setting",
            "missing": "is missing",
            "string_pattern_mismatch": "has other signs than letters, digits, spaces and . + - _, or too many",
        }.get(first["type"])
        said = problem or first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{name}: {said}.", where=where, mend="See docs/training.md for all settings.") from error


def toml_of(settings: TrainingSettings) -> str:
    """Settings as the text of a TOML file that `parse_settings` reads back the same; all of them, also defaults."""
    lines: list[str] = []
    tables: list[str] = []
    for name, value in settings.model_dump(mode="json").items():
        if isinstance(value, dict):
            tables += ["", f"[{name}]", *(f"{key} = {_toml(each)}" for key, each in value.items() if each is not None)]
        else:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case list():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{_quoted(str(key))} = {_toml(each)}' for key, each in value.items())}}}"
    return repr(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(
            c if c.isprintable() else (f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}") for c in escaped
        )
        + '"'
    )
