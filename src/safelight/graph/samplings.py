"""What each sampling of a workflow asks of the model: how often, with how many prompts, at what size."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safelight.families.contents import ModelFile
from safelight.graph.document import Link
from safelight.graph.extents import Extent, numbers_of
from safelight.graph.kinship import Kinship
from safelight.graph.plan import Plan, Step

CALLS_PER_STEP: dict[str, int | None] = {
    "heun": 2,
    "heunpp2": 3,
    "dpm_2": 2,
    "dpm_2_ancestral": 2,
    "dpm_adaptive": None,
    "dpmpp_2s_ancestral": 2,
    "dpmpp_2s_ancestral_cfg_pp": 2,
    "dpmpp_sde": 2,
    "dpmpp_sde_gpu": 2,
    "seeds_2": 2,
    "seeds_3": 3,
    "sa_solver_pece": 2,
}
"""Model calls of a sampler's steps, where they are not one; the last step is always one. None where they vary."""

SAMPLER_NODES: dict[str, str] = {
    "SamplerDPMAdaptative": "dpm_adaptive",
    "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerSEEDS2": "seeds_2",
}
"""Nodes that make a sampler of more than one call, and its name."""

COMBINING = (
    "ConditioningCombine",
    "ConditioningSetDefaultCombine",
    "ConditioningSetPropertiesAndCombine",
    "PairConditioningCombine",
    "PairConditioningSetDefaultCombine",
    "PairConditioningSetPropertiesAndCombine",
)
"""Nodes whose outputs have the prompts of several inputs side by side."""


@dataclass(frozen=True)
class Sampling:
    """One node that samples.

    Attributes:
        node: Its id.
        model: The file of its model; None where it is unknown.
        steps: How many it does; None where that is worked out in the run.
        per_step: Model calls of a step; None where that varies.
        prompts: Prompts that each call is asked for.
        extent: What is sampled; None where it is unknown.
    """

    node: str
    model: ModelFile | None
    steps: int | None
    per_step: int | None
    prompts: int
    extent: Extent | None

    @property
    def calls(self) -> int | None:
        """Evaluations of the network, those for each prompt counted."""
        if self.steps is None or self.per_step is None:
            return None
        return max(self.steps * self.per_step - (self.per_step - 1), 0) * self.prompts


def samplings(plan: Plan, kinship: Kinship, extents: Mapping[Link, Extent]) -> Iterator[Sampling]:
    """The nodes of a plan that sample.

    Args:
        plan: Nodes in order.
        kinship: Where their models come from.
        extents: How large their latents are.
    """
    steps = {step.node: step for step in plan.steps}
    lengths, prompts = _lengths(plan, steps), _prompts(plan)
    for step in plan.steps:
        latents = step.linked("LATENT")
        if not latents or not ("sampler_name" in step.literals or step.linked("SAMPLER")):
            continue
        guider = _source(step, "GUIDER", steps) or step
        origin = next((kinship.origins[link] for link in guider.linked("MODEL") if link in kinship.origins), None)
        yield Sampling(
            node=step.node,
            model=origin.file if origin else None,
            steps=_steps_of(step, steps, lengths),
            per_step=_calls_per_step(_source(step, "SAMPLER", steps) or step),
            prompts=_prompts_of(guider, steps, prompts),
            extent=extents.get(latents[0]),
        )


def _source(step: Step, type_name: str, steps: Mapping[str, Step]) -> Step | None:
    """The node that the first linked input of a type is linked to."""
    return next((steps[link.node] for link in step.linked(type_name)), None)


def _steps_of(step: Step, steps: Mapping[str, Step], lengths: Mapping[Link, int]) -> int | None:
    """How many steps a sampling does."""
    if sigmas := step.linked("SIGMAS"):
        return lengths.get(sigmas[0])
    numbers = numbers_of(step, steps)
    if "steps" not in numbers:
        return None
    last = min(numbers["steps"], numbers.get("end_at_step", math.inf))
    return max(int(last - numbers.get("start_at_step", 0)), 0)


def _lengths(plan: Plan, steps: Mapping[str, Step]) -> dict[Link, int]:
    """How many steps the sigmas of a plan are for, by the outputs that give them."""
    lengths: dict[Link, int] = {}
    for step in plan.steps:
        outputs = [number for number, output in enumerate(step.spec.outputs) if output.type == "SIGMAS"]
        if outputs:
            numbers, given = numbers_of(step, steps), step.linked("SIGMAS")
            length = numbers.get("steps", lengths.get(given[0]) if given else None)
            parts = None if length is None else _parts(int(length), len(outputs), numbers)
            lengths |= {Link(step.node, number): part for number, part in zip(outputs, parts or (), strict=False)}
    return lengths


def _parts(length: int, outputs: int, numbers: Mapping[str, float]) -> tuple[int, ...] | None:
    """The steps of each output of a node: all, or split at a step, or where a share of the noise is left."""
    if outputs == 1:
        return (length,)
    if "step" in numbers:
        high = min(int(numbers["step"]), length)
    elif "denoise" in numbers:
        high = length - round(length * numbers["denoise"])
    else:
        return None
    return high, length - high


def _calls_per_step(step: Step) -> int | None:
    """Model calls of a step, by the node that names or makes the sampler."""
    name = step.literals.get("sampler_name", SAMPLER_NODES.get(step.spec.class_type, ""))
    if step.literals.get("use_pece"):
        name = "sa_solver_pece"
    return CALLS_PER_STEP.get(name, 1) if isinstance(name, str) else 1


def _prompts_of(guider: Step, steps: Mapping[str, Step], prompts: Mapping[Link, int]) -> int:
    """Prompts that a guider asks for: all that it is given, and at a cfg of 1 only those of the first input."""
    given = [prompts.get(link, 1) for link in guider.linked("CONDITIONING")]
    return sum(given[:1] if numbers_of(guider, steps).get("cfg") == 1 else given) or 1


def _prompts(plan: Plan) -> dict[Link, int]:
    """How many prompts there are in the conditionings of a plan, by the outputs that give them."""
    prompts: dict[Link, int] = {}
    for step in plan.steps:
        outputs = [number for number, output in enumerate(step.spec.outputs) if output.type == "CONDITIONING"]
        given = [prompts.get(link, 1) for link in step.linked("CONDITIONING")]
        for place, number in enumerate(outputs):
            of_this = given[place :: len(outputs)]
            joined = sum(of_this) if step.spec.class_type in COMBINING else of_this[0] if of_this else 1
            prompts[Link(step.node, number)] = joined
    return prompts
