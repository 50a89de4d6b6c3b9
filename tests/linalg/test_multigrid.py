from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.linalg.krylov import conjugate_gradient
from tmefield.linalg.multigrid import build_hierarchy, v_cycle
from tmefield.linalg.reductions import inner, norm, total
from tmefield.linalg.stencil import Stencil, all_faces, face_sum

ONE = jnp.asarray(1, jnp.int32)


def operator_of(diffusivity, spacing, loss, free=None, dtype=np.float32):
    """The operator of a diffusivity on voxels, a number where it is uniform; voxels that are not `free` are eliminated."""
    shape = loss.shape
    if np.ndim(diffusivity) == 0 and free is None:
        return Stencil(tuple(jnp.full((1, 1, 1), diffusivity / h**2, dtype) for h in spacing), jnp.asarray(loss, dtype))
    d = np.broadcast_to(diffusivity, shape)
    free = np.ones(shape) if free is None else free.astype(float)
    faces, cut = [], []
    for axis in range(3):
        low, high = (np.take(d, range(s, shape[axis] - 1 + s), axis) for s in (0, 1))
        a, b = (np.take(free, range(s, shape[axis] - 1 + s), axis) for s in (0, 1))
        g = 2 * low * high / (low + high) / spacing[axis] ** 2
        faces.append(jnp.asarray(g * a * b, dtype))
        cut.append(jnp.asarray(g * (a + b - 2 * a * b), dtype))
    return Stencil(tuple(faces), jnp.asarray((loss + np.asarray(face_sum(cut, shape))) * free, dtype))


def problem(shape, spacing, *, diffusivity=1.0, loss=1e-3, free=None, dtype=np.float32, seed=0):
    operator = operator_of(diffusivity, spacing, np.broadcast_to(loss, shape), free, dtype)
    b = np.random.default_rng(seed).normal(size=shape) * (1.0 if free is None else free)
    return operator, jnp.asarray(b, dtype)


@partial(jax.jit, static_argnums=2)
def solved(operator, b, spacing, rtol, once):
    hierarchy = build_hierarchy(operator, spacing)
    return conjugate_gradient(operator.apply, lambda r: v_cycle(hierarchy, r, once), b, rtol=rtol, max_iterations=100 * once)


def iterations(operator, b, spacing, rtol=1e-6):
    result = solved(operator, b, spacing, jnp.asarray(rtol, b.dtype), ONE)
    assert not bool(result.breakdown)
    assert float(result.residual) <= rtol
    return int(result.iterations)


CUBE, ALIKE, N = (32, 32, 32), (1.0, 1.0, 1.0), 32
RANDOM = np.random.default_rng(1).random(CUBE)
WIDE = 10.0 ** np.random.default_rng(2).uniform(-3, 6, CUBE)
RADIUS = np.sqrt(((np.indices(CUBE) - (N - 1) / 2) ** 2).sum(0))
ROW = np.arange(N)
TUBE = np.broadcast_to((ROW[:, None] - 10) ** 2 + (ROW - 20) ** 2 < 12, CUBE)


@pytest.mark.parametrize(
    ("options", "most"),
    [
        ({}, 7),
        ({"loss": 1e-7}, 12),
        ({"loss": np.where(RANDOM < 0.3, WIDE, 1e-9)}, 8),
        ({"loss": np.where(ROW < 13, 1e6, 0.0)}, 8),
        ({"free": RANDOM > 0.05}, 8),
        ({"free": RANDOM > 0.3}, 8),
        ({"free": (RADIUS < 8) | (RADIUS > 10)}, 12),
        ({"diffusivity": 1 + RANDOM}, 8),
        ({"diffusivity": np.where((RADIUS > 8) & (RADIUS < 9), 1e-4, 1.0)}, 20),
        ({"diffusivity": np.where((RADIUS > 8) & (RADIUS < 10), 1e-4, 1.0)}, 20),
        ({"diffusivity": np.where((RADIUS > 8) & (RADIUS < 10), 1e-4, 1.0), "loss": 1e-7}, 20),
        ({"diffusivity": np.where(TUBE, 1e-4, 1.0)}, 12),
        ({"diffusivity": np.where(TUBE, 1.0, 1e-4)}, 20),
        ({"diffusivity": np.where(RANDOM < 0.3, 1e-4, 1.0)}, 12),
    ],
    ids=[
        "uniform",
        "little loss",
        "loss from 0 to 1e6 side by side",
        "loss of 1e6 in a part",
        "5 % eliminated",
        "30 % eliminated",
        "eliminated shell",
        "D within a factor two",
        "thin capsule",
        "capsule",
        "capsule, little loss",
        "lumen closed",
        "lumen open",
        "30 % at 1e-4 D",
    ],
)
def test_iterations_in_any_medium(options, most):
    assert iterations(*problem(CUBE, ALIKE, **options), ALIKE) <= most


@pytest.mark.parametrize("seed", [1, 2])
def test_iterations_where_many_cells_are_cut_off(seed):
    random = np.random.default_rng(seed).random((96, 96, 96))
    assert iterations(*problem(random.shape, ALIKE, diffusivity=np.where(random < 0.3, 1e-4, 1.0)), ALIKE) <= 18


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((97, 130, 61), ALIKE),
        ((1, 512, 512), ALIKE),
        ((24, 32, 32), (8.0, 1.0, 1.0)),
        ((24, 32, 32), (1.0, 8.0, 1.0)),
        ((24, 32, 32), (1.0, 1.0, 8.0)),
        ((24, 32, 32), (1.0, 2.0, 8.0)),
        ((24, 32, 32), (1.0, 1.4, 1.4)),
        ((24, 32, 32), (1.0, 1.0, 1.4)),
    ],
    ids=str,
)
def test_iterations_on_any_box(shape, spacing):
    assert iterations(*problem(shape, spacing), spacing) <= 7


