"""The sampler nodes give the samplers of the table, with settings of their own."""

from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.noise import GaussianNoise
from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.nodes.registry import BUILTIN
from tests.diffusion.test_sampler_accuracy import GaussianData
from tests.studio import loaded

MODEL = loaded("sd1").model
SIGMAS = torch.tensor([14.6, 6.0, 2.5, 1.2, 0.6, 0.0])
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * 14.6
DEVICE: dict[str, object] = {"noise_device": "cpu"}
SA: dict[str, object] = {"model": MODEL, "use_pece": False, "simple_order_2": False}

# node, its inputs without a default -> the sampler that its defaults are
DEFAULTS: dict[str, tuple[dict[str, object], str]] = {
    "SamplerEulerAncestral": ({}, "euler_ancestral"),
    "SamplerEulerAncestralCFGPP": ({}, "euler_ancestral_cfg_pp"),
    "SamplerEulerCFGpp": ({"version": "regular"}, "euler_cfg_pp"),
    "SamplerLMS": ({}, "lms"),
    "SamplerDPMPP_2S_Ancestral": ({}, "dpmpp_2s_ancestral"),
    "SamplerDPMPP_SDE": (DEVICE, "dpmpp_sde"),
    "SamplerDPMPP_2M_SDE": (DEVICE | {"solver_type": "heun"}, "dpmpp_2m_sde_heun"),
    "SamplerDPMPP_3M_SDE": (DEVICE, "dpmpp_3m_sde"),
    "SamplerDPMAdaptative": ({}, "dpm_adaptive"),
    "SamplerER_SDE": ({"solver_type": "ER-SDE"}, "er_sde"),
    "SamplerLCMUpscale": ({"upscale_method": "bislerp", "scale_steps": 0}, "lcm"),
    "SamplerSASolver": (SA, "sa_solver"),
}
OTHER: dict[str, dict[str, object]] = {
    "SamplerEulerAncestral": {"eta": 0.3},
    "SamplerEulerAncestralCFGPP": {"s_noise": 0.5},
    "SamplerLMS": {"order": 2},
    "SamplerDPMPP_2S_Ancestral": {"eta": 0.3},
    "SamplerDPMPP_SDE": {"r": 0.3},
    "SamplerDPMPP_2M_SDE": {"solver_type": "midpoint"},
    "SamplerDPMPP_3M_SDE": {"s_noise": 0.5},
    "SamplerDPMAdaptative": {"order": 2},
    "SamplerER_SDE": {"solver_type": "Reverse-time SDE"},
    "SamplerSASolver": {"sde_start_percent": 0.0},
}


class Draws(GaussianNoise):
    """Noise whose first draw is gone, as it lies in the latent."""

    def __init__(self) -> None:
        super().__init__(0, X)
        self(SIGMAS[0], SIGMAS[1])


def made(node: str, **inputs: object) -> SamplerSpec:
    spec = BUILTIN[node](**inputs)
    assert isinstance(spec, SamplerSpec)
    return spec


def walk(spec: SamplerSpec, noise: GaussianNoise | None = None) -> Tensor:
    data = GaussianData(MODEL.schedule.process)
    return spec.sample(data, X, SIGMAS, noise=noise or GaussianNoise(0, X), on_step=lambda step: None)


@pytest.mark.parametrize("node", DEFAULTS)
def test_the_usual_settings_are_those_of_the_named_sampler(node: str) -> None:
    inputs, name = DEFAULTS[node]
    spec = made(node, **inputs)
    assert spec.noise == SAMPLERS[name].noise
    passed_over = Draws() if name == "lcm" else None
    torch.testing.assert_close(walk(spec), walk(SAMPLERS[name], passed_over))


@pytest.mark.parametrize("node", OTHER)
def test_other_settings_take_another_way(node: str) -> None:
    inputs: dict[str, Any] = DEFAULTS[node][0]
    assert not torch.allclose(walk(made(node, **inputs)), walk(made(node, **inputs | OTHER[node])))


def test_an_ode_and_a_reverse_time_sde_without_strength_are_one() -> None:
    ode = made("SamplerER_SDE", solver_type="ODE", eta=5.0)
    still = made("SamplerER_SDE", solver_type="Reverse-time SDE", eta=0.0)
    assert torch.equal(walk(ode), walk(still))
    assert torch.equal(walk(ode, GaussianNoise(1, X)), walk(ode))


def test_sa_solver_asks_the_model_again_when_told_to() -> None:
    torch.testing.assert_close(
        walk(made("SamplerSASolver", **SA | {"use_pece": True})), walk(SAMPLERS["sa_solver_pece"])
    )


def test_the_alternative_of_cfg_pp_is_another_sampler() -> None:
    assert made("SamplerEulerCFGpp", version="alternative").sample is not SAMPLERS["euler_cfg_pp"].sample
