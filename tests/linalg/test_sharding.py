"""The same code on one device and with its fields cut along z over several."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharded import placed
from tmefield.linalg.krylov import conjugate_gradient
from tmefield.linalg.multigrid import build_hierarchy, v_cycle
from tmefield.linalg.stencil import Stencil

SHAPE = (32, 16, 16)
SPACING = (1.0, 1.0, 1.0)


def problem(dtype, *, uniform):
    rng = np.random.default_rng(0)
    faces = []
    for axis in range(3):
        size = [1, 1, 1] if uniform else [n - (a == axis) for a, n in enumerate(SHAPE)]
        faces.append(jnp.asarray(rng.uniform(0.5, 1.5, size), dtype))
    return Stencil(tuple(faces), jnp.asarray(rng.uniform(0.01, 0.1, SHAPE), dtype)), jnp.asarray(rng.normal(size=SHAPE), dtype)


def solve(operator, b, rtol, once):
    hierarchy = build_hierarchy(operator, SPACING)
    limit = jnp.asarray(60, jnp.int32) * once
    return conjugate_gradient(operator.apply, lambda r: v_cycle(hierarchy, r, once), b, rtol=rtol, max_iterations=limit)


def arguments(dtype, rtol, *, uniform):
    return (*problem(dtype, uniform=uniform), jnp.asarray(rtol, dtype), jnp.asarray(1, jnp.int32))


@pytest.mark.parametrize("uniform", [True, False], ids=["uniform", "variable"])
@pytest.mark.parametrize(("dtype", "rtol", "equal"), [(np.float32, 1e-6, 1e-5), (np.float64, 1e-13, 1e-12)], ids=["float32", "float64"])
def test_solves_are_equal_on_any_number_of_devices(uniform, dtype, rtol, equal):
    given = arguments(dtype, rtol, uniform=uniform)
    alone = np.asarray(jax.jit(solve)(*given).x)
    for devices in (2, 4, 8):
        x = jax.jit(solve)(*placed(given, devices, SHAPE[0])).x
        assert len(x.sharding.device_set) == devices
        assert np.abs(np.asarray(x) - alone).max() <= equal * np.abs(alone).max()


def collectives(function, given):
    """(kind, number of values) of each collective operation in the compiled program."""
    text = jax.jit(function).lower(*given).compile().as_text()
    kinds = "all-gather|all-to-all|all-reduce|collective-permute|reduce-scatter"
    found = re.findall(rf"= \(?\w+\[([\d,]*)\][^=]*? ({kinds})(?:-start)?\(", text)
    return [(kind, int(np.prod([int(n) for n in size.split(",") if n]))) for size, kind in found]


@pytest.mark.parametrize("uniform", [True, False], ids=["uniform", "variable"])
def test_a_sweep_exchanges_only_neighbouring_planes(uniform):
    operator, b, _, _ = placed(arguments(np.float32, 1e-6, uniform=uniform), 4, SHAPE[0])
    inverse = 1 / operator.diagonal()
    found = collectives(lambda operator, b, inverse: b + inverse * (b - operator.apply(b)), (operator, b, inverse))
    assert found
    assert all(kind == "collective-permute" and size <= SHAPE[1] * SHAPE[2] for kind, size in found), found


@pytest.mark.parametrize("uniform", [True, False], ids=["uniform", "variable"])
def test_no_fine_level_is_gathered_in_a_cycle(uniform):
    operator, b, _, once = placed(arguments(np.float32, 1e-6, uniform=uniform), 4, SHAPE[0])
    hierarchy = jax.jit(lambda operator: build_hierarchy(operator, SPACING))(operator)
    found = collectives(v_cycle, (hierarchy, b, once))
    fine = SHAPE[1] * SHAPE[2] * SHAPE[0] // 4
    large = [(kind, size) for kind, size in found if kind != "collective-permute" and size >= fine]
    assert not large, found
