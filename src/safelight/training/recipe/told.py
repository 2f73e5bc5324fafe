"""What a recipe says: its sources, the pictures that are drawn of them, the stages of training, the files made."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from safelight.errors import BadInput
from safelight.runs.settings import Count, TrainingSettings, checked

Licence = Literal["MIT", "Apache-2.0", "CC-BY-4.0"]
SceneName = Literal["mixed", "things"]
BUILT_IN = Path(__file__).parent
RECIPES = ("starter",)
FEWEST_STEPS = 2


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Package(_Table):
    """A package of npm's registry, of one version."""

    package: str
    version: str
    integrity: Annotated[str, Field(pattern=r"^sha512-[A-Za-z0-9+/]+=*$")]
    """As the registry tells it: the SHA-512 of the archive, in base64."""
    licence: Licence
    author: str
    title: str

    @property
    def file(self) -> str:
        """What `npm pack` calls it."""
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


class IconSet(Package):
    """Drawings, in the layout of iconify."""

    styles: tuple[str, ...]
    """What captions call its way of drawing; the first is its main name."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often it is drawn from."""
    is_numbered: bool = False
    """Whether its names end in numbers that say nothing."""
    only_known: bool = False
    """Take only drawings that the words know."""
    group: str = "other"
    """Of drawings that the words do not know."""


class Words(_Table):
    """What drawings are called."""

    packages: tuple[Package, ...] = ()
    synonyms: dict[str, tuple[str, ...]] = {}
    """Other names that people use."""
    often: tuple[str, ...] = ()
    """Names of what is drawn more often."""
    times: dict[str, float] = {}
    """How much more often, by name; and for all of `often` under the name `often`."""
    groups: dict[str, float] = {}
    """How often drawings of a group are drawn, `else` for the others."""
    skipped_groups: tuple[str, ...] = ()
    skipped: str = "$^"
    """Names of icons that are left out, as a regular expression."""
    toned: tuple[str, ...] = ()
    """Icons of which those with a light and a dark skin are taken too."""


class Pictures(_Table):
    """A set of pictures that is drawn."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    count: Count
    side: Annotated[int, Field(ge=8, multiple_of=8)]
    scenes: SceneName = "mixed"
    seed: int = 0
    things: dict[str, tuple[str, ...]] = {}
    """Of scenes `things`: what captions call it, and the icons that may stand for it; the first there is taken."""
    set: str = ""
    """Of scenes `things`: the icon set; empty for any."""
    backgrounds: tuple[str, ...] = ("white",)
    """Of scenes `things`; a colour that comes twice is drawn twice as often."""


class Stage(_Table):
    """A run of training."""

    pictures: str
    """Name of the set that it sees."""
    settings: dict[str, Any]
    """As of any run, but for the folder of its data."""


class Result(_Table):
    """A file at the end."""

    stage: str
    """Name of the run whose result it is."""
    file: Annotated[str, Field(pattern=r"^[\w.-]+\.safetensors$")]
    metadata: dict[str, str] = {}
    """What it says of itself beside what the run says."""


class Recipe(_Table):
    """All of it."""

    title: str
    sources: tuple[IconSet, ...] = ()
    words: Words = Words()
    pictures: tuple[Pictures, ...]
    stages: tuple[Stage, ...]
    results: tuple[Result, ...]

    def scaled(self, scale: float) -> "Recipe":
        """The same with so many times the pictures and steps, for trying it out."""
        pictures = [
            p.model_copy(update={"count": max(len(p.things), round(p.count * scale), 1)}) for p in self.pictures
        ]
        stages = []
        for stage in self.stages:
            run = stage.settings.get("run", {})
            steps = max(
                FEWEST_STEPS, round(run.get("steps", TrainingSettings.model_fields["run"].default.steps) * scale)
            )
            stages.append(stage.model_copy(update={"settings": {**stage.settings, "run": {**run, "steps": steps}}}))
        return self.model_copy(update={"pictures": tuple(pictures), "stages": tuple(stages)})

    def settings_of(self, stage: Stage, pictures: Path) -> TrainingSettings:
        """What the run of a stage is told, whose pictures are in a folder of `pictures`.

        Raises:
            BadInput: A setting is not possible.
        """
        data = {**stage.settings.get("data", {}), "folder": str(pictures / stage.pictures)}
        return checked({**stage.settings, "data": data}, self.title)


def read_recipe(name: str) -> Recipe:
    """A recipe.

    Args:
        name: Of one that comes with the program, or the path of a TOML file.

    Raises:
        BadInput: There is none, or it says what is not possible.
    """
    path = BUILT_IN / f"{name}.toml" if name in RECIPES else Path(name).expanduser()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"There is no recipe {name}.", mend=f"Name {' or '.join(RECIPES)}, or the TOML file of your own."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The recipe is no TOML: {error}.", where=path.name, mend="Mend that line.") from error
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{setting}: {first['msg']}.", where=path.name, mend="Look at the recipe starter.") from error
    _check_names(recipe, path.name)
    for stage in recipe.stages:
        recipe.settings_of(stage, Path("pictures"))
    return recipe


def _check_names(recipe: Recipe, where: str) -> None:
    """See that stages and results name what is there."""
    sets = {pictures.name for pictures in recipe.pictures}
    runs = {stage.settings.get("name") for stage in recipe.stages}
    for known, wanted, what in (
        (sets, [stage.pictures for stage in recipe.stages], "set of pictures"),
        (runs, [result.stage for result in recipe.results], "stage"),
    ):
        for name in wanted:
            if name not in known:
                raise BadInput(
                    f"There is no {what} called {name}.", where=where, mend="Name one that is in the recipe."
                )
