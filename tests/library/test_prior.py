"""Distributions behind the values of the library."""

import math

import pytest

from tmefield import library
from tmefield.errors import InputError
from tmefield.library.prior import SIZE_LAW_SIGMA, Prior, choose


def every_parameter():
    for name in library.species_ids():
        record = library.species(name)
        yield from ((f"{name}.{key}", one) for key, one in record.parameters.items())
        yield from ((f"{name}.receptors.{cell}", one) for cell, one in record.receptors.items())
        yield from ((f"{name}.secretion.{cell}", one) for cell, entry in record.secretion.items() for one in (entry.rate, entry.active_fraction))


@pytest.mark.parametrize("name", [one for one in library.species_ids() if one != "O2"])
def test_a_diffusivity_by_the_size_law_is_lognormal_about_it(name):
    """Sigma 0.6 to 0.9, whatever range the literature gives."""
    parameter = library.species(name).parameters["diffusivity"]
    prior = parameter.prior()
    assert prior == Prior("lognormal", parameter.internal, SIZE_LAW_SIGMA)
    assert 0.6 <= SIZE_LAW_SIGMA <= 0.9


def test_every_range_has_a_distribution_that_holds_it():
    ranged = 0
    for path, parameter in every_parameter():
        prior = parameter.prior()
        if parameter.range is None:
            assert prior is None or parameter.kind == "diffusivity", path
            continue
        ranged += 1
        assert prior is not None, path
        if parameter.kind == "diffusivity" and parameter.mark == "computed":
            continue
        lower, upper = prior.bounds or prior.interval()
        scale = parameter.internal / parameter.value
        assert lower <= parameter.range[0] * scale * (1 + 1e-9) and upper >= parameter.range[1] * scale * (1 - 1e-9), path
    assert ranged > 50


def test_a_lognormal_in_internal_units():
    """IL-10 binds with 50 to 200 pM: the median is 0.1 nM and a factor of two is 1.96 sigma."""
    prior = library.species("IL10").parameters["K_D"].prior()
    assert prior is not None and prior.bounds is None
    assert prior.median == pytest.approx(0.1) and prior.sigma == pytest.approx(math.log(2) / 1.96)
    assert prior.interval() == pytest.approx((0.05, 0.2))


def test_a_uniform_one_keeps_its_bounds():
    """Plasma IL-2 is only known to lie below 5 pg/mL of 15.5 kDa."""
    prior = library.species("IL2").parameters["plasma_concentration"].prior()
    assert prior is not None and prior.kind == "uniform" and prior.sigma is None
    assert prior.bounds == pytest.approx((0.0, 5e-3 / 15.5))
    assert prior.interval() == pytest.approx((0.025 * 5e-3 / 15.5, 0.975 * 5e-3 / 15.5))


def test_a_value_without_range_has_no_prior():
    assert library.species("IL12").parameters["EC50"].prior() is None


def test_the_farther_end_of_a_range_sets_the_spread():
    assert choose(2.0, (1.0, 8.0), None, by_size=False, where="x") == ("lognormal", pytest.approx(math.log(4) / 1.96))
    assert choose(2.0, (1.0, 8.0), "uniform", by_size=False, where="x") == ("uniform", None)
    assert choose(2.0, (1.0, 8.0), "lognormal", by_size=True, where="x") == ("lognormal", pytest.approx(math.log(4) / 1.96))
    assert choose(2.0, None, None, by_size=True, where="x") == ("lognormal", SIZE_LAW_SIGMA)
    assert choose(2.0, None, None, by_size=False, where="x") == (None, None)


@pytest.mark.parametrize(
    ("value", "bounds", "given", "message"),
    [
        (1.0, (0.5, 2.0), "normal", "distribution must be one of lognormal, uniform; got 'normal'"),
        (1.0, None, "uniform", "a distribution needs a range"),
        (1.0, (1.0, 2.0), None, "1 cannot be the median of a lognormal from 1 to 2"),
        (1.0, (0.0, 2.0), None, 'give distribution = "uniform"'),
        (1.0, (0.0, 2.0), "lognormal", "cannot be the median"),
    ],
)
def test_a_distribution_that_says_nothing_is_refused(value, bounds, given, message):
    with pytest.raises(InputError, match=message) as caught:
        choose(value, bounds, given, by_size=False, where="species/X.toml: parameters.decay")
    assert str(caught.value).startswith("species/X.toml: parameters.decay: ")
