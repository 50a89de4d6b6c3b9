"""Positivity and the maximum principle in random media: jumps of the diffusivity up to 1e4, losses from 0 to 1e3/s, every kind of wall, held voxels."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tmefield as tf
from validation.problems.media import KINDS, draw_media, draw_medium

RTOL = 1e-9
SEEDS = st.lists(st.integers(0, 2**32 - 1), min_size=len(KINDS), max_size=len(KINDS))


def exploring(media):
    """As many draws as make so many media; the same in every run."""
    return settings(max_examples=media // len(KINDS), deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@exploring(media=300)
@given(SEEDS)
def test_fields_of_sources_are_not_negative(seeds):
    media, model = draw_media(seeds, sources=True)
    solution = tf.solve_steady(model, rtol=RTOL, max_iterations=500)
    for kind, medium, status in zip(KINDS, media, solution.stats.status, strict=True):
        c = np.asarray(solution[kind])
        assert int(status) == tf.Status.CONVERGED, (kind, medium)
        assert c.min() >= -10 * RTOL * c.max(), (kind, medium)


@exploring(media=300)
@given(SEEDS)
def test_fields_without_sources_stay_between_the_values_around_them(seeds):
    """0 <= c <= the largest wall or held value; where nothing is lost also c >= the smallest."""
    media, model = draw_media(seeds, sources=False)
    solution = tf.solve_steady(model, rtol=RTOL, max_iterations=500)
    for kind, medium, status in zip(KINDS, media, solution.stats.status, strict=True):
        c = np.asarray(solution[kind])
        slack = 10 * RTOL * medium.highest
        assert int(status) == tf.Status.CONVERGED, (kind, medium)
        assert c.max() <= medium.highest + slack, (kind, medium)
        assert c.min() >= (medium.lowest if medium.lossless else 0) - slack, (kind, medium)


@exploring(media=50)
@given(SEEDS)
def test_a_transient_stays_positive_to_its_reported_error(seeds):
    media, model = draw_media(seeds, sources=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        trajectory = tf.evolve(model, 0.0, [0.0, 1.0, 100.0], method="tr-bdf2", fixed_steps=20, rtol=1e-8)
    reported = np.asarray(trajectory.stats.error).sum(axis=0)
    for index, (kind, medium) in enumerate(zip(KINDS, media, strict=True)):
        c = np.asarray(trajectory[kind])
        assert c.min() >= -reported[index] - 1e-8 * c.max(), (kind, medium)


@pytest.mark.parametrize("kind", KINDS)
def test_the_media_are_as_hard_as_promised(kind):
    media = [draw_medium(seed, kind, sources=True) for seed in range(60)]
    assert max(medium.diffusivity.max() / medium.diffusivity.min() for medium in media) > 5e3
    assert max(medium.loss.max() for medium in media) > 500
    assert any(medium.held.any() for medium in media)
    assert any(medium.lossless for medium in media)
