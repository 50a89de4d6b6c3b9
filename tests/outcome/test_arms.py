"""Arms share a tissue: doses, their derivative, endpoints, and combinations."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from outcome.small_tissue import DAY, TIMES, tissue
from tmefield.outcome import arms, endpoints


@pytest.fixture(scope="module")
def whole():
    return tissue().without("vessels-growth")  # steps of a day are coarse for the faster growth that vessels bring


@pytest.fixture(scope="module")
def courses(whole):
    return tf.run_arms(whole, arms.single_and_combined(whole, [["anti-PD1", "IFNg"]]), TIMES, step=DAY, rtol=1e-9)


def test_arms(courses):
    """Release from PD-1 spares tissue, IFN-g alone raises PD-L1 as well as killing, and together they do most."""
    assert list(courses) == ["control", "anti-PD1", "IFNg", "anti-PD1 + IFNg"]
    ratio = {name: endpoints.growth_ratio(one) for name, one in courses.items()}
    assert ratio["anti-PD1"] < ratio["control"] and ratio["anti-PD1 + IFNg"] < ratio["anti-PD1"]
    assert all(int(np.max(one.status)) == 0 for one in courses.values())
    assert 2 * DAY in (np.asarray(courses["control"].step_times) - np.asarray(courses["control"].times[0])).tolist()


def test_occupancy_through_time(whole, courses):
    """Nothing before the antibody is given; then the mean over the tumour of A/(K_D + A); a depot holds nothing."""
    untreated, treated = (endpoints.occupancies(courses[name], whole.treatments) for name in ("control", "anti-PD1"))
    assert list(treated) == ["anti-PD1"] and untreated["anti-PD1"].tolist() == [0.0, 0.0, 0.0]
    first, *later = treated["anti-PD1"]
    assert first == 0 and all(0.9 < share < 1 for share in later)
    drug, cells = (np.asarray(courses["anti-PD1"][name][-1]) for name in ("anti-PD1", "tumour"))
    assert later[-1] == pytest.approx(np.average(drug / (drug + 0.029), weights=cells), rel=1e-9)


def test_nothing_given_is_no_treatment(courses):
    bare = tissue(treatments={}).without("vessels-growth")
    control = tf.evolve_populations(bare.model(), dict(bare.cells), TIMES, step=DAY, rtol=1e-9)
    np.testing.assert_allclose(control.density[-1], courses["control"].density[-1], rtol=1e-6)


def test_no_arm_starts_from_the_fields_of_another(whole, courses):
    """A cytokine that one arm is given from the start is not there in the next."""
    held = tf.Depot("IFNg", 1e-4, tf.TimeCourse([0.0, 1 * DAY, 4 * DAY], [1.0, 1.0, 0.0]))
    one = whole.changed(treatments={**whole.treatments, "IFNg": held})
    after = tf.run_arms(one, {"IFNg": {"IFNg": 1.0}, "control": {}}, TIMES, step=DAY, rtol=1e-9)
    assert float(jnp.max(after["IFNg"]["IFNg"][0])) > 2 * float(jnp.max(after["control"]["IFNg"][0]))
    np.testing.assert_array_equal(after["control"].concentration, courses["control"].concentration)


STAGES = (3, 3, 0, 0)


def test_derivative_with_respect_to_a_dose(whole):
    """The remainder of the final volume falls with the square of the step in the dose."""

    def volume(dose):
        treated = whole.model({"anti-PD1": dose})
        return tf.evolve_populations(treated, dict(whole.cells), TIMES, step=DAY, rtol=1e-11, stages=STAGES).volume("tumour")[-1]

    at = jnp.asarray(0.02)
    value, slope = jax.value_and_grad(volume)(at)
    assert float(slope) < 0
    remainders = [abs(float(volume(at + h) - value - h * slope)) for h in (1e-3, 5e-4, 2.5e-4)]
    assert np.log2(remainders[0] / remainders[1]) == pytest.approx(2.0, abs=0.1)
    assert np.log2(remainders[1] / remainders[2]) == pytest.approx(2.0, abs=0.1)


def test_endpoints(courses):
    control, best = courses["control"], courses["anti-PD1 + IFNg"]
    told = endpoints.summary(control)
    assert told["growth_ratio"] > 1 and told["volume_mm3"] == pytest.approx(float(control.volume("tumour")[-1]) / 1e9)
    assert endpoints.summary(best)["killed_per_d"] > told["killed_per_d"] > 0 and told["invasion_per_mm2_d"] > 0
    killed = endpoints.killing(control)["CD8_T"]
    assert killed.shape == control.tissue.model.grid.shape and float(jnp.min(killed)) >= 0
    seen = endpoints.profile(control)
    assert sum(value for key, value in seen.items() if key.endswith("_fraction")) == pytest.approx(1.0)
    dense = endpoints.density_profile(control)
    assert dense["CD8_T_per_mm3"] == pytest.approx(1e9 * endpoints.in_tumour(control["CD8_T"][0], control, 0))
    assert dense["IFNg_pg_per_mL"] == seen["IFNg_pg_per_mL"]
    assert not any(key.endswith("_fraction") for key in dense)
    first = float(control.number("tumour")[-1]) / told["growth_ratio"]
    assert endpoints.one_cell(control) == pytest.approx(1 / first, rel=1e-6)
    level = endpoints.in_tumour(control["IFNg"][0], control, 0)
    assert seen["IFNg_pg_per_mL"] == pytest.approx(1e3 * level * float(control.tissue.model.species[0].molecular_weight))
    # What killing and growth say of the tumour's change is what the course does, to the order of the step.
    net = np.asarray(endpoints.growth(control)).sum() - np.asarray(killed).sum() - 0.02 / DAY * np.asarray(control["tumour"][-1]).sum()
    step = (float(control.number("tumour")[-1]) - float(control.number("tumour")[-2])) / DAY / control.tissue.model.grid.voxel_volume
    assert net == pytest.approx(step, rel=0.1)


def test_time_to_progression():
    """A tumour that grows by r is 1.728 times as large after ln 1.728/r, wherever the steps are; one that shrinks never is."""
    model = tf.Model(tf.Grid((1, 1, 2), 1000.0), [tf.Species("x", 10.0, 1e-3)], [tf.Decay(), tf.Linear(1e-9)], dtype="float64")

    def course(process):
        cells = tf.PopulationModel(model, [tf.Population("tumour", 1e-3)], [process])
        return tf.evolve_populations(cells, {"tumour": 1e-6}, [0.0, 6 * DAY], step=0.3 * DAY)

    grown = endpoints.time_to_progression(course(tf.Growth("tumour", 0.2 / DAY)))
    assert grown == pytest.approx(np.log(1.728) / 0.2 * DAY, rel=1e-3)
    shrunk = course(tf.Death("tumour", 0.2 / DAY))
    assert endpoints.time_to_progression(shrunk) == float("inf")
    lost = eqx.tree_at(lambda one: one.cells, shrunk, shrunk.cells.at[-1].set(jnp.nan))
    assert np.isnan(endpoints.time_to_progression(lost))


def test_bliss():
    """Two that act independently leave the product of what each leaves."""
    assert float(arms.fractional_effect(20.0, 80.0)) == 0.75
    assert float(arms.bliss_excess(0.3 * 0.5, 0.3, 0.5, 1.0)) == pytest.approx(0.0, abs=1e-7)
    assert float(arms.bliss_excess(10.0, 60.0, 50.0, 100.0)) == pytest.approx(0.9 - (0.4 + 0.5 - 0.2))
    with pytest.raises(tf.InputError, match="need one shape"):
        arms.bliss_excess(np.ones(3), 1.0, 1.0, 1.0)
