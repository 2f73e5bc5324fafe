"""Why a picture is different from another one: what they tell of how they were made, in order of likely effect."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from safelight.files.hashes import SHORT_DIGITS, short
from safelight.files.recipes import same_name
from safelight.graph.a1111 import CARRIED
from safelight.graph.document import Workflow
from safelight.graph.node_differences import NodeDifference, node_differences
from safelight.graph.told import LOSSY, Told
from safelight.graph.wish_of import LOADERS, LORAS, loras_of, made_with, vae_of

Effect = Literal["much", "some", "little", "none"]
EFFECTS: dict[Effect, str] = {
    "much": "These make another picture",
    "some": "These change what is seen",
    "little": "These change fine details",
    "none": "These change nothing",
}
"""How much a difference is likely to change."""

# fmt: off
Kind = Literal[
    "seed", "noise", "prompt", "checkpoint", "weights", "size", "start",
    "loras", "warnings", "negative", "sampler", "scheduler", "steps", "cfg", "denoise", "clip_skip",
    "node", "link", "only", "setting", "program",
    "vae", "format", "dtype", "device", "version", "renamed",
]
KINDS: dict[Kind, tuple[Effect, str]] = {
    "seed": ("much", "Seed"),
    "noise": ("much", "Where noise is drawn"),
    "prompt": ("much", "Prompt"),
    "checkpoint": ("much", "Checkpoint"),
    "weights": ("some", "Other weights of the same name"),  # of a checkpoint much, of a VAE little
    "size": ("much", "Size"),
    "start": ("much", "Picture it starts from"),
    "loras": ("some", "LoRAs"),
    "warnings": ("some", "What was told while it was made"),
    "negative": ("some", "Negative prompt"),
    "sampler": ("some", "Sampler"),
    "scheduler": ("some", "Scheduler"),
    "steps": ("some", "Steps"),
    "cfg": ("some", "CFG"),
    "denoise": ("some", "Denoise"),
    "clip_skip": ("some", "Clip skip"),
    "node": ("some", "Value of a node"),
    "link": ("some", "What a node is given"),
    "only": ("some", "Node that one alone has"),
    "setting": ("some", "Setting of the other program"),
    "program": ("some", "Program"),
    "vae": ("little", "VAE"),
    "format": ("little", "File format"),
    "dtype": ("little", "Precision"),
    "device": ("little", "Device"),
    "version": ("little", "Version"),
    "renamed": ("none", "Same weights under another name"),
}
# fmt: on
"""Kinds of differences: what each is likely to do, and its title; those of one effect are told in this order."""

_OF_WEIGHTS: dict[str, Effect] = {"checkpoints": "much", "diffusion_models": "much", "vae": "little"}
# fmt: off
_EXPLAINED = frozenset((
    "text", "seed", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "denoise", "width", "height",
    "stop_at_clip_layer", "ckpt_name", "unet_name", "vae_name", "strength_clip",
))
# fmt: on
"""Inputs whose difference is not told again, where it is that of the picture's settings."""
_OF_LORAS = frozenset(("lora_name", "strength_model"))
_TOLD_BY: dict[Kind, frozenset[str]] = {
    "loras": LORAS,
    "clip_skip": frozenset(("CLIPSetLastLayer",)),
    "vae": frozenset(("VAELoader",)),
}
"""What differs in the settings -> types of nodes that are there for it, and are not told again."""
_ENCODERS = frozenset(("CLIPTextEncode", "PromptEncode"))
_OF_INPUTS: dict[str, Kind] = {
    "seed": "seed",
    "noise_seed": "seed",
    "ckpt_name": "checkpoint",
    "unet_name": "checkpoint",
    "vae_name": "vae",
}
"""What differs where such an input does, in nodes that the settings of a picture do not tell of."""
_NO_VERSIONS = frozenset(("device", "noise"))
_CPU, _GPU = "CPU", "GPU"
_WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Attributes:
        kind: What it is.
        effect: What it is likely to do.
        one, other: How each picture has it; empty where one has it not.
        subject: Of which there may be several: a file, a node and its input, a program.
        removed, added: Words of a prompt that the first, or the other, alone has.
    """

    kind: Kind
    effect: Effect
    one: str
    other: str
    subject: str = ""
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is, in words."""
        return KINDS[self.kind][1]


def differences(one: Told, other: Told) -> list[Difference]:
    """In what two recipes differ, the likeliest to matter first; nothing where one of them tells nothing."""
    if one.is_silent or other.is_silent:
        return []
    files, others = _hashes(one), _hashes(other)
    names = dict(_renamed(files, others))
    found = [Difference("renamed", "none", called, name, subject=name) for (_, name), called in names.items()]
    same = replace(other, workflow=_with_names(other.workflow, {name: called for (_, name), called in names.items()}))
    found += _of_weights(files, {(folder, names.get((folder, name), name)): h for (folder, name), h in others.items()})
    settings = list(_of_settings(one, same))
    found += settings
    found += _of_nodes(one, same, settings)
    found += _of_surroundings(one, other)
    order, kinds = list(EFFECTS), list(KINDS)
    return sorted(found, key=lambda each: (order.index(each.effect), kinds.index(each.kind)))


