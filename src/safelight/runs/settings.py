"""What a training run is told: one TOML file, typed, whole, and the same for the command, the page and the worker."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from safelight.errors import BadInput

Kind = Literal["lora", "inversion", "full", "controlnet", "denoiser", "vae", "clip"]
AdapterKind = Literal["lora", "loha", "lokr", "dora"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Width = Annotated[int, Field(ge=32, multiple_of=32)]
HeadWidth = Annotated[int, Field(ge=64, le=1024, multiple_of=64)]


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
    control: Literal["file", "canny"] = "file"
    """What a ControlNet is shown: `file` for NAME.control.png beside each picture, `canny` for its outlines."""
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


class Denoiser(_Table):
    """A denoiser of SD 1.x that begins as chance (kind `denoiser`); `full.text_layers` may learn with it."""

    vae: str = "starter-128.safetensors"
    """Whose latents it learns: a file of the folder `vae` or `checkpoints`."""
    clip: str = "clip.safetensors"
    """Whose reading of captions it hears: a file of the folder `text_encoders`, `clip_vision` or `checkpoints`."""
    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (32, 64, 128)
    """Of each level, the finest first; each but the last halves the latent."""
    blocks: Annotated[int, Field(ge=1, le=8)] = 2
    """Residual blocks per level on the way down; one more on the way up."""
    attention: tuple[Annotated[int, Field(ge=0)], ...] = (1,)
    """Levels that look at the caption, counted from 0; the middle always does."""

    @model_validator(mode="after")
    def _levels_are_there(self) -> "Denoiser":
        if any(level >= len(self.channels) for level in self.attention):
            raise ValueError("attention names a level that channels do not have")
        return self


class Autoencoder(_Table):
    """An image autoencoder of SD 1.x that begins as chance (kind `vae`), and what makes it better."""

    channels: Annotated[tuple[Width, ...], Field(min_length=4, max_length=4)] = (32, 64, 128, 128)
    """Of each level, the finest first; each but the last halves the picture, which makes latents of an eighth."""
    blocks: Annotated[int, Field(ge=1, le=8)] = 2
    """Residual blocks per level of the encoder; one more in the decoder."""
    patch: Annotated[int, Field(ge=0, multiple_of=8)] = 0
    """Side of the part of each picture, somewhere else each time, that is shown at first; 0 for the whole."""
    patch_until: Share = 0.6
    """Share of the steps in which only that part is shown."""
    distance: Literal["l1", "l2"] = "l1"
    """How far pixels are from what they should be."""
    edges: Annotated[float, Field(ge=0)] = 0.5
    """How much differences of neighbouring pixels count, at three sizes."""
    structure: Annotated[float, Field(ge=0)] = 0.15
    """How much structural similarity counts (SSIM)."""
    kl: Annotated[float, Field(ge=0)] = 5e-5
    """How much latents are held to unit noise (Kullback-Leibler divergence)."""
    perceptual: Annotated[float, Field(ge=0)] = 0.0
    """How much it counts that CLIP sees the same."""
    clip: str = "clip.safetensors"
    """Whose eye that is: a file of the folder `clip_vision`."""
    adversarial: Annotated[float, Field(ge=0)] = 0.0
    """How much it counts that a second network, which learns to tell pictures from reconstructions, cannot."""
    adversarial_from: Share = 0.5
    """Share of the steps after which that counts; the second network learns from the first step on."""


class Contrast(_Table):
    """A CLIP model that begins as chance (kind `clip`)."""

    side: Annotated[int, Field(ge=8)] = 128
    """Of the square pictures that it sees, in pixels."""
    patch: Annotated[int, Field(ge=1)] = 16
    """Side of the patches that they are cut into."""
    width: HeadWidth = 256
    """Of the tower for pictures."""
    layers: Count = 6
    text_width: HeadWidth = 128
    """Of the tower for texts, which is what a denoiser hears."""
    text_layers: Count = 6
    projection: Count = 256
    """Numbers of the vectors that are compared."""

    @model_validator(mode="after")
    def _in_patches(self) -> "Contrast":
        if self.side % self.patch:
            raise ValueError("side must be a multiple of patch")
        return self


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
    prediction: Literal["auto", "eps", "v", "flow"] = "auto"
    """What the network is taught to predict; `auto` for what it does already. `flow` is for whole checkpoints."""
    zero_terminal_snr: bool = False
    """Change the schedule so that its last level is all noise; for v prediction."""

    @model_validator(mode="after")
    def _in_order(self) -> "Loss":
        if self.lowest >= self.highest:
            raise ValueError("lowest must be less than highest")
        if self.zero_terminal_snr and self.prediction == "flow":
            raise ValueError("zero_terminal_snr is for v: a flow begins with pure noise by itself")
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
    compile: bool = False
    """Compile the denoiser for this device, which takes minutes at first; for long runs on a GPU."""


class TrainingSettings(_Table):
    """All that a run is told."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,80}$")]
    """Of the run's folder and of the file that it makes."""
    kind: Kind = "lora"
    checkpoint: str = "starter-128.safetensors"
    """What is trained: a file of the folder `checkpoints`. Kinds that begin as chance have none."""
    data: Data
    adapter: Adapter = Adapter()
    inversion: Inversion = Inversion()
    full: Full = Full()
    denoiser: Denoiser = Denoiser()
    vae: Autoencoder = Autoencoder()
    clip: Contrast = Contrast()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    samples: Samples = Samples()
    run: Run = Run()

    @model_validator(mode="after")
    def _suits_its_kind(self) -> "TrainingSettings":
        if self.kind in ("vae", "clip") and (self.data.masks or self.data.prior_folder is not None):
            raise ValueError("data.masks and data.prior_folder are for denoisers, and this is none")
        if self.kind in ("vae", "clip") and self.run.compile:
            raise ValueError("run.compile is for denoisers, and this is none")
        if self.loss.prediction == "flow" and self.kind not in ("full", "denoiser"):
            raise ValueError("loss.prediction flow is for kinds that make a checkpoint: full and denoiser")
        if self.kind == "clip" and self.run.batch < 2:
            raise ValueError("run.batch must be 2 or more: a picture is told from others")
        return self

    @property
    def wants_controls(self) -> bool:
        """Whether each picture needs a file that a ControlNet is shown with it."""
        return self.kind == "controlnet" and self.data.control == "file"


def parse_settings(text: str, where: str) -> TrainingSettings:
    """Settings from the text of a TOML file.

    Args:
        text: The file.
        where: Its name, for messages.

    Raises:
        BadInput: The text is no TOML, a setting is unknown or out of its range; the message names it.
    """
    return checked(values_of(text, where), where)


def values_of(text: str, where: str) -> dict[str, Any]:
    """What the text of a TOML file says, unchecked. Errors as for `parse_settings`, but for the settings' own."""
    try:
        return tomllib.loads(text)
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
