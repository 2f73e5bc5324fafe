"""The image autoencoder, ready to run: pictures to latents and back, in tiles where memory is short."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.families.cost import DECODING_NUMBERS, ENCODING_NUMBERS, vae_bytes
from safelight.families.shapes import VaeShape
from safelight.models.device import HOST
from safelight.models.memory.measures import Measure, Measures
from safelight.models.memory.thrift import Thrift
from safelight.models.placement import Placement
from safelight.models.tiles import in_tiles
from safelight.models.weight_patches import UNPATCHED, WeightPatches

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

TILE = 512
OVERLAP = 64


@dataclass(frozen=True)
class Vae:
    """An image autoencoder.

    Attributes:
        network: Its weights.
        shape: Its sizes.
        dtype: What it runs in.
        placement: Where it runs.
        weights: What is changed in its weights.
        stored: What its file has it in: `fp32`, `fp16`, …
    """

    network: "AutoencoderKL"
    shape: VaeShape
    dtype: torch.dtype
    placement: Placement
    weights: WeightPatches = UNPATCHED
    stored: str = "fp32"

    @property
    def compression(self) -> int:
        """Pixels per latent pixel, along each side."""
        return 1 << (len(self.shape.block_channels) - 1)

    @property
    def latent_channels(self) -> int:
        """Numbers per latent pixel."""
        return self.shape.latent_channels

    def encode(self, pixels: Tensor) -> Tensor:
        """Pictures to the means of their latents.

        Args:
            pixels: [B, H, W, 3 or more] in 0..1. Channels after the third are not looked at, and sides are cut at
                both ends to a multiple of `compression`.

        Returns:
            Latents [B, C, H / 8, W / 8], unscaled, float32, on the CPU.

        Raises:
            BadInput: The pictures are smaller than one latent pixel.
        """
        image = self._image(pixels)
        whole = self._on_device(self._encode_whole)
        return self._fitting(whole, image, self._encode_tiles, self._bytes_per_image(image, 1, ENCODING_NUMBERS))

    def decode(self, latent: Tensor) -> Tensor:
        """Latents to pictures.

        Args:
            latent: [B, C, h, w], unscaled.

        Returns:
            [B, h * 8, w * 8, 3] in 0..1, float32, on the CPU.
        """
        whole = self._on_device(self._decode_whole)
        needed = self._bytes_per_image(latent, self.compression, DECODING_NUMBERS)
        return _pixels(self._fitting(whole, latent, self._decode_tiles, needed))

    def follow(self, latent: Tensor) -> Tensor:
        """`decode` in a form that gradients flow back through, on the device, as a whole.

        It holds what the network makes on its way until the gradients are there: many times what `decode` needs.
        """
        self.placement.bring(self.network, self.weights)
        return _pixels(self._decode_whole(latent.to(self.placement.device, self.dtype)).float())

    def encode_tiled(self, pixels: Tensor, *, tile: int = TILE, overlap: int = OVERLAP) -> Tensor:
        """`encode` in tiles of `tile` pixels that reach `overlap` pixels into each other."""
        image = self._image(pixels)
        return self._frugally(Thrift(self.placement, self.network), lambda _: self._encode_tiles(image, tile, overlap))

    def decode_tiled(self, latent: Tensor, *, tile: int = TILE, overlap: int = OVERLAP) -> Tensor:
        """`decode` in tiles of `tile` pixels that reach `overlap` pixels into each other."""
        thrift = Thrift(self.placement, self.network)
        return _pixels(self._frugally(thrift, lambda _: self._decode_tiles(latent, tile, overlap)))

    def _encode_whole(self, image: Tensor) -> Tensor:
        moments = self.network.encoder(image)
        if self.network.quant_conv is not None:
            moments = self.network.quant_conv(moments)
        means: Tensor = moments.chunk(2, dim=1)[0]
        return means

    def _decode_whole(self, latent: Tensor) -> Tensor:
        if self.network.post_quant_conv is not None:
            latent = self.network.post_quant_conv(latent)
        image: Tensor = self.network.decoder(latent)
        return image

    def _encode_tiles(self, image: Tensor, tile: int, overlap: int) -> Tensor:
        step = self.compression
        tile, overlap = self._whole_latents(tile, overlap)
        work = self._on_device(self._encode_whole)
        return in_tiles(
            work,
            image,
            tile=tile * step,
            overlap=overlap * step,
            channels=self.latent_channels,
            scale=Fraction(1, step),
        )

    def _decode_tiles(self, latent: Tensor, tile: int, overlap: int) -> Tensor:
        tile, overlap = self._whole_latents(tile, overlap)
        work = self._on_device(self._decode_whole)
        return in_tiles(work, latent, tile=tile, overlap=overlap, channels=3, scale=Fraction(self.compression))

    def _whole_latents(self, tile: int, overlap: int) -> tuple[int, int]:
        """Tile and overlap in latent pixels."""
        tile, overlap = tile // self.compression, overlap // self.compression
        if overlap >= tile:
            raise BadInput(
                what="The tiles of the VAE overlap by their whole size.",
                mend="Make the tiles larger or the overlap smaller.",
            )
        return tile, overlap

    def _image(self, pixels: Tensor) -> Tensor:
        """[B, H, W, 3 or more] in 0..1 -> [B, 3, H', W'] in -1..1, H' and W' multiples of the compression."""
        step = self.compression
        _, height, width, _ = pixels.shape
        if min(height, width) < step:
            raise BadInput(
                what=f"The picture is {width} by {height} pixels; it must have at least {step} by {step}.",
                mend="Use a larger picture.",
            )
        top, left = height % step // 2, width % step // 2
        pixels = pixels[:, top : top + height // step * step, left : left + width // step * step, :3]
        return pixels.movedim(-1, 1) * 2 - 1

    def _on_device(self, work: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """`work`, given its input where and as the network runs."""

        def moved(x: Tensor) -> Tensor:
            self.placement.bring(self.network, self.weights)
            with torch.no_grad():
                return work(x.to(self.placement.device, self.dtype)).to(HOST, torch.float32)

        return moved

    def _bytes_per_image(self, x: Tensor, scale: int, numbers: int) -> int:
        pixels = x.shape[-2] * x.shape[-1] * scale**2
        return vae_bytes(self.shape, pixels, numbers, self.dtype.itemsize)

    def _fitting(
        self, whole: Callable[[Tensor], Tensor], x: Tensor, tiles: Callable[[Tensor, int, int], Tensor], needed: int
    ) -> Tensor:
        """As many pictures at a time as fit; in tiles where one does not."""
        thrift = Thrift(self.placement, self.network, ("singly", "tiles", "small tiles"))
        free = self.placement.make_room(needed, keep=self.network)
        if free < needed:
            thrift.take("tiles")
        together = max(1, free // (2 * needed))

        def work(measures: Measures) -> Tensor:
            if "tiles" in measures:
                return tiles(x, TILE // 2 if "small tiles" in measures else TILE, OVERLAP)
            return torch.cat([whole(part) for part in torch.split(x, 1 if "singly" in measures else together)])

        return self._frugally(thrift, work, {"singly"} if min(len(x), together) == 1 or free < needed else ())

    def _frugally(
        self, thrift: Thrift, work: Callable[[Measures], Tensor], useless: Collection[Measure] = ()
    ) -> Tensor:
        done = thrift.attempt(work, useless=useless)
        self.placement.finished(self.network)
        return done


def _pixels(image: Tensor) -> Tensor:
    """[B, 3, H, W] in -1..1 -> [B, H, W, 3] in 0..1."""
    return (image.movedim(1, -1) / 2 + 0.5).clamp(0, 1)
