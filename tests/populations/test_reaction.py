"""What happens to cells where they are: positive, conservative, second order."""

import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.populations.process import Transfer, Turnover
from tmefield.populations.reaction import euler, react


def cells(**values):
    return {name: jnp.full((1, 1, 1), value) for name, value in values.items()}


def predator_prey(density):
    """Prey that grow and are eaten, predators that live of a transfer and go back: nothing here is linear."""
    prey, predator = density["prey"], density["predator"]
    nothing = jnp.zeros_like(prey)
    turnover = {"prey": Turnover(0.5 * prey, 0.8 * predator), "predator": Turnover(0.1 + nothing, 0.3 + nothing)}
    return turnover, (Transfer("prey", "predator", 0.6 * predator), Transfer("predator", "prey", 0.2 * prey))


def switching(density):
    nothing = jnp.zeros_like(density["a"])
    turnover = {name: Turnover(nothing, nothing) for name in density}
    return turnover, (Transfer("a", "b", 3.0 + density["b"]), Transfer("b", "c", 5.0 * density["a"]), Transfer("c", "a", 40.0 + nothing))


def run(rates, start, end, count, method=react):
    density = start
    for _ in range(count):
        density = method(rates, density, jnp.asarray(end / count))
    return np.array([float(one[0, 0, 0]) for one in density.values()])


def test_second_order():
    """Errors against a far finer run fall by four with half the step, those of the first-order step by two."""
    start = cells(prey=1.0, predator=0.4)
    exact = run(predator_prey, start, 2.0, 640)
    for method, order in ((react, 2.0), (lambda rates, density, dt: euler(rates(density), density, dt), 1.0)):
        errors = [np.abs(run(predator_prey, start, 2.0, count, method) - exact).max() for count in (10, 20, 40)]
        assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)
        assert np.log2(errors[1] / errors[2]) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("dt", [1e-3, 1.0, 1e3, 1e6])
def test_transfers_keep_the_cells_and_nothing_goes_below_zero(dt):
    start = cells(a=2.0, b=0.0, c=0.5)
    found = react(switching, start, jnp.asarray(dt))
    values = np.array([float(one[0, 0, 0]) for one in found.values()])
    # round-off is that of a matrix whose entries are as large as rate times step
    assert values.sum() == pytest.approx(2.5, rel=1e-14 * (1 + 40 * dt)) and (values >= 0).all()
    eaten = react(predator_prey, cells(prey=1e-9, predator=50.0), jnp.asarray(dt))
    assert all(float(one[0, 0, 0]) >= 0 for one in eaten.values())


def test_nothing_comes_of_nothing():
    """No cells, no transfers of them, and no division by zero."""
    found = react(switching, cells(a=0.0, b=0.0, c=0.0), jnp.asarray(10.0))
    assert all(float(one[0, 0, 0]) == 0 for one in found.values())
