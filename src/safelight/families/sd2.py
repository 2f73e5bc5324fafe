"""Stable Diffusion 2.x: OpenCLIP's text encoder; trained on noise at 512 pixels, or on velocity at 768."""

from safelight.families.base import Family, Recommended, Tower
from safelight.families.sd1 import SD1_LATENT

SD2 = Family(
    name="sd2",
    title="SD 2.x",
    architectures=("stable-diffusion-v2",),
    native_size=(512, 512),
    native_size_v=(768, 768),
    latent=SD1_LATENT,
    prediction="eps",
    schedule="scaled_linear",
    towers=(Tower("h", layer=2, final_norm=True, pad_token=0),),
    size_conditioning=(),
    recommended=Recommended(steps=25, cfg=7.0, sampler="dpmpp_2m", scheduler="karras"),
)
