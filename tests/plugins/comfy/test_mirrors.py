"""Built-in nodes as classes: what packs read of them is what the nodes are."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from safelight.errors import SafelightError
from safelight.graph.catalog import InputSpec
from safelight.nodes.registry import BUILTIN
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.inputs import read_inputs
from safelight.plugins.comfy.live import living
from safelight.plugins.comfy.mirrors import METHODS, ORDERS
from tests.nodes.running import RecordedRun

OWN = {"SaveImage", "PreviewImage"}  # written out, since packs inherit from them


def bare(port: InputSpec) -> InputSpec:
    """A port without what `INPUT_TYPES` cannot say, or says by the files that are there."""
    files = {"folder": None, "choices": ()} if port.folder is not None or port.choices is not None else {}
    return replace(port, mentions=None, any_value=False, lazy=False, **files)  # type: ignore[arg-type]


@pytest.mark.parametrize("class_type", sorted(set(BUILTIN) - OWN))
def test_a_class_tells_the_inputs_of_its_node(class_type: str, host: Host) -> None:
    told = read_inputs(host.classes[class_type], ()).ports
    own = BUILTIN[class_type].spec.inputs
    assert {port.name: bare(port) for port in told} == {port.name: bare(port) for port in own}


def test_how_a_pack_writes_its_curves_is_the_packs_to_check() -> None:
    class Shaped:
        @classmethod
        def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 (what packs call it)
            return {"required": {"shape": ("CURVE", {}), "steps": ("INT", {})}}

    assert [port.any_value for port in read_inputs(Shaped, ()).ports] == [True, False]


def test_menus_of_files_and_tables_are_filled(host: Host) -> None:
    classes: dict[str, Any] = dict(host.classes)
    assert classes["CheckpointLoaderSimple"].INPUT_TYPES()["required"]["ckpt_name"][0] == list(
        host.folders.list("checkpoints")
    )
    assert "euler" in classes["KSampler"].INPUT_TYPES()["required"]["sampler_name"][0]


def test_the_orders_are_of_inputs_that_there_are() -> None:
    for class_type, order in ORDERS.items():
        assert set(order) == set(BUILTIN[class_type].spec.by_name), class_type
    assert METHODS["VAEDecode"] == "decode"


def test_a_method_takes_and_gives_values_as_packs_know_them(host: Host) -> None:
    classes: dict[str, Any] = dict(host.classes)
    with living(RecordedRun(host.folders)):
        (latent,) = classes["EmptyLatentImage"]().generate(64, 32, batch_size=2)
        assert set(latent) == {"samples"}
        (larger,) = classes["LatentUpscaleBy"]().upscale(latent, "nearest-exact", 2.0)
    assert larger["samples"].shape == (2, 4, 8, 16)


def test_what_needs_a_running_node_says_so_where_there_is_none(host: Host) -> None:
    saver: Any = host.classes["SaveImage"]
    with pytest.raises(SafelightError, match="works only while one of its nodes runs"):
        saver().save_images(torch.zeros(1, 8, 8, 3))
