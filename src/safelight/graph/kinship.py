"""Which file each value of a workflow comes from, and whether what meets in a node belongs together.

A model, its text encoder, its latents, the LoRAs and ControlNets on it must be of one family; put together wrongly they
fail in the middle of the network, or give noise. What is not known (nodes of plugins, linked names, files that tell
nothing) is never refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from safelight.families import FAMILIES
from safelight.families.additions import Addition, family_title
from safelight.families.contents import Look, ModelFile, sharing_latents, sharing_towers
from safelight.families.elsewhere import HOMES
from safelight.files.folders import MODEL_FOLDERS
from safelight.graph.document import Link
from safelight.graph.plan import Plan, Step
from safelight.graph.problems import Problem

BUILTIN = "safelight"
"""The module of nodes whose outputs are known to be of the family of their inputs."""

TAKES_FROM: dict[str, tuple[str, ...]] = {
    "CONDITIONING": ("CONDITIONING", "CLIP"),
    "GUIDER": ("MODEL",),
    "LATENT": ("MODEL", "GUIDER", "LATENT", "VAE"),
}
"""Type of an output -> types of the inputs that it has its family from, the first that is there; else its own type."""

SHARING: dict[str, Callable[[frozenset[str]], frozenset[str]]] = {
    "LATENT": sharing_latents,
    "VAE": sharing_latents,
    "CLIP": sharing_towers,
    "CONDITIONING": sharing_towers,
}
"""Types that fit every family with the same latents, or with the same text encoders."""

DECIDED_BY_LOADING = frozenset(("upscale_models",))
"""Folders of files whose kind is told by a library that knows more kinds than their names tell here."""

MENTIONED = r"([^\s,:()\[\]]+)"  # the name of a file in a text
ENDINGS = ("", ".safetensors", ".pt", ".bin")  # that may be left out there

WORDS: dict[str, str] = {
    "MODEL": "model",
    "GUIDER": "model",
    "CLIP": "text encoder",
    "CONDITIONING": "prompt",
    "LATENT": "latent",
    "VAE": "VAE",
    "CONTROL_NET": "ControlNet",
    "STYLE_MODEL": "style model",
    "GLIGEN": "GLIGEN model",
    "IPADAPTER": "IP-Adapter",
    "HOOKS": "hook",
}
"""What people call a value of each type. What stands first is what the others should fit."""


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    Attributes:
        type: The type of its socket; for a file named by a node, empty.
        file: The file.
        families: Names of the families that it goes with.
    """

    type: str
    file: ModelFile
    families: frozenset[str]


@dataclass(frozen=True)
class Kinship:
    """What is known of a workflow's values.

    Attributes:
        origins: Output of a node -> where it comes from; outputs of which nothing is known are left out.
        files: Every model file that a node names and that is known, by its folder and name.
        problems: Nodes where things meet that do not belong together.
    """

    origins: Mapping[Link, Origin]
    files: Mapping[tuple[str, str], ModelFile]
    problems: tuple[Problem, ...]


def relate(plan: Plan, look: Look) -> Kinship:
    """Follow every value of a plan from the files to where it is used.

    Args:
        plan: Nodes in order, with nothing else wrong.
        look: What a file is.
    """
    origins: dict[Link, Origin] = {}
    files: dict[tuple[str, str], ModelFile | None] = {}
    problems: list[Problem] = []

    def look_once(folder: str, name: str) -> ModelFile | None:
        if (folder, name) not in files:
            files[folder, name] = look(folder, name)
        return files[folder, name]

    for step in plan.steps:
        problems += _misplaced(step, look_once)
        given = list(_given(step, origins, look_once))
        given.sort(key=lambda item: _rank(item[1].type))
        problems += _strangers(step, given)
        if step.spec.module == BUILTIN:
            for number, output in enumerate(step.spec.outputs):
                if origin := _passed(step, output.type, [origin for _, origin in given]):
                    origins[Link(step.node, number)] = origin
    return Kinship(origins, {place: file for place, file in files.items() if file}, tuple(problems))


