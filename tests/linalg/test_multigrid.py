import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tmefield.linalg.krylov import conjugate_gradient
from tmefield.linalg.multigrid import build_hierarchy, v_cycle
from tmefield.linalg.reductions import inner, norm, total
from tmefield.linalg.stencil import Stencil, face_sum

ONE = jnp.asarray(1, jnp.int32)


def problem(shape, spacing, *, loss=1e-3, jumps=0.0, held=0.0, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    d = np.where(rng.random(shape) < 0.3, 10.0**-jumps, 1.0)
    free = (rng.random(shape) >= held).astype(float)
    faces, cut = [], []
    for axis in range(3):
        low, high = (np.take(d, range(s, shape[axis] - 1 + s), axis) for s in (0, 1))
        a, b = (np.take(free, range(s, shape[axis] - 1 + s), axis) for s in (0, 1))
        g = 2 * low * high / (low + high) / spacing[axis] ** 2
        faces.append(jnp.asarray(g * a * b, dtype))
        cut.append(jnp.asarray(g * (a + b - 2 * a * b), dtype))
    lost = (loss + face_sum(cut, shape)) * free
    return Stencil(tuple(faces), jnp.asarray(lost, dtype)), jnp.asarray(rng.normal(size=shape) * free, dtype)


def iterations(operator, b, spacing, rtol=1e-6):
    @jax.jit
    def run(operator, b):
        hierarchy = build_hierarchy(operator, spacing)
        result = conjugate_gradient(
            operator.apply, lambda r: v_cycle(hierarchy, r, ONE), b, rtol=jnp.asarray(rtol, b.dtype), max_iterations=jnp.asarray(100, jnp.int32)
        )
        return result, norm(b - operator.apply(result.x)) / norm(b)

    result, residual = run(operator, b)
    assert not bool(result.breakdown)
    return int(result.iterations), float(residual)


@pytest.mark.parametrize(
    ("shape", "spacing", "options", "most"),
    [
        ((32, 32, 32), (1.0, 1.0, 1.0), {}, 8),
        ((25, 33, 18), (1.0, 1.0, 1.0), {}, 9),
        ((1, 65, 48), (1.0, 1.0, 1.0), {}, 9),
        ((16, 32, 32), (8.0, 1.0, 1.0), {}, 9),
        ((32, 32, 32), (1.0, 1.0, 1.0), {"loss": 1e-7}, 9),
        ((32, 32, 32), (1.0, 1.0, 1.0), {"held": 0.05}, 12),
        ((32, 32, 32), (1.0, 1.0, 1.0), {"jumps": 3.0}, 30),
    ],
    ids=["cube", "odd", "section", "flat voxels", "little loss", "fixed voxels", "random jumps of D"],
)
def test_iterations_to_1e6(shape, spacing, options, most):
    count, residual = iterations(*problem(shape, spacing, **options), spacing)
    assert residual <= 1.01e-6
    assert count <= most


def test_iterations_do_not_grow_with_the_grid():
    counts = [iterations(*problem((n,) * 3, (1.0,) * 3), (1.0,) * 3)[0] for n in (16, 32, 48)]
    assert max(counts) <= 1.3 * min(counts)


def test_a_cycle_leaves_eliminated_cells_alone():
    operator, b = problem((16, 16, 16), (1.0,) * 3, held=0.2)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(jnp.abs(jnp.where(operator.diagonal() == 0, z, 0)).max()) == 0


def test_a_cycle_lowers_the_residual_tenfold():
    operator, b = problem((32, 32, 32), (1.0,) * 3)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(norm(b - operator.apply(z))) < 0.1 * float(norm(b))


def test_a_singular_operator_gives_finite_numbers():
    """Pure no-flux without loss: the preconditioner stays finite and the solve of a balanced source converges."""
    operator, b = problem((16, 16, 16), (1.0,) * 3, loss=0.0)
    count, residual = iterations(operator, b - b.mean(), (1.0,) * 3)
    assert residual < 1e-5
    assert count <= 12


def test_small_systems_are_solved_directly():
    operator, b = problem((1, 8, 8), (1.0,) * 3)
    z = v_cycle(build_hierarchy(operator, (1.0,) * 3), b, ONE)
    assert float(norm(b - operator.apply(z))) < 1e-9 * float(norm(b))


def test_conjugate_gradients_report_an_indefinite_operator():
    b = jnp.ones((2, 2, 2))
    result = conjugate_gradient(lambda u: -u, lambda r: r, b, rtol=jnp.asarray(1e-6), max_iterations=jnp.asarray(10, jnp.int32))
    assert bool(result.breakdown)
    assert float(jnp.abs(result.x).max()) == 0


def test_sums_in_float32_keep_six_digits():
    rng = np.random.default_rng(0)
    field = rng.uniform(0, 1, (128, 128, 128)).astype(np.float32)
    assert float(total(jnp.asarray(field))) == pytest.approx(field.sum(dtype=np.float64), rel=1e-6)
    assert float(inner(jnp.asarray(field), jnp.asarray(field))) == pytest.approx((field.astype(np.float64) ** 2).sum(), rel=1e-6)
