"""From words to a workflow: what the command, the form and the API ask for, as a graph of nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from safelight.graph.canvas import AddNode, Canvas, begin, finish
from safelight.graph.document import Link, NodeCall
from safelight.graph.wanted import Area, Control, Lora, Outpaint, Upscale, Variation

CELL = 8  # pixels: sizes are multiples of it
CONTROL_GRID = 64  # pixels: the sizes in which pictures are drawn for ControlNets are multiples of it
SHOWN_HOW = {
    "weight_type": "linear",
    "combine_embeds": "concat",
    "start_at": 0.0,
    "end_at": 1.0,
    "embeds_scaling": "V only",
}
"""How reference pictures are shown to a model."""

OUTLINES = {"low_threshold": 0.4, "high_threshold": 0.8}


@dataclass(frozen=True)
class Prompted:
    """A picture as a part of the prompt: with the files of the IP-Adapter and the CLIP vision model that show it."""

    image: str
    weight: float
    model: str
    clip_vision: str


@dataclass(frozen=True)
class ImageRequest:
    """A picture somebody wants.

    Attributes:
        prompt, negative: What to show, and what to keep away from.
        checkpoint: File name in the checkpoints folder.
        vae: File name in the vae folder; None for the checkpoint's own.
        steps, cfg, sampler, scheduler: How to sample.
        seed: Of the first picture.
        width, height: Of what is sampled, in pixels; an `init_image` is scaled to them, and cropped around its middle.
        batch: Pictures made at once, from one seed.
        init_image: File name in the input folder to start from.
        denoise: Share of the noise schedule to run: 1 keeps nothing of `init_image`.
        mask: File name in the input folder: white is repainted.
        mask_feather: Pixels over which the mask's edge is softened.
        area: The part of `init_image` that is sampled, and put back; None for the whole.
        outpaint: What is added around `init_image`; `width` and `height` have it in them.
        loras: Laid on the model, one after another.
        controls: Pictures that are followed.
        references: Pictures beside the prompt.
        upscale: A second pass.
        variation: Other noise to mix in.
        clip_skip: Layers of the text encoder left out at its end, plus one; None for the family's usual.
        syntax: How the prompts' brackets are read.
        prefix: Start of the file names of the pictures.
    """

    prompt: str
    checkpoint: str
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    seed: int
    width: int
    height: int
    negative: str = ""
    vae: str | None = None
    batch: int = 1
    init_image: str | None = None
    denoise: float = 1.0
    mask: str | None = None
    mask_feather: int = 0
    area: Area | None = None
    outpaint: Outpaint | None = None
    loras: tuple[Lora, ...] = ()
    controls: tuple[Control, ...] = ()
    references: tuple[Prompted, ...] = ()
    upscale: Upscale | None = None
    variation: Variation | None = None
    clip_skip: int | None = None
    syntax: Literal["comfyui", "a1111"] = "comfyui"
    prefix: str = "safelight"

    @property
    def canvas(self) -> Canvas:
        """What it begins with."""
        return Canvas(
            self.width,
            self.height,
            batch=self.batch,
            image=self.init_image,
            mask=self.mask,
            feather=self.mask_feather,
            outpaint=self.outpaint,
            area=self.area,
        )


def workflow_of(request: ImageRequest) -> dict[str, NodeCall]:
    """The workflow that makes the picture."""
    graph: dict[str, NodeCall] = {}

    def add(class_type: str, title: str, **inputs: object) -> str:
        number = str(len(graph) + 1)
        graph[number] = NodeCall(class_type, inputs, title)
        return number

    checkpoint = add("CheckpointLoaderSimple", "Checkpoint", ckpt_name=request.checkpoint)
    model, clip = _with_loras(request.loras, Link(checkpoint, 0), Link(checkpoint, 1), add)
    if request.clip_skip is not None:
        clip = Link(add("CLIPSetLastLayer", "Clip skip", clip=clip, stop_at_clip_layer=-request.clip_skip))
    vae = Link(checkpoint, 2)
    if request.vae is not None:
        vae = Link(add("VAELoader", "VAE", vae_name=request.vae))
    model = _with_references(request.references, model, add)
    positive = _encode(request, "Prompt", request.prompt, clip, add)
    negative = _encode(request, "Negative prompt", request.negative, clip, add)
    positive, negative = _steered(request, positive, negative, add)
    begun = begin(request.canvas, vae, add)
    sampling = {
        "model": model,
        "seed": request.seed,
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler_name": request.sampler,
        "scheduler": request.scheduler,
        "positive": positive,
        "negative": negative,
    }
    varied = request.variation if request.variation is not None and request.variation.strength else None
    mixed = {} if varied is None else {"variation_seed": varied.seed, "variation_strength": varied.strength}
    sampler = "KSampler" if varied is None else "KSamplerVariation"
    sampled = add(sampler, "Sample", **sampling, latent_image=begun.latent, denoise=request.denoise, **mixed)
    image = Link(add("VAEDecode", "Decode", samples=Link(sampled), vae=vae))
    image = finish(request.canvas, begun, image, add)
    if request.upscale is not None:
        image = _enlarged(request.upscale, request.canvas.size, image, sampling, vae, add)
    add("SaveImage", "Save", images=image, filename_prefix=request.prefix)
    return graph


def _with_loras(loras: Sequence[Lora], model: Link, clip: Link, add: AddNode) -> tuple[Link, Link]:
    for number, lora in enumerate(loras, start=1):
        title = f"LoRA {number}" if len(loras) > 1 else "LoRA"
        strengths = {"strength_model": lora.strength, "strength_clip": lora.strength}
        laid = add("LoraLoader", title, model=model, clip=clip, lora_name=lora.name, **strengths)
        model, clip = Link(laid, 0), Link(laid, 1)
    return model, clip


def _with_references(references: Sequence[Prompted], model: Link, add: AddNode) -> Link:
    for number, reference in enumerate(references, start=1):
        name = f"Reference {number}"
        adapter = Link(add("IPAdapterModelLoader", f"{name}: adapter", ipadapter_file=reference.model))
        vision = Link(add("CLIPVisionLoader", f"{name}: vision", clip_name=reference.clip_vision))
        image = Link(add("LoadImage", f"{name}: picture", image=reference.image))
        shown: dict[str, object] = {"ipadapter": adapter, "image": image, "weight": reference.weight}
        model = Link(add("IPAdapterAdvanced", name, model=model, **shown, **SHOWN_HOW, clip_vision=vision))
    return model


def _steered(request: ImageRequest, positive: Link, negative: Link, add: AddNode) -> tuple[Link, Link]:
    """Both prompts under the control of pictures, each in the shape of what is made."""
    size = {"width": request.width, "height": request.height}
    for number, control in enumerate(request.controls, start=1):
        name = f"Control {number}"
        image = Link(add("LoadImage", f"{name}: picture", image=control.image))
        scaled = add("ImageScale", f"{name}: fit", image=image, upscale_method="lanczos", **size, crop="center")
        image = Link(scaled)
        if control.preprocess == "canny":
            image = Link(add("Canny", f"{name}: outlines", image=image, **OUTLINES))
        elif control.preprocess is not None:
            shorter = max(CONTROL_GRID, round(min(size.values()) / CONTROL_GRID) * CONTROL_GRID)
            drawn = {"kind": control.preprocess, "resolution": shorter}
            image = Link(add("ControlNetPreprocessor", f"{name}: {control.preprocess}", image=image, **drawn))
        network = Link(add("ControlNetLoader", f"{name}: model", control_net_name=control.model))
        applied = add(
            "ControlNetApplyAdvanced",
            name,
            positive=positive,
            negative=negative,
            control_net=network,
            image=image,
            strength=control.strength,
            start_percent=control.start,
            end_percent=control.end,
        )
        positive, negative = Link(applied, 0), Link(applied, 1)
    return positive, negative


def _enlarged(
    upscale: Upscale, size: tuple[int, int], image: Link, sampling: Mapping[str, object], vae: Link, add: AddNode
) -> Link:
    """A picture made larger, and sampled again at that size.

    In pixels, not as a latent: a stretched latent needs far more denoise to become sharp.
    """
    width, height = (max(CELL, round(side * upscale.by / CELL) * CELL) for side in size)
    if upscale.model is not None:
        network = Link(add("UpscaleModelLoader", "Upscale model", model_name=upscale.model))
        image = Link(add("ImageUpscaleWithModel", "Enlarge", upscale_model=network, image=image))
    scaled = {"upscale_method": "lanczos", "width": width, "height": height, "crop": "disabled"}
    image = Link(add("ImageScale", "Larger size", image=image, **scaled))
    if not upscale.denoise:
        return image
    latent = Link(add("VAEEncode", "Encode again", pixels=image, vae=vae))
    again = {**sampling, "steps": upscale.steps or sampling["steps"]}
    sampled = add("KSampler", "Sample again", **again, latent_image=latent, denoise=upscale.denoise)
    return Link(add("VAEDecode", "Decode again", samples=Link(sampled), vae=vae))


def _encode(request: ImageRequest, title: str, text: str, clip: Link, add: AddNode) -> Link:
    if request.syntax == "comfyui":
        return Link(add("CLIPTextEncode", title, text=text, clip=clip))
    return Link(
        add(
            "PromptEncode",
            title,
            text=text,
            clip=clip,
            syntax=request.syntax,
            weighting=request.syntax,
            steps=request.steps,
        )
    )
