"""All pictures of a folder, with or without their captions, as training takes them."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.errors import BadInput
from safelight.files.folders import PICTURES
from safelight.files.pictures import read_picture
from safelight.graph.node import OPTIONAL, Choice, File, Range, node
from safelight.models.text_encoder import Clip
from safelight.nodes.images import resize_and_pad_image, scaled
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning, Image
from safelight.nodes.text import clip_text_encode

Fit = Callable[[Tensor, int, int], Tensor]
"""(picture [1, H, W, C], width, height) -> the picture of that size."""


def _refuse(image: Tensor, width: int, height: int) -> Tensor:
    raise BadInput(
        what=f"A picture is {image.shape[2]} by {image.shape[1]} pixels, where {width} by {height} are wanted.",
        mend="Choose a resize_method, or put pictures of one size into the folder.",
    )


def _stretched(image: Tensor, width: int, height: int) -> Tensor:
    return scaled(image, width, height, "lanczos")


def _cropped(image: Tensor, width: int, height: int) -> Tensor:
    return scaled(image, width, height, "lanczos", "center")


def _padded(image: Tensor, width: int, height: int) -> Tensor:
    return resize_and_pad_image(
        image=image, target_width=width, target_height=height, padding_color="black", interpolation="lanczos"
    )


FITS: dict[str, Fit] = {"None": _refuse, "Stretch": _stretched, "Crop": _cropped, "Pad": _padded}

Folder = Annotated[str, File("image_sets")]
Method = Annotated[str, Choice(FITS), OPTIONAL]
Side = Annotated[int, Range(-1, 10000, step=1), OPTIONAL]


class ImagesAndTexts(NamedTuple):
    """Pictures, and the encoded caption of each, in the same order."""

    image: Image
    conditioning: Conditioning


def _always(**inputs: object) -> float:
    """What the folder holds can change at any time."""
    del inputs
    return math.nan


@node("LoadImageSetFromFolderNode", category="loaders", title="Load Image Dataset from Folder", fingerprint=_always)
def load_image_set(*, folder: Folder, resize_method: Method = "None", run: Run) -> Image:
    """Load all pictures of a folder as one batch.

    Args:
        folder: A folder inside the input folder.
        resize_method: How pictures are brought to the size of the first one: not at all, which asks for pictures of
            one size, stretched, with their edges cut off, or with a black margin.
    """
    return _batch(list(_pictures(folder, run)), resize_method, -1, -1, run)


@node(
    "LoadImageTextSetFromFolderNode",
    category="loaders",
    title="Load Image and Text Dataset from Folder",
    fingerprint=_always,
)
def load_image_text_set(
    *,
    folder: Folder,
    clip: Clip,
    resize_method: Method = "None",
    width: Side = -1,
    height: Side = -1,
    run: Run,
) -> ImagesAndTexts:
    """Load all pictures of a folder and their captions, which are in text files of the same name.

    Pictures in folders inside it are loaded too, and so many times as the name of such a folder says: 10_cat is
    ten times.

    Args:
        folder: A folder inside the input folder.
        clip: The text encoder that reads the captions.
        resize_method: How pictures are brought to one size.
        width: Of all pictures; -1 for that of the first.
        height: Of all pictures; -1 for that of the first.
    """
    names = [*_pictures(folder, run), *_repeated(folder, run)]
    encoded: dict[str, tuple[Cond, ...]] = {}
    conds: list[Cond] = []
    for name in names:
        caption = _caption(name, run)
        if caption not in encoded:
            encoded[caption] = clip_text_encode(text=caption, clip=clip, run=run)
        conds += encoded[caption]
    return ImagesAndTexts(_batch(names, resize_method, width, height, run), tuple(conds))


def _pictures(folder: str, run: Run) -> Iterator[str]:
    """Names of the pictures that are right in a folder, in alphabetical order."""
    for name in run.folders.list("input"):
        path = PurePosixPath(name)
        if path.suffix.lower() in PICTURES and path.parent == PurePosixPath(folder):
            yield name


def _repeated(folder: str, run: Run) -> Iterator[str]:
    """Names of the pictures in the folders inside a folder, each folder as often as its name says."""
    for inside in run.folders.list("image_sets"):
        path = PurePosixPath(inside)
        if path.parent == PurePosixPath(folder):
            times, _, _ = path.name.partition("_")
            yield from [*_pictures(inside, run)] * (int(times) if times.isdecimal() else 1)


def _caption(name: str, run: Run) -> str:
    """The text beside a picture; empty where there is none."""
    beside = PurePosixPath(name).with_suffix(".txt").as_posix()
    if beside not in run.folders.list("input"):
        return ""
    return run.folders.resolve("input", beside).read_text(encoding="utf-8", errors="replace").strip()


def _batch(names: Sequence[str], method: str, width: int, height: int, run: Run) -> Tensor:
    """Pictures [B, H, W, 3] of one size; a side of -1 is that of the first."""
    if not names:
        raise BadInput(
            what="The folder has no pictures in it.", mend=f"Put some there that end in {', '.join(sorted(PICTURES))}."
        )
    images: list[Tensor] = []
    for number, name in enumerate(names):
        image = torch.from_numpy(read_picture(run.folders.resolve("input", name)).rgb[:1])
        height = image.shape[1] if height == -1 else height
        width = image.shape[2] if width == -1 else width
        images.append(image if image.shape[1:3] == (height, width) else FITS[method](image, width, height))
        run.step(number + 1, len(names))
    return torch.cat(images)
