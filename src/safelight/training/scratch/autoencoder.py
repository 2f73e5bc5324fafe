"""An image autoencoder from scratch: pictures come back from a small latent as they were (Rombach et al. 2022,
arXiv:2112.10752, section 3.1)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.families.sd1 import SD1
from safelight.families.shapes import VaeShape
from safelight.files.atomic import whole
from safelight.files.hashes import sha256
from safelight.files.pictures import write_png
from safelight.models.clip_vision import ClipVision, load_clip_vision
from safelight.models.fresh import fill_with_chance
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.saving import Entry, vae_entries
from safelight.models.vae import Vae
from safelight.models.vae_network import build_vae
from safelight.models.weight_patches import WeightPatches
from safelight.runs.settings import Autoencoder, Data, TrainingSettings
from safelight.training.data.batches import Batches
from safelight.training.data.buckets import bucket_of
from safelight.training.data.report import DataReport
from safelight.training.data.views import View, view_of
from safelight.training.noising import generator_at
from safelight.training.scratch.judge import PREFIX as JUDGE
from safelight.training.scratch.judge import Judge, adversarial, begin_judge
from safelight.training.scratch.networks import Networks, copies, place_and_numbers
from safelight.training.scratch.pixels import Pixels
from safelight.training.told import told_of_run
from safelight.training.trainer import Seen
from safelight.training.work import Watch, Work

USUAL_SIDE = 128
"""Pixels, where no resolution is said."""
NETWORK = "vae."
LATENT = SD1.latent
MEASURED = 128
"""Pictures by which latents are brought to unit variance."""
SHOWN = 3
SIZES = 3
"""At which edges are compared, each half of the one before."""
WINDOW, STRIDE = 7, 2
"""Of structural similarity, in pixels."""


@dataclass(frozen=True)
class Compressor:
    """The autoencoder, opened for a run; a `work.Subject`.

    Attributes:
        settings: Of the run.
        vae: The network.
        eye: What sees whether a reconstruction is like its picture; None where that does not count.
        judge: What learns to tell them apart; None where that does not count.
        base: As of `work.Subject`.
    """

    settings: TrainingSettings
    vae: Vae
    eye: ClipVision | None
    judge: Judge | None
    base: str

    @property
    def data(self) -> Data:
        return self.settings.data

    @property
    def side(self) -> int:
        return self.settings.data.resolution or USUAL_SIDE

    def work(self, found: DataReport, watch: Watch) -> Work:
        settings, run = self.settings, self.settings.run
        pixels = Pixels(Batches(found.examples, self.data, self.side, run.batch, run.seed))
        learned = copies({NETWORK: self.vae.network}, self.vae.placement.device)
        if self.judge is not None:
            learned |= copies({JUDGE: self.judge}, self.vae.placement.device)
        lesson = Networks(
            {NETWORK: self.vae.network},
            learned,
            lambda known: self._entries(lesson, pixels, known),
            self.vae.placement,
            self.vae.dtype,
            self.vae.shape.block_channels[0],
        )
        shown = tuple(
            view_of(example, bucket_of(example.size, self.side, is_square=not self.data.buckets))
            for example in found.examples[:SHOWN]
        )
        return Work(
            lesson,
            partial(self._look, lesson, pixels),
            lambda rate: {
                **told_of_run(settings, found, rate),
                "vae_config": json.dumps(asdict(self.vae.shape)),
                "scale_factor": str(LATENT.scale),
            },
            lambda place, on_step: self._draw(lesson, pixels, shown, place),
        )

    def _look(self, lesson: Networks, pixels: Pixels, number: int) -> Seen:
        told, run = self.settings.vae, self.settings.run
        chance = generator_at(run.seed, number)
        done = number / (run.steps * run.accumulate)
        image = self._image(pixels.at(number).pixels)
        if told.patch and done < told.patch_until:
            image = _part(image, told.patch, chance)
        mean, spread = self._encode(image)
        noise = torch.randn(mean.shape, generator=chance).to(mean)
        made = self._decode(mean + (0.5 * spread).exp() * noise)
        loss = missed(image, made, told) + told.kl * divergence(mean, spread)
        if self.eye is not None:
            loss = loss + told.perceptual * self._unlike(self.eye, image, made)
        if self.judge is not None:
            own = {name.removeprefix(JUDGE): t for name, t in lesson.learned.items() if name.startswith(JUDGE)}
            missing, wrong = adversarial(self.judge, own, image, made)
            loss = loss + (told.adversarial * missing if done >= told.adversarial_from else 0) + wrong
        return Seen(loss, torch.empty(0), torch.empty(0))

    def _image(self, shown: Tensor) -> Tensor:
        """[B, H, W, 3] in 0..1 -> [B, 3, H, W] in -1..1, on the device."""
        return shown.to(self.vae.placement.device).movedim(-1, 1) * 2 - 1

    def _encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the logarithm of the variance of latents, float32."""
        network = self.vae.network
        mean, spread = network.quant_conv(network.encoder(image.to(self.vae.dtype))).float().chunk(2, dim=1)
        return mean, spread.clamp(-30, 20)

    def _decode(self, latent: Tensor) -> Tensor:
        network = self.vae.network
        made: Tensor = network.decoder(network.post_quant_conv(latent.to(self.vae.dtype)))
        return made.float()

    def _unlike(self, eye: ClipVision, image: Tensor, made: Tensor) -> Tensor:
        """How differently CLIP sees both, layer by layer, as LPIPS does it (Zhang et al. 2018, arXiv:1801.03924)."""
        layers = [eye.layers((shown.movedim(1, -1) + 1) / 2) for shown in (image, made)]
        differences = [
            (F.normalize(a.float(), dim=-1) - F.normalize(b.float(), dim=-1)).square().sum(-1).mean()
            for a, b in zip(*layers, strict=True)
        ]
        return torch.stack(differences).mean()

    def _draw(
        self, lesson: Networks, pixels: Pixels, shown: tuple[View, ...], place: Callable[[int], Path]
    ) -> list[Path]:
        """Pictures beside their reconstructions."""
        made = []
        with torch.no_grad(), lesson.worn():
            for number, view in enumerate(shown):
                image = self._image(pixels.of([view]))
                both = torch.cat([image, self._decode(self._encode(image)[0])], dim=-1)[0]
                colours = ((both.movedim(0, -1) + 1) * 127.5).round().clamp(0, 255).to("cpu", torch.uint8)
                with whole(place(number)) as file:
                    told = f"{view.example.picture.name}, and as it comes back"
                    write_png(file, np.ascontiguousarray(colours.numpy()), {"parameters": told})
                made.append(place(number))
        return made

    def _entries(self, lesson: Networks, pixels: Pixels, known: Mapping[str, Tensor]) -> Iterator[Entry]:
        """The file, in LDM's layout; latents of unit variance as samplers expect them."""
        own = {name.removeprefix(NETWORK): t.detach() for name, t in known.items() if name.startswith(NETWORK)}

        @cache  # not before it is written: it looks at pictures
        def outer() -> Mapping[str, Tensor]:
            with torch.no_grad(), lesson.worn(known):
                return rescaled(own, *self._spread_of_latents(pixels))

        def patch(name: str) -> Callable[[Tensor], Tensor]:
            is_outer = name.startswith(("quant_conv", "post_quant_conv"))
            return lambda weight: (outer()[name] if is_outer else own[name]).to(weight.device)

        return vae_entries(replace(self.vae, weights=WeightPatches({name: (patch(name),) for name in own})))

    def _spread_of_latents(self, pixels: Pixels) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the latents of some pictures, by channel [C]; the network is worn."""
        found: list[Tensor] = []
        seen = 0
        for number in range(min(MEASURED, pixels.batches.in_epoch)):
            mean, _ = self._encode(self._image(pixels.at(number).pixels))
            found.append(mean.movedim(1, 0).flatten(1).double())
            seen += len(mean)
            if seen >= MEASURED:
                break
        latents = torch.cat(found, dim=1)
        return latents.mean(1).float(), latents.std(1).float()


def open_compressor(settings: TrainingSettings, needed: tuple[Path, ...], hashes: Path, device: str) -> Compressor:
    """An autoencoder without experience.

    Args:
        settings: Of the run.
        needed: The CLIP model whose eye counts, if one does.
        hashes: Folder of hashes that were taken before.
        device: Where it is trained.
    """
    told = settings.vae
    place, numbers = place_and_numbers(device, settings.run.dtype)
    placement, types = Placement(place), precision(numbers, place)
    shape = VaeShape(told.channels, told.blocks, LATENT.channels, quant_conv=True)
    network = build_vae(shape)
    fill_with_chance(network, settings.run.seed, placement, types.vae)
    return Compressor(
        settings,
        Vae(network, shape, types.vae, placement, stored="fp16"),
        load_clip_vision(needed[0], placement, types) if needed else None,
        begin_judge(settings.run.seed, placement) if told.adversarial else None,
        " ".join(sha256(path, hashes) for path in needed),
    )


def missed(image: Tensor, made: Tensor, told: Autoencoder) -> Tensor:
    """How far reconstructions [B, 3, H, W] in -1..1 are from their pictures: pixels, edges and structure."""
    distance = (made - image).abs().mean() if told.distance == "l1" else (made - image).square().mean()
    return distance + told.edges * edges_apart(image, made) + told.structure * (1 - likeness(image, made))


def edges_apart(image: Tensor, made: Tensor) -> Tensor:
    """How far differences of neighbouring pixels are apart, at `SIZES` sizes."""
    apart = image.new_zeros(())
    for _ in range(SIZES):
        for axis in (-2, -1):
            apart = apart + (made.diff(dim=axis) - image.diff(dim=axis)).abs().mean()
        image, made = F.avg_pool2d(image, 2), F.avg_pool2d(made, 2)
    return apart


def likeness(image: Tensor, made: Tensor) -> Tensor:
    """Mean structural similarity, 1 for the same (Wang et al. 2004, doi:10.1109/TIP.2003.819861), in square windows."""
    mean = partial(F.avg_pool2d, kernel_size=WINDOW, stride=STRIDE)
    a, b = mean(image), mean(made)
    of_a, of_b, of_both = mean(image**2) - a**2, mean(made**2) - b**2, mean(image * made) - a * b
    small, smaller = (2 * 0.03) ** 2, (2 * 0.01) ** 2  # colours range over 2
    return (((2 * a * b + smaller) * (2 * of_both + small)) / ((a**2 + b**2 + smaller) * (of_a + of_b + small))).mean()


def divergence(mean: Tensor, spread: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of latents from unit noise (Kingma & Welling 2014, arXiv:1312.6114)."""
    return 0.5 * (mean.square() + spread.exp() - 1 - spread).mean()


