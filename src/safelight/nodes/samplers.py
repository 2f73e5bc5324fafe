"""Samplers with settings of their own; `KSamplerSelect` gives them as they usually are."""

from functools import partial
from typing import Annotated, Literal

from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.samplers.dpm_solver import dpm_adaptive
from safelight.diffusion.samplers.dpmpp import dpmpp_2s_ancestral
from safelight.diffusion.samplers.dpmpp_sde import dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde
from safelight.diffusion.samplers.er_sde import er_sde, noise_scale_5, reverse_time_scale
from safelight.diffusion.samplers.euler import euler_ancestral, euler_ancestral_cfg_pp, euler_cfg_pp_alternative
from safelight.diffusion.samplers.lcm import lcm_upscale
from safelight.diffusion.samplers.lms import lms
from safelight.diffusion.samplers.sa_solver import sa_solver, sa_solver_pece
from safelight.graph.node import Choice, Range, node
from safelight.models.model import Model
from safelight.nodes.resize import METHODS
from safelight.nodes.sampling import Sampler

CATEGORY = "sampling/custom_sampling/samplers"

Amount = Annotated[float, Range(0.0, 100.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
NoiseDevice = Annotated[str, Choice(("gpu", "cpu"))]


@node("SamplerEulerAncestral", category=CATEGORY)
def sampler_euler_ancestral(*, eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """Euler steps that renew a part of the noise.

    Args:
        eta: Share of the noise renewed; 0 is plain Euler.
        s_noise: Strength of the fresh noise.
    """
    return SamplerSpec(partial(euler_ancestral, eta=eta, s_noise=s_noise))


@node("SamplerEulerAncestralCFGPP", category=CATEGORY, title="SamplerEulerAncestralCFG++")
def sampler_euler_ancestral_cfg_pp(
    *,
    eta: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    s_noise: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
) -> Sampler:
    """Euler steps that renew a part of the noise along the negative prompt's estimate, for cfg of 0.5 to 2.

    Args:
        eta: Share of the noise renewed.
        s_noise: Strength of the fresh noise.
    """
    return SamplerSpec(partial(euler_ancestral_cfg_pp, eta=eta, s_noise=s_noise))


@node("SamplerEulerCFGpp", category="_for_testing", title="SamplerEulerCFG++")
def sampler_euler_cfg_pp(*, version: Annotated[str, Choice(("regular", "alternative"))]) -> Sampler:
    """Euler steps along the negative prompt's estimate, for cfg of 0.5 to 2.

    Args:
        version: `alternative` takes the guidance off the latent as well.
    """
    return SAMPLERS["euler_cfg_pp"] if version == "regular" else SamplerSpec(euler_cfg_pp_alternative)


@node("SamplerLMS", category=CATEGORY)
def sampler_lms(*, order: Annotated[int, Range(1, 100)] = 4) -> Sampler:
    """Linear multistep.

    Args:
        order: How many steps are remembered.
    """
    return SamplerSpec(partial(lms, order=order))


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY)
def sampler_dpmpp_2s_ancestral(*, eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """DPM-Solver++ with a look at the middle of each step, then fresh noise.

    Args:
        eta: Share of the noise renewed.
        s_noise: Strength of the fresh noise.
    """
    return SamplerSpec(partial(dpmpp_2s_ancestral, eta=eta, s_noise=s_noise))


@node("SamplerDPMPP_SDE", category=CATEGORY)
def sampler_dpmpp_sde(
    *, eta: Amount = 1.0, s_noise: Amount = 1.0, r: Amount = 0.5, noise_device: NoiseDevice
) -> Sampler:
    """DPM-Solver++ for the SDE, with a look at a point inside of each step.

    Args:
        eta: Share of the noise renewed.
        s_noise: Strength of the fresh noise.
        r: Where that point lies.
        noise_device: Both are the same here: noise never depends on the device.
    """
    return SamplerSpec(partial(dpmpp_sde, eta=eta, s_noise=s_noise, r=r), noise="brownian")


@node("SamplerDPMPP_2M_SDE", category=CATEGORY)
def sampler_dpmpp_2m_sde(
    *,
    solver_type: Annotated[Literal["midpoint", "heun"], Choice(("midpoint", "heun"))],
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++ for the SDE, from the last two estimates.

    Args:
        solver_type: How the line through both is integrated.
        eta: Strength of the SDE; 0 adds no noise.
        s_noise: Strength of the fresh noise.
        noise_device: Both are the same here: noise never depends on the device.
    """
    sample = partial(dpmpp_2m_sde, eta=eta, s_noise=s_noise, solver_type=solver_type)
    return SamplerSpec(sample, noise="brownian")


@node("SamplerDPMPP_3M_SDE", category=CATEGORY)
def sampler_dpmpp_3m_sde(*, eta: Amount = 1.0, s_noise: Amount = 1.0, noise_device: NoiseDevice) -> Sampler:
    """DPM-Solver++ for the SDE, from the last three estimates.

    Args:
        eta: Strength of the SDE; 0 adds no noise.
        s_noise: Strength of the fresh noise.
        noise_device: Both are the same here: noise never depends on the device.
    """
    return SamplerSpec(partial(dpmpp_3m_sde, eta=eta, s_noise=s_noise), noise="brownian")


@node("SamplerDPMAdaptative", category=CATEGORY)
def sampler_dpm_adaptative(
    *,
    order: Annotated[int, Range(2, 3)] = 3,
    rtol: Amount = 0.05,
    atol: Amount = 0.0078,
    h_init: Amount = 0.05,
    pcoeff: Amount = 0.0,
    icoeff: Amount = 1.0,
    dcoeff: Amount = 0.0,
    accept_safety: Amount = 0.81,
    eta: Amount = 0.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """DPM-Solver with steps as long as the error allows; of the sigmas, only the ends count.

    Args:
        order: Model calls for each step.
        rtol: Error allowed, relative to the latent.
        atol: Error allowed at least.
        h_init: Length of the first step, in units of log sigma.
        pcoeff: How much the next step's length follows the last error.
        icoeff: How much it follows the sum of the errors.
        dcoeff: How much it follows their change.
        accept_safety: How near to the longest allowed a step must come to be kept.
        eta: Share of the noise renewed.
        s_noise: Strength of the fresh noise.
    """
    return SamplerSpec(
        partial(
            dpm_adaptive,
            order=order,
            rtol=rtol,
            atol=atol,
            h_init=h_init,
            pcoeff=pcoeff,
            icoeff=icoeff,
            dcoeff=dcoeff,
            accept_safety=accept_safety,
            eta=eta,
            s_noise=s_noise,
        )
    )


@node("SamplerER_SDE", category=CATEGORY)
def sampler_er_sde(
    *,
    solver_type: Annotated[str, Choice(("ER-SDE", "Reverse-time SDE", "ODE"))],
    max_stage: Annotated[int, Range(1, 3)] = 3,
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """The extended reverse-time SDE, whose noise is a free choice.

    Args:
        solver_type: How much noise is renewed at which level; `ODE` renews none.
        max_stage: Order of the steps.
        eta: Strength of the reverse-time SDE; 0 is the ODE.
        s_noise: Strength of the fresh noise.
    """
    scales = {
        "ER-SDE": noise_scale_5,
        "Reverse-time SDE": reverse_time_scale(eta),
        "ODE": reverse_time_scale(0.0),
    }
    return SamplerSpec(partial(er_sde, s_noise=s_noise, max_stage=max_stage, noise_scale=scales[solver_type]))


@node("SamplerSASolver", category=CATEGORY)
def sampler_sa_solver(
    *,
    model: Model,
    eta: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
    sde_start_percent: Percent = 0.2,
    sde_end_percent: Percent = 0.8,
    s_noise: Amount = 1.0,
    predictor_order: Annotated[int, Range(1, 6)] = 3,
    corrector_order: Annotated[int, Range(0, 6)] = 4,
    use_pece: bool,
    simple_order_2: bool,
) -> Sampler:
    """Stochastic Adams steps, each predicted and then corrected.

    Args:
        model: Whose way from noise to picture the percentages are of.
        eta: How much noise is renewed.
        sde_start_percent: Where renewing begins.
        sde_end_percent: Where it ends.
        s_noise: Strength of the fresh noise.
        predictor_order: Estimates used to predict.
        corrector_order: Estimates used to correct; 0 corrects nothing.
        use_pece: Ask the model again after each correction.
        simple_order_2: Use simpler weights where there are two estimates.
    """
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (sde_start_percent, sde_end_percent))
    return SamplerSpec(
        partial(
            sa_solver_pece if use_pece else sa_solver,
            eta=eta,
            s_noise=s_noise,
            predictor_order=predictor_order,
            corrector_order=corrector_order,
            stochastic_span=(start, end),
            simple_order_2=simple_order_2,
        )
    )


@node("SamplerLCMUpscale", category=CATEGORY)
def sampler_lcm_upscale(
    *,
    scale_ratio: Annotated[float, Range(0.1, 20.0, step=0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000, step=1)] = -1,
    upscale_method: Annotated[str, Choice(("bislerp", "nearest-exact", "bilinear", "area", "bicubic"))],
) -> Sampler:
    """The sampler of consistency models, with a latent that grows during the first steps.

    Args:
        scale_ratio: How many times as wide and high the picture becomes.
        scale_steps: Over how many steps; -1 for half of them.
        upscale_method: How it is resized.
    """
    steps = None if scale_steps < 0 else scale_steps
    resize = METHODS[upscale_method]
    return SamplerSpec(partial(lcm_upscale, resize=resize, scale_ratio=scale_ratio, scale_steps=steps))
