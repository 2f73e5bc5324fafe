"""From a workflow back to the wish that makes the same picture, or one as near to it as a wish can say.

The other way about than `wish.py` and `request.py`. It looks at what nodes do, and not at how these two arrange them,
so that it reads workflows of other programs too.
"""

from collections.abc import Iterator

from safelight.files.parameters import Parameters
from safelight.graph.canvas import WIDEST_BLUR
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.summary import SAMPLING, literals, samplers, settings_of, upstream

LORAS = frozenset(("LoraLoader", "LoraLoaderModelOnly"))
ENCODERS = frozenset(("VAEEncode", "VAEEncodeTiled", "VAEEncodeForInpaint", "InpaintModelConditioning"))
LOADERS = frozenset(("LoadImage", "LoadImageMask", "LoadImageOutput"))
OTHERS_SYNTAX = "a1111"
ON_THE_WAY = ("source", "images", "image", "pixels", "samples", "latent_image")
"""Inputs by which a picture, or its latent, comes to a node; what is pasted before what it is pasted on."""
MARGINS = ("left", "top", "right", "bottom")

Wished = dict[str, object]
"""Parts of a wish, by the names of `wish.Wish`."""


def sound(workflow: Workflow) -> dict[str, NodeCall]:
    """A workflow without the links that lead nowhere."""

    def leads(value: object) -> bool:
        return not isinstance(value, Link) or value.node in workflow

    return {
        name: call._replace(inputs={port: value for port, value in call.inputs.items() if leads(value)})
        for name, call in workflow.items()
    }


def shown_by(workflow: Workflow, output: str = "") -> str | None:
    """The node that a picture is from: the given one where it is there, else the first that nothing is taken from."""
    if output in workflow:
        return output
    used = {value.node for call in workflow.values() for value in call.inputs.values() if isinstance(value, Link)}
    ends = [name for name in workflow if name not in used]
    return next((name for name in ends if next(samplers(workflow, name), None)), None)


def made_with(workflow: Workflow, output: str) -> Parameters | None:
    """The settings of the first pass behind a node; None where no node behind it samples."""
    last = next(samplers(workflow, output), None)
    return settings_of(workflow, _first_pass(workflow, last)) if last else None


def loras_of(workflow: Workflow, output: str) -> list[Wished]:
    """The LoRAs on the model of the first pass behind a node, in the order in which they are laid on."""
    last = next(samplers(workflow, output), None)
    return _loras(workflow, _first_pass(workflow, last)) if last else []


def vae_of(workflow: Workflow, output: str) -> str | None:
    """The VAE file that decodes what a node shows; None where it is the checkpoint's own."""
    for call in upstream(workflow, output):
        link = call.inputs.get("vae")
        if isinstance(link, Link):
            return _text(workflow[link.node], "vae_name")
    return None


def wish_of(workflow: Workflow, output: str) -> Wished | None:
    """What to wish for, by the names of `wish.Wish`; what is usual is left out.

    Args:
        workflow: The nodes; links that lead nowhere are not allowed, see `sound`.
        output: The id of the node that the picture is from.

    Returns:
        None where no node behind it samples.
    """
    last = next(samplers(workflow, output), None)
    if last is None:
        return None
    first = _first_pass(workflow, last)
    settings = settings_of(workflow, first)
    wish: Wished = {
        "prompt": settings.prompt,
        "negative": settings.negative,
        "checkpoint": settings.model,
        "vae": vae_of(workflow, output),
        "steps": settings.steps,
        "cfg": settings.cfg,
        "sampler": settings.sampler,
        "scheduler": settings.scheduler,
        "seed": settings.seed,
        "width": settings.width,
        "height": settings.height,
        "clip_skip": settings.clip_skip if settings.clip_skip > 1 else None,
        "loras": _loras(workflow, first),
        "controls": _controls(workflow, first),
        "references": _references(workflow, first),
        "variation": _variation(first),
    }
    if literals(workflow, first, "positive", ("syntax",)).get("syntax") == OTHERS_SYNTAX:
        wish["syntax"] = OTHERS_SYNTAX
    wish |= _start(workflow, first)
    if wish["width"]:
        margins = wish.get("outpaint")
        around = sum(margins[side] for side in ("left", "right")) if isinstance(margins, dict) else 0
        wish["upscale"] = _upscale(workflow, output, first, settings.width + around)
    return {name: value for name, value in wish.items() if value or name in ("prompt", "negative", "seed", "cfg")}


