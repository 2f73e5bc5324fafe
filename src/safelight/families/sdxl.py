"""SDXL and its refiner (Podell et al. 2023, arXiv:2307.01952)."""

from dataclasses import replace

from safelight.families.base import Family, LatentFormat, Recommended, Tower

SDXL_LATENT = LatentFormat(
    channels=4,
    compression=8,
    scale=0.13025,
    shift=0.0,
    # fitted to decoded pictures by user StAlKeR7779 for InvokeAI (Apache-2.0)
    rgb_factors=(
        (0.3816, 0.4930, 0.5320),
        (-0.3753, 0.1631, 0.1739),
        (0.1770, 0.3588, -0.2048),
        (-0.4350, -0.2644, -0.4289),
    ),
    taesd="taesdxl",
)
PLAYGROUND_LATENT = replace(  # Li et al. 2024, arXiv:2402.17245: Playground 2.5, of SDXL's shape
    SDXL_LATENT,
    scale=0.5,
    mean=(-1.6574, 1.886, -1.383, 2.5155),
    std=(8.4927, 5.9022, 6.5498, 5.2299),
)
CLIP_G = Tower("g", layer=2, final_norm=False, pad_token=0)

SDXL = Family(
    name="sdxl",
    title="SDXL",
    architectures=("stable-diffusion-xl-v1-base", "stable-diffusion-xl"),
    native_size=(1024, 1024),
    native_size_v=(1024, 1024),
    latent=SDXL_LATENT,
    prediction="eps",
    schedule="scaled_linear",
    towers=(Tower("l", layer=2, final_norm=False, pad_token=49407), CLIP_G),
    size_conditioning=("height", "width", "crop_top", "crop_left", "target_height", "target_width"),
    recommended=Recommended(steps=30, cfg=6.0, sampler="dpmpp_2m", scheduler="karras"),
)

REFINER = replace(
    SDXL,
    name="refiner",
    title="SDXL refiner",
    architectures=("stable-diffusion-xl-v1-refiner",),
    towers=(CLIP_G,),
    size_conditioning=("height", "width", "crop_top", "crop_left", "aesthetic_score"),
)