def rescaled(weights: Mapping[str, Tensor], mean: Tensor, deviation: Tensor) -> dict[str, Tensor]:
    """The convolutions around the latent, changed so that it has mean 0 and deviation 1 once samplers have scaled it.

    Reconstructions stay what they were.

    Args:
        weights: Of the autoencoder.
        mean, deviation: Of its latents now, by channel [C].
    """
    factor = 1 / (deviation * LATENT.scale)
    count = len(factor)
    weight, bias = weights["quant_conv.weight"].clone(), weights["quant_conv.bias"].clone()
    weight[:count] *= factor[:, None, None, None]
    bias[:count] = (bias[:count] - mean) * factor
    bias[count:] += 2 * factor.log()
    back, offset = weights["post_quant_conv.weight"], weights["post_quant_conv.bias"]
    return {
        "quant_conv.weight": weight,
        "quant_conv.bias": bias,
        "post_quant_conv.weight": back / factor[None, :, None, None],
        "post_quant_conv.bias": offset + (back[:, :, 0, 0] * mean[None]).sum(1),
    }


def _part(image: Tensor, side: int, chance: torch.Generator) -> Tensor:
    """A square part of pictures [B, C, H, W], at one place of all of them."""
    height, width = image.shape[-2:]
    rows, columns = min(side, height), min(side, width)
    top = int(torch.randint(height - rows + 1, (), generator=chance))
    left = int(torch.randint(width - columns + 1, (), generator=chance))
    return image[..., top : top + rows, left : left + columns]
