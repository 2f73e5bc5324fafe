import asyncio
from types import ModuleType
from typing import Annotated, NamedTuple

import pytest

from safelight.graph.catalog import InputSpec, OutputSpec, accepts
from safelight.graph.node import (
    LAZY,
    LINKED,
    OPTIONAL,
    Anything,
    Choice,
    File,
    Output,
    Range,
    Seed,
    Socket,
    Text,
    collect,
    node,
    socket_type,
)
from safelight.graph.results import Blocked, Expansion


class ClipVision:
    """Stands for a type of its own."""


Image = Annotated[object, Socket("IMAGE")]


class Both(NamedTuple):
    image: Image
    mask: Annotated[object, Socket("MASK")]


@node("Everything", category="a/b", title="Every thing", output=True, version=3, deprecated=True)
def everything(
    *,
    clip: ClipVision,
    image: Image | None = None,
    steps: Annotated[int, Range(1, 100, step=5)] = 20,
    cfg: Annotated[float, Range(0.0, 30.0, step=0.1, round=0.01)] = 7.0,
    seed: Seed = 0,
    name: Annotated[str, Choice({"b": 1, "a": 2})] = "b",
    file: Annotated[str, File("input", upload=True)],
    text: Annotated[str, Text(multiline=True, dynamic_prompts=True)] = "",
    flag: Annotated[bool, OPTIONAL] = True,
    strength: Annotated[float, LINKED] = 1.0,
    anything: Anything = None,
    run: object,
) -> Both:
    """Do everything.

    More about
    it.

    Args:
        steps: How often. Twenty
            are enough.
        text: What to show.

    Returns:
        Nothing of this is help.
    """
    return Both(image, clip)


def test_the_signature_gives_sockets_widgets_ranges_and_order() -> None:
    assert everything.spec.inputs == (
        InputSpec("clip", "CLIP_VISION"),
        InputSpec("image", "IMAGE", required=False),
        InputSpec("steps", "INT", default=20, minimum=1, maximum=100, step=5, tooltip="How often. Twenty are enough."),
        InputSpec("cfg", "FLOAT", default=7.0, minimum=0.0, maximum=30.0, step=0.1, round=0.01),
        InputSpec("seed", "INT", default=0, minimum=0, maximum=2**64 - 1, control_after_generate=True),
        InputSpec("name", "COMBO", default="b", choices=("b", "a")),
        InputSpec("file", "COMBO", choices=(), folder="input", upload=True),
        InputSpec("text", "STRING", default="", multiline=True, dynamic_prompts=True, tooltip="What to show."),
        InputSpec("flag", "BOOLEAN", default=True, required=False),
        InputSpec("strength", "FLOAT", default=1.0, force_input=True),
        InputSpec("anything", "*", required=False),
    )


def test_the_docstring_gives_the_help_and_the_decorator_the_rest() -> None:
    spec = everything.spec
    assert (spec.class_type, spec.title, spec.category) == ("Everything", "Every thing", "a/b")
    assert spec.description == "Do everything. More about it."
    assert (spec.output_node, spec.version, spec.deprecated, spec.takes_lists) == (True, 3, True, False)
    assert everything.wants_run


def test_a_named_tuple_is_several_outputs() -> None:
    assert everything.spec.outputs == (OutputSpec("IMAGE", "IMAGE"), OutputSpec("MASK", "MASK"))


def test_outputs_may_be_lists_and_have_names() -> None:
    @node("Split", category="test")
    def split(*, image: Image) -> Annotated[list[object], Socket("IMAGE"), Output("PARTS", is_list=True)]:
        """Parts."""
        return [image]

    assert split.spec.outputs == (OutputSpec("PARTS", "IMAGE", is_list=True),)


def test_a_node_may_expand_or_block_instead_of_giving_its_outputs() -> None:
    @node("Grow", category="test")
    def grow(*, value: int) -> int | Expansion | Blocked:
        """A number, or more nodes."""
        return value

    @node("GrowBoth", category="test")
    def grow_both(*, image: Image) -> Both | Expansion:
        """Both."""
        return Expansion({})

    assert grow.spec.outputs == (OutputSpec("INT", "INT"),)
    assert grow_both.spec.outputs == everything.spec.outputs


def test_a_node_is_still_its_function() -> None:
    @node("Twice", category="test")
    async def twice(*, value: int) -> int:
        """Twice."""
        return value * 2

    assert asyncio.run(twice(value=4)) == 8
    assert twice.spec.outputs == (OutputSpec("INT", "INT"),)


def test_lazy_inputs_and_needs_go_together() -> None:
    with pytest.raises(TypeError, match="needs"):

        @node("Idle", category="test")
        def idle(*, value: Annotated[int | None, LAZY] = None) -> int:
            """Would never get its input."""
            return value or 0

    with pytest.raises(TypeError, match="needs"):

        @node("Asking", category="test", needs=lambda **inputs: [])
        def asking(*, value: int) -> int:
            """Asks for nothing."""
            return value


def test_a_type_without_a_name_has_to_be_given_one() -> None:
    with pytest.raises(TypeError, match="Socket"):
        socket_type(list[int])


def test_nodes_are_collected_from_the_module_that_defines_them() -> None:
    module = ModuleType(everything.function.__module__)
    module.everything = everything  # type: ignore[attr-defined]
    elsewhere = ModuleType("elsewhere")
    elsewhere.everything = everything  # type: ignore[attr-defined]
    assert collect([module]) == {"Everything": everything}
    assert collect([elsewhere]) == {}


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "MASK", False),
        ("*", "IMAGE", True),
        ("IMAGE", "*", True),
        ("INT,FLOAT", "FLOAT", True),
        ("INT,FLOAT", "STRING", False),
    ],
)
def test_an_output_fits_an_input_of_its_type(wanted: str, given: str, fits: bool) -> None:
    assert accepts(wanted, given) is fits
