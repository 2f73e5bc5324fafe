"""Outlines of a picture, as ControlNets for line drawings want them."""

from typing import Annotated

from safelight.graph.node import Range, node
from safelight.models.control.edges import HIGH, LOW, outlines
from safelight.nodes.sockets import Image

Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]


@node("Canny", category="image/preprocessors")
def canny_edges(*, image: Image, low_threshold: Threshold = LOW, high_threshold: Threshold = HIGH) -> Image:
    """Draw the outlines of a picture, white on black and one pixel wide.

    Args:
        low_threshold: Edges weaker than this are left out.
        high_threshold: Edges stronger than this are drawn; those between only where they run on from a drawn one.
    """
    return outlines(image, low_threshold, high_threshold)
