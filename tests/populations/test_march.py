"""Populations through time among cytokines at steady state: order, closed forms, doses, derivatives, and what is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.populations.march import _steps as steps_between

DAY = 86400.0
GRID = tf.Grid((4, 4, 8), (20.0, 20.0, 20.0))


def tissue():
    """Tumour cells that secrete TGFb, killed by CD8 T cells that secrete IFNg, are held off by TGFb, drawn by IFNg, and tire."""
    terms = [
        tf.Decay(),
        tf.PerCell("tumour", tf.Secretion("TGFb", 1.0, 1.0)),
        tf.PerCell("CD8_T", tf.Secretion("IFNg", 1.0, 2.0)),
        tf.PerCell("tumour", tf.ReceptorUptake("IFNg", 1.0, 3000.0, 2e-4, 0.05)),
        tf.PerCell("vessels", tf.VascularExchange("IFNg", 0.01, 0.01), reference=1e-5),
    ]
    model = tf.Model(GRID, [tf.Species("IFNg", 40.0, 6.5e-5), tf.Species("TGFb", 44.0, 1.7e-4)], terms)
    pull = tf.Attraction(tf.Hill("IFNg", 0.05), 0.02)
    populations = [
        tf.Population("tumour", 1500.0, motility=1e-4),
        tf.Population("CD8_T", 500.0, motility=0.01, attractions=[pull]),
        tf.Population("tired", 500.0),
        tf.Population("vessels", 0.0),
    ]
    raised, lowered = tf.Modulation(tf.Hill("IFNg", 0.015), saturated=2.0), tf.Modulation(tf.Hill("TGFb", 0.14), saturated=0.0)
    processes = [
        tf.Growth("tumour", 0.2 / DAY),
        tf.Killing("tumour", "CD8_T", 2.0 / DAY, 5e-5, [raised, lowered]),
        tf.Entry("CD8_T", 2e-4 / DAY, 0.01, [lowered], vessels="vessels", reference=1e-5),
        tf.Death("CD8_T", 0.1 / DAY),
        tf.Switch("CD8_T", "tired", 0.2 / DAY, [tf.Modulation(tf.Hill("tumour", 1e-4), saturated=1.0, basal=0.0)]),
        tf.Growth("vessels", 0.1 / DAY, [tf.Modulation(tf.Hill("TGFb", 0.1), saturated=2.0)], capacity=5e-5),
    ]
    return tf.PopulationModel(model, populations, processes)


def start():
    x = GRID.coordinates()[2]
    tumour = 1e-4 * np.exp(-(((x - 80.0) / 50.0) ** 2)) * np.ones(GRID.shape)
    return {"tumour": tumour, "CD8_T": 2e-5, "tired": 0.0, "vessels": 1e-5}


def test_second_order_in_time():
    """With half the step the error falls by four: cytokines, movement and reactions together."""
    model = tissue()
    found = [
        tf.evolve_populations(model, start(), [0.0, 4 * DAY], step=4 * DAY / count, rtol=1e-10, stages=(3, 9, 0, 0)).density[-1] for count in (4, 8, 16, 64)
    ]
    scale = jnp.max(jnp.abs(found[-1]), axis=(1, 2, 3), keepdims=True)
    errors = [float(jnp.max(jnp.abs(one - found[-1]) / scale)) for one in found[:3]]
    assert errors[0] < 0.05
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.3)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2.1, abs=0.25)  # the finest run has an error of its own


def test_the_course_says_what_happened():
    course = tf.evolve_populations(tissue(), start(), [0.0, DAY, 3 * DAY])
    assert isinstance(course, tf.PopulationCourse)
    assert course.density.shape == (3, 4, *GRID.shape) and course["TGFb"].shape == (3, *GRID.shape)
    assert (np.asarray(course.status) == 0).all() and float(course.density.min()) >= 0
    np.testing.assert_allclose(course.step_times[-1], 3 * DAY)
    assert float(course.number("tumour")[-1]) == pytest.approx(float(course["tumour"][-1].sum()) * GRID.voxel_volume, rel=1e-9)
    assert float(course.volume("tumour")[-1]) == pytest.approx(1500.0 * float(course.number("tumour")[-1]))
    # the concentration at an output is the steady state among its cells
    again = tf.solve_steady(course.tissue.cytokines(dict(zip(course.tissue.names, course.density[-1], strict=True))))
    np.testing.assert_allclose(course.concentration[-1], again.concentration, rtol=1e-3)
    with pytest.raises(tf.InputError, match="no population or species 'TNF'"):
        course["TNF"]


def test_growth_and_death_alone_follow_their_closed_forms():
    """Logistic growth against its formula, exponential death beside it."""
    model = tf.Model(GRID, [tf.Species("IFNg", 40.0, 1e-4)], [tf.Decay(), tf.Linear(1e-9, 0.0)])
    cells = [tf.Population("a", 1000.0), tf.Population("b", 0.0)]
    quiet = tf.PopulationModel(model, cells, [tf.Growth("a", 0.3 / DAY), tf.Death("b", 0.2 / DAY)], packing=0.5)
    course = tf.evolve_populations(quiet, {"a": 1e-4, "b": 3e-5}, [0.0, 10 * DAY], step=0.25 * DAY)
    limit = 0.5 / 1000.0
    grown = limit / (1 + (limit / 1e-4 - 1) * np.exp(-3.0))
    assert float(course["a"][-1, 0, 0, 0]) == pytest.approx(grown, rel=1e-3)
    assert float(course["b"][-1, 0, 0, 0]) == pytest.approx(3e-5 * np.exp(-2.0), rel=1e-3)


def test_steps_meet_outputs_and_doses():
    steps, longest = steps_between(np.array([0.0, 10.0, 30.0]), (4.0, 50.0), 6.0, jnp.float64)
    np.testing.assert_allclose(steps.starts, [0, 4, 10, 15, 20, 25])
    np.testing.assert_allclose(steps.lengths, [4, 6, 5, 5, 5, 5])
    assert steps.outputs.tolist() == [-1, 1, -1, -1, -1, 2] and longest == 6.0


def test_derivatives():
    """The derivative of the final tumour with respect to a secretion rate and an initial density: the Taylor remainder falls with the square."""
    model = tissue()
    given = {name: jnp.broadcast_to(jnp.asarray(value, float), GRID.shape) for name, value in start().items()}

    def tumour(numbers):
        changed = eqx.tree_at(lambda one: one.model.terms[2].term.rate, model, numbers[0])
        cells = {**given, "CD8_T": numbers[1] * given["CD8_T"]}
        course = tf.evolve_populations(changed, cells, [0.0, 2 * DAY], step=DAY, rtol=1e-11, stages=(3, 9, 0, 0))
        return course.volume("tumour")[-1] / 1e6

    at, along = jnp.asarray([2.0, 1.0]), jnp.asarray([0.8, -0.5])
    value, slope = jax.value_and_grad(tumour)(at)
    forward = jax.jvp(tumour, (at,), (along,))[1]
    assert float(forward) == pytest.approx(float(slope @ along), rel=1e-8) and (np.asarray(slope) < 0).all()
    remainders = [abs(float(tumour(at + h * along) - value - h * forward)) for h in (0.1, 0.05, 0.025)]
    assert np.log2(remainders[0] / remainders[1]) == pytest.approx(2.0, abs=0.1)
    assert np.log2(remainders[1] / remainders[2]) == pytest.approx(2.0, abs=0.1)


def test_densities_reach_terms_that_are_wrapped():
    model = tissue()
    once = tf.TimeCourse([0.0], [1.0])
    scheduled = (
        tf.PerCell("tumour", tf.Scheduled(tf.Secretion("TGFb", 1.0, 1.0), once)),
        tf.Scheduled(tf.PerCell("tumour", tf.Secretion("TGFb", 1.0, 1.0)), once),
    )
    for term in scheduled:
        wrapped = tf.PopulationModel(tf.Model(GRID, model.model.species, [tf.Decay(), term]), model.populations, [])
        placed = wrapped.cytokines({name: jnp.full(GRID.shape, 1e-4) for name in wrapped.names})
        made = placed.rates(jnp.zeros(placed.shape)).production[1]
        np.testing.assert_allclose(made, 1e-4 / 0.602214076, rtol=1e-6)


def test_what_is_refused():
    model = tissue()
    cells, rest = model.populations, model.model
    with pytest.raises(tf.InputError, match="growth of M1 acts on M1, but the populations are tumour"):
        tf.PopulationModel(rest, cells, [tf.Growth("M1", 1e-6)])
    with pytest.raises(tf.InputError, match="death of tumour reads TNF, but the populations and species are"):
        tf.PopulationModel(rest, cells, [tf.Death("tumour", 1e-6, [tf.Modulation(tf.Hill("TNF", 0.02), 2.0)])])
    with pytest.raises(tf.InputError, match="the model has secretion by CD8_T with the density of CD8_T, but the populations are tumour"):
        tf.PopulationModel(rest, cells[:1], [])
    with pytest.raises(tf.InputError, match="names of their own"):
        tf.PopulationModel(rest, [*cells, tf.Population("IFNg", 1.0)], [])
    with pytest.raises(tf.InputError, match="densities are needed of tumour, CD8_T, tired, vessels; got tumour"):
        tf.evolve_populations(model, {"tumour": 1e-4}, [0.0, DAY])
    with pytest.raises(tf.InputError, match="step must be above zero"):
        tf.evolve_populations(model, start(), [0.0, DAY], step=0.0)
    with pytest.raises(tf.InputError, match="a Switch needs two populations"):
        tf.Switch("M1", "M1", 1e-6)
    network = tf.VascularExchange("IFNg", 0.01, 0.01)
    assert tf.PerCell("vessels", network).acts_on == ("IFNg",)


@pytest.mark.parametrize("uptake", [0.0, 3000.0])
def test_a_start_in_fixed_voxels_counts_for_nothing(uptake):
    """The search begins at 1 nM everywhere, or at zero: fixed voxels stand at their value in both, and tell it to the cells beside them."""
    held = np.zeros(GRID.shape, bool)
    held[:, :, :2] = True
    terms = [tf.Decay(), tf.PerCell("tumour", tf.ReceptorUptake("IFNg", 1.0, uptake, 2e-4, 0.05))]
    model = tf.Model(GRID, [tf.Species("IFNg", 40.0, 6.5e-5)], terms, fixed=tf.FixedConcentration(held, 0.01))
    tissue = tf.PopulationModel(model, [tf.Population("tumour", 1500.0)], [tf.Growth("tumour", 0.2 / DAY)])
    low, high = (tf.evolve_populations(tissue, {"tumour": 1e-5}, [0.0, DAY], concentration=c, rtol=1e-10) for c in (0.0, 1.0))
    np.testing.assert_array_equal(low.concentration[:, 0][:, held], 0.01)
    assert float(jnp.max(high.concentration)) == 0.01
    np.testing.assert_allclose(high.concentration, low.concentration, rtol=1e-7)
