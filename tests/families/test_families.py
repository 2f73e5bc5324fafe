from typing import get_args

import pytest

from safelight.diffusion.prediction import PREDICTIONS
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.families import FAMILIES
from safelight.families.base import Family, PredictionName


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_what_a_family_recommends_exists(family: Family) -> None:
    assert family.recommended.sampler in SAMPLERS
    assert family.recommended.scheduler in SCHEDULERS
    assert len(family.latent.rgb_factors) == family.latent.channels


def test_every_prediction_that_detection_tells_exists() -> None:
    assert set(get_args(PredictionName)) <= set(PREDICTIONS)