def _found(kind: Kind, one: object, other: object, subject: str = "") -> Difference:
    return Difference(kind, KINDS[kind][0], _text(one), _text(other), subject)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _hashes(told: Told) -> dict[tuple[str, str], str]:
    """Hashes of the model files that were used, by folder and name; from other programs the first digits."""
    files = told.record.get("files")
    found = {
        (str(file.get("folder")), str(file["name"])): str(file["sha256"]).lower()
        for file in (files if isinstance(files, list) else ())
        if isinstance(file, dict) and file.get("name") and file.get("sha256")
    }
    digest = told.settings.get("Model hash", "").lower()
    if len(digest) >= SHORT_DIGITS:  # shorter ones are of a part of the file
        found.setdefault(("checkpoints", _checkpoint(told) or told.settings.get("Model", "")), digest)
    return found


def _checkpoint(told: Told) -> str:
    made = made_with(told.workflow, told.shown) if told.shown else None
    return made.model if made else ""


def _is_same(digest: str, other: str) -> bool:
    """Whether two hashes, of which only the first digits may be known, are of one file."""
    return digest.startswith(other) or other.startswith(digest)


def _renamed(
    files: Mapping[tuple[str, str], str], others: Mapping[tuple[str, str], str]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Files of the other picture that the first one has by another name; and that name."""
    for (folder, name), digest in others.items():
        known = files.get((folder, name))
        if known is None or not _is_same(known, digest):
            same = (
                called
                for (place, called), known in files.items()
                if place == folder and called != name and _is_same(known, digest) and (place, called) not in others
            )
            if (called := next(same, None)) is not None:
                yield (folder, name), called


def _with_names(workflow: Workflow, names: Mapping[str, str]) -> Workflow:
    """A workflow with other names for files."""
    if not names:
        return workflow

    def called(value: object) -> object:
        return names.get(value, value) if isinstance(value, str) else value

    return {
        node: call._replace(inputs={name: called(value) for name, value in call.inputs.items()})
        for node, call in workflow.items()
    }


def _of_weights(files: Mapping[tuple[str, str], str], others: Mapping[tuple[str, str], str]) -> Iterator[Difference]:
    """Files of one name with other weights in them."""
    for (folder, name), digest in files.items():
        theirs = others.get((folder, name))
        if theirs is not None and not _is_same(digest, theirs):
            yield Difference("weights", _OF_WEIGHTS.get(folder, "some"), short(digest), short(theirs), subject=name)


def _of_settings(one: Told, other: Told) -> Iterator[Difference]:
    """What the settings of the first pass say."""
    made, theirs = (made_with(told.workflow, told.shown) if told.shown else None for told in (one, other))
    if made is None or theirs is None:
        return
    if not same_name(made.model, theirs.model):
        yield _found("checkpoint", made.model, theirs.model)
    numbers: tuple[tuple[Kind, object, object], ...] = (
        ("seed", made.seed, theirs.seed),
        ("sampler", made.sampler, theirs.sampler),
        ("scheduler", made.scheduler, theirs.scheduler),
        ("steps", made.steps, theirs.steps),
        ("cfg", made.cfg, theirs.cfg),
        ("denoise", made.denoise, theirs.denoise),
        ("clip_skip", made.clip_skip, theirs.clip_skip),
        ("vae", vae_of(one.workflow, one.shown), vae_of(other.workflow, other.shown)),
        ("loras", _loras(one), _loras(other)),
    )
    yield from (_found(kind, mine, yours) for kind, mine, yours in numbers if mine != yours)
    prompts: tuple[tuple[Kind, str, str], ...] = (
        ("prompt", made.prompt, theirs.prompt),
        ("negative", made.negative, theirs.negative),
    )
    yield from (_of_words(kind, mine, yours) for kind, mine, yours in prompts if mine != yours)
    size, its = ((each.width, each.height) for each in (made, theirs))
    if size != its and all(size) and all(its):
        yield _found("size", "x".join(map(str, size)), "x".join(map(str, its)))


def _loras(told: Told) -> str:
    return ", ".join(f"{lora['name']} {_text(lora['strength'])}" for lora in loras_of(told.workflow, told.shown))


def _of_words(kind: Kind, one: str, other: str, subject: str = "") -> Difference:
    removed, added = _words(one, other)
    return replace(_found(kind, one, other, subject), removed=removed, added=added)


def _words(one: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words that were taken away, and words that came in; those that stand together as one."""
    mine, theirs = _WORD.findall(one), _WORD.findall(other)
    removed, added = [], []
    for what, start, end, first, last in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if what != "equal":
            removed.append(" ".join(mine[start:end]))
            added.append(" ".join(theirs[first:last]))
    return tuple(filter(None, removed)), tuple(filter(None, added))


def _of_nodes(one: Told, other: Told, settings: list[Difference]) -> Iterator[Difference]:
    """What else differs in the workflows."""
    if not (one.shown and other.shown):
        return
    told = {pair for each in settings for pair in _pairs_of(each)}
    kinds = {each.kind for each in settings}
    types = frozenset().union(*(_TOLD_BY.get(kind, frozenset()) for kind in kinds))
    for each in node_differences(one.workflow, one.shown, other.workflow, other.shown):
        if each.input in _EXPLAINED and (_text(each.one), _text(each.other)) in told:
            continue
        if (each.how == "only" and each.class_type in types) or ("loras" in kinds and each.input in _OF_LORAS):
            continue
        if each.how == "only" and each.class_type in _ENCODERS and (one.settings or other.settings):
            continue  # told by the program, which reads brackets in its own way
        yield _of_node(each)


def _pairs_of(difference: Difference) -> Iterator[tuple[str, str]]:
    """The values that inputs have where they differ in what a setting tells."""
    one, other = difference.one, difference.other
    yield one, other
    match difference.kind:
        case "size":
            yield from zip(one.split("x"), other.split("x"), strict=True)
        case "clip_skip":
            yield f"-{one}", f"-{other}"
        case "loras":
            yield from zip(one.split(" "), other.split(" "), strict=False)


def _of_node(each: NodeDifference) -> Difference:
    subject = f"{each.title}: {each.input}" if each.input else each.title
    match each.how:
        case "only":
            return _found("only", each.one, each.other, subject)
        case "link":
            return _found("link", each.one, each.other, subject)
    if each.class_type in LOADERS and each.input == "image":
        return _found("start", each.one, each.other, subject)
    if each.class_type in _ENCODERS and each.input == "text":
        return _of_words("prompt", str(each.one), str(each.other), subject)
    return _found(_OF_INPUTS.get(each.input, "node"), each.one, each.other, subject)


def _of_surroundings(one: Told, other: Told) -> Iterator[Difference]:
    """Programs, versions, the device, and what was told while it was made."""
    noise, theirs = _noise(one), _noise(other)
    if noise != theirs:
        yield _found("noise", noise, theirs)
    program, its = _program(one), _program(other)
    if program != its:
        yield _found("program", program, its)
    elif one.settings and (version := one.settings.get("Version", "")) != other.settings.get("Version", ""):
        yield _found("version", version, other.settings.get("Version", ""), subject=program)
    elif one.record and other.record:
        yield from _of_records(one.record, other.record)
    mine, yours = ({n: v for n, v in told.settings.items() if n not in CARRIED} for told in (one, other))
    for name in dict.fromkeys((*mine, *yours)):
        if mine.get(name) != yours.get(name):
            yield _found("setting", mine.get(name, ""), yours.get(name, ""), subject=name)
    if one.form != other.form and {one.form, other.form} & LOSSY:
        yield _found("format", one.form, other.form)


def _of_records(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*one, *other)):
        mine, theirs = one.get(name), other.get(name)
        if mine != theirs and name not in _NO_VERSIONS and isinstance(mine, str) and isinstance(theirs, str):
            yield _found("version", mine, theirs, subject=name)
    if one.get("device") != other.get("device"):
        yield _found("device", one.get("device"), other.get("device"))
    dtypes, others = _dtypes(one), _dtypes(other)
    for part in dict.fromkeys((*dtypes, *others)):
        if dtypes.get(part) != others.get(part):
            yield _found("dtype", dtypes.get(part), others.get(part), subject=part)
    told, theirs_told = _warnings(one), _warnings(other)
    if set(told) != set(theirs_told):
        alone = [text for text in told if text not in theirs_told]
        yield _found("warnings", "\n".join(alone), "\n".join(text for text in theirs_told if text not in told))


def _dtypes(record: Mapping[str, Any]) -> dict[str, str]:
    found = record.get("dtype")
    return {str(part): str(name) for part, name in found.items()} if isinstance(found, dict) else {}


def _warnings(record: Mapping[str, Any]) -> list[str]:
    found = record.get("warnings")
    return list(map(str, found)) if isinstance(found, list) else []


def _noise(told: Told) -> str:
    """Where noise is drawn: here and in ComfyUI on the CPU; in AUTOMATIC1111 as it was set."""
    return told.settings.get("RNG", _GPU) if told.settings else _CPU


def _program(told: Told) -> str:
    if told.settings:
        return "AUTOMATIC1111"
    return "Safelight" if told.record else "ComfyUI"
