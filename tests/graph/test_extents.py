from collections.abc import Callable

import pytest

from safelight.graph.document import Link, Workflow
from safelight.graph.extents import Extent, extents
from safelight.graph.plan import plan
from tests.graph.families import CATALOG
from tests.studio import Graph


def extent_of(graph: Workflow, output: Link) -> Extent | None:
    """What is known of an output; every picture file has 300 by 200 pixels."""
    steps = plan(graph, CATALOG, [output.node])
    return extents(steps, lambda folder, name: (300, 200) if folder == "input" else None).get(output)


def latent(graph: Graph, **inputs: object) -> Link:
    sizes: dict[str, object] = {"width": 512, "height": 256, "batch_size": 1}
    return Link(graph.add("EmptyLatentImage", **(sizes | inputs)))


def loader(graph: Graph) -> str:
    return graph.add("CheckpointLoaderSimple", ckpt_name="x4.safetensors")


def picture(graph: Graph) -> Link:
    return Link(graph.add("LoadImage", image="cat.png"))


CASES: dict[str, tuple[Callable[[Graph], Link], Extent | None]] = {
    "empty latent": (lambda graph: latent(graph, batch_size=3), Extent(512, 256, 3)),
    "linked to a number": (
        lambda graph: latent(graph, width=Link(graph.add("PrimitiveInt", value=640))),
        Extent(640, 256),
    ),
    "linked to a number that it does not take": (
        lambda graph: latent(graph, width=Link(graph.add("PrimitiveInt", value=-1))),
        None,
    ),
    "linked to what is worked out": (
        lambda graph: latent(graph, width=Link(graph.add("GetImageSize", image=picture(graph)))),
        None,
    ),
    "picture file": (picture, Extent(300, 200)),
    "scaled by": (
        lambda graph: Link(graph.add("ImageScaleBy", image=picture(graph), upscale_method="bilinear", scale_by=1.5)),
        Extent(450, 300),
    ),
    "scaled by a model": (
        lambda graph: Link(
            graph.add(
                "SD_4XUpscale_Conditioning",
                images=picture(graph),
                positive=Link(nothing := graph.add("CLIPTextEncode", text="", clip=Link(loader(graph), 1))),
                negative=Link(nothing),
                scale_ratio=4.0,
                noise_augmentation=0.0,
            ),
            2,
        ),
        Extent(1200, 800),
    ),
    "scaled to one side": (
        lambda graph: Link(
            graph.add(
                "LatentUpscale",
                samples=latent(graph),
                upscale_method="bilinear",
                width=1024,
                height=0,
                crop="disabled",
            )
        ),
        Extent(1024, 512),
    ),
    "scaled to megapixels": (
        lambda graph: Link(
            graph.add("ImageScaleToTotalPixels", image=picture(graph), upscale_method="bilinear", megapixels=1.0)
        ),
        Extent(1254, 836),
    ),
    "padded": (
        lambda graph: Link(
            graph.add("ImagePadForOutpaint", image=picture(graph), left=100, top=0, right=0, bottom=56, feathering=8)
        ),
        Extent(400, 256),
    ),
    "repeated": (
        lambda graph: Link(graph.add("RepeatLatentBatch", samples=latent(graph, batch_size=2), amount=3)),
        Extent(512, 256, 6),
    ),
    "flipped": (
        lambda graph: Link(graph.add("LatentFlip", samples=latent(graph), flip_method="x-axis: vertically")),
        Extent(512, 256),
    ),
}


@pytest.mark.parametrize(("make", "expected"), CASES.values(), ids=CASES)
def test_sizes_are_followed_from_where_they_are_given(make: Callable[[Graph], Link], expected: Extent | None) -> None:
    graph = Graph()
    assert extent_of(graph, make(graph)) == expected
