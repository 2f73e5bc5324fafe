import pytest
import torch

from safelight.diffusion.samplers import SAMPLERS
from safelight.graph.document import Link
from safelight.graph.kinship import Kinship
from safelight.graph.plan import plan
from safelight.graph.samplings import CALLS_PER_STEP, Sampling, samplings
from tests.diffusion.test_samplers import KnownLatent, noise_for
from tests.graph.families import CATALOG
from tests.studio import Graph, changed, node_of, text_to_image

STEPS = 12


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_calls_of_a_sampler_are_those_it_makes(name: str) -> None:
    rising = torch.linspace(0.03 ** (1 / 7), 14.6 ** (1 / 7), STEPS) ** 7
    sigmas = torch.cat([rising.flip(0), torch.zeros(1)])
    model = KnownLatent(torch.full((1, 4, 8, 8), 0.5))
    SAMPLERS[name].sample(
        model, model.clean + sigmas[0], sigmas, noise=noise_for(name, model.clean, sigmas), on_step=lambda step: None
    )
    counted = Sampling("1", None, STEPS, CALLS_PER_STEP.get(name, 1), 1, None).calls
    assert counted is None or abs(counted - model.calls) <= 1


def sampling_of(graph: Graph) -> Sampling:
    (found,) = samplings(plan(graph, CATALOG), Kinship({}, {}, ()), {})
    return found


def custom(graph: Graph, sigmas: Link, sampler: Link, guider: Link) -> Graph:
    """The picture's workflow with its sampler taken apart."""
    old = node_of(graph, "KSampler")
    noise = graph.add("RandomNoise", noise_seed=1)
    node = graph.add(
        "SamplerCustomAdvanced",
        noise=Link(noise),
        guider=guider,
        sampler=sampler,
        sigmas=sigmas,
        latent_image=graph[old].inputs["latent_image"],
    )
    return changed(graph, "VAEDecode", samples=Link(node))


@pytest.mark.parametrize(("first", "last", "steps"), [(0, 10000, 20), (5, 10000, 15), (0, 8, 8), (18, 12, 0)])
def test_a_part_of_the_steps_is_counted_as_one(first: int, last: int, steps: int) -> None:
    graph = text_to_image("tiny.safetensors", steps=20)
    node = node_of(graph, "KSampler")
    inputs = {name: value for name, value in graph[node].inputs.items() if name not in ("seed", "denoise")}
    part = {"start_at_step": first, "end_at_step": last, "noise_seed": 1, "add_noise": "enable"}
    graph[node] = graph[node]._replace(
        class_type="KSamplerAdvanced", inputs={**inputs, **part, "return_with_leftover_noise": "disable"}
    )
    assert sampling_of(graph).steps == steps


@pytest.mark.parametrize(("output", "steps"), [(0, 8), (1, 12)])
def test_the_steps_of_sigmas_are_followed_through_what_splits_them(output: int, steps: int) -> None:
    graph = text_to_image("tiny.safetensors")
    inputs = graph[node_of(graph, "KSampler")].inputs
    sigmas = graph.add("KarrasScheduler", steps=20, sigma_max=14.6, sigma_min=0.03, rho=7.0)
    split = graph.add("SplitSigmas", sigmas=Link(sigmas), step=8)
    sampler = graph.add("KSamplerSelect", sampler_name="heun")
    guider = graph.add("BasicGuider", model=inputs["model"], conditioning=inputs["positive"])
    found = sampling_of(custom(graph, Link(split, output), Link(sampler), Link(guider)))
    assert (found.steps, found.per_step, found.prompts) == (steps, 2, 1)


def test_a_node_that_makes_a_sampler_is_known_by_its_type() -> None:
    graph = text_to_image("tiny.safetensors")
    inputs = graph[node_of(graph, "KSampler")].inputs
    sigmas = graph.add("KarrasScheduler", steps=20, sigma_max=14.6, sigma_min=0.03, rho=7.0)
    sampler = graph.add("SamplerDPMPP_SDE", eta=1.0, s_noise=1.0, r=0.5, noise_device="cpu")
    both = {"positive": inputs["positive"], "negative": inputs["negative"]}
    guider = graph.add("CFGGuider", model=inputs["model"], **both, cfg=5.0)
    found = sampling_of(custom(graph, Link(sigmas), Link(sampler), Link(guider)))
    assert (found.per_step, found.prompts) == (2, 2)


@pytest.mark.parametrize(("cfg", "prompts"), [(5.0, 3), (1.0, 2)])
def test_prompts_side_by_side_are_counted(cfg: float, prompts: int) -> None:
    graph = text_to_image("tiny.safetensors", cfg=cfg)
    inputs = graph[node_of(graph, "KSampler")].inputs
    both = graph.add("ConditioningCombine", conditioning_1=inputs["positive"], conditioning_2=inputs["negative"])
    area = graph.add("ConditioningSetArea", conditioning=Link(both), width=64, height=64, x=0, y=0, strength=1.0)
    assert sampling_of(changed(graph, "KSampler", positive=Link(area))).prompts == prompts


def test_a_long_chain_of_sigmas_is_followed_to_its_beginning() -> None:
    graph = text_to_image("tiny.safetensors")
    inputs = graph[node_of(graph, "KSampler")].inputs
    sigmas = graph.add("KarrasScheduler", steps=20, sigma_max=14.6, sigma_min=0.03, rho=7.0)
    for _ in range(2000):
        sigmas = graph.add("SetFirstSigma", sigmas=Link(sigmas), sigma=14.0)
    sampler = graph.add("KSamplerSelect", sampler_name="euler")
    guider = graph.add("BasicGuider", model=inputs["model"], conditioning=inputs["positive"])
    assert sampling_of(custom(graph, Link(sigmas), Link(sampler), Link(guider))).steps == 20
