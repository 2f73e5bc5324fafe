"""Stable Diffusion 1.x (Rombach et al. 2022, arXiv:2112.10752)."""

from safelight.families.base import Family, LatentFormat, Recommended, Tower

SD1_LATENT = LatentFormat(
    channels=4,
    compression=8,
    scale=0.18215,
    shift=0.0,
    # fitted to decoded pictures by users keturn and torridgristle:
    # https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204
    rgb_factors=(
        (0.3444, 0.1385, 0.0670),
        (0.1247, 0.4027, 0.1494),
        (-0.3192, 0.2513, 0.2103),
        (-0.1307, -0.1874, -0.7445),
    ),
    taesd="taesd",
)

SD1 = Family(
    name="sd1",
    title="SD 1.x",
    architectures=("stable-diffusion-v1",),
    native_size=(512, 512),
    native_size_v=(512, 512),
    latent=SD1_LATENT,
    prediction="eps",
    schedule="scaled_linear",
    towers=(Tower("l", layer=1, final_norm=True, pad_token=49407),),
    size_conditioning=(),
    recommended=Recommended(steps=25, cfg=7.0, sampler="dpmpp_2m", scheduler="karras"),
)
