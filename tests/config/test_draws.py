"""Drawn parameter sets: spread as the library says, repeatable, refused where it says nothing."""

import numpy as np
import pytest

from tmefield import library, units
from tmefield.config.draws import drawn_jobs
from tmefield.errors import InputError

KEYS = ["species.IFNg.diffusivity", "species.IFNg.receptors.tumour", "species.IL6.secretion.tumour.rate"]


def values(jobs, key, kind):
    return np.array([units.parse(one.changes[key], kind) for one in jobs])


def test_values_follow_the_distribution_of_the_library():
    jobs = drawn_jobs("case.toml", KEYS, 4000, 1)
    record, other = library.species("IFNg"), library.species("IL6")
    for key, known in zip(KEYS, (record.parameters["diffusivity"], record.receptors["tumour"], other.secretion["tumour"].rate), strict=True):
        prior = known.prior()
        assert prior is not None and prior.sigma is not None
        logarithms = np.log(values(jobs, key, known.kind))
        # five standard errors of a mean and of a standard deviation
        assert abs(logarithms.mean() - np.log(prior.median)) < 5 * prior.sigma / np.sqrt(4000)
        assert abs(logarithms.std() - prior.sigma) < 5 * prior.sigma / np.sqrt(2 * 4000)
        low, high = prior.interval()
        assert 0.93 < np.mean((values(jobs, key, known.kind) > low) & (values(jobs, key, known.kind) < high)) < 0.97
    correlation = np.corrcoef([np.log(values(jobs, key, kind)) for key, kind in zip(KEYS, ("diffusivity", "count", "secretion"), strict=True)])
    assert np.abs(correlation - np.eye(3)).max() < 5 / np.sqrt(4000)


def test_a_uniform_range_is_drawn_uniformly():
    key, prior = "species.IL2.plasma_concentration", library.species("IL2").parameters["plasma_concentration"].prior()
    assert prior is not None and prior.bounds is not None
    drawn, (low, high) = values(drawn_jobs("case.toml", [key], 2000, 0), key, "concentration"), prior.bounds
    assert low <= drawn.min() and drawn.max() <= high
    assert abs(drawn.mean() - (low + high) / 2) < 5 * (high - low) / np.sqrt(12 * 2000)


def test_draws_repeat_and_depend_on_nothing_but_seed_and_key():
    first = drawn_jobs("case.toml", KEYS, 5, 3)
    assert first == drawn_jobs("case.toml", KEYS, 5, 3)
    assert [one.changes[KEYS[0]] for one in drawn_jobs("case.toml", KEYS[:1], 9, 3)][:5] == [one.changes[KEYS[0]] for one in first]
    assert first[0].changes[KEYS[0]] != drawn_jobs("case.toml", KEYS, 5, 4)[0].changes[KEYS[0]]
    assert first[0].name == "sample 0" and first[0].where == "job 0"
    assert len({one.changes[KEYS[0]] for one in first}) == 5


def test_a_secretion_rate_keeps_the_active_fraction():
    fraction = library.species("IL6").secretion["tumour"].active_fraction.internal
    for one in drawn_jobs("case.toml", KEYS[2:], 3, 0):
        assert list(one.changes) == ["species.IL6.secretion.tumour.active_fraction", KEYS[2]]
        assert float(one.changes["species.IL6.secretion.tumour.active_fraction"]) == fraction


@pytest.mark.parametrize(
    ("keys", "count", "words"),
    [
        (["grid.spacing"], 3, "expected species.ID.diffusivity"),
        (["species.IFNgg.decay"], 3, "IFNgg"),
        (["species.IFNg.half_saturation"], 3, "of IFNg: diffusivity, "),
        (["species.IFNg.receptors.tumor_x"], 3, "the library has none for 'tumor_x'"),
        (["species.IFNg.decay"], 3, "the library states no range of it (but of diffusivity, "),
        (["species.IFNg.diffusivity"] * 2, 3, "stands there twice"),
        (["species.IFNg.diffusivity"], 0, "--samples 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(keys, count, words):
    with pytest.raises(InputError) as caught:
        drawn_jobs("case.toml", keys, count, 0)
    assert words in str(caught.value)
