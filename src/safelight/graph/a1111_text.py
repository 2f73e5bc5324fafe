"""Reads the `parameters` text that AUTOMATIC1111 and its kin keep in pictures: prompt, negative prompt, settings."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

NEGATIVE = "Negative prompt:"
_KEY = re.compile(r"\s*(?P<key>[A-Za-z][\w \-/.+]{0,80}?):\s*")
_TAG = re.compile(r"<(?P<kind>lora|lyco|hypernet):(?P<arguments>[^<>]+)>")
_FEWEST_SETTINGS = 3  # that make a line one of settings; a prompt may have a colon too


@dataclass(frozen=True)
class ParametersText:
    """What such a text says.

    Attributes:
        settings: By the names it gives them: `Steps`, `CFG scale`, `Model hash`, …
    """

    prompt: str
    negative: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Tag:
    """A model that a prompt asks for, as in `<lora:name:0.8>`.

    Attributes:
        kind: `lora` (which `lyco` is read as) or `hypernet`.
        strength: On the UNet.
        clip_strength: On the text encoders.
    """

    kind: str
    name: str
    strength: float
    clip_strength: float


def parse_parameters(text: str) -> ParametersText | None:
    """Take a text apart; None where it has no line of settings, and so is none of these texts."""
    *lines, last = text.replace("\r\n", "\n").strip().split("\n")
    settings = dict(_settings(last))
    if len(settings) < _FEWEST_SETTINGS or "Steps" not in settings:
        return None
    prompts = "\n".join(lines)
    start = 0 if prompts.startswith(NEGATIVE) else prompts.find("\n" + NEGATIVE)
    if start < 0:
        return ParametersText(prompts.strip(), "", settings)
    prompt, negative = prompts[:start], prompts[start:].lstrip("\n").removeprefix(NEGATIVE)
    return ParametersText(prompt.strip(), negative.strip(), settings)


def take_tags(prompt: str) -> tuple[str, list[Tag]]:
    """A prompt without its tags, and the tags in order; one whose strength is no number stays in the prompt.

    `<lora:name>` has strength 1; `<lora:name:0.8>` that on all parts; `<lora:name:0.5:0.8>` has 0.5 on the text
    encoders and 0.8 on the UNet, and so has `<lora:name:te=0.5:unet=0.8>`.
    """
    tags: list[Tag] = []

    def take(found: re.Match[str]) -> str:
        tag = _tag(found["kind"], found["arguments"])
        if tag is None:
            return found[0]
        tags.append(tag)
        return ""

    return re.sub(r"[ \t]{2,}", " ", _TAG.sub(take, prompt)).strip(), tags


def _tag(kind: str, arguments: str) -> Tag | None:
    name, *rest = (part.strip() for part in arguments.split(":"))
    by_name = dict(part.split("=", 1) for part in rest if "=" in part)
    plain = [part for part in rest if "=" not in part]
    clip = by_name.get("te", plain[0] if plain else "1")
    unet = by_name.get("unet", plain[1] if len(plain) > 1 else clip)
    try:
        return Tag("hypernet" if kind == "hypernet" else "lora", name, float(unet), float(clip))
    except ValueError:
        return None


def _settings(line: str) -> Iterator[tuple[str, str]]:
    """`name: value, name: value`; a value with commas in it is a JSON text, list or object."""
    at = 0
    while at < len(line) and (found := _KEY.match(line, at)):
        at = found.end()
        value = None
        if line[at : at + 1] in ('"', "[", "{"):
            try:
                read, end = json.JSONDecoder().raw_decode(line, at)
                value, at = (read if isinstance(read, str) else line[at:end]), end
            except (ValueError, RecursionError):
                pass
        comma = line.find(",", at)
        end = len(line) if comma < 0 else comma
        yield found["key"].strip(), line[at:end].strip() if value is None else value
        at = end + 1
