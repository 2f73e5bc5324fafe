"""Stable Diffusion 2's x4 upscaler: it is shown a small picture, with noise of a known level in it."""

from dataclasses import replace

from safelight.families.base import LatentFormat, Recommended
from safelight.families.sd2 import SD2

SD2_X4 = replace(
    SD2,
    name="sd2_x4",
    title="SD 2.x upscaler",
    architectures=("stable-diffusion-v2-x4-upscaler",),
    native_size=(512, 512),
    native_size_v=(512, 512),
    latent=LatentFormat(
        channels=4,
        compression=4,
        scale=0.08333,
        shift=0.0,
        rgb_factors=((0.25, 0.25, 0.25),) * 4,  # never fitted to decoded pictures: a preview in grey
        taesd="",  # nobody has trained one
    ),
    prediction="v",
    schedule="scaled_linear_x4",
    recommended=Recommended(steps=30, cfg=9.0, sampler="dpmpp_2m", scheduler="normal"),
    recognises=lambda shape, _: shape.label_classes is not None,
)
