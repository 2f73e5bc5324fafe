"""Pictures and latents from files and into them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.files.pictures import Picture, read_picture, write_lossy, write_png
from safelight.graph.node import Choice, File, Range, node
from safelight.nodes.masks import CHANNELS
from safelight.nodes.run import Run
from safelight.nodes.saving import Series, kept_texts, to_pixels
from safelight.nodes.sockets import Image, Mask

SAVED_LEVEL = 4
"""PNG compression of kept pictures: past it files hardly shrink."""
PREVIEW_LEVEL = 1
"""PNG compression of previews, which are thrown away soon."""

COMPRESSED: dict[str, tuple[Literal["WEBP", "JPEG"], str]] = {"webp": ("WEBP", ".webp"), "jpeg": ("JPEG", ".jpg")}
"""By name: the format, and the file ending."""

OLD_LATENT_SCALE = 0.18215
"""What latents in files without a version tensor were multiplied by."""


class Loaded(NamedTuple):
    """A picture, and the mask of its transparent part."""

    image: Image
    mask: Mask


@node("LoadImage", category="image", title="Load Image")
def load_image(*, image: Annotated[str, File("input", upload=True)], run: Run) -> Loaded:
    """Load a picture; an animated one gives all its frames as a batch.

    The mask is 1 where the picture is transparent; a picture that has no transparency gives an empty
    mask of 64 x 64.

    Args:
        image: A file in the input folder.
    """
    return _loaded(_read("input", image, run))


@node("LoadImageOutput", category="image", title="Load Image (from Outputs)")
def load_image_output(*, image: Annotated[str, File("output", upload=True)], run: Run) -> Loaded:
    """Load a picture that was made here.

    Args:
        image: A file in the output folder.
    """
    return _loaded(_read("output", image, run))


@node("LoadImageMask", category="mask", title="Load Image (as Mask)")
def load_image_mask(
    *,
    image: Annotated[str, File("input", upload=True)],
    channel: Annotated[str, Choice(["alpha", "red", "green", "blue"])],
    run: Run,
) -> Mask:
    """Load one channel of a picture as a mask.

    Args:
        image: A file in the input folder.
        channel: `alpha` gives 1 where the picture is transparent.
    """
    picture = _read("input", image, run)
    if channel != "alpha":
        return torch.from_numpy(picture.rgb[:1, ..., CHANNELS.index(channel)])
    if picture.alpha is None:
        return torch.zeros(picture.rgb.shape[:3])[:1]
    return 1 - torch.from_numpy(picture.alpha[:1])


@node("SaveImage", category="image", title="Save Image", output=True)
def save_image(*, images: Image, filename_prefix: str = "ComfyUI", run: Run) -> None:
    """Save pictures in the output folder as PNG, with the workflow that made them inside.

    Args:
        filename_prefix: Beginning of the file name; `a/b` saves in the sub-folder `a`. %width% %height%
            %year% %month% %day% %hour% %minute% %second% %batch_num% and %date:yyyy-MM-dd% are filled in.
    """
    _save_pictures(images, filename_prefix, "output", SAVED_LEVEL, run)


@node("SaveImageCompressed", category="image", title="Save Image (WebP, JPEG)", output=True)
def save_image_compressed(
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    format: Annotated[str, Choice(COMPRESSED)],
    quality: Annotated[int, Range(0, 100)] = 90,
    run: Run,
) -> None:
    """Save pictures in the output folder as WebP or JPEG, with the workflow that made them inside.

    Args:
        filename_prefix: Beginning of the file name, as for Save Image.
        format: `webp` keeps transparency; `jpeg` has no room for workflows beyond 64 KiB, which are left out.
        quality: The higher, the larger; 100 gives a WebP that keeps every pixel as it is.
    """
    kind, ending = COMPRESSED[format]
    texts = kept_texts(run)
    series = Series("output", filename_prefix, images.shape[2], images.shape[1], run)
    left_out: list[str] = []
    for number, image in enumerate(images):
        pixels = to_pixels(image, run).numpy()

        def write(file: BinaryIO, pixels: NDArray[np.uint8] = pixels) -> None:
            left_out[:] = write_lossy(file, pixels, texts, kind=kind, quality=quality)

        run.show("images", series.add(ending, write, number), "output")
    if left_out:
        run.warn(f"The {' and the '.join(left_out)} of this workflow did not fit into a JPEG; save as WebP to keep it.")


@node("PreviewImage", category="image", title="Preview Image", output=True)
def preview_image(*, images: Image, run: Run) -> None:
    """Show pictures without keeping them."""
    _save_pictures(images, _passing_name(), "temp", PREVIEW_LEVEL, run)


@node("MaskPreview", category="mask", output=True)
def mask_preview(*, mask: Mask, run: Run) -> None:
    """Show a mask without keeping it."""
    grey = mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3)
    _save_pictures(grey, _passing_name(), "temp", PREVIEW_LEVEL, run)


@node("SaveLatent", category="_for_testing", output=True)
def save_latent(*, samples: Latent, filename_prefix: str = "latents/ComfyUI", run: Run) -> None:
    """Save a latent in the output folder, to go on from it later.

    Args:
        filename_prefix: Beginning of the file name, as for Save Image.
    """
    x = samples.samples
    # The empty tensor says that the numbers are unscaled.
    tensors = {"latent_tensor": x.cpu().contiguous(), "latent_format_version_0": torch.empty(0)}
    content = save(tensors, kept_texts(run))
    series = Series("output", filename_prefix, x.shape[-1] * 8, x.shape[-2] * 8, run)
    run.show("latents", series.add(".latent", lambda file: _write(file, content)), "output")


@node("LoadLatent", category="_for_testing")
def load_latent(*, latent: Annotated[str, File("input")], run: Run) -> Latent:
    """Load a latent that was saved.

    Args:
        latent: A .latent file in the input folder.
    """
    path = run.folders.resolve("input", latent)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise _no_latent(path) from error
    x = tensors.get("latent_tensor")
    if x is None or x.ndim != 4:
        raise _no_latent(path)
    scale = 1.0 if "latent_format_version_0" in tensors else 1 / OLD_LATENT_SCALE
    return Latent(x.float() * scale)


def _read(folder: str, name: str, run: Run) -> Picture:
    return read_picture(run.folders.resolve(folder, name))


def _loaded(picture: Picture) -> Loaded:
    rgb = torch.from_numpy(picture.rgb)
    if picture.alpha is None:
        return Loaded(rgb, torch.zeros(len(rgb), 64, 64))
    return Loaded(rgb, 1 - torch.from_numpy(picture.alpha))


def _save_pictures(images: Tensor, prefix: str, folder: str, level: int, run: Run) -> None:
    texts = kept_texts(run)
    series = Series(folder, prefix, images.shape[2], images.shape[1], run)
    for number, image in enumerate(images):
        path = series.add(".png", _png_writer(to_pixels(image, run), texts, level), number)
        run.show("images", path, folder)


def _png_writer(pixels: Tensor, texts: dict[str, str], level: int) -> Callable[[BinaryIO], None]:
    return lambda file: write_png(file, pixels.numpy(), texts, compress_level=level)


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _passing_name() -> str:
    return f"ComfyUI_temp_{secrets.token_hex(4)}"


def _no_latent(path: Path) -> BadInput:
    return BadInput(what=f"{path.name} is not a saved latent.", mend="Choose a .latent file that Save Latent wrote.")
