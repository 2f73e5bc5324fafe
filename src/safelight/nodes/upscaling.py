"""Making pictures larger with a network."""

from typing import Annotated

from safelight.graph.node import File, node
from safelight.models.upscaler import UpscaleModel, load_upscaler
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image


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
