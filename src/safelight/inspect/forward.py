"""The forward process: a picture under more and more noise, and what a model makes of it, as training sees it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Conditioning
from safelight.diffusion.guidance import Guidance
from safelight.diffusion.noise import initial_noise
from safelight.diffusion.prediction import PREDICTIONS
from safelight.inspect.arrays import Array, array_of
from safelight.inspect.plan import log_snr
from safelight.models.guider import Guider
from safelight.models.model import Model

PREDICTED = {
    "v": "the velocity, a mix of noise and picture",
    "x0": "the picture",
    "image": "the picture",
    "flow": "the direction from picture to noise",
    "exploding_flow": "the direction from picture to noise",
    "edm": "a mix of noise and picture",
}
"""What networks predict that do not predict the noise itself, in words."""


@dataclass(frozen=True)
class ForwardDiffusion:
    """One latent at N levels of noise, the lowest first. Latents are scaled, as the model takes them.

    Attributes:
        shares: How far along the schedule each level is, 0 without noise, 1 all noise [N].
        sigmas: The levels, in standard deviations of the latent [N].
        log_snr: Natural logarithm of (signal / sigma)² [N]; minus infinite where there is no signal.
        clean: The latent itself [C, h, w].
        noise: What is mixed in: unit noise, the same at each level [C, h, w].
        noisy: The mixtures as the network is shown them: at about unit variance, but for networks that are shown them
            as they are (`image`) [N, C, h, w].
        predicted: The noise that the model finds in each: what it predicts, or what follows from that [N, C, h, w].
        estimates: The clean latent that it sees in each [N, C, h, w].
        noise_errors: Root mean square of predicted less true noise [N]; 1 is what guessing nothing errs by.
        estimate_errors: The same of the estimates less the clean latent [N].
        training_errors: The same of what the network itself predicts (noise, velocity, …) [N]. Its square is what
            training makes small.
        prediction: What the network predicts: a name of `PREDICTIONS`.
    """

    shares: Array
    sigmas: Array
    log_snr: Array
    clean: Array
    noise: Array
    noisy: Array
    predicted: Array
    estimates: Array
    noise_errors: Array
    estimate_errors: Array
    training_errors: Array
    prediction: str


def forward_diffusion(
    model: Model,
    conds: Conditioning,
    latent: Tensor,
    *,
    levels: int = 8,
    seed: int = 0,
    on_level: Callable[[int, int], None] = lambda done, total: None,
) -> ForwardDiffusion:
    """Noise a latent along a model's schedule, and ask the model at each level what it sees.

    Args:
        model: The model. What is laid on its guidance does not count: nothing is guided in training.
        conds: What it is told of the picture.
        latent: [C, h, w], unscaled, as the VAE gives it.
        levels: How many, at least 1: even shares of the schedule, up to its end.
        seed: Of the noise.
        on_level: Told of each level: how many are done, and how many there are.

    Raises:
        BadInput: The prompt was encoded for another family.
        Cancelled: From `on_level`, when the user has stopped the job.

    Source: Ho et al. 2020, arXiv:2006.11239, sections 2 and 3; the mixtures as in `ForwardProcess`.
    """
    schedule, device = model.schedule, model.placement.device
    shares = np.arange(1, levels + 1) / levels
    sigmas = torch.tensor([min(schedule.percent_to_sigma(1 - share), schedule.sigma_max) for share in shares])
    with torch.no_grad():
        clean = model.scale_latent(latent[None].float()).to(device)
        noise = initial_noise(seed, clean.shape).to(clean)
        guider = Guider(replace(model, guidance=Guidance(), around=()), conds)
        noisy, predicted, estimates, training = [], [], [], []
        for done, sigma in enumerate(sigmas, start=1):
            x = schedule.noise_scaling(sigma, noise, clean)
            # each level anew, since a cache that saves steps would answer one with another
            denoised = guider.denoiser(clean, None, sigmas.flip(0), seed)(x, sigma)
            scaling = PREDICTIONS[model.prediction](sigma)
            noisy.append(scaling.calculate_input(x))
            predicted.append((x - schedule.process.signal(sigma) * denoised) / sigma)
            estimates.append(denoised)
            # the estimate is c_skip x + c_out output, and x is given: its error is the output's, times c_out
            training.append(_rms(denoised - clean) / scaling.c_out.abs())
            on_level(done, levels)
    return ForwardDiffusion(
        shares=shares.astype(np.float32),
        sigmas=array_of(sigmas),
        log_snr=log_snr(schedule.process, sigmas),
        clean=array_of(clean[0]),
        noise=array_of(noise[0]),
        noisy=array_of(torch.cat(noisy)),
        predicted=array_of(torch.cat(predicted)),
        estimates=array_of(torch.cat(estimates)),
        noise_errors=array_of(torch.stack([_rms(each - noise) for each in predicted])),
        estimate_errors=array_of(torch.stack([_rms(each - clean) for each in estimates])),
        training_errors=array_of(torch.stack([each.to(device) for each in training])),
        prediction=model.prediction,
    )


def _rms(x: Tensor) -> Tensor:
    return x.square().mean().sqrt()
