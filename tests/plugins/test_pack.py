"""A pack written for ComfyUI, which uses every part of that interface, run by the engine."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from safelight.diffusion.conditioning import Area, Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.graph.catalog import NodeSpec
from safelight.graph.document import Link
from safelight.graph.editor import parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.validate import validate
from safelight.protocol.events import Cached, Cancelled, Done, Failed, Output, Progress
from tests.nodes.running import RecordedRun
from tests.plugins.conftest import Enabled
from tests.studio import Graph, Ran, Studio, text_to_image

WORDS: dict[str, Any] = {
    "text": "a dog",
    "times": 2,
    "weight": 0.5,
    "upper": True,
    "joiner": "comma",
    "sampler": "euler",
    "size": 512,
}


def shown(graph: Graph, *values: Link) -> Graph:
    for value in values:
        graph.add("PackShow", value=value)
    return graph


def texts(ran: Ran) -> list[str]:
    assert isinstance(ran.end, Done), ran.end
    return [event.text for event in ran.told(Output) if event.kind == "text"]


def problems(studio: Studio, graph: Graph) -> list[str]:
    catalog = {name: node.spec for name, node in studio.registry.items()}
    return [problem.kind for problem in validate(graph, catalog, studio.folders.list)]


def spec(studio: Studio, class_type: str) -> NodeSpec:
    return studio.registry[class_type].spec


def test_a_class_is_described_as_built_in_nodes_are(studio: Studio) -> None:
    words = spec(studio, "PackWords")
    assert (words.title, words.category, words.module) == ("Words of the Pack", "pack/words", "pack")
    assert words.description == "Joins words.\n\n    With an indented line."
    assert [(port.name, port.type) for port in words.outputs] == [("words", "STRING"), ("length", "INT")]
    kinds = {port.name: (port.type, port.required, port.default) for port in words.inputs}
    assert kinds == {
        "text": ("STRING", True, "a cat"),
        "times": ("INT", True, 2),
        "weight": ("FLOAT", True, 0.5),
        "upper": ("BOOLEAN", True, False),
        "joiner": ("COMBO", True, None),
        "sampler": ("COMBO", True, None),
        "size": ("COMBO", True, None),
        "more": ("STRING", False, None),
        "seed": ("INT", False, None),
    }
    text, times, weight = (words.by_name[name] for name in ("text", "times", "weight"))
    assert (text.multiline, text.dynamic_prompts, text.tooltip) == (True, True, "Words.")
    assert (times.minimum, times.maximum, times.step) == (1, 8, 1)
    assert (weight.maximum, weight.round) == (1.0, None)
    assert words.by_name["size"].choices == (256, 512)
    assert words.by_name["sampler"].choices == tuple(SAMPLERS)
    assert words.by_name["more"].force_input
    assert words.by_name["seed"].control_after_generate
    assert spec(studio, "PackHidden").deprecated
    assert spec(studio, "PackEven").experimental


def test_values_that_are_written_down_are_checked_and_arrive(studio: Studio) -> None:
    graph = Graph()
    words = graph.add("PackWords", **WORDS)
    assert texts(studio.run(shown(graph, Link(words, 0), Link(words, 1)))) == ["A DOG, A DOG", "12"]
    for name, value, kind in (
        ("times", 9, "value_bigger_than_max"),
        ("joiner", "dash", "value_not_in_list"),
        ("text", None, "required_input_missing"),
    ):
        graph = Graph()
        shown(graph, Link(graph.add("PackWords", **{**WORDS, name: value})))
        assert problems(studio, graph) == [kind]


def test_hidden_inputs_are_filled_in_and_an_object_lives_on_in_its_node(studio: Studio) -> None:
    graph = Graph()
    hidden, other = graph.add("PackHidden"), graph.add("PackHidden")
    shown(graph, Link(hidden), Link(other))
    first, second = map(json.loads, texts(studio.run(graph)))
    assert first["node"] == hidden
    assert second["node"] == other  # the same class and inputs, and yet not the same result
    assert (first["type"], first["nodes"], first["token"]) == ("PackHidden", ["1", "2", "3", "4"], None)
    assert "safelight" in first["png"]
    assert first["calls"] == second["calls"] == 1


def test_a_class_that_looks_at_its_own_inputs_is_asked_before_anything_runs(studio: Studio) -> None:
    def graph(number: int, other: int = 1) -> Graph:
        found = Graph()
        return shown(found, Link(found.add("PackEven", number=number, other=other)))

    assert texts(studio.run(graph(12))) == ["13"]  # more than the widget allows
    assert problems(studio, graph(12, 11)) == ["value_bigger_than_max"]
    ran = studio.run(graph(13))
    assert isinstance(ran.end, Failed)
    assert (ran.end.what, ran.end.class_type) == ("13 is odd.", "PackEven")
    assert len(ran.events) == 2  # it started, and failed


def test_a_class_that_looks_at_types_may_be_linked_to_any(studio: Studio) -> None:
    graph = Graph()
    length = Link(graph.add("PackWords", **WORDS), 1)
    shown(graph, Link(graph.add("PackTyped", value=length)))
    assert texts(studio.run(graph)) == ["int"]
    graph["2"] = graph["2"]._replace(inputs={"value": Link("1", 0)})
    assert studio.run(graph).end == Failed(
        "job",
        "It takes numbers and pictures.",
        "PackTyped (node 2)",
        "Change the inputs of the node.",
        "2",
        "PackTyped",
    )


def test_what_a_class_watches_decides_whether_it_runs_again(studio: Studio) -> None:
    def run(mode: str) -> str:
        graph = Graph()
        (text,) = texts(studio.run(shown(graph, Link(graph.add("PackWatching", mode=mode)))))
        return text

    first = run("file")
    assert run("file") == first
    (studio.home / "input" / "watched.txt").write_text("two")
    changed = run("file")
    assert int(changed) > int(first)
    assert int(run("always")) < int(run("always"))


def test_inputs_of_any_name_arrive_linked_and_written(studio: Studio) -> None:
    graph = Graph()
    words = graph.add("PackWords", **WORDS)
    shown(graph, Link(graph.add("PackMany", joiner="|", any_1=Link(words, 1), b={"on": True}, a=2)))
    assert texts(studio.run(graph)) == ["a=2|any_1=12|b={'on': True}"]
    graph["2"] = graph["2"]._replace(inputs={"joiner": "|", "a": Link("9", 0)})
    assert problems(studio, graph) == ["bad_linked_input"]


def test_a_type_with_a_widget_of_the_packs_own_may_be_written_down(studio: Studio) -> None:
    graph = Graph()
    shown(graph, Link(graph.add("PackColoured", colour="#00ff00")))
    assert texts(studio.run(graph)) == ["#00ff00"]


def test_menus_of_files_follow_the_folder(studio: Studio) -> None:
    listed = spec(studio, "PackListed")
    assert listed.by_name["checkpoint"].folder == "checkpoints"
    assert listed.by_name["words"].choices == ("watched.txt",)
    assert (listed.by_name["picture"].folder, listed.by_name["picture"].upload) == ("input", True)
    (studio.home / "output/late.png").write_bytes(b"")
    graph = Graph()
    found = graph.add(
        "PackListed", checkpoint=studio.checkpoint("sd1"), words="watched.txt", picture="late.png [output]"
    )
    shown(graph, *(Link(found, number) for number in range(3)))
    paths = [Path(text).relative_to(studio.home) for text in texts(studio.run(graph))]
    assert [path.as_posix() for path in paths] == [
        "models/checkpoints/sd1.safetensors",
        "input/watched.txt",
        "output/late.png",
    ]


def test_lists_go_element_by_element_or_whole(studio: Studio) -> None:
    graph = Graph()
    split = graph.add("PackSplit", text="x y z")
    each = graph.add("PackMany", joiner="", v=Link(split))
    whole = graph.add("PackCount", texts=Link(split))
    shown(graph, Link(each), Link(whole), Link(split, 1))
    assert texts(studio.run(graph)) == ["v=x", "v=y", "v=z", "3 in node 3", "3"]


def test_a_lazy_input_that_is_not_asked_for_is_not_run(studio: Studio) -> None:
    graph = Graph()
    words, fail = graph.add("PackWords", **WORDS), graph.add("PackFail")
    shown(graph, Link(graph.add("PackPick", first=True, a=Link(words, 1), b=Link(fail))))
    assert texts(studio.run(graph)) == ["12"]


def test_a_node_expands_into_others_which_get_values_of_both_forms(studio: Studio) -> None:
    graph = Graph()
    image = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0)
    latent = graph.add("EmptyLatentImage", width=64, height=64, batch_size=1)
    grown = graph.add("PackGrow", image=Link(image), latent=Link(latent), times=3)
    saved = graph.add("SaveImage", images=Link(grown, 0), filename_prefix="grown")
    graph.add("SaveLatent", samples=Link(grown, 1), filename_prefix="grown")
    shown(graph, Link(grown, 2))
    ran = studio.run(graph)
    assert texts(ran) == ["3"]
    picture, file = (event.path for event in ran.told(Output) if event.path)
    with Image.open(studio.path("output", picture)) as opened:
        assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert file.endswith(".latent")
    assert saved in {event.node for event in ran.told(Output)}


def test_a_blocker_stops_what_follows_and_may_say_why(studio: Studio) -> None:
    def graph(is_open: bool, message: str = "") -> Graph:
        found = Graph()
        words = found.add("PackWords", **WORDS)
        gate = found.add("PackGate", value=Link(words), open=is_open, message=message)
        return shown(found, Link(gate), Link(gate, 1))

    assert texts(studio.run(graph(True))) == ["A DOG, A DOG", "told anyway"]
    assert texts(studio.run(graph(False))) == ["told anyway"]
    end = studio.run(graph(False, "closed today")).end
    assert isinstance(end, Failed)
    assert end.what == "closed today"


def test_an_async_function_is_waited_for_and_tells_its_steps(studio: Studio) -> None:
    graph = Graph()
    waiting = graph.add("PackWait", value=3)
    ran = studio.run(shown(graph, Link(waiting)))
    assert texts(ran) == [f"waited in {waiting}"]
    assert [(event.value, event.total) for event in ran.told(Progress)] == [(1, 3), (2, 3), (3, 3)]


def test_a_pack_can_stop_the_job_and_a_person_can_stop_the_pack(studio: Studio) -> None:
    graph = Graph()
    assert isinstance(studio.run(shown(graph, Link(graph.add("PackStop")))).end, Cancelled)
    graph = Graph()
    shown(graph, Link(graph.add("PackWait", value=3)))
    answers = iter([False])
    ran = studio.run(graph, cancelled=lambda: next(answers, True))
    assert isinstance(ran.end, Cancelled)
    assert not ran.told(Progress)


def test_pictures_and_masks_pass_as_they_are(studio: Studio) -> None:
    graph = Graph()
    image = graph.add("EmptyImage", width=64, height=32, batch_size=1, color=255)
    mask = graph.add("SolidMask", value=0.25, width=64, height=32)
    half = graph.add("PackHalf", image=Link(image), mask=Link(mask))
    graph.add("PackWritten", images=Link(half), prefix="sub/half_%width%")
    graph.add("MaskPreview", mask=Link(half, 1))
    ran = studio.run(graph)
    assert isinstance(ran.end, Done), ran.end
    small, preview = ran.saved
    assert small.relative_to(studio.home).as_posix() == "output/sub/half_32_00001_.png"
    with Image.open(small) as opened:
        assert (opened.size, opened.getpixel((0, 0))) == ((32, 16), (0, 0, 255))
    with Image.open(preview) as opened:
        assert opened.getpixel((0, 0)) == (191, 191, 191)  # 0.75


def test_latents_and_prompts_cross_the_border_both_ways(studio: Studio) -> None:
    node = studio.registry["PackChanged"]
    cond = Cond(torch.ones(1, 77, 8), torch.ones(1, 4), steps=(0.0, 0.5), mask=torch.ones(1, 8, 8))
    latent = Latent(torch.zeros(1, 4, 8, 8), noise_mask=torch.ones(1, 1, 64, 64))
    changed, positive, seen = node(latent=latent, positive=(cond,), run=RecordedRun(studio.folders))
    assert isinstance(changed, Latent)
    assert changed.batch_index == (4,)
    assert changed.noise_mask is not None
    assert torch.equal(changed.noise_mask, torch.ones(1, 1, 64, 64))
    assert torch.equal(changed.samples, torch.ones(1, 4, 8, 8))
    (only,) = positive
    assert seen == "['mask', 'pooled_output']"
    assert (only.strength, only.start, only.area) == (0.25, 0.5, Area(8, 8, 0, 0))
    assert only.steps == (0.0, 0.5)  # what has no name there comes back all the same
    assert only.pooled is cond.pooled
    assert not only.context.any()


def test_a_pack_samples_by_the_programs_own_nodes_and_makes_the_same_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    graph = Graph()
    sampled = graph.add("PackSampled", name=name, sampler="euler", scheduler="normal", seed=7)
    graph.add("PackSaved", images=Link(sampled), filename_prefix="Pack")
    ran = studio.run(graph)
    own = studio.run(text_to_image(name, negative=""))
    assert (ran.pixels == own.pixels).all()
    assert [path.name for path in ran.saved] == ["Pack_own_00001_.png"]
    assert len(ran.told(Progress)) >= 2
    assert studio.run(graph).told(Cached)


def test_an_editors_document_with_nodes_of_the_pack_becomes_a_workflow(studio: Studio) -> None:
    nodes = [
        {
            "id": 1,
            "type": "PackWords",
            "inputs": [{"name": "more", "type": "STRING", "link": None}],
            "outputs": [{"name": "words", "type": "STRING", "links": [1]}],
            "widgets_values": ["a dog", 2, 0.5, True, "comma", "euler", 512, 5, "randomize"],
        },
        {"id": 2, "type": "PackShow", "inputs": [{"name": "value", "type": "*", "link": 1}], "widgets_values": []},
    ]
    document = {"version": 0.4, "nodes": nodes, "links": [[1, 1, 0, 2, 0, "STRING"]], "last_node_id": 2}
    parsed, wrong = parse_editor(document)
    workflow, more = to_api(parsed, {name: node.spec for name, node in studio.registry.items()})
    assert not wrong
    assert not more
    assert dict(workflow["1"].inputs) == {**WORDS, "seed": 5}
    assert texts(studio.run(Graph(workflow))) == ["A DOG, A DOG"]


@pytest.mark.parametrize("name", ["folder_paths", "nodes", "comfy.utils", "server"])
def test_modules_of_comfyui_are_there_only_once_a_pack_is_enabled(name: str, enabled: Enabled, tmp_path: Path) -> None:
    plugin = tmp_path / "native.py"
    plugin.write_text(f"import {name}\n")
    (failed,) = enabled(plugin).plugins
    assert failed.error.startswith("ModuleNotFoundError: No module named")
