"""Parameters that differ a little from image to image or from patient to patient."""

import math
from collections.abc import Sequence
from dataclasses import replace

from ..errors import InputError
from ..library.prior import Prior
from .parameters import FreeParameter


def per_image(parameter: FreeParameter, images: Sequence[str], spread: float) -> list[FreeParameter]:
    """One parameter for all images and a factor for each, lognormal about 1: a random effect.

    The parameter itself keeps its name and is shared; `NAME[IMAGE]` is the factor of an image, with a standard deviation of `spread` in its logarithm as
    prior, so that images pool what they know. A model function multiplies both, `values["rate"] * values["rate[A]"]`; an observation takes both names,
    `gain=("gain", "gain[A]")`. For patients, name those in place of images.

    **Raises** `InputError` for a parameter that is not known by factors (transform "log"), for fields, and for a spread that is not above zero.
    """
    if parameter.transform != "log" or parameter.shape != ():
        raise InputError(f'{parameter.name}: random effects are factors on a number with transform="log"')
    if not (math.isfinite(spread) and spread > 0):
        raise InputError(f"{parameter.name}: spread is the standard deviation of the logarithm, above zero; got {spread!r}")
    if not images or len(set(images)) != len(images):
        raise InputError(f"{parameter.name}: images need different names; got {list(images)}")
    factor = replace(parameter, start=1.0, lower=None, upper=None, prior=Prior("lognormal", 1.0, spread), leaves=(), unit="1", source="random effect")
    return [parameter, *(replace(factor, name=f"{parameter.name}[{image}]") for image in images)]
