"""Pictures turned into what ControlNets are shown: depths, poses, lines."""

from typing import Annotated

from safelight.graph.node import Choice, Range, node
from safelight.models.control.annotators import ANNOTATORS, annotate
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image


@node("ControlNetPreprocessor", category="image/preprocessors", title="ControlNet Preprocessor")
def controlnet_preprocessor(
    *,
    image: Image,
    kind: Annotated[str, Choice(ANNOTATORS)] = "depth",
    resolution: Annotated[int, Range(64, 4096, step=64)] = 512,
    run: Run,
) -> Image:
    """Turn a picture into what a kind of ControlNet is shown. Outlines need no weights: see Canny.

    Args:
        image: The picture.
        kind: What to draw of it. Each needs weights in the folder models/annotators.
        resolution: The shorter side of the result in pixels.
    """
    folders = run.folders.directories["annotators"]
    return annotate(image, kind, resolution=resolution, folders=tuple(folders), device=run.device)