@pytest.mark.parametrize("varying", [0.0, 1.0], ids=["uniform", "variable"])
def test_iterations_do_not_grow_with_the_grid(varying):
    def count(n):
        d = 1.0 if not varying else 1 + varying * np.random.default_rng(0).random((n,) * 3)
        return iterations(*problem((n,) * 3, ALIKE, diffusivity=d), ALIKE)

    counts = [count(n) for n in (16, 32, 100)]
    assert max(counts) <= min(counts) + 1


def test_a_cycle_is_symmetric_where_the_medium_jumps():
    """Constant corrections, sums as residuals, weights in reverse, islands: <M u, w> = <u, M w>."""
    operator, u = problem((20, 24, 17), ALIKE, diffusivity=np.where(RANDOM[:20, :24, :17] < 0.4, 1e-4, 1.0), dtype=np.float64)
    w = problem((20, 24, 17), ALIKE, dtype=np.float64, seed=5)[1]
    hierarchy = jax.jit(build_hierarchy, static_argnums=1)(operator, ALIKE)
    cycle = jax.jit(v_cycle)
    left, right = float(inner(cycle(hierarchy, u, ONE), w)), float(inner(u, cycle(hierarchy, w, ONE)))
    assert left == pytest.approx(right, rel=1e-11)


@pytest.mark.parametrize("shape", [(20, 18, 13), (16, 8, 16)], ids=str)
def test_one_value_for_all_faces_is_the_same_operator(shape):
    """A hierarchy from one rate per axis and one from an array of equal rates have the same levels."""
    short, b = problem(shape, ALIKE, loss=0.1, dtype=np.float64)
    full = Stencil(tuple(all_faces(f, axis, shape) for axis, f in enumerate(short.faces)), short.loss)
    np.testing.assert_allclose(short.apply(b), full.apply(b), rtol=1e-12, atol=1e-13)
    for one, other in zip(build_hierarchy(short, ALIKE).levels, build_hierarchy(full, ALIKE).levels, strict=True):
        np.testing.assert_allclose(one.inverse_diagonal, other.inverse_diagonal, rtol=1e-12)
        np.testing.assert_allclose(one.share, other.share, rtol=1e-12)


def test_a_cycle_leaves_eliminated_cells_alone():
    operator, b = problem((16, 16, 16), (1.0,) * 3, free=RANDOM[:16, :16, :16] > 0.2)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(jnp.abs(jnp.where(operator.diagonal() == 0, z, 0)).max()) == 0


def test_a_cycle_lowers_the_residual_tenfold():
    operator, b = problem((32, 32, 32), (1.0,) * 3)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(norm(b - operator.apply(z))) < 0.1 * float(norm(b))


def test_three_iterations_come_close_to_the_field_between_held_cells():
    """A lattice of lines held at 1: found 1.2e-4. Coarse levels with loss * share leave 3.0e-4, and 2.0e-4 with the sweeps that suit them better."""
    line = ROW % 8 == 4
    z, y, x = np.meshgrid(line, line, line, indexing="ij", sparse=True)
    free = ~((z & y) | (y & x) | (z & x))
    operator, _ = problem(CUBE, ALIKE, loss=4e-4, free=free, dtype=np.float64)
    supply = operator.loss - 4e-4 * free
    close, exact = (solve_in(count, operator, supply) for count in (3, 40))
    assert float(jnp.abs(close - exact).max()) < 1.6e-4


@partial(jax.jit, static_argnums=0)
def solve_in(count, operator, b):
    hierarchy = build_hierarchy(operator, ALIKE)
    none = jnp.zeros((), b.dtype)
    return conjugate_gradient(operator.apply, lambda r: v_cycle(hierarchy, r, ONE), b, rtol=none, max_iterations=count * ONE).x


def test_a_singular_operator_gives_finite_numbers():
    """Pure no-flux without loss: the preconditioner stays finite and the solve of a balanced source converges."""
    operator, b = problem((16, 16, 16), (1.0,) * 3, loss=0.0, dtype=np.float64)
    assert iterations(operator, b - b.mean(), (1.0,) * 3) <= 12


def test_small_systems_are_solved_directly():
    operator, b = problem((1, 8, 8), (1.0,) * 3, dtype=np.float64)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(norm(b - operator.apply(z))) < 1e-9 * float(norm(b))


def test_conjugate_gradients_report_an_indefinite_operator():
    b = jnp.ones((2, 2, 2))
    result = conjugate_gradient(lambda u: -u, lambda r: r, b, rtol=jnp.asarray(1e-6), max_iterations=jnp.asarray(10, jnp.int32))
    assert bool(result.breakdown)
    assert float(jnp.abs(result.x).max()) == 0


@pytest.mark.parametrize("kind", ["constant", "random", "cancelling"])
def test_sums_of_256_cubed_in_float32_keep_six_digits(kind):
    """Judged by the sum of magnitudes where the sum itself cancels."""
    field = np.full((256,) * 3, 0.1, np.float32)
    if kind != "constant":
        field = np.random.default_rng(0).uniform(-1 if kind == "cancelling" else 0, 1, (256,) * 3).astype(np.float32)
    exact, scale = field.sum(dtype=np.float64), np.abs(field).sum(dtype=np.float64)
    assert abs(float(total(jnp.asarray(field))) - exact) <= 1e-6 * scale
    exact = float((field.astype(np.float64) ** 2).sum())
    assert float(jax.jit(inner)(jnp.asarray(field), jnp.asarray(field))) == pytest.approx(exact, rel=1e-6)
