"""The `parameters` text that AUTOMATIC1111 keeps in pictures, and that galleries and model sites read."""

import json
from dataclasses import dataclass

SAMPLER_LABELS = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "heun": "Heun",
    "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "lms": "LMS",
    "dpm_fast": "DPM fast",
    "dpm_adaptive": "DPM adaptive",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_sde_gpu": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_gpu": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun",
    "dpmpp_2m_sde_heun_gpu": "DPM++ 2M SDE Heun",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_3m_sde_gpu": "DPM++ 3M SDE",
    "lcm": "LCM",
    "ddim": "DDIM",
    "uni_pc": "UniPC",
}
"""Samplers that AUTOMATIC1111 has, as it calls them; the others keep their names."""

SCHEDULER_LABELS = {
    "normal": "Normal",
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "ddim_uniform": "DDIM",
    "beta": "Beta",
    "kl_optimal": "KL Optimal",
}
"""Schedulers, likewise."""


@dataclass(frozen=True)
class Parameters:
    """What made a picture, as far as that text can tell.

    Attributes:
        model_hash: The first ten digits of the file's SHA-256.
        denoise: Below 1 where the picture was made from another.
        clip_skip: 1 takes the text encoder's last layer.
        version: The program's version.
    """

    prompt: str
    negative: str
    steps: int
    sampler: str
    scheduler: str
    cfg: float
    seed: int
    width: int
    height: int
    version: str
    model: str = ""
    model_hash: str = ""
    denoise: float = 1.0
    clip_skip: int = 1


def parameters_text(parameters: Parameters) -> str:
    """The text: the prompt, a line with the negative prompt if there is one, and a line of settings."""
    p = parameters
    settings: dict[str, object] = {
        "Steps": p.steps,
        "Sampler": SAMPLER_LABELS.get(p.sampler, p.sampler),
        "Schedule type": SCHEDULER_LABELS.get(p.scheduler, p.scheduler),
        "CFG scale": float(p.cfg),
        "Seed": p.seed,
        "Size": f"{p.width}x{p.height}",
    }
    if p.model_hash:
        settings["Model hash"] = p.model_hash
    if p.model:
        settings["Model"] = p.model
    if p.denoise < 1:
        settings["Denoising strength"] = p.denoise
    if p.clip_skip > 1:
        settings["Clip skip"] = p.clip_skip
    settings["Version"] = f"Safelight {p.version}"
    lines = [p.prompt]
    if p.negative:
        lines.append(f"Negative prompt: {p.negative}")
    lines.append(", ".join(f"{name}: {_quoted(str(value))}" for name, value in settings.items()))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """`value`, as a JSON string where it holds what separates the settings."""
    return json.dumps(value, ensure_ascii=False) if set(value) & set(',:\n"') else value
