"""Plugins written for Safelight: what they add, and what becomes of those that fail."""

import re
from pathlib import Path

import pytest

from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.families import FAMILIES
from safelight.families.detect import identify
from safelight.files.header import read_header
from safelight.files.plugin_list import FILE_NAME
from safelight.nodes.registry import BUILTIN
from safelight.plugins.loading import Plugin, library
from safelight.settings import read_settings
from tests.plugins.conftest import PACK, Enabled, written
from tests.studio import Studio, text_to_image, tiny_file

GLOW = '''
"""A node, a sampler, a scheduler and a family."""

from dataclasses import replace
from typing import Annotated

from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.samplers.euler import euler
from safelight.diffusion.schedulers import SCHEDULERS, karras
from safelight.families import FAMILIES
from safelight.families.sd1 import SD1
from safelight.graph.node import Range, node
from safelight.nodes.sockets import Image

from .more import *


@node("ImageGlow", category="image/postprocessing", title="Glow")
def image_glow(*, image: Image, strength: Annotated[float, Range(0.0, 1.0)] = 0.5) -> Image:
    """Make a picture brighter."""
    return (image + strength).clamp(0, 1)


SAMPLERS["glow"] = SamplerSpec(euler)
SCHEDULERS["glowing"] = karras
FAMILIES["glowworm"] = replace(
    SD1, name="glowworm", title="Glowworm", recognises=lambda shape, towers: shape.context_width == 768
)
'''
MORE = '''
from safelight.graph.node import node


@node("GlowWord", category="text")
def glow_word() -> str:
    """A word."""
    return "glow"
'''


@pytest.fixture
def glow(tmp_path: Path) -> Path:
    """A plugin in a folder."""
    written(tmp_path / "glow", "__init__.py", GLOW)
    written(tmp_path / "glow", "more.py", MORE)
    return tmp_path / "glow"


def marking(path: Path) -> str:
    """A plugin that leaves a mark when it is imported."""
    return f"from pathlib import Path\nPath({str(path)!r}).touch()\n"


def one(*plugins: Plugin) -> Plugin:
    (plugin,) = plugins
    return plugin


def test_a_folder_adds_nodes_samplers_schedulers_and_families(glow: Path, enabled: Enabled) -> None:
    loaded = enabled(glow)
    assert loaded.plugins == (
        Plugin("glow", str(glow), ("ImageGlow", "GlowWord"), ("glow",), ("glowing",), ("glowworm",)),
    )
    assert loaded.registry["ImageGlow"].spec.module == "glow"
    menus = loaded.catalog["KSampler"].by_name
    before = BUILTIN["KSampler"].spec.by_name["sampler_name"].choices or ()
    assert menus["sampler_name"].choices == (*before, "glow")
    assert "glowing" in (menus["scheduler"].choices or ())
    assert "glowing" in (loaded.catalog["BasicScheduler"].by_name["scheduler"].choices or ())


def test_what_it_adds_makes_pictures(glow: Path, home: Path, enabled: Enabled) -> None:
    studio = Studio(home, registry=enabled(glow).registry)
    name = studio.checkpoint("sd1")
    own = studio.run(text_to_image(name, scheduler="karras"))
    glowing = studio.run(text_to_image(name, sampler="glow", scheduler="glowing"))
    assert (own.pixels == glowing.pixels).all()


def test_a_family_of_a_plugin_is_told_by_its_own_rule(glow: Path, enabled: Enabled) -> None:
    header = read_header(tiny_file("sd1"))
    width = identify(header).unet.shape.context_width  # type: ignore[union-attr]
    (glow / "__init__.py").write_text(GLOW.replace("768", str(width)))
    enabled(glow)
    family = identify(header).family
    assert family is not None
    assert family.name == "glowworm"


