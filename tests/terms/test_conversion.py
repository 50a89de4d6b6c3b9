"""One species turns into others: by hand, what circles of them do to the number of steady states, receptors and decoys in the fluid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tmefield as tf
from tmefield.units import NANOMOLAR

GRID = tf.Grid((1, 2, 4), 10.0)
AT_START = tf.Moment(jnp.asarray(0.0), jnp.asarray(0.0))
A, B, AB = tf.Species("a", 40.0, 1e-3), tf.Species("b", 10.0), tf.Species("ab", 20.0, 2e-3)
FIELD = jnp.full(GRID.shape, 2.0)


def medium(*species, phi=0.5):
    return tf.Medium(jnp.asarray(phi), {one.name: one for one in species}, AT_START, 1000.0)


def test_what_the_source_loses_the_product_gains():
    """phi k in the fluid; n a where cells convert, which are counted per volume of tissue."""
    for term, loss in ((tf.Conversion("a", "b", 0.2), 0.1), (tf.Conversion("a", "b", 3e3, density=1e-4), 0.3)):
        rates = term.rates({"a": FIELD, "b": FIELD}, medium(A, B))
        assert float(rates["a"].loss) == pytest.approx(loss, rel=1e-14)
        np.testing.assert_allclose(rates["b"].production, 2 * loss, rtol=1e-14)
        assert float(rates["a"].production) == float(rates["b"].loss) == 0


def test_binding_takes_as_much_of_both_as_it_makes():
    rates = tf.Binding("a", "b", "ab", 0.3, 0.05).rates({"a": FIELD, "b": 3 * FIELD, "ab": 5 * FIELD}, medium(A, B, AB))
    net = {name: one.production - one.loss * c for (name, one), c in zip(rates.items(), (FIELD, 3 * FIELD, 5 * FIELD), strict=True)}
    bound = 0.5 * (0.3 * 2 * 6 - 0.05 * 10)
    np.testing.assert_allclose([float(net[name][0, 0, 0]) for name in ("a", "b", "ab")], [-bound, -bound, bound], rtol=1e-14)


def test_labels():
    assert tf.Conversion("a", "b", 1.0).label == "a to b"
    assert tf.Conversion("a", "b", 1.0, label="activation").label == "activation"
    assert tf.Binding("a", "b", "ab", 1.0, 1.0).label == "binding of a and b"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tf.Conversion("a", "a", 1.0), "needs two species; both are a"),
        (lambda: tf.Conversion("a", "b", -1.0), "rate of a to b must be finite and not negative .1/s."),
        (lambda: tf.Model(GRID, [A, B], [tf.Conversion("a", "b", np.ones((2, 2)))]), r"rate of a to b has shape \[2, 2\]"),
        (lambda: tf.Model(GRID, [A, B], [tf.Conversion("a", "b", 1.0, density=np.ones((2, 2)))]), r"cell density for a to b has shape"),
        (lambda: tf.Binding("a", "b", "b", 1.0, 1.0), "three different species; got a, b and b"),
        (lambda: tf.Binding("a", "b", "ab", 1.0, -1.0), "off rate of the binding of a and b"),
        (lambda: tf.Model(GRID, [A, tf.Species("b", immobile=True), AB], [tf.Binding("a", "b", "ab", 1.0, 1.0)]), "ab holds b, which is immobile"),
    ],
)
def test_wrong_use_is_refused(call, said):
    with pytest.raises(tf.InputError, match=said):
        call()


def regulated(by, species="a"):
    return tf.Secretion(species, 1e-4, 1.0, modulations=[tf.Modulation(tf.Hill(by, 1.0), saturated=3.0)])


@pytest.mark.parametrize(
    ("terms", "unique"),
    [
        ([tf.Conversion("a", "b", 1.0)], True),
        ([tf.Conversion("a", "b", 1.0), tf.Conversion("b", "a", 1.0)], True),
        ([tf.Conversion("a", "b", 1.0), tf.Scheduled(tf.Conversion("b", "a", 1.0), tf.TimeCourse([0.0], [1.0]))], True),
        ([tf.Conversion("a", "b", 1.0), tf.Conversion("b", "ab", 1.0), tf.Conversion("ab", "a", 1.0)], True),
        ([tf.Binding("a", "b", "ab", 1.0, 1.0), tf.ReceptorUptake("a", 1e-4, 1e3, 1e-3, 0.1)], True),
        ([tf.Conversion("a", "b", 1.0), regulated("b", "ab")], True),
        ([tf.Conversion("a", "b", 1.0), regulated("b")], False),
        ([tf.Conversion("a", "ab", 1.0), tf.Conversion("ab", "b", 1.0), regulated("b")], False),
        ([regulated("b"), regulated("a", "b")], False),
    ],
)
def test_a_circle_that_only_converts_has_one_steady_state(terms, unique):
    assert tf.Model(GRID, [A, B, AB], terms).unique is unique


EXCHANGE = (2e-3, 5e-4)


def exchanging(values, **more):
    there, back = values
    production = np.zeros(GRID.shape)
    production[0, 0, 0] = 1e-3
    terms = [tf.Decay(), tf.Linear(production, species="a"), tf.Conversion("a", "b", there), tf.Conversion("b", "a", back)]
    return tf.Model(GRID, [A, B], terms, volume_fraction=0.4, **more)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exchange_is_solved_by_newton_steps(dtype):
    """No flux of b over the box: the means obey a = production/(phi k), b = there/back a."""
    solution = tf.solve_steady(exchanging(EXCHANGE, dtype=dtype))
    assert solution.status == tf.Status.CONVERGED
    assert not bool(solution.stats.continued)
    means = np.asarray(solution.concentration, float).mean((1, 2, 3))
    a = 1e-3 / GRID.size / (0.4 * 1e-3)
    np.testing.assert_allclose(means, [a, a * EXCHANGE[0] / EXCHANGE[1]], rtol=3e-5)
    assert solution.budget.made["a to b"][1] == pytest.approx(float(solution.budget.lost["a to b"][0]), rel=1e-5)


def test_derivatives_of_the_exchange():
    def objective(values):
        return jnp.sum(tf.solve_steady(exchanging(values), rtol=1e-12)["b"] ** 2)

    at = jnp.asarray(EXCHANGE)
    both = jax.jit(jax.value_and_grad(objective))
    reverse = both(at)[1]
    np.testing.assert_allclose(jax.jit(jax.jacfwd(objective))(at), reverse, rtol=1e-8)
    for i in range(2):
        h = 1e-4 * at[i]
        assert float(reverse[i]) == pytest.approx(float(both(at.at[i].add(h))[0] - both(at.at[i].add(-h))[0]) / (2 * float(h)), rel=1e-6)


SUPPLY, MADE, LOST, ON, OFF = 1e-4, 2e-4, 1e-4, 1e-2, 1e-4


@pytest.mark.parametrize("still", [False, True])
def test_a_decoy_in_the_fluid_or_the_matrix_takes_up_a_ligand(still):
    """Uniform, against the root of the balance: a = (s - w)/k, b = (m - w)/l, ab = w/l, w = k_on a b - k_off ab."""
    own = {"immobile": True} if still else {"diffusivity": 30.0}
    species = [tf.Species("a", 40.0, 1e-3), tf.Species("b", decay=LOST, **own), tf.Species("ab", decay=LOST, **own)]
    terms = [tf.Decay(), tf.Linear(SUPPLY, species="a"), tf.Linear(MADE, species="b"), tf.Binding("a", "b", "ab", ON, OFF)]
    solution = tf.solve_steady(tf.Model(GRID, species, terms), rtol=1e-10)
    assert solution.status == tf.Status.CONVERGED
    quadratic = np.polysub(ON * np.polymul([-1 / 1e-3, SUPPLY / 1e-3], [-1 / LOST, MADE / LOST]), [OFF / LOST + 1, 0])
    w = min(one.real for one in np.roots(quadratic) if one.real > 0)
    expected = [(SUPPLY - w) / 1e-3, (MADE - w) / LOST, w / LOST]
    assert expected[0] < 0.2 * SUPPLY / 1e-3  # the decoy takes most of it
    np.testing.assert_allclose(np.asarray(solution.concentration)[:, 0, 1, 2], expected, rtol=1e-8)


def test_an_antibody_in_excess_is_the_limit_of_a_third_species():
    """Binding to an antibody that is held at A, and two conversions with k_on A."""
    source = np.linspace(0, 1e-4, GRID.size).reshape(GRID.shape)
    held = np.zeros((3, *GRID.shape), bool)
    held[1] = True
    bound = [tf.Decay(), tf.Linear(source, species="a"), tf.Binding("a", "b", "ab", ON, OFF)]
    full = tf.Model(GRID, [A, B, AB], bound, fixed=tf.FixedConcentration(held, np.array([0.0, 7.0, 0.0])))
    pair = [tf.Decay(), tf.Linear(source, species="a"), tf.Conversion("a", "ab", ON * 7.0), tf.Conversion("ab", "a", OFF)]
    short = tf.solve_steady(tf.Model(GRID, [A, AB], pair), rtol=1e-11)
    long = tf.solve_steady(full, rtol=1e-11)
    np.testing.assert_allclose(long["a"], short["a"], rtol=1e-8)
    np.testing.assert_allclose(long["ab"], short["ab"], rtol=1e-8)


def test_consumption_saturates_at_the_metabolic_rate():
    """57 amol/cell/s, half of it at the half saturation."""
    rate = 57e-18 * 6.02214076e23
    term = tf.Consumption("a", 1e-4, rate, 500.0, sink="tumour")
    removed = float(term.rates({"a": jnp.asarray([[[500.0]]])}, medium(A))["a"].loss[0, 0, 0]) * 500.0
    assert removed == pytest.approx(0.5e-4 * rate / NANOMOLAR, rel=1e-12)
    assert term.label == "consumption by tumour"
    assert tf.Consumption("a", 1e-4, rate, 500.0).label == "consumption"
    with pytest.raises(tf.InputError, match="half saturation of the consumption of a"):
        tf.Consumption("a", 1e-4, rate, 0.0)


def test_a_hypoxic_core_secretes_more_vegf():
    """Oxygen from the walls of a cuboid of tumour: where it falls below 0.01 mM, secretion of VEGF rises towards 7.15 times."""
    grid = tf.Grid((1, 1, 24), 20.0)
    cells, hypoxic = 3e-4, 1e4
    terms = [
        tf.Decay(),
        tf.Consumption("O2", cells, 3.4e7, 1e3),
        tf.Secretion("VEGF", cells, 0.02, modulations=[tf.Modulation(tf.Hill("O2", hypoxic, 4.0), saturated=1.0, basal=7.15)]),
    ]
    walls = {"O2": tf.Walls(x=tf.FixedValue(6.5e4)), "VEGF": tf.NoFlux()}
    model = tf.Model(grid, [tf.Species("O2", 1750.0, species_class="oxygen"), tf.Species("VEGF", 36.2, 1.92e-4)], terms, walls=walls)
    solution = tf.solve_steady(model)
    assert solution.status == tf.Status.CONVERGED
    assert not bool(solution.stats.continued)
    oxygen = np.asarray(solution["O2"])[0, 0]
    assert oxygen[0] > 3 * hypoxic > 30 * oxygen[12] >= 0
    made = np.asarray(model.rates(solution.concentration).production)[1, 0, 0]
    basal = cells * 0.02 / NANOMOLAR
    np.testing.assert_allclose(made, basal * (1 + 6.15 / (1 + (oxygen / hypoxic) ** 4)), rtol=1e-6)
    assert made[12] > 7 * basal
    vegf = np.asarray(solution["VEGF"])[0, 0]
    assert vegf[12] > vegf[0]
    assert vegf.mean() == pytest.approx(made.mean() / 1.92e-4, rel=1e-4)
    assert made.mean() > 2 * basal
    assert float(solution.budget.lost["consumption"][0]) == pytest.approx(-sum(float(flow[0]) for flow in solution.budget.walls.values()), rel=1e-5)
