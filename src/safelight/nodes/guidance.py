"""How the estimates for several prompts are joined."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from torch import Tensor

from safelight.diffusion import guidance_rules
from safelight.diffusion.guidance import After, Before, Guidance, Rule, rescaled
from safelight.graph.node import OPTIONAL, Choice, Output, Range, node
from safelight.models.guider import Guider
from safelight.models.model import Model
from safelight.nodes.latent_math import LatentOperation
from safelight.nodes.sampling import Cfg
from safelight.nodes.sockets import Conditioning

Strength = Annotated[float, Range(0.0, 100.0, step=0.01)]
PatchedModel = Annotated[Model, Output("patched_model")]

STYLES: dict[str, Callable[[Rule, float], Rule]] = {
    "regular": guidance_rules.dual,
    "nested": guidance_rules.dual_nested,
}


@node("DualCFGGuider", category="sampling/custom_sampling/guiders")
def dual_cfg_guider(
    *,
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    style: Annotated[str, Choice(STYLES)],
) -> Guider:
    """Follow two prompts, each by a strength of its own, away from a negative one.

    Args:
        model: The model that denoises.
        cond1: The first prompt.
        cond2: The second prompt.
        negative: What to keep away from.
        cfg_conds: How far to go from the second prompt to the first.
        cfg_cond2_negative: How far to go from the negative to the second prompt; in the nested style, to both.
        style: `regular` adds the two ways up; `nested` joins the two prompts first.
    """
    join = STYLES[style](model.guidance, cfg_cond2_negative)
    return Guider(replace(model, guidance=Guidance(join, others=(cond2,))), cond1, negative, cfg_conds)


@node("PerpNegGuider", category="_for_testing")
def perp_neg_guider(
    *,
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Cfg = 8.0,
    neg_scale: Strength = 1.0,
) -> Guider:
    """Follow a prompt, away from that part of another which does not go against it.

    Args:
        model: The model that denoises.
        positive: What to show.
        negative: What to keep away from; it may overlap with the positive prompt.
        empty_conditioning: An empty prompt.
        cfg: How closely the prompt is followed.
        neg_scale: Weight of the negative prompt.
    """
    join = guidance_rules.perpendicular_negative(neg_scale)
    guidance = Guidance(join, after=model.guidance.after, others=(empty_conditioning,))
    return Guider(replace(model, guidance=guidance), positive, negative, cfg)


@node("PerpNeg", category="_for_testing", title="Perp-Neg (DEPRECATED by PerpNegGuider)", deprecated=True)
def perp_neg(*, model: Model, empty_conditioning: Conditioning, neg_scale: Strength = 1.0) -> Model:
    """Take from the negative prompt only what does not go against the positive one.

    Args:
        model: The model that denoises.
        empty_conditioning: An empty prompt.
        neg_scale: Weight of the negative prompt.
    """
    return _joined(model, guidance_rules.perpendicular_negative(neg_scale), (empty_conditioning,))


@node("RescaleCFG", category="advanced/model")
def rescale_cfg(*, model: Model, multiplier: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.7) -> Model:
    """Keep high guidance from burning colours and contrast; made for v-prediction models.

    Args:
        multiplier: 0 changes nothing, 1 gives the contrast of the unguided estimate.
    """
    return _joined(model, rescaled(multiplier))


@node("RenormCFG", category="advanced/model")
def renorm_cfg_node(
    *,
    model: Model,
    cfg_trunc: Annotated[float, Range(0.0, 100.0, step=0.01)] = 100,
    renorm_cfg: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Model:
    """Keep high guidance from making the estimate larger than the unguided one.

    Args:
        model: The model.
        cfg_trunc: The noise level from which on there is no guidance; 100 guides always.
        renorm_cfg: How much larger it may be; 0 leaves it alone.
    """
    return _joined(model, guidance_rules.renormalized(renorm_cfg, cfg_trunc))


@node("TCFG", category="advanced/guidance", title="Tangential Damping CFG")
def tcfg(*, model: Model) -> PatchedModel:
    """Leave out of the negative prompt what has no counterpart in the positive one; refines detail."""
    return _before(model, guidance_rules.tangential_damping)


@node("APG", category="sampling/custom_sampling", title="Adaptive Projected Guidance")
def apg(
    *,
    model: Model,
    eta: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    norm_threshold: Annotated[float, Range(0.0, 50.0, step=0.1)] = 5.0,
    momentum: Annotated[float, Range(-5.0, 1.0, step=0.01)] = 0.0,
) -> Model:
    """Allow high guidance without burnt colours.

    Args:
        model: The model.
        eta: How much is kept of the part of the guidance that saturates.
        norm_threshold: The longest that the guidance may be; 0 leaves its length alone.
        momentum: Share of the steps before that is added; below 0 it is taken off.
    """
    return _before(model, guidance_rules.adaptive_projection(eta, norm_threshold, momentum))


@node("FreSca", category="_for_testing")
def fresca(
    *,
    model: Model,
    scale_low: Annotated[float, Range(0, 10, step=0.01)] = 1.0,
    scale_high: Annotated[float, Range(0, 10, step=0.01)] = 1.25,
    freq_cutoff: Annotated[int, Range(1, 10000, step=1)] = 20,
) -> Model:
    """Guide coarse and fine detail each by a strength of its own.

    Args:
        model: The model.
        scale_low: Factor on the guidance of coarse detail.
        scale_high: Factor on the guidance of fine detail.
        freq_cutoff: How many frequencies are coarse.
    """
    return _before(model, guidance_rules.frequency_scaling(scale_low, scale_high, freq_cutoff))


@node("LatentApplyOperationCFG", category="latent/advanced/operations")
def latent_apply_operation_cfg(*, model: Model, operation: LatentOperation) -> Model:
    """Apply an operation on latents to the guidance of every step."""
    return _before(model, guidance_rules.operation_on_guidance(operation))


@node(
    "Mahiro",
    category="_for_testing",
    title="Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)",
)
def mahiro(*, model: Model) -> PatchedModel:
    """Follow the direction of the prompt more than its difference from the negative one."""
    return _after(model, guidance_rules.leap_by_similarity)


@node("CFGZeroStar", category="advanced/guidance")
def cfg_zero_star(*, model: Model) -> PatchedModel:
    """Scale the negative prompt's estimate so that it errs the least."""
    return _after(model, guidance_rules.zero_star)


