"""Names of what nodes do."""

from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.work import samplings, work_of

PICTURE: Workflow = {
    "1": NodeCall("CheckpointLoaderSimple", {"ckpt_name": "a.safetensors"}),
    "2": NodeCall("KSampler", {"model": Link("1"), "seed": 1}, title="mine"),
    "3": NodeCall("KSampler", {"model": Link("1"), "seed": 2, "latent_image": Link("2")}),
    "4": NodeCall("SaveImage", {"images": Link("3")}),
}


def test_ids_and_titles_do_not_count() -> None:
    other = {
        "x": PICTURE["1"],
        "y": NodeCall("KSampler", {"seed": 1, "model": Link("x")}),
    }
    assert work_of(other, "y") == work_of(PICTURE, "2")


def test_values_types_links_and_what_is_behind_them_count() -> None:
    known = {work_of(PICTURE, node) for node in PICTURE}
    for node, inputs in (("2", {"model": Link("1"), "seed": 3}), ("2", {"model": Link("1", 1), "seed": 1})):
        changed = {**PICTURE, node: NodeCall("KSampler", inputs)}
        assert work_of(changed, "2") not in known
        assert work_of(changed, "3") not in known
    assert work_of({**PICTURE, "1": NodeCall("UNETLoader", PICTURE["1"].inputs)}, "2") not in known


def test_the_nearest_sampler_comes_first() -> None:
    assert samplings(PICTURE, "4") == ["3", "2"]
    assert samplings(PICTURE, "1") == []
