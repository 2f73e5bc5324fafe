"""Drawings and what they are called: from packages of icons, or from SVG files of one's own."""

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safelight.errors import BadInput
from safelight.training.recipe.fetching import fetch, read_json
from safelight.training.recipe.told import IconSet, Recipe, Words

SVG = "http://www.w3.org/2000/svg"
LICENCES = ("LICENSE", "LICENCE", "LICENSE.txt", "LICENCE.txt", "LICENSE.md")
LONGEST = 400_000  # characters of a drawing
OTHER_NAMES, TAGS = 5, 10  # kept of each
SHORT_CODES = ("cldr", "github", "iamcal", "joypixels", "emojibase")
TONE = re.compile(r"-(medium-light|medium-dark|medium|light|dark)(-skin-tone)?(-|$)")
TONES = ("light", "dark")
QUOTED = re.compile("['\u2018\u2019\u201c\u201d]")


@dataclass(frozen=True)
class Name:
    """What something is called.

    Attributes:
        label: Its name.
        others: Other names.
        tags: What one thinks of with it.
        group: What sort of thing it is.
        part: The same, closer.
    """

    label: str
    others: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    group: str = "other"
    part: str = ""


@dataclass(frozen=True)
class Drawing:
    """A drawing.

    Attributes:
        set: Which set it is of.
        icon: What it is called there.
        name: What it shows.
        styles: What its way of drawing is called.
        tone: Of skin, in words; mostly empty.
        weight: How often it is drawn.
        box: Left, top, width and height of what `body` draws in.
        body: What is inside the SVG.
    """

    set: str
    icon: str
    name: Name
    styles: tuple[str, ...]
    tone: str
    weight: float
    box: tuple[float, float, float, float]
    body: str


@dataclass(frozen=True)
class Origin:
    """Where drawings come from, for whoever uses what was learned of them.

    Attributes:
        title: What the set is called.
        told: Its author, version and licence, in a line.
        licence: Its name; where it is somebody's own folder, what a file of it says.
    """

    title: str
    told: str
    licence: str


@dataclass(frozen=True)
class Gathered:
    """All drawings of a recipe, and where they come from."""

    drawings: tuple[Drawing, ...]
    origins: tuple[Origin, ...]


def gather(recipe: Recipe, sources: Path | None, fetched: Path) -> Gathered:
    """The drawings of a recipe.

    Args:
        recipe: Which.
        sources: A folder of SVG files, which then stand for all packages of drawings; or one with packages as `npm
            pack` fetches them; None to fetch them.
        fetched: Where packages are put that have to be fetched.

    Raises:
        BadInput: There are none, or one cannot be had.
    """
    if sources is not None and not sources.is_dir():
        raise BadInput(f"There is no folder {sources}.", mend="Give a folder with SVG files, or with packages of npm.")
    own = sorted(sources.rglob("*.svg")) if sources is not None else []
    if sources is not None and own:
        return _own(sources, own)
    folder = fetched if sources is None else sources
    names = _names(recipe.words, folder)
    drawings: list[Drawing] = []
    for source in recipe.sources:
        drawings += _of_set(source, fetch(source, folder), names, recipe.words)
    if not drawings:
        raise BadInput("There are no drawings.", where=recipe.title, mend="Give a folder with SVG files by --sources.")
    packages = (*recipe.sources, *recipe.words.packages)
    origins = tuple(
        Origin(p.title, f"{p.title}, {p.author}; npm package {p.package} {p.version}; {p.licence}", p.licence)
        for p in packages
    )
    return Gathered(tuple(drawings), origins)


def words(text: str) -> str:
    """A name in small letters and single spaces, without signs."""
    letters = unicodedata.normalize("NFKD", QUOTED.sub("", text.lower()))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def _own(folder: Path, paths: Sequence[Path]) -> Gathered:
    """SVG files: what they show is the name of the file, their style that of the folder they are in."""
    drawings = []
    for path in paths:
        inside = path.parent.relative_to(folder).as_posix()
        style = (f"{words(path.parent.name)} style",) if inside != "." else ()
        box, body = _read_svg(path)
        drawings.append(Drawing(inside, path.stem, Name(words(path.stem)), style, "", 1.0, box, body))
    told = next((folder / name for name in LICENCES if (folder / name).is_file()), None)
    licence = told.read_text(encoding="utf-8", errors="replace").strip() if told is not None else ""
    count = "1 SVG file" if len(paths) == 1 else f"{len(paths):,} SVG files"
    line = f"{folder.name}, {count}; " + ("its licence is below" if licence else "with no licence beside them")
    return Gathered(tuple(drawings), (Origin(folder.name, line, licence or "not told"),))


