"""What AUTOMATIC1111 and its kin call samplers, schedulers and upscalers, and what they are here."""

from collections.abc import Collection

from safelight.files.parameters import SAMPLER_LABELS, SCHEDULER_LABELS

AUTOMATIC = "Automatic"

SAMPLERS: dict[str, tuple[str, str]] = {
    **{label: (name, "normal") for name, label in reversed(SAMPLER_LABELS.items())},
    "DDIM": ("ddim", "ddim_uniform"),
    "UniPC": ("uni_pc", "ddim_uniform"),
    "HeunPP2": ("heunpp2", "normal"),
    "IPNDM": ("ipndm", "normal"),
    "IPNDM_V": ("ipndm_v", "normal"),
    "DEIS": ("deis", "normal"),
    "DDPM": ("ddpm", "normal"),
    "Res Multistep": ("res_multistep", "normal"),
    "ER SDE": ("er_sde", "normal"),
    "SA Solver": ("sa_solver", "normal"),
}
"""Sampler and scheduler of each name, where nothing is said of a schedule."""

STAND_INS: dict[str, tuple[str, str]] = {
    "PLMS": ("ipndm", "ddim_uniform"),
    "DDIM CFG++": ("ddim", "ddim_uniform"),
    "Restart": ("heun", "karras"),
}
"""The nearest relatives of samplers that are not here."""

SCHEDULERS: dict[str, str] = {
    **{label: name for name, label in SCHEDULER_LABELS.items()},
    "Uniform": "normal",
    "Polyexponential": "exponential",  # with its usual rho of 1 they are the same
    "Linear Quadratic": "linear_quadratic",
}

AUTOMATIC_SCHEDULERS: dict[str, str] = {
    "DPM2": "karras",
    "DPM2 a": "karras",
    "DPM++ 2S a": "karras",
    "DPM++ 2M": "karras",
    "DPM++ SDE": "karras",
    "DPM++ 2M SDE": "karras",
    "DPM++ 2M SDE Heun": "karras",
    "DPM++ 3M SDE": "exponential",
}
"""What the schedule type "Automatic" of version 1.9 and later stands for; else that of `SAMPLERS`."""

LATENT_UPSCALERS: dict[str, str] = {
    "Latent": "bilinear",
    "Latent (antialiased)": "bilinear",
    "Latent (bicubic)": "bicubic",
    "Latent (bicubic antialiased)": "bicubic",
    "Latent (nearest)": "nearest-exact",
    "Latent (nearest-exact)": "nearest-exact",
}
IMAGE_UPSCALERS: dict[str, str] = {"None": "lanczos", "Lanczos": "lanczos", "Nearest": "nearest-exact"}

UPSCALE_MODELS: dict[str, str] = {
    "R-ESRGAN 4x+": "RealESRGAN_x4plus",
    "R-ESRGAN 4x+ Anime6B": "RealESRGAN_x4plus_anime_6B",
    "R-ESRGAN 2x+": "RealESRGAN_x2plus",
    "R-ESRGAN General 4xV3": "realesr-general-x4v3",
    "R-ESRGAN AnimeVideo": "realesr-animevideov3",
}
"""Files of the upscalers that are not called after theirs."""


def sampling(
    sampler: str, schedule: str | None, samplers: Collection[object], schedulers: Collection[object]
) -> tuple[str, str] | None:
    """Sampler and scheduler as they are called here.

    Args:
        sampler: As the text calls it; older texts add the schedule, as in "DPM++ 2M Karras".
        schedule: Its "Schedule type"; None where it has none.
        samplers, schedulers: Those there are here. Texts written here use these names where the others have none.

    Returns:
        None where there is no such sampler or scheduler here.
    """
    if schedule is None and sampler not in SAMPLERS:
        for label in SCHEDULERS:
            if sampler.endswith(f" {label}"):
                sampler, schedule = sampler.removesuffix(f" {label}"), label
                break
    name, usual = SAMPLERS.get(sampler, (sampler, "normal"))
    if schedule is None:
        scheduler = usual
    elif schedule == AUTOMATIC:
        scheduler = AUTOMATIC_SCHEDULERS.get(sampler, usual)
    else:
        scheduler = SCHEDULERS.get(schedule, schedule)
    return (name, scheduler) if name in samplers and scheduler in schedulers else None
