"""The samplers: pure functions that walk a noisy latent down the sigmas of a schedule.

All share one signature, `Sampler`, and are found by name in `SAMPLERS`, in the order menus show them.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from torch import Tensor

from safelight.diffusion.samplers.ddpm import ddpm
from safelight.diffusion.samplers.deis import deis
from safelight.diffusion.samplers.dpm_2 import dpm_2, dpm_2_ancestral
from safelight.diffusion.samplers.dpm_solver import dpm_adaptive, dpm_fast
from safelight.diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_cfg_pp, dpmpp_2s_ancestral, dpmpp_2s_ancestral_cfg_pp
from safelight.diffusion.samplers.dpmpp_sde import dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde
from safelight.diffusion.samplers.er_sde import er_sde
from safelight.diffusion.samplers.euler import euler, euler_ancestral, euler_ancestral_cfg_pp, euler_cfg_pp
from safelight.diffusion.samplers.gradient_estimation import gradient_estimation, gradient_estimation_cfg_pp
from safelight.diffusion.samplers.heun import heun, heunpp2
from safelight.diffusion.samplers.ipndm import ipndm, ipndm_v
from safelight.diffusion.samplers.lcm import lcm
from safelight.diffusion.samplers.lms import lms
from safelight.diffusion.samplers.res_multistep import res_multistep, res_multistep_cfg_pp
from safelight.diffusion.samplers.sa_solver import sa_solver, sa_solver_pece
from safelight.diffusion.samplers.seeds import seeds_2, seeds_3
from safelight.diffusion.samplers.uni_pc import uni_pc, uni_pc_bh2
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep


class Sampler(Protocol):
    """Walks a latent from `sigmas[0]` down to `sigmas[-1]`."""

    def __call__(
        self, denoiser: Denoiser, x: Tensor, sigmas: Tensor, /, *, noise: NoiseSource, on_step: OnStep
    ) -> Tensor:
        """The latent at `sigmas[-1]`.

        Args:
            denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W].
            x: Noisy latent [B, C, H, W] at `sigmas[0]`.
            sigmas: Falling noise levels [steps + 1], on the CPU, so that comparing them does not wait
                for the GPU.
            noise: (sigma, sigma_next) -> unit noise shaped as `x`, seeded by the caller.
            on_step: Told of each step; raises `Cancelled` to stop.

        Returns:
            A latent of the shape and dtype of `x`.
        """
        ...


@dataclass(frozen=True)
class SamplerSpec:
    """A sampler, and what the caller must prepare for it.

    Attributes:
        sample: The function.
        noise: Which noise its steps draw: a stream of independent draws, or the increments of one
            Brownian path over sigma, which stay the same when the steps change.
        drops_penultimate_sigma: Whether it leaves out the last positive sigma but takes as many
            steps, because its own steps already evaluate between two sigmas.
        inpaint_seed_offset: Added to the seed for the noise laid under the kept part of a masked latent.
    """

    sample: Sampler
    noise: Literal["gaussian", "brownian"] = "gaussian"
    drops_penultimate_sigma: bool = False
    inpaint_seed_offset: int = 0


SAMPLERS: dict[str, SamplerSpec] = {
    "euler": SamplerSpec(euler),
    "euler_cfg_pp": SamplerSpec(euler_cfg_pp),
    "euler_ancestral": SamplerSpec(euler_ancestral),
    "euler_ancestral_cfg_pp": SamplerSpec(euler_ancestral_cfg_pp),
    "heun": SamplerSpec(heun),
    "heunpp2": SamplerSpec(heunpp2),
    "dpm_2": SamplerSpec(dpm_2, drops_penultimate_sigma=True),
    "dpm_2_ancestral": SamplerSpec(dpm_2_ancestral, drops_penultimate_sigma=True),
    "lms": SamplerSpec(lms),
    "dpm_fast": SamplerSpec(dpm_fast),
    "dpm_adaptive": SamplerSpec(dpm_adaptive),
    "dpmpp_2s_ancestral": SamplerSpec(dpmpp_2s_ancestral),
    "dpmpp_2s_ancestral_cfg_pp": SamplerSpec(dpmpp_2s_ancestral_cfg_pp),
    "dpmpp_sde": SamplerSpec(dpmpp_sde, noise="brownian"),
    "dpmpp_sde_gpu": SamplerSpec(dpmpp_sde, noise="brownian"),
    "dpmpp_2m": SamplerSpec(dpmpp_2m),
    "dpmpp_2m_cfg_pp": SamplerSpec(dpmpp_2m_cfg_pp),
    "dpmpp_2m_sde": SamplerSpec(dpmpp_2m_sde, noise="brownian"),
    "dpmpp_2m_sde_gpu": SamplerSpec(dpmpp_2m_sde, noise="brownian"),
    "dpmpp_2m_sde_heun": SamplerSpec(partial(dpmpp_2m_sde, solver_type="heun"), noise="brownian"),
    "dpmpp_2m_sde_heun_gpu": SamplerSpec(partial(dpmpp_2m_sde, solver_type="heun"), noise="brownian"),
    "dpmpp_3m_sde": SamplerSpec(dpmpp_3m_sde, noise="brownian"),
    "dpmpp_3m_sde_gpu": SamplerSpec(dpmpp_3m_sde, noise="brownian"),
    "ddpm": SamplerSpec(ddpm),
    "lcm": SamplerSpec(lcm),
    "ipndm": SamplerSpec(ipndm),
    "ipndm_v": SamplerSpec(ipndm_v),
    "deis": SamplerSpec(deis),
    "res_multistep": SamplerSpec(res_multistep),
    "res_multistep_cfg_pp": SamplerSpec(res_multistep_cfg_pp),
    "res_multistep_ancestral": SamplerSpec(partial(res_multistep, eta=1.0)),
    "res_multistep_ancestral_cfg_pp": SamplerSpec(partial(res_multistep_cfg_pp, eta=1.0)),
    "gradient_estimation": SamplerSpec(gradient_estimation),
    "gradient_estimation_cfg_pp": SamplerSpec(gradient_estimation_cfg_pp),
    "er_sde": SamplerSpec(er_sde),
    "seeds_2": SamplerSpec(seeds_2),
    "seeds_3": SamplerSpec(seeds_3),
    "sa_solver": SamplerSpec(sa_solver),
    "sa_solver_pece": SamplerSpec(sa_solver_pece),
    "ddim": SamplerSpec(euler, inpaint_seed_offset=1),
    "uni_pc": SamplerSpec(uni_pc, drops_penultimate_sigma=True),
    "uni_pc_bh2": SamplerSpec(uni_pc_bh2, drops_penultimate_sigma=True),
}
