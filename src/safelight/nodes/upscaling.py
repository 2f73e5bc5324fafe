"""Making pictures larger with a network."""

from dataclasses import replace
from typing import Annotated

import torch

from safelight.diffusion.conditioning import SmallPicture
from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.families.sd2_x4 import SD2_X4
from safelight.graph.node import File, Range, node
from safelight.models.upscaler import UpscaleModel, load_upscaler
from safelight.nodes.conditioning import Edit
from safelight.nodes.resize import resize
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning, Image


@node("UpscaleModelLoader", category="loaders", title="Load Upscale Model")
def upscale_model_loader(*, model_name: Annotated[str, File("upscale_models")], run: Run) -> UpscaleModel:
    """Load a network that makes pictures larger, such as ESRGAN.

    Args:
        model_name: A file in the upscale_models folder.
    """
    return run.models.get(load_upscaler, run.folders.resolve("upscale_models", model_name))


@node("ImageUpscaleWithModel", category="image/upscaling", title="Upscale Image (using Model)")
def image_upscale_with_model(*, upscale_model: UpscaleModel, image: Image, run: Run) -> Image:
    """Make a picture larger with a network; by how much, the network says.

    Args:
        upscale_model: The network.
        image: The picture.
    """
    return upscale_model.upscale(image, on_tile=run.step)


@node("SD_4XUpscale_Conditioning", category="conditioning/upscale_diffusion")
def sd_4x_upscale_conditioning(
    *,
    images: Image,
    positive: Conditioning,
    negative: Conditioning,
    scale_ratio: Annotated[float, Range(0.0, 10.0, step=0.01)] = 4.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.0,
) -> Edit:
    """Show Stable Diffusion 2's x4 upscaler the picture that it is to make larger.

    Args:
        images: The small picture.
        scale_ratio: How many times as wide and high the result is; the model was trained on 4.
        noise_augmentation: How loosely the picture is followed.
    """
    cell = SD2_X4.latent.compression
    height, width = (max(1, round(side * scale_ratio)) // cell for side in images.shape[1:3])
    if not min(height, width):
        raise BadInput("The picture would be smaller than one cell of the latent.", mend="Use a larger scale_ratio.")
    pixels = resize(images[..., :3].movedim(-1, 1) * 2 - 1, width, height, "bilinear", "center")
    small = SmallPicture(pixels, noise_augmentation)
    latent = Latent(torch.zeros(len(images), SD2_X4.latent.channels, height, width))
    return Edit(_seeing(positive, small), _seeing(negative, small), latent)


def _seeing(conditioning: Conditioning, picture: SmallPicture) -> Conditioning:
    return tuple(replace(cond, small_picture=picture) for cond in conditioning)
