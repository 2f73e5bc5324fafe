"""Between pixels and latents."""

from typing import Annotated

import torch
import torch.nn.functional as F

from safelight.diffusion.latent import Latent
from safelight.graph.node import Range, node
from safelight.models.vae import Vae
from safelight.nodes.sockets import Image, Mask

Tile = Annotated[int, Range(64, 4096, step=32)]
Overlap = Annotated[int, Range(0, 4096, step=32)]
Frames = Annotated[int, Range(8, 4096, step=4)]
FrameOverlap = Annotated[int, Range(4, 4096, step=4)]


@node("VAEDecode", category="latent", title="VAE Decode")
def vae_decode(*, samples: Latent, vae: Vae) -> Image:
    """Turn a latent into a picture.

    Args:
        samples: The latent.
        vae: The VAE of the checkpoint, or another of its family.
    """
    return vae.decode(samples.samples)


@node("VAEDecodeTiled", category="_for_testing", title="VAE Decode (Tiled)", experimental=True)
def vae_decode_tiled(
    *,
    samples: Latent,
    vae: Vae,
    tile_size: Tile = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
) -> Image:
    """Turn a latent into a picture in parts, for large pictures and little memory.

    Args:
        tile_size: Side of a part in pixels.
        overlap: Pixels that neighbouring parts share and are blended over.
        temporal_size: For video models; not used here.
        temporal_overlap: For video models; not used here.
    """
    del temporal_size, temporal_overlap
    return vae.decode_tiled(samples.samples, tile=tile_size, overlap=min(overlap, tile_size // 4))


@node("VAEEncode", category="latent", title="VAE Encode")
def vae_encode(*, pixels: Image, vae: Vae) -> Latent:
    """Turn a picture into a latent."""
    return Latent(vae.encode(pixels))


@node("VAEEncodeTiled", category="_for_testing", title="VAE Encode (Tiled)", experimental=True)
def vae_encode_tiled(
    *,
    pixels: Image,
    vae: Vae,
    tile_size: Annotated[int, Range(64, 4096, step=64)] = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
) -> Latent:
    """Turn a picture into a latent in parts, for large pictures and little memory.

    Args:
        tile_size: Side of a part in pixels.
        overlap: Pixels that neighbouring parts share and are blended over.
        temporal_size: For video models; not used here.
        temporal_overlap: For video models; not used here.
    """
    del temporal_size, temporal_overlap
    return Latent(vae.encode_tiled(pixels, tile=tile_size, overlap=min(overlap, tile_size // 4)))


@node("VAEEncodeForInpaint", category="latent/inpaint", title="VAE Encode (for Inpainting)")
def vae_encode_for_inpaint(
    *, pixels: Image, vae: Vae, mask: Mask, grow_mask_by: Annotated[int, Range(0, 64, step=1)] = 6
) -> Latent:
    """Turn a picture into a latent whose masked part is grey, to be painted anew at denoise 1.

    Args:
        mask: White is repainted.
        grow_mask_by: Pixels by which the repainted part is widened, to hide the seam.
    """
    height, width = (size // vae.compression * vae.compression for size in pixels.shape[1:3])
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    mask = F.interpolate(mask[:, None], size=tuple(pixels.shape[1:3]), mode="bilinear")
    pixels, mask = (
        pixels[:, top : top + height, left : left + width, :3],
        mask[..., top : top + height, left : left + width],
    )
    grey = torch.lerp(pixels, torch.full_like(pixels, 0.5), mask.round().movedim(1, -1))
    return Latent(vae.encode(grey), noise_mask=_grown(mask, grow_mask_by).round())


def _grown(mask: Mask, pixels: int) -> Mask:
    """What is set in a mask [B, 1, H, W], widened by about half of `pixels` to each side."""
    if pixels == 0:
        return mask
    kernel = torch.ones(1, 1, pixels, pixels)
    padding = -(-(pixels - 1) // 2)
    return F.conv2d(mask.round(), kernel, padding=padding)[..., : mask.shape[-2], : mask.shape[-1]].clamp(0, 1)
