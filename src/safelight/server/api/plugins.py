"""Plugins: what is there, what is enabled, what became of it."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from safelight.files import plugin_list
from safelight.files.plugin_list import Place
from safelight.jobs.shelf import Published
from safelight.server.access import Admin, Me
from safelight.server.api.answers import NotThere, refusals
from safelight.server.studio import Studio, TheStudio

router = APIRouter(prefix="/plugins", tags=["plugins"])

PluginName = Annotated[str, Path(max_length=255, pattern=r"^[^/\\\x00]+$", description="As the list has it.")]


class PluginView(BaseModel):
    """A plugin. `loaded` is whether the engines have it, with so many `nodes`; `problem` is why it failed.

    `path` is where it is, told to admins only; empty for that of an installed package.
    """

    name: str
    version: str
    summary: str
    enabled: bool
    loaded: bool
    nodes: int
    problem: str
    notes: list[str]
    path: str


class PluginsView(BaseModel):
    """All plugins that are enabled, and those that could be; `engines` are those that start anew to load them.

    An engine that has a job does so when that has ended.
    """

    plugins: list[PluginView]
    engines: list[str]


@router.get("", responses=refusals())
def list_plugins(studio: TheStudio, me: Me) -> PluginsView:
    """The plugins that are enabled, and those that could be."""
    return PluginsView(plugins=_views(studio, with_paths=me.admin), engines=[])


@router.post("/{name}/enable", responses=refusals(400, 403, 404))
def enable_plugin(name: PluginName, studio: TheStudio, me: Admin) -> PluginsView:
    """Load a plugin from now on: code that runs with the rights of the server.

    It is one of an installed package, or in the folder `plugins` of the home folder. The engines start anew.
    """
    home = studio.settings.home
    if all(place.title != name for place in plugin_list.disabled(home)):
        raise NotThere(f"There is no plugin {name} that could be enabled.", mend="Look at the list of plugins.")
    plugin_list.enable(home, name)
    return PluginsView(plugins=_views(studio, with_paths=True), engines=studio.dispatcher.renew())


@router.post("/{name}/disable", responses=refusals(400, 403, 404))
def disable_plugin(name: PluginName, studio: TheStudio, me: Admin) -> PluginsView:
    """Load a plugin no more. The engines start anew."""
    home = studio.settings.home
    if all(place.title != name for place in plugin_list.enabled(home)):
        raise NotThere(f"The plugin {name} is not enabled.", mend="Look at the list of plugins.")
    plugin_list.disable(home, name)
    return PluginsView(plugins=_views(studio, with_paths=True), engines=studio.dispatcher.renew())


def _views(studio: Studio, *, with_paths: bool) -> list[PluginView]:
    home = studio.settings.home
    published = studio.shelf.known()
    on = [_view(place, published, enabled=True, with_paths=with_paths) for place in plugin_list.enabled(home)]
    off = [_view(place, None, enabled=False, with_paths=with_paths) for place in plugin_list.disabled(home)]
    return [*on, *off]


def _view(place: Place, published: Published | None, *, enabled: bool, with_paths: bool) -> PluginView:
    said = plugin_list.about(place)
    told = published.plugins.get(place.name) if published else None
    facts = told if isinstance(told, dict) else {}
    nodes = sum(spec.module == place.name for spec in published.catalog.values()) if published and facts else 0
    return PluginView(
        name=place.title,
        version=said.version,
        summary=said.summary,
        enabled=enabled,
        loaded=bool(facts) and not facts.get("error"),
        nodes=nodes,
        problem=str(facts.get("error", "")),
        notes=[str(note) for note in facts.get("notes", ())],
        path=str(place.path) if place.path and with_paths else "",
    )
