"""Makes the small pictures of the templates anew: `python -m tests.template_pictures`.

What a template makes, beside what it begins with; where the models that it needs do not ship, its graph.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from safelight.cli.working import run_all
from safelight.files.folders import Folders
from safelight.files.templates import FOLDER, Template, templates
from safelight.graph.formats import load_api
from safelight.graph.missing import missing_files
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Event, Output
from safelight.settings import Settings, read_settings

SIDE = 256  # pixels, the longer one
QUALITY = 82
PAPER, BOX, WIRE, LOOSE = "#22252b", "#4a5160", "#8b93a5", "#6d8fd6"
CUT_OUT = "#c3c8d2"  # where a picture is transparent
MARGIN = 16  # pixels around a graph


class Saved:
    """What a run saves."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, Output) and event.kind == "images":
            self.paths.append(event.path)


def made(template: Template, settings: Settings, folders: Folders) -> Image.Image:
    """What a template makes, to the right of what it begins with."""
    workflow, _ = load_api(template.api.read_text())
    saved = Saved()
    run_all([workflow], settings, folders, saved)  # type: ignore[arg-type]
    shown = [Image.open(folders.resolve("output", saved.paths[-1])).convert("RGB")]
    for call in workflow.values():
        if call.class_type == "LoadImage":
            with Image.open(folders.resolve("input", str(call.inputs["image"]))) as begun:
                whole = Image.new("RGBA", begun.size, CUT_OUT)
                whole.alpha_composite(begun.convert("RGBA"))
                shown.insert(0, whole.convert("RGB"))
    scale = SIDE / sum(picture.width for picture in shown)
    parts = [picture.resize((round(picture.width * scale), round(picture.height * scale))) for picture in shown]
    sheet = Image.new("RGB", (sum(part.width for part in parts), max(part.height for part in parts)), "white")
    across = 0
    for part in parts:
        sheet.paste(part, (across, 0))
        across += part.width
    return sheet


def drawn(document: Mapping[str, Any]) -> Image.Image:
    """The graph of a template: a box for each node, a line for each wire."""
    nodes = {node["id"]: (*node["pos"], *node["size"]) for node in document["nodes"]}
    left, top = (min(box[axis] for box in nodes.values()) for axis in (0, 1))
    right, bottom = (max(box[axis] + box[axis + 2] for box in nodes.values()) for axis in (0, 1))
    scale = (SIDE - 2 * MARGIN) / max(right - left, bottom - top)
    fine = 4  # drawn larger, then scaled down: lines without stairs
    size = [round(((far - near) * scale + 2 * MARGIN) * fine) for near, far in ((left, right), (top, bottom))]
    sheet = Image.new("RGB", (size[0], size[1]), PAPER)
    draw = ImageDraw.Draw(sheet)

    def at(x: float, y: float) -> tuple[float, float]:
        return ((x - left) * scale + MARGIN) * fine, ((y - top) * scale + MARGIN) * fine

    for _, source, _, target, *_ in document["links"]:
        begin, end = nodes[source], nodes[target]
        line = [at(begin[0] + begin[2], begin[1] + begin[3] / 2), at(end[0], end[1] + end[3] / 2)]
        draw.line(line, fill=WIRE, width=fine)
    for node in document["nodes"]:
        x, y, width, height = nodes[node["id"]]
        values = [str(value) for value in node.get("widgets_values") or []]
        fill = LOOSE if any(value.startswith("your-") for value in values) else BOX
        draw.rounded_rectangle([*at(x, y), *at(x + width, y + height)], radius=3 * fine, fill=fill)
    return sheet.resize((size[0] // fine, size[1] // fine), Image.Resampling.LANCZOS)


def main() -> None:
    """Write a picture beside each template."""
    catalog = {name: node.spec for name, node in BUILTIN.items()}
    with tempfile.TemporaryDirectory() as home:
        settings = read_settings(home=Path(home), device="cpu")
        folders = Folders.at(Path(home))
        folders.make()
        for template in templates().values():
            workflow, _ = load_api(template.api.read_text())
            if missing_files(workflow, catalog, folders.list):
                picture = drawn(json.loads(template.editor.read_text()))
            else:
                picture = made(template, settings, folders)
            path = FOLDER / f"{template.name}.webp"
            picture.save(path, "WEBP", quality=QUALITY, method=6)
            print(f"{path.name}: {picture.width}x{picture.height}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