def _first_pass(workflow: Workflow, last: NodeCall) -> NodeCall:
    """The sampler that others go on from."""
    first, seen = last, {id(last)}
    while (before := _before(workflow, first)) is not None and id(before) not in seen:
        first = before
        seen.add(id(first))
    return first


def _before(workflow: Workflow, sampler: NodeCall) -> NodeCall | None:
    """The sampler whose result another one begins with."""
    link = sampler.inputs.get("latent_image")
    return next(samplers(workflow, link.node), None) if isinstance(link, Link) else None


def _loras(workflow: Workflow, sampler: NodeCall) -> list[Wished]:
    found = [
        {"name": name, "strength": _number(call, "strength_model", 1.0)}
        for call in _along(workflow, sampler, "model")
        if call.class_type in LORAS and (name := _text(call, "lora_name"))
    ]
    return found[::-1]


def _controls(workflow: Workflow, sampler: NodeCall) -> list[Wished]:
    found: list[Wished] = []
    for call in _along(workflow, sampler, "positive"):
        network, image = call.inputs.get("control_net"), call.inputs.get("image")
        if not isinstance(network, Link) or not isinstance(image, Link):
            continue
        model = _nearest(workflow, network, "control_net_name")
        picture = _picture(workflow, image)
        if model is None or picture is None:
            continue
        drawn = next((_drawn(each) for each in upstream(workflow, image.node) if _drawn(each)), None)
        found.append(
            {
                "model": model,
                "image": picture,
                "strength": _number(call, "strength", 1.0),
                "start": _number(call, "start_percent", 0.0),
                "end": _number(call, "end_percent", 1.0),
                "preprocess": drawn,
            }
        )
    return found[::-1]


def _drawn(call: NodeCall) -> str | None:
    """How a picture is drawn for a ControlNet by a node."""
    if call.class_type == "Canny":
        return "canny"
    return _text(call, "kind") if call.class_type == "ControlNetPreprocessor" else None


def _references(workflow: Workflow, sampler: NodeCall) -> list[Wished]:
    found: list[Wished] = []
    for call in _along(workflow, sampler, "model"):
        adapter, image = call.inputs.get("ipadapter"), call.inputs.get("image")
        if isinstance(adapter, Link) and isinstance(image, Link):
            model, picture = _nearest(workflow, adapter, "ipadapter_file"), _picture(workflow, image)
            if picture is not None:
                found.append({"image": picture, "weight": _number(call, "weight", 1.0), "model": model})
    return found[::-1]


def _variation(sampler: NodeCall) -> Wished | None:
    seed, strength = sampler.inputs.get("variation_seed"), _number(sampler, "variation_strength", 0.0)
    return {"seed": seed, "strength": strength} if isinstance(seed, int) and strength else None


def _start(workflow: Workflow, sampler: NodeCall) -> Wished:
    """What the sampler begins with: the picture, its mask and margins, and how many at once."""
    link = sampler.inputs.get("latent_image")
    found: Wished = {}
    for call in upstream(workflow, link.node) if isinstance(link, Link) else ():
        mask = call.inputs.get("mask")
        if isinstance(mask, Link) and "mask" not in found:
            found |= _mask(workflow, mask)
        batch = call.inputs.get("batch_size", call.inputs.get("amount"))
        if isinstance(batch, int) and batch > 1:
            found.setdefault("batch", batch)
        pixels = call.inputs.get("pixels")
        if call.class_type in ENCODERS and isinstance(pixels, Link):
            name = _picture(workflow, pixels)
            if name is not None:
                behind = list(upstream(workflow, pixels.node))
                is_part = any(each.class_type == "ImageCrop" for each in behind)
                found |= {"init_image": name, "denoise": _number(sampler, "denoise", 1.0)}
                found |= {"inpaint_area": "masked", "width": None, "height": None} if is_part else {}
                return found
    return {name: value for name, value in found.items() if name == "batch"}


