"""The kinds of Stable Diffusion that are supported, as data, and how a file is recognised as one."""

from safelight.families.base import Family
from safelight.families.sd1 import SD1
from safelight.families.sd2 import SD2
from safelight.families.sd2_x4 import SD2_X4
from safelight.families.sdxl import REFINER, SDXL

FAMILIES: dict[str, Family] = {family.name: family for family in (SD1, SD2, SD2_X4, SDXL, REFINER)}