def test_a_package_is_found_by_its_entry_point(
    glow: Path, tmp_path: Path, enabled: Enabled, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "safelight_glow-1.0.dist-info"
    written(info, "METADATA", "Metadata-Version: 2.1\nName: safelight-glow\nVersion: 1.0\n")
    written(info, "entry_points.txt", "[safelight.plugins]\nshine = glow\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = one(*enabled("shine").plugins)
    assert (plugin.name, plugin.place, plugin.nodes) == ("shine", "package glow", ("ImageGlow", "GlowWord"))


def test_nothing_is_loaded_that_was_not_enabled(home: Path, tmp_path: Path, enabled: Enabled) -> None:
    written(home / "plugins", "lurking.py", marking(tmp_path / "lurking"))
    written(home / "plugins", "wanted.py", marking(tmp_path / "wanted"))
    assert [plugin.name for plugin in enabled("wanted.py").plugins] == ["wanted"]
    assert (tmp_path / "wanted").exists()
    assert not (tmp_path / "lurking").exists()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import absent_package", "ModuleNotFoundError: No module named 'absent_package'"),
        ("raise SystemExit('I quit')", "SystemExit: I quit"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("raise ValueError", "ValueError"),
    ],
)
def test_a_plugin_that_fails_is_named_and_leaves_nothing_behind(
    text: str, error: str, glow: Path, tmp_path: Path, enabled: Enabled
) -> None:
    broken = tmp_path / "broken"
    written(broken, "more.py", MORE.replace("GlowWord", "OtherWord"))
    written(broken, "__init__.py", f"{GLOW.replace('glow', 'gloom')}\ndel SAMPLERS['euler']\nexec({text!r})\n")
    samplers, schedulers, families = list(SAMPLERS), list(SCHEDULERS), list(FAMILIES)
    loaded = enabled(broken, glow)
    failed, good = loaded.plugins
    assert (failed.name, failed.nodes, failed.samplers) == ("broken", (), ())
    assert failed.error.startswith(error)
    assert good.nodes == ("ImageGlow", "GlowWord")
    assert (list(SAMPLERS), list(SCHEDULERS)) == ([*samplers, "glow"], [*schedulers, "glowing"])
    assert list(FAMILIES) == [*families, "glowworm"]
    assert set(loaded.registry) == {*BUILTIN, "ImageGlow", "GlowWord"}


def test_names_that_are_taken_stay_what_they_were(glow: Path, tmp_path: Path, enabled: Enabled) -> None:
    text = MORE.replace("GlowWord", "KSampler") + MORE.replace("glow_word", "other")
    text += "\nfrom safelight.diffusion.samplers import SAMPLERS\nSAMPLERS['euler'] = SAMPLERS['heun']\n"
    euler = SAMPLERS["euler"]
    loaded = enabled(glow, written(tmp_path, "taking.py", text))
    assert loaded.plugins[1] == Plugin(
        "taking",
        str(tmp_path / "taking.py"),
        notes=(
            "The sampler euler is there already, and stays what it was.",
            "The node KSampler is one of safelight already, and stays that.",
            "The node GlowWord is one of glow already, and stays that.",
        ),
    )
    assert SAMPLERS["euler"] is euler
    assert loaded.registry["KSampler"].spec.title == "KSampler"


def test_a_plugin_that_has_gone_is_named(home: Path, tmp_path: Path, enabled: Enabled) -> None:
    path = written(tmp_path, "gone.py", "")
    enabled(path)
    library.cache_clear()
    path.unlink()
    (home / FILE_NAME).write_text((home / FILE_NAME).read_text() + "uninstalled\n")
    by_path, by_name = library(read_settings()).plugins
    assert by_path.error.startswith("FileNotFoundError")
    assert by_name.error == "ModuleNotFoundError: no installed package has a plugin of this name"


def test_plugins_are_loaded_once_and_packs_see_those_written_for_safelight(glow: Path, enabled: Enabled) -> None:
    loaded = enabled(PACK, glow)
    assert library(read_settings()) is loaded
    assert [plugin.name for plugin in loaded.plugins] == ["glow", "pack"]
    pack = loaded.plugins[1]
    assert pack.notes == ("Its pages for the browser (./web) are not used.",)
    assert "PackWords" in pack.nodes
    assert "glow" in (loaded.catalog["PackWords"].by_name["sampler"].choices or ())


def test_two_folders_of_one_name_are_two_plugins(tmp_path: Path, enabled: Enabled) -> None:
    first = written(tmp_path / "a/glow", "__init__.py", "from .more import *")
    second = written(tmp_path / "b/glow", "__init__.py", "from .more import *")
    written(first.parent, "more.py", MORE)
    written(second.parent, "more.py", MORE.replace("GlowWord", "OtherWord"))
    loaded = enabled(first.parent, second.parent)
    assert [plugin.nodes for plugin in loaded.plugins] == [("GlowWord",), ("OtherWord",)]


def test_the_example_of_the_docs_works(tmp_path: Path, enabled: Enabled) -> None:
    page = Path(__file__).parents[2] / "docs/plugins.md"
    (text,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    plugin = one(*enabled(written(tmp_path, "glow.py", text)).plugins)
    assert (plugin.nodes, plugin.samplers, plugin.error) == (("ImageGlow",), ("glow",), "")


def test_a_class_that_cannot_be_read_costs_its_pack_nothing_else(tmp_path: Path, enabled: Enabled) -> None:
    text = """
class Good:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES, FUNCTION = (), "run"

class Bad(Good):
    INPUT_TYPES = classmethod(lambda cls: {}["required"])

NODE_CLASS_MAPPINGS = {"Bad": Bad, "Good": Good}
"""
    plugin = one(*enabled(written(tmp_path, "half.py", text)).plugins)
    assert plugin.nodes == ("Good",)
    assert plugin.notes == ("The node Bad cannot be used: KeyError: 'required'.",)


def test_a_pack_that_fails_takes_its_folders_and_classes_back(tmp_path: Path, enabled: Enabled) -> None:
    text = "import folder_paths, nodes\nfolder_paths.add_model_folder_path('loras', '/x')\n"
    text += "nodes.NODE_CLASS_MAPPINGS['Half'] = object\n"
    failing = written(tmp_path, "failing.py", f"{text}NODE_CLASS_MAPPINGS = absent\n")
    looking = "import folder_paths, nodes\nassert 'Half' not in nodes.NODE_CLASS_MAPPINGS\n"
    looking += "assert '/x' not in folder_paths.get_folder_paths('loras')\nNODE_CLASS_MAPPINGS = {}\n"
    failed, good = enabled(failing, written(tmp_path, "looking.py", looking)).plugins
    assert failed.error == "NameError: name 'absent' is not defined"
    assert not good.error
