"""From words to a workflow: what the command, the form and the API ask for, as a graph of nodes."""

from dataclasses import dataclass
from typing import Literal, Protocol

from safelight.graph.document import Link, NodeCall


class AddNode(Protocol):
    """Adds a node to the workflow being built, and returns its id."""

    def __call__(self, class_type: str, title: str, **inputs: object) -> str: ...


@dataclass(frozen=True)
class ImageRequest:
    """A picture somebody wants.

    Attributes:
        prompt, negative: What to show, and what to keep away from.
        checkpoint: File name in the checkpoints folder.
        vae: File name in the vae folder; None for the checkpoint's own.
        steps, cfg, sampler, scheduler: How to sample.
        seed: Of the first picture.
        width, height: In pixels; an `init_image` is scaled to them, and cropped around its middle.
        batch: Pictures made at once, from one seed.
        init_image: File name in the input folder to start from.
        denoise: Share of the noise schedule to run: 1 keeps nothing of `init_image`.
        mask: File name in the input folder: white is repainted.
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
    clip_skip: int | None = None
    syntax: Literal["comfyui", "a1111"] = "comfyui"
    prefix: str = "safelight"


def workflow_of(request: ImageRequest) -> dict[str, NodeCall]:
    """The workflow that makes the picture."""
    graph: dict[str, NodeCall] = {}

    def add(class_type: str, title: str, **inputs: object) -> str:
        number = str(len(graph) + 1)
        graph[number] = NodeCall(class_type, inputs, title)
        return number

    checkpoint = add("CheckpointLoaderSimple", "Checkpoint", ckpt_name=request.checkpoint)
    clip = Link(checkpoint, 1)
    if request.clip_skip is not None:
        clip = Link(add("CLIPSetLastLayer", "Clip skip", clip=clip, stop_at_clip_layer=-request.clip_skip))
    vae = Link(checkpoint, 2)
    if request.vae is not None:
        vae = Link(add("VAELoader", "VAE", vae_name=request.vae))
    positive = _encode(request, "Prompt", request.prompt, clip, add)
    negative = _encode(request, "Negative prompt", request.negative, clip, add)
    sampled = add(
        "KSampler",
        "Sample",
        model=Link(checkpoint, 0),
        seed=request.seed,
        steps=request.steps,
        cfg=request.cfg,
        sampler_name=request.sampler,
        scheduler=request.scheduler,
        positive=positive,
        negative=negative,
        latent_image=_start(request, vae, add),
        denoise=request.denoise,
    )
    decoded = add("VAEDecode", "Decode", samples=Link(sampled), vae=vae)
    add("SaveImage", "Save", images=Link(decoded), filename_prefix=request.prefix)
    return graph


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


def _start(request: ImageRequest, vae: Link, add: AddNode) -> Link:
    """The latent the sampler starts from."""
    size = {"width": request.width, "height": request.height}
    if request.init_image is None:
        return Link(add("EmptyLatentImage", "Empty latent", **size, batch_size=request.batch))

    def fitted(title: str, name: str) -> Link:
        picture = Link(add("LoadImage", title, image=name))
        return Link(add("ImageScale", f"Fit: {title}", image=picture, upscale_method="lanczos", **size, crop="center"))

    latent = Link(add("VAEEncode", "Encode", pixels=fitted("Start from", request.init_image), vae=vae))
    if request.mask is not None:
        mask = Link(add("ImageToMask", "Mask", image=fitted("Repaint where white", request.mask), channel="red"))
        latent = Link(add("SetLatentNoiseMask", "Repaint", samples=latent, mask=mask))
    if request.batch > 1:
        latent = Link(add("RepeatLatentBatch", "Batch", samples=latent, amount=request.batch))
    return latent
