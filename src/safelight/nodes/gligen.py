"""Things put into boxes of the picture, by GLIGEN."""

from dataclasses import replace
from typing import Annotated

from safelight.errors import BadInput
from safelight.graph.node import File, Range, node
from safelight.models.patching.gligen import Box, Gligen, grounded, load_gligen
from safelight.models.text_encoder import Clip
from safelight.nodes.noise_mask import CELL
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning
from safelight.nodes.text import Prompt, clip_text_encode

Side = Annotated[int, Range(8, 16384, step=8)]
Place = Annotated[int, Range(0, 16384, step=8)]


@node("GLIGENLoader", category="loaders")
def gligen_loader(*, gligen_name: Annotated[str, File("gligen")], run: Run) -> Gligen:
    """Load a GLIGEN model, which puts things into boxes.

    Args:
        gligen_name: A file in the gligen folder.
    """
    return run.models.get(load_gligen, run.folders.resolve("gligen", gligen_name))


@node("GLIGENTextBoxApply", category="conditioning/gligen")
def gligen_text_box_apply(
    *,
    conditioning_to: Conditioning,
    clip: Clip,
    gligen_textbox_model: Gligen,
    text: Prompt,
    width: Side = 64,
    height: Side = 64,
    x: Place = 0,
    y: Place = 0,
    run: Run,
) -> Conditioning:
    """Say what is to be in a box of the picture; further boxes are put on one after the other.

    Args:
        conditioning_to: The prompt for the whole picture, which should name the thing too.
        clip: The text encoder of the checkpoint.
        gligen_textbox_model: The GLIGEN model.
        text: What is to be in the box.
        width: Of the box, in pixels.
        height: Of the box.
        x: Its left edge.
        y: Its upper edge.
    """
    (cond,) = clip_text_encode(text=text, clip=clip, run=run)
    if cond.pooled is None:
        raise BadInput("This text encoder gives no text as a whole.", mend="Use the text encoder of an SD 1.x model.")
    left, top = x // CELL, y // CELL
    box = Box(cond.pooled, left, top, left + width // CELL, top + height // CELL)
    return tuple(replace(each, changes=grounded(each.changes, gligen_textbox_model, box)) for each in conditioning_to)