def _given(step: Step, origins: Mapping[Link, Origin], look: Look) -> Iterator[tuple[str, Origin]]:
    """The inputs of a step of which something is known: names, and where they come from."""
    for name, link in (*step.links, *step.lazy):
        if origin := origins.get(link):
            yield name, origin
    for name, folder, file in _named(step, look):
        if _home(file, folder) == folder:
            yield name, Origin("", file, file.families)
    for port in step.spec.inputs:
        written = step.literals.get(port.name)
        if port.mentions is None or not isinstance(written, str):
            continue
        prefix, folder = port.mentions
        for name in re.findall(re.escape(prefix) + MENTIONED, written):
            if known := next((found for end in ENDINGS if (found := look(folder, name + end))), None):
                yield port.name, Origin("", known, known.families)


def _named(step: Step, look: Look) -> Iterator[tuple[str, str, ModelFile]]:
    """The model files that inputs of a step name: input, folder and file, where it is known."""
    for port in step.spec.inputs:
        written = step.literals.get(port.name)
        if port.folder in MODEL_FOLDERS and isinstance(written, str) and (file := look(port.folder, written)):
            yield port.name, port.folder, file


def _home(file: ModelFile, folder: str) -> str:
    """The folder that files of its kind belong to; where nothing tells, that in which it is."""
    if not isinstance(file.contents, Addition) or folder in DECIDED_BY_LOADING:
        return folder
    return HOMES.get(file.contents.kind, folder)


def _misplaced(step: Step, look: Look) -> Iterator[Problem]:
    """A problem for each file of a kind that belongs to another folder."""
    for name, folder, file in _named(step, look):
        if (home := _home(file, folder)) != folder:
            message = f"{file.name} is {file}, which does not belong into the folder {folder}."
            mend = f"Put it into the folder {home}, and choose another file here."
            extra = {"file": file.name, "folder": home}
            yield Problem("wrong_kind", message, mend, step.node, step.spec.class_type, name, extra)


def _rank(type_name: str) -> int:
    """What counts as the one that the others should fit: models before prompts, files last."""
    order = list(WORDS)
    return order.index(type_name) if type_name in WORDS else len(order) + (type_name == "")


def _passed(step: Step, type_name: str, given: list[Origin]) -> Origin | None:
    """Where an output comes from: where an input does that it is made of, or without such, the file that is named."""
    sources = TAKES_FROM.get(type_name, (type_name,))
    source = next((source for source in sources if step.linked(source)), "")
    origin = next((origin for origin in given if origin.type == source), None)
    if origin is None:
        return None
    return Origin(type_name, origin.file, SHARING.get(type_name, frozenset)(origin.families))


def _strangers(step: Step, given: list[tuple[str, Origin]]) -> Iterator[Problem]:
    """A problem for each input that does not go with one before it."""
    known = [(name, origin) for name, origin in given if origin.families]
    for place, (name, origin) in enumerate(known):
        for _, base in known[:place]:
            if not origin.families & base.families:
                yield _problem(step, name, origin, base)
                break


def _problem(step: Step, name: str, origin: Origin, base: Origin) -> Problem:
    if origin.type:
        what = f"The {WORDS.get(origin.type, 'input')} comes from {origin.file.name} ({origin.file})"
    else:
        what = f"{origin.file.name} is {origin.file}"
    message = f"{what}; the {WORDS.get(base.type, 'other file')} comes from {base.file.name} ({base.file})."
    mend = _MENDS.get(origin.type, _choose)(origin, base)
    extra = {"file": origin.file.name, "families": sorted(origin.families), "wanted": sorted(base.families)}
    return Problem("family_mismatch", message, mend, step.node, step.spec.class_type, name, extra)


def _choose(origin: Origin, base: Origin) -> str:
    """Another file, or another model."""
    wanted = family_title(min(base.families))
    if not isinstance(origin.file.contents, Addition):
        return f"Load both from files of one family, such as {wanted}."
    other = family_title(min(origin.families))
    supported = f", or a checkpoint of {other}" if origin.families <= FAMILIES.keys() else ""
    return f"Choose {origin.file.contents.title} for {wanted}{supported}."


def _decode(origin: Origin, base: Origin) -> str:
    return (
        f"Decode it with the VAE of {origin.file.name}, and encode the picture again with the VAE of {base.file.name}."
    )


def _own_vae(_origin: Origin, base: Origin) -> str:
    return f"Link the VAE that belongs to {base.file.name}."


_MENDS: dict[str, Callable[[Origin, Origin], str]] = {"LATENT": _decode, "VAE": _own_vae}
