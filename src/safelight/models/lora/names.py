"""What trainers call the parameters of a network: all spellings of each, made from the network's own names.

Spellings end in the parameter's own `.weight` or `.bias`; what stands before it is the module.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from safelight.families.base import TowerName
from safelight.families.shapes import UNetShape
from safelight.models.unet import unet_source

UNET_UNDERSCORED = ("lora_unet_", "lycoris_", "oft_unet_")
"""Before names whose dots became underscores: kohya's, OneTrainer's and LyCORIS's."""
UNET_DIFFUSERS = ("", "unet.", "base_model.model.", "unet.base_model.model.", "base_model.model.unet.")
"""Before the names of diffusers: its own, and PEFT's."""
UNET_LDM = ("diffusion_model.", "model.diffusion_model.")
"""Before names of the LDM layout, as workflow programs write them."""

# for the first text encoder of a model, and for the second
TEXT_UNDERSCORED = (("lora_te_", "lora_te1_", "lycoris_te_"), ("lora_te2_",))
TEXT_DOTTED = (
    ("text_encoder.", "text_encoder.base_model.model.", "base_model.model."),
    ("text_encoder_2.", "text_encoder_2.base_model.model."),
)
OWN_UNET = UNET_LDM[0]
OWN_TEXT = "text_encoders.clip_{tower}.transformer."
"""What files written here have."""


@lru_cache(maxsize=8)
def unet_spellings(names: tuple[str, ...], shape: UNetShape) -> dict[str, str]:
    """Spelling -> parameter, for a denoiser.

    Args:
        names: Its parameters.
        shape: Its sizes, on which the numbering of the LDM layout hangs.
    """
    source = unet_source(shape, "ldm")

    def modules(name: str) -> Iterator[str]:
        module, ldm = _module(name), _module(source(name).name)
        for prefix in UNET_UNDERSCORED:
            yield from (prefix + _underscored(spelt) for spelt in (*_diffusers(module), ldm))
        yield from (prefix + spelt for prefix in UNET_DIFFUSERS for spelt in _diffusers(module))
        yield from (prefix + ldm for prefix in UNET_LDM)

    return _table(names, modules)


@lru_cache(maxsize=8)
def text_spellings(names: tuple[str, ...], tower: TowerName, place: int) -> dict[str, str]:
    """Spelling -> parameter, for a text encoder.

    Args:
        names: Its parameters.
        tower: Which it is.
        place: 0 for a model's first or only text encoder, 1 for its second.
    """

    def modules(name: str) -> Iterator[str]:
        module = _inside(_module(name))
        yield from (prefix + _underscored(module) for prefix in TEXT_UNDERSCORED[place])
        yield from (prefix + spelt for prefix in TEXT_DOTTED[place] for spelt in _old_attention(module))
        yield OWN_TEXT.format(tower=tower) + module

    return _table(names, modules)


def is_of_text(spelling: str) -> bool:
    """Whether a spelling is of a text encoder, whichever network there is."""
    prefixes = (prefix for place in (*TEXT_UNDERSCORED, *TEXT_DOTTED) for prefix in place)
    return spelling.startswith((*prefixes, OWN_TEXT.partition(".")[0])) and not spelling.startswith(UNET_DIFFUSERS[1:])


def own_unet_name(name: str, shape: UNetShape) -> str:
    """The spelling of a denoiser's parameter that files written here have."""
    return OWN_UNET + unet_source(shape, "ldm")(name).name


def own_text_name(name: str, tower: TowerName) -> str:
    """The spelling of a text encoder's parameter that files written here have."""
    return OWN_TEXT.format(tower=tower) + _inside(name)


def _table(names: Iterable[str], modules: Callable[[str], Iterator[str]]) -> dict[str, str]:
    return {f"{module}.{name.rpartition('.')[2]}": name for name in names for module in modules(name)}


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _underscored(module: str) -> str:
    return module.replace(".", "_")


def _inside(name: str) -> str:
    """A text encoder's name as transformers has it: the projection stands beside the model."""
    return name if name.startswith("text_projection") else f"text_model.{name}"


def _diffusers(module: str) -> Iterator[str]:
    """A denoiser's module as versions of diffusers call it."""
    yield module
    yield module.replace("class_embedding.", "add_embedding.")
    attention, dot, leaf = module.removesuffix(".0").rpartition(".to_")
    if dot:
        yield f"{attention}.processor.to_{leaf}"


def _old_attention(module: str) -> Iterator[str]:
    """A text encoder's module, and what the first LoRA files of diffusers called those of attention."""
    yield module
    attention, dot, leaf = module.rpartition(".self_attn.")
    if dot:
        yield f"{attention}.self_attn.to_{leaf.removesuffix('_proj')}"