def _read_svg(path: Path) -> tuple[tuple[float, float, float, float], str]:
    try:
        root = ET.parse(path).getroot()
        told = [float(each) for each in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if each]
        left, top, width, height = told or (
            0.0,
            0.0,
            *(float(root.attrib[s].removesuffix("px")) for s in ("width", "height")),
        )
        if root.tag != f"{{{SVG}}}svg" or min(width, height) <= 0:
            raise ValueError
    except (OSError, ET.ParseError, ValueError, KeyError) as error:
        raise BadInput(
            f"{path.name} is no SVG that can be read.", where=str(path.parent), mend="Mend it, or take it out."
        ) from error
    ET.register_namespace("", SVG)
    kept = {name: root.attrib[name] for name in root.attrib if name in ("fill", "stroke", "stroke-width", "style")}
    group = ET.Element(f"{{{SVG}}}g", kept)
    group.extend(root)
    return (left, top, width, height), ET.tostring(group, encoding="unicode")


def _names(told: Words, folder: Path) -> Mapping[str, Name]:
    """Names by what icons may be called, spelt together."""
    if not told.packages:
        return {}
    base, lib = (fetch(package, folder) for package in told.packages)
    messages, keywords = read_json(base, "en/messages.json"), read_json(lib, "dist/emoji-en-US.json")
    groups = {each["order"]: each["message"] for each in messages["groups"]}
    parts = {each["order"]: each["message"] for each in messages["subgroups"]}
    codes: dict[str, list[str]] = defaultdict(list)
    for source in SHORT_CODES:
        for key, value in read_json(base, f"en/shortcodes/{source}.json").items():
            codes[key] += value if isinstance(value, list) else [value]
    found: dict[str, Name] = {}
    by_code: dict[str, Name] = {}
    for each in read_json(base, "en/data.json"):
        if "group" not in each or groups[each["group"]] == "components":
            continue
        label, own = words(each["label"]), codes[each["hexcode"]]
        listed = keywords.get(each["emoji"]) or keywords.get(each["emoji"].replace("\ufe0f", ""), [])
        others = [words(re.sub(r"\d+$", "", code)) for code in own]
        name = Name(
            label,
            _few([*told.synonyms.get(label, ()), *(o for o in others if o != label and len(o) > 2)], OTHER_NAMES),
            _few([t for t in map(words, [*each.get("tags", []), *listed]) if len(t) > 2], TAGS),
            groups[each["group"]],
            parts.get(each.get("subgroup"), ""),
        )
        found.setdefault(label.replace(" ", ""), name)
        for code in own:
            by_code.setdefault(_together(code), name)
    return {**by_code, **found}  # a short code counts only where nothing has that name


def _of_set(source: IconSet, archive: Path, names: Mapping[str, Name], told: Words) -> Iterator[Drawing]:
    info, icons = read_json(archive, "info.json"), read_json(archive, "icons.json")
    licence = info["license"]["spdx"]
    if licence != source.licence:
        raise BadInput(
            f"{source.package} says that its licence is {licence}, and the recipe says {source.licence}.",
            mend="Take it out of the recipe.",
        )
    width, height = icons.get("width", 16), icons.get("height", 16)
    skipped, seen = re.compile(told.skipped), set()
    for icon, values in icons["icons"].items():
        base, tone = _without_tone(icon, icons["icons"], told.toned)
        body = values["body"]
        if base is None or skipped.search(base) or body in seen or "<text" in body or len(body) > LONGEST:
            continue
        seen.add(body)
        base = re.sub(r"-\d$", "", base) if source.is_numbered else base
        name = _known(base, names)
        if name is None and source.only_known:
            continue
        name = _named(name or Name(words(base), group=source.group), base)
        if name.part in told.skipped_groups or name.group in told.skipped_groups:
            continue
        box = (values.get("left", 0), values.get("top", 0), values.get("width", width), values.get("height", height))
        weight = round(_weight(name, told) * source.weight, 3)
        yield Drawing(info["prefix"], icon, name, source.styles, tone, weight, box, body)


def _without_tone(icon: str, icons: Mapping[str, Any], toned: Sequence[str]) -> tuple[str | None, str]:
    """What an icon is called without its tone of skin, None where that tone is left out; and the tone in words."""
    found = TONE.search(icon)
    if not found:
        return icon, ""
    plain = icon[: found.start()]
    if plain not in icons and not icon.endswith("skin-tone"):
        return icon, ""  # "light bulb" is no tone
    if plain not in toned or found[1] not in TONES or icon != plain + found[0].rstrip("-"):
        return None, ""
    return plain, f"{found[1]} skin tone"


def _known(icon: str, names: Mapping[str, Name]) -> Name | None:
    key = _together(icon)
    return names.get(key) or names.get(f"{key}face") or names.get(key.removesuffix("face"))


def _named(name: Name, icon: str) -> Name:
    """A name, with what the icon itself is called among the others."""
    others = [*name.others, *([words(icon)] if words(icon) != name.label else [])]
    if name.label.endswith(" face") and name.group == "animals & nature":
        others.append(name.label.removesuffix(" face"))
    return replace(name, others=_few(others, OTHER_NAMES))


def _weight(name: Name, told: Words) -> float:
    weight = told.groups.get(name.group, told.groups.get("else", 1.0))
    if {name.label, *name.others} & set(told.often):
        weight *= told.times.get("often", 1.0)
    return weight * told.times.get(name.label, 1.0)


def _few(texts: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:most]


def _together(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
