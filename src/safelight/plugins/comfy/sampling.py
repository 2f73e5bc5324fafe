"""What packs import as `comfy.samplers`, `comfy.sample` and `comfy.sd`: names, and whole steps, over our own nodes."""

from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from safelight.diffusion.noise import initial_noise
from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.models.model import Model
from safelight.models.vae import Vae
from safelight.plugins.comfy.clip import PackClip
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.live import current_run


def samplers_module() -> dict[str, object]:
    """`comfy.samplers`: the names there are now, and what they stand for."""
    names, rules = list(SAMPLERS), list(SCHEDULERS)

    class KSampler:
        """Holds the names, as menus of packs take them."""

        SAMPLERS: ClassVar[list[str]] = names
        SCHEDULERS: ClassVar[list[str]] = rules

    return {
        "KSampler": KSampler,
        "SAMPLER_NAMES": names,
        "KSAMPLER_NAMES": names,
        "SCHEDULER_NAMES": rules,
        "SCHEDULER_HANDLERS": SCHEDULERS,
        "sampler_object": _sampler,
    }


def _sampler(name: str) -> SamplerSpec:
    """A value for a SAMPLER socket."""
    return SAMPLERS[name]


def prepare_noise(latent_image: Tensor, seed: int, noise_inds: list[int] | None = None) -> Tensor:
    """The noise that a seed stands for, shaped as a latent."""
    return initial_noise(seed, latent_image.shape, None if noise_inds is None else tuple(noise_inds))


def load_checkpoint_guess_config(
    ckpt_path: str, output_vae: bool = True, output_clip: bool = True, *_: object, **__: object
) -> tuple[Model, PackClip | None, Vae | None, None]:
    """Model, text encoder and VAE of a checkpoint; works while a node runs."""
    loaded = current_run().models.checkpoint(Path(ckpt_path))
    clip = PackClip(loaded.clip) if output_clip and loaded.clip is not None else None
    return loaded.model, clip, loaded.vae if output_vae else None, None


SD: dict[str, object] = {"load_checkpoint_guess_config": load_checkpoint_guess_config, "VAE": Vae, "CLIP": PackClip}


def common_ksampler(host: Host) -> Any:
    """`nodes.common_ksampler`, by our own sampler nodes."""

    def sample(
        model: Model,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        positive: object,
        negative: object,
        latent: dict[str, Any],
        denoise: float = 1.0,
        disable_noise: bool = False,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
    ) -> tuple[object, ...]:
        how = {
            "model": model,
            "steps": steps,
            "cfg": cfg,
            "sampler_name": sampler_name,
            "scheduler": scheduler,
            "positive": positive,
            "negative": negative,
            "latent_image": latent,
        }
        if not disable_noise and start_step is None and last_step is None:
            return _called(host, "KSampler", **how, seed=seed, denoise=denoise)
        return _called(
            host,
            "KSamplerAdvanced",
            **how,
            noise_seed=seed,
            add_noise="disable" if disable_noise else "enable",
            start_at_step=start_step or 0,
            end_at_step=10000 if last_step is None else last_step,
            return_with_leftover_noise="disable" if force_full_denoise else "enable",
        )

    return sample


def _called(host: Host, class_type: str, **inputs: object) -> tuple[object, ...]:
    cls: Any = host.classes[class_type]
    result: tuple[object, ...] = getattr(cls(), cls.FUNCTION)(**inputs)
    return result
