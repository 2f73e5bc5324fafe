"""Euler's method along the probability flow: plain, with renewed noise, and along the unguided estimate (CFG++)."""

from itertools import pairwise

from torch import Tensor

from safelight.diffusion.samplers.steps import ancestral_split, split_renewal
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def euler(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Straight steps along the slope at each sigma; called DDIM where `eta` is 0. Arguments are `Sampler`'s.

    Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1 without its correction.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slope = (x - denoised) / sigma
        x = x + slope * (sigma_next - sigma)
    return x


def euler_ancestral(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Euler steps that undershoot the next sigma, then add fresh noise to reach it.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 is plain Euler.
        s_noise: Standard deviation of the fresh noise.

    Source: Karras et al. 2022, arXiv:2206.00364, section 3; eta as in DDIM, arXiv:2010.02502. Noise adds in
    quadrature for diffusion models, and is mixed linearly for flow models.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            x = denoised
        else:
            sigma_down, scale, sigma_up = split_renewal(denoiser.process, sigma, sigma_next, eta)
            slope = (x - denoised) / sigma
            x = x + slope * (sigma_down - sigma)
            x = scale * x + noise(sigma, sigma_next) * s_noise * sigma_up
    return x


def euler_ancestral_cfg_pp(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Ancestral steps that take the clean latent from the guided estimate, and the noise from the unguided one.

    Guidance then cannot push the latent off the path that noise of this level lies on, so that low cfg
    (about 0.5 to 2) is enough.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed.
        s_noise: Standard deviation of the fresh noise.

    Source: Chung et al. 2024, arXiv:2406.08070, algorithm 2, in the time of the signal-to-noise ratio.
    """
    process = denoiser.process
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            x = denoised
        else:
            # the signal by way of its ratio to the noise, rounding as the recorded runs do
            signal = sigma * process.half_log_snr(sigma).exp()
            signal_next = sigma_next * process.half_log_snr(sigma_next).exp()
            down, up = ancestral_split(sigma / signal, sigma_next / signal_next, eta)
            noise_found = (x - signal * uncond) / sigma
            x = signal_next * denoised + signal_next * down * noise_found
            if eta > 0:
                x = x + signal_next * noise(sigma, sigma_next) * s_noise * up
    return x


def euler_cfg_pp_alternative(
    denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep
) -> Tensor:
    """Euler steps along the noise that remains when what guidance has added is taken off the latent as well.

    Arguments are `Sampler`'s. The last step goes as far past `denoised` as that lies past the unguided estimate.

    Source: Chung et al. 2024, arXiv:2406.08070, read in sigma.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slope = (x - denoised + uncond - denoised) / sigma
        x = x + slope * (sigma_next - sigma)
    return x


def euler_cfg_pp(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """`euler_ancestral_cfg_pp` without fresh noise. Arguments are `Sampler`'s.

    Source: Chung et al. 2024, arXiv:2406.08070, algorithm 2.
    """
    return euler_ancestral_cfg_pp(denoiser, x, sigmas, noise=noise, on_step=on_step, eta=0.0)
