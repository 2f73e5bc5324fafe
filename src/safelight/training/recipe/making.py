"""A recipe from its sources to its files, stage by stage; stopped at any moment, it goes on where it was."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.atomic import whole, write_whole
from safelight.files.folders import Folders
from safelight.files.lock import locked
from safelight.models.saving import tensor_entries, write_safetensors
from safelight.models.weights import open_weights
from safelight.runs.data.caption_files import METADATA
from safelight.runs.folder import RunFolder
from safelight.runs.results import final_of
from safelight.training.recipe.drawings import Gathered, Origin, gather
from safelight.training.recipe.painting import paint, renderer
from safelight.training.recipe.scenes import Stock, scene_at
from safelight.training.recipe.told import Pictures, Recipe, Stage
from safelight.training.run import Place, begin, train
from safelight.training.work import Watch

BEGUN = "recipe.json"
"""What a folder was begun with."""
NOTICE = "NOTICE"
TOLD_EVERY = 20  # pictures


@dataclass(frozen=True)
class Kitchen:
    """Where a recipe is made.

    Attributes:
        folder: A home folder of its own: `packages`, `pictures`, `training`, `models`, and in the end the files.
        sources: As of `gather`.
        device: As of `Place`.
        spare: As of `Place`.
    """

    folder: Path
    sources: Path | None = None
    device: str = "auto"
    spare: int = 0


def make(recipe: Recipe, scale: float, kitchen: Kitchen, watch: Watch) -> tuple[Path, ...]:
    """Make what a recipe makes, or what is left of it.

    Args:
        recipe: Which.
        scale: How many times the pictures and steps that it says; 1 for the recipe itself.
        kitchen: Where.
        watch: Told of everything.

    Returns:
        The files: checkpoints and what else it says, and the notice about its sources.

    Raises:
        BadInput: Sources or programs are missing, or the folder was begun with something else.
        Cancelled: From `watch`; the same call goes on.
    """
    renderer()
    folder = kitchen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    scaled = recipe.scaled(scale)
    with locked(folder / ".lock", f"The recipe is being made in {folder} by another process.", "Wait for it."):
        _begin(scaled, kitchen, folder)
        watch.stage("Gathering the drawings")
        gathered = gather(scaled, kitchen.sources, folder / "packages")
        for pictures in scaled.pictures:
            draw(pictures, gathered, folder / "pictures" / pictures.name, watch)
        place = Place(Folders.at(folder, []), kitchen.device, kitchen.spare)
        place.folders.make()
        made = {str(stage.settings["name"]): _run(scaled, stage, place, watch) for stage in scaled.stages}
        notice = folder / NOTICE
        write_whole(notice, notice_of(scaled, gathered.origins).encode())
        results = [folder / result.file for result in scaled.results]
        sources = "; ".join(f"{origin.title}: {_in_short(origin)}" for origin in gathered.origins)
        for result, path in zip(scaled.results, results, strict=True):
            _finish(made[result.stage], path, {"training_data": sources, **result.metadata})
        return *results, notice


def draw(told: Pictures, gathered: Gathered, folder: Path, watch: Watch) -> None:
    """Draw a set of pictures that is not there yet, with captions in `metadata.jsonl`, which is written last.

    Raises:
        BadInput: A drawing is missing, or cannot be rendered.
        OSError: The disk is full.
    """
    if (folder / METADATA).is_file():
        return
    watch.stage(f"Drawing the pictures: {told.name}")
    stock = Stock(gathered.drawings)
    lines = []
    for number in range(told.count):
        scene, name = scene_at(stock, told, number), f"{number:06d}.png"
        if not (folder / name).is_file():
            with whole(folder / name) as file:
                paint(scene, told.side).save(file, format="PNG")
        lines.append(json.dumps({"file_name": name, "text": scene.caption}) + "\n")
        if number % TOLD_EVERY == 0 or number + 1 == told.count:
            watch.progress(number + 1, told.count)
    write_whole(folder / METADATA, "".join(lines).encode())


def notice_of(recipe: Recipe, origins: Sequence[Origin]) -> str:
    """Where what was learned comes from, and under which licences."""
    long = [origin for origin in origins if "\n" in origin.licence or len(origin.licence) > 80]
    parts = [
        recipe.title,
        "Trained from scratch, with no other weights, on pictures that were drawn from:",
        "\n".join(f"- {origin.told}" for origin in origins),
        "The drawings were changed: rendered, scaled, turned, moved, mirrored, tinted, and placed on backgrounds.",
        *(["CC-BY-4.0: https://creativecommons.org/licenses/by/4.0/"] if any(_is_by(o) for o in origins) else []),
        *(f"The licence of {origin.title}:\n\n{origin.licence}" for origin in long),
    ]
    return "\n\n".join(parts) + "\n"


def _begin(recipe: Recipe, kitchen: Kitchen, folder: Path) -> None:
    """Note what the folder is begun with, or see that it is the same."""
    sources = None if kitchen.sources is None else str(kitchen.sources.expanduser().resolve())
    told = json.dumps({"recipe": recipe.model_dump(mode="json"), "sources": sources}, indent=1).encode()
    path = folder / BEGUN
    if not path.is_file():
        write_whole(path, told)
    elif path.read_bytes() != told:
        raise BadInput(
            f"{folder} was begun with another recipe, scale or sources.",
            mend="Give the same ones to go on, or another folder to begin anew.",
        )


def _run(recipe: Recipe, stage: Stage, place: Place, watch: Watch) -> Path:
    """The result of a stage, which is trained as far as it is not yet."""
    settings = recipe.settings_of(stage, place.folders.home / "pictures")
    final = final_of(settings, place.folders)
    if final.is_file():
        return final
    folder = RunFolder.of(place.folders.home, settings.name)
    watch.stage(f"Training {settings.name}")
    return train(folder if folder.is_there else begin(settings, place), place, watch)


def _finish(made: Path, path: Path, metadata: Mapping[str, str]) -> None:
    """The file of a run where the recipe wants it, which says of itself what the recipe says."""
    weights = open_weights(made)
    entries = list(tensor_entries(weights))
    with whole(path) as file:
        write_safetensors(file, entries, {**weights.header.metadata, **metadata})


def _in_short(origin: Origin) -> str:
    return origin.licence.splitlines()[0] if origin.licence else "not told"


def _is_by(origin: Origin) -> bool:
    return origin.licence == "CC-BY-4.0"
