"""What a workflow makes, in the few words people exchange: prompt, seed, sampler, size, checkpoint."""

from collections.abc import Iterator
from dataclasses import replace

from safelight import __version__
from safelight.files.parameters import Parameters
from safelight.graph.document import Link, NodeCall, Workflow

WORDLESS = "ConditioningZeroOut"  # what it gives says nothing of the words it was made from
SAMPLING = frozenset(("sampler_name", "scheduler", "positive", "negative", "latent_image"))  # inputs of a sampler
RESIZING = frozenset(("scale_by", "megapixels", "upscale_model"))  # inputs of nodes that make a size from another


def summary(workflow: Workflow, output: str) -> Parameters | None:
    """The settings of the sampler behind an output node.

    Args:
        workflow: One that `validate` has found nothing wrong with.
        output: The id of a node that saves pictures.

    Returns:
        Those of the nearest one; None where no node behind it has a sampler's inputs. What the workflow does not
        write down, but works out while it runs, is left at its default.
    """
    call = next(samplers(workflow, output), None)
    return None if call is None else settings_of(workflow, call)


def samplers(workflow: Workflow, output: str) -> Iterator[NodeCall]:
    """The samplers behind a node, nearest first."""
    return (call for call in upstream(workflow, output) if call.inputs.keys() >= SAMPLING)


def settings_of(workflow: Workflow, call: NodeCall) -> Parameters:
    """The settings of a sampler."""
    size = literals(workflow, call, "latent_image", ("width", "height"))
    width, height = (size["width"], size["height"]) if size else (0, 0)
    checkpoint = literals(workflow, call, "model", ("ckpt_name",)) or literals(workflow, call, "model", ("unet_name",))
    skip = literals(workflow, call, "positive", ("stop_at_clip_layer",))
    found = Parameters(
        prompt=_text(workflow, call, "positive"),
        negative=_text(workflow, call, "negative"),
        steps=_whole(call.inputs.get("steps")),
        sampler=str(call.inputs["sampler_name"]),
        scheduler=str(call.inputs["scheduler"]),
        cfg=_number(call.inputs.get("cfg")),
        seed=_whole(call.inputs.get("seed", call.inputs.get("noise_seed"))),
        width=_whole(width),
        height=_whole(height),
        version=__version__,
        denoise=_number(call.inputs.get("denoise", 1.0)),
        clip_skip=-_whole(skip["stop_at_clip_layer"]) if skip else 1,
    )
    return replace(found, model=str(next(iter(checkpoint.values())))) if checkpoint else found


def upstream(workflow: Workflow, start: str, side: str = "") -> Iterator[NodeCall]:
    """A node, and all that feeds it, nearest first.

    Of nodes with an input `side`, or several that begin so (`positive_NEW`), only what comes in there.
    """
    waiting = [start]
    seen = set(waiting)
    for node in waiting:  # grows while it is walked
        inputs = workflow[node].inputs
        yield workflow[node]
        sided = [value for name, value in inputs.items() if side and (name == side or name.startswith(f"{side}_"))]
        for value in sided or inputs.values():
            if isinstance(value, Link) and value.node not in seen:
                seen.add(value.node)
                waiting.append(value.node)


def literals(workflow: Workflow, call: NodeCall, name: str, wanted: tuple[str, ...]) -> dict[str, object]:
    """The inputs `wanted`, of the nearest node behind the input `name` that has them all written down."""
    link = call.inputs.get(name)
    for near in upstream(workflow, link.node, name) if isinstance(link, Link) else ():
        if near.class_type == WORDLESS or near.inputs.keys() & RESIZING:
            break
        values = {key: near.inputs.get(key) for key in wanted}
        if all(value is not None and not isinstance(value, Link) for value in values.values()):
            return values
    return {}


def _text(workflow: Workflow, call: NodeCall, name: str) -> str:
    return str(literals(workflow, call, name, ("text",)).get("text", ""))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