def _mask(workflow: Workflow, link: Link) -> Wished:
    """The mask, how soft its edge is, and the margins that are painted as well."""
    found: Wished = {}
    behind = list(upstream(workflow, link.node))
    for call in behind:
        if call.class_type == "ImagePadForOutpaint":
            sides = {side: round(_number(call, side, 0.0)) for side in MARGINS}
            found["outpaint"] = sides | {"feather": round(_number(call, "feathering", 0.0))}
    drawn = next((call.inputs.get("image") for call in behind if call.class_type == "ImageToMask"), None)
    if found and drawn is None:
        return found  # the margins alone are painted
    way = drawn if isinstance(drawn, Link) else link
    name = _picture(workflow, way)
    if name is None:
        return found
    blurs = [call for call in upstream(workflow, way.node) if call.class_type == "ImageBlur"]
    reach = blurs[0].inputs.get("blur_radius") if blurs else None
    if isinstance(reach, int):
        found["mask_feather"] = reach if len(blurs) == 1 else round(WIDEST_BLUR * len(blurs) ** 0.5)
    return {"mask": name} | found


def _upscale(workflow: Workflow, output: str, first: NodeCall, base: int) -> Wished | None:
    """What is done to a picture after the first pass: how much larger it gets, and how much of it is new then.

    Args:
        workflow, output: As for `wish_of`.
        first: The sampler of the first pass.
        base: The width that it makes, in pixels.
    """
    by: float | None = None
    model: str | None = None
    second: NodeCall | None = None
    for call in _picture_way(workflow, output):
        if call is first:
            break
        if call.inputs.keys() >= SAMPLING and second is None:
            second = call
        width, factor, network = (call.inputs.get(name) for name in ("width", "scale_by", "upscale_model"))
        if by is None and isinstance(factor, int | float):
            by = float(factor)
        if by is None and isinstance(width, int):
            by = width / base
        if model is None and isinstance(network, Link):
            model = _nearest(workflow, network, "model_name")
    if by is None or by <= 1:
        return None
    steps = second.inputs.get("steps") if second else None
    denoise = _number(second, "denoise", 1.0) if second else 0.0
    return {"by": by, "denoise": denoise, "steps": steps if isinstance(steps, int) else None, "model": model}


def _picture_way(workflow: Workflow, output: str) -> Iterator[NodeCall]:
    """The nodes that hand on the picture, from an output back to where it came from."""
    call, seen = workflow[output], set[int]()
    while id(call) not in seen:
        yield call
        seen.add(id(call))
        link = next((link for name in ON_THE_WAY if isinstance(link := call.inputs.get(name), Link)), None)
        if link is None:
            return
        call = workflow[link.node]


def _along(workflow: Workflow, start: NodeCall, side: str) -> Iterator[NodeCall]:
    """The nodes that one feeds the next by an input of the same name."""
    call, seen = start, {id(start)}
    while isinstance(link := call.inputs.get(side), Link):
        call = workflow[link.node]
        if id(call) in seen:
            return
        seen.add(id(call))
        yield call


def _picture(workflow: Workflow, link: Link) -> str | None:
    """The file that a picture or mask is loaded from."""
    loaders = (call for call in upstream(workflow, link.node) if call.class_type in LOADERS)
    return next((_text(call, "image") for call in loaders), None)


def _nearest(workflow: Workflow, link: Link, name: str) -> str | None:
    """An input that is a text, of the nearest node behind a link that has it."""
    return next((text for call in upstream(workflow, link.node) if (text := _text(call, name))), None)


def _text(call: NodeCall, name: str) -> str | None:
    value = call.inputs.get(name)
    return value if isinstance(value, str) else None


def _number(call: NodeCall, name: str, usual: float) -> float:
    value = call.inputs.get(name, usual)
    return float(value) if isinstance(value, int | float) else usual
