"""What a picture begins with, as nodes: nothing, a picture, or the part of one that is painted anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from safelight.graph.document import Link
from safelight.graph.wanted import Area, Outpaint

WIDEST_BLUR = 31  # pixels that one ImageBlur reaches
SHARPNESS = 0.5  # standard deviation of a blur as a share of its reach


class AddNode(Protocol):
    """Adds a node to the workflow being built, and returns its id."""

    def __call__(self, class_type: str, title: str, **inputs: object) -> str: ...


@dataclass(frozen=True)
class Canvas:
    """What is begun with.

    Attributes:
        width, height: Of what is sampled, in pixels.
        batch: Pictures made at once.
        image: File name in the input folder; None for nothing.
        mask: File name in the input folder: white is repainted.
        feather: Pixels over which the mask's edge is softened.
        outpaint: What is added around the picture, in pixels of what is sampled; multiples of 8.
        area: The part of the picture that is sampled; None for the whole.
    """

    width: int
    height: int
    batch: int = 1
    image: str | None = None
    mask: str | None = None
    feather: int = 0
    outpaint: Outpaint | None = None
    area: Area | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the finished picture."""
        if self.area is not None:
            return self.area.of
        return self.width, self.height


@dataclass(frozen=True)
class Begun:
    """Nodes that a picture begins with.

    Attributes:
        latent: What the sampler starts from.
        kept: The pixels that are not repainted are taken from here.
        mask: Where they are repainted; None where they all are.
    """

    latent: Link
    kept: Link | None = None
    mask: Link | None = None


def begin(canvas: Canvas, vae: Link, add: AddNode) -> Begun:
    """Add the nodes that a picture begins with."""
    if canvas.image is None:
        size = {"width": canvas.width, "height": canvas.height}
        return Begun(Link(add("EmptyLatentImage", "Empty latent", **size, batch_size=canvas.batch)))
    whole = Link(add("LoadImage", "Start from", image=canvas.image))
    pixels = _fitted("Start from", whole, canvas, add)
    mask = None if canvas.mask is None else _mask(canvas.mask, canvas, add)
    if canvas.outpaint is not None:
        pixels, mask = _extended(canvas.outpaint, canvas, pixels, mask, add)
    latent = Link(add("VAEEncode", "Encode", pixels=pixels, vae=vae))
    if mask is not None:
        latent = Link(add("SetLatentNoiseMask", "Repaint", samples=latent, mask=mask))
    if canvas.batch > 1:
        latent = Link(add("RepeatLatentBatch", "Batch", samples=latent, amount=canvas.batch))
    return Begun(latent, whole if canvas.area else pixels, mask)


def finish(canvas: Canvas, begun: Begun, image: Link, add: AddNode) -> Link:
    """Add the nodes that put a picture that was made back into what it was begun with, where only a part is new."""
    if begun.kept is None or begun.mask is None:
        return image
    kept = begun.kept
    if canvas.batch > 1:
        kept = Link(add("RepeatImageBatch", "Kept, for each", image=kept, amount=canvas.batch))
    x = y = 0
    if canvas.area is not None:
        area = canvas.area
        x, y = area.x, area.y
        size = {"width": area.width, "height": area.height}
        scaled = add("ImageScale", "Back to size", image=image, upscale_method="lanczos", **size, crop="disabled")
        image = Link(scaled)
    pasted = add(
        "ImageCompositeMasked",
        "Keep the rest",
        destination=kept,
        source=image,
        x=x,
        y=y,
        resize_source=False,
        mask=begun.mask,
    )
    return Link(pasted)


def _fitted(title: str, picture: Link, canvas: Canvas, add: AddNode) -> Link:
    """A picture, or the area of one, in the size that is sampled, without what is added around it."""
    crop = "center"
    if canvas.area is not None:
        picture, crop = _cut(title, picture, canvas.area, add), "disabled"
    margins = canvas.outpaint or Outpaint()
    size = {
        "width": canvas.width - margins.left - margins.right,
        "height": canvas.height - margins.top - margins.bottom,
    }
    return Link(add("ImageScale", f"Fit: {title}", image=picture, upscale_method="lanczos", **size, crop=crop))


def _cut(title: str, picture: Link, area: Area, add: AddNode) -> Link:
    place = {"width": area.width, "height": area.height, "x": area.x, "y": area.y}
    return Link(add("ImageCrop", f"Cut: {title}", image=picture, **place))


def _mask(name: str, canvas: Canvas, add: AddNode) -> Link:
    """The mask, in the size that it is pasted by."""
    title = "Repaint where white"
    picture = Link(add("LoadImage", title, image=name))
    if canvas.area is None:
        picture = _fitted(title, picture, canvas, add)
    else:
        width, height = canvas.area.of
        size: Mapping[str, object] = {"width": width, "height": height}
        picture = Link(
            add("ImageScale", f"Fit: {title}", image=picture, upscale_method="nearest-exact", **size, crop="center")
        )
        picture = _cut(title, picture, canvas.area, add)
    for place in range(blurs(canvas.feather)):
        reach = min(canvas.feather, WIDEST_BLUR)
        number = f" {place + 1}" if place else ""
        picture = Link(add("ImageBlur", f"Soft edge{number}", image=picture, blur_radius=reach, sigma=SHARPNESS))
    return Link(add("ImageToMask", "Mask", image=picture, channel="red"))


def blurs(feather: int) -> int:
    """How often an edge is blurred to be soft over so many pixels: deviations add up in quadrature."""
    if not feather:
        return 0
    return max(1, round((feather / WIDEST_BLUR) ** 2))


def _extended(
    margins: Outpaint, canvas: Canvas, pixels: Link, mask: Link | None, add: AddNode
) -> tuple[Link, Link | None]:
    """A picture on a larger canvas, and the mask of what is to be painted there.

    The margin begins as the picture's own colours, stretched and blurred, so that what is painted suits it.
    """
    sides = {"left": margins.left, "top": margins.top, "right": margins.right, "bottom": margins.bottom}
    padded = add("ImagePadForOutpaint", "Add a margin", image=pixels, **sides, feathering=margins.feather)
    size = {"width": canvas.width, "height": canvas.height}
    around = Link(add("ImageScale", "Stretch", image=pixels, upscale_method="bilinear", **size, crop="disabled"))
    around = Link(add("ImageBlur", "Soft margin", image=around, blur_radius=WIDEST_BLUR, sigma=SHARPNESS))
    place = {"x": margins.left, "y": margins.top}
    filled = add(
        "ImageCompositeMasked", "Picture in the middle", destination=around, source=pixels, **place, resize_source=False
    )
    new = Link(padded, 1)
    if mask is not None:
        joined = add("MaskComposite", "Both parts", destination=new, source=mask, **place, operation="add")
        new = Link(joined)
    return Link(filled), new