@node("CFGNorm", category="advanced/guidance")
def cfg_norm(*, model: Model, strength: Strength = 1.0) -> PatchedModel:
    """Keep guidance from making the estimate larger than the positive prompt's.

    Args:
        model: The model.
        strength: Factor on the result.
    """
    return _after(model, guidance_rules.limited_norm(strength))


@node("Epsilon Scaling", category="model_patches/unet")
def epsilon_scaling(*, model: Model, scaling_factor: Annotated[float, Range(0.5, 1.5, step=0.001)] = 1.005) -> Model:
    """Make up for the errors that add up over the steps, by finding a little less noise in each.

    Args:
        model: The model.
        scaling_factor: What the noise found is divided by.
    """
    return _after(model, guidance_rules.scaled_noise(scaling_factor))


@node("DifferentialDiffusion", category="_for_testing", title="Differential Diffusion")
def differential_diffusion(
    *, model: Model, strength: Annotated[float, Range(0.0, 1.0, step=0.01), OPTIONAL] = 1.0
) -> Model:
    """Let a grey mask say how much of a picture is repainted: each place joins in when its share of the way is left.

    Source: Levin & Fried 2023, arXiv:2306.00950.

    Args:
        model: The model.
        strength: 1 opens each place at once; less mixes in the grey mask itself.
    """
    schedule = model.schedule

    def mask_of_run(sigmas: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        start = schedule.timestep(sigmas[0])
        end = schedule.timestep(sigmas[-1].clamp(min=schedule.sigma_min))

        def mask_at(sigma: Tensor, mask: Tensor) -> Tensor:
            left = (schedule.timestep(sigma) - end) / (start - end)
            opened = (mask >= left).to(mask)
            return strength * opened + (1 - strength) * mask if 0 < strength < 1 else opened

        return mask_at

    return replace(model, mask_at=mask_of_run)


def _joined(model: Model, rule: Rule, others: tuple[Conditioning, ...] = ()) -> Model:
    return replace(model, guidance=replace(model.guidance, join=rule, others=others))


def _before(model: Model, change: Before) -> Model:
    return replace(model, guidance=replace(model.guidance, before=(*model.guidance.before, change)))


def _after(model: Model, change: After) -> Model:
    return replace(model, guidance=replace(model.guidance, after=(*model.guidance.after, change)))
