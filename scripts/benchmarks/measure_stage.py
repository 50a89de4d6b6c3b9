"""Rows: one stage of the stabilised explicit method, with the machine's copy bandwidth beside it; on a GPU its share of the memory bandwidth."""

from typing import Any

import cases
import jax
import jax.numpy as jnp
import numpy as np
from machine import copy_bandwidth
from rows import Measured, absent
from timing import Settings, interleaved, timed

import tmefield as tf
from tmefield.linalg.stencil import Stencil

# Bytes a voxel that a stage has to move in float32: two previous stages, the derivative at the start and the loss read, one stage written; three faces
# more where the diffusivity varies.
BYTES = {"constant": 20, "variable": 32}
# Memory bandwidth in GB/s from the makers' data sheets.
GPU_BANDWIDTH = {"H100 80GB HBM3": 3350, "H100 PCIe": 2000, "H200": 4800, "A100-SXM4-80GB": 2039, "A100-SXM4-40GB": 1555, "L4": 300, "T4": 320}


def measure(settings: Settings) -> dict[str, Measured]:
    """The rows for constant and variable D, the bare stencil, and the GPU."""
    sizes = (16, 32) if settings.quick else (64, 128)
    costs = {size: _costs(size, settings) for size in sizes}
    # A copy that touches as much memory as a stage, so that both fit a cache or neither does.
    copies = {kind: {size: copy_bandwidth(least * size**3 / 2e6, 2) for size in sizes} for kind, least in BYTES.items()}
    rows = {"stencil": _row(costs, copies["constant"], "stencil", "constant")}
    for kind in ("constant", "variable"):
        missing = "this version of tmefield has no tmefield.stepping.rkc"
        rows[f"stage-{kind}"] = _row(costs, copies[kind], kind, kind) if kind in costs[sizes[-1]] else absent(missing)
    rows["gpu"] = _gpu(costs[sizes[-1]])
    return rows


def _costs(n: int, settings: Settings) -> dict[str, float]:
    """Nanoseconds per voxel of each kind of update, from the difference between many and few updates in one call."""
    variable = 6e3 * (1 + 0.5 * np.random.default_rng(0).random((n,) * 3))
    calls: dict[str, Any] = {"stencil": _stencil_updates(n)}
    for kind, diffusivity in (("constant", 6e3), ("variable", variable)):
        stages = _rkc_stages(n, diffusivity)
        if stages is not None:
            calls[kind] = stages
    contenders = {}
    for kind, (call, few, many) in calls.items():
        contenders |= {f"{kind} few": timed(lambda call=call, few=few: call(few)), f"{kind} many": timed(lambda call=call, many=many: call(many))}
    for one in contenders.values():
        one()
    seconds = interleaved(contenders, settings.rounds)
    return {
        kind: 1e9 * (seconds[f"{kind} many"] - seconds[f"{kind} few"]) / (_updates(kind, many) - _updates(kind, few)) / n**3
        for kind, (_, few, many) in calls.items()
    }


def _updates(kind: str, size: int) -> int:
    if kind == "stencil":
        return size
    from tmefield.stepping.rkc import STAGE_COUNTS

    return int(STAGE_COUNTS[size])


def _stencil_updates(n: int):
    """The recurrence of a stage by itself: mu y1 + nu y2 - w A y1."""
    case = cases.build("A", n)
    rate = case.diffusivity / cases.SPACING**2
    faces = tuple(jnp.full([n - 1 if axis == own else 1 for own in range(3)], rate, jnp.float32) for axis in range(3))
    stencil = Stencil(faces, jnp.asarray(case.loss + cases.DECAY, jnp.float32))
    start = jnp.asarray(case.production, jnp.float32)

    @jax.jit
    def run(count):
        def update(_, pair):
            now, before = pair
            return 1.9 * now - 0.9 * before - 1e-4 * stencil.apply(now), now

        return jax.lax.fori_loop(0, count, update, (start, jnp.zeros_like(start)))[0]

    return run, 20, 120


def _rkc_stages(n: int, diffusivity):
    """A whole step of the method in tmefield with few and with many stages; None where it does not have one."""
    try:
        from tmefield.stepping import rkc
        from tmefield.stepping.explicit import assemble_explicit, derivative
        from tmefield.stepping.span import Span
    except ImportError:
        return None
    case = cases.build("A", n)
    model = tf.Model(tf.Grid((n,) * 3, cases.SPACING), [tf.Species("c", diffusivity, cases.DECAY)], [tf.Decay(), tf.Linear(case.production, case.loss)])

    @jax.jit
    def run(model, x, size):
        operator, zero = assemble_explicit(model), jnp.zeros((), x.dtype)
        span = Span(zero, zero + 1e-3, zero, size)
        y0 = (x,)
        f0 = derivative(operator, y0, span.moment())
        return rkc.increment(rkc.stages_of(operator, span), rkc.coefficients(x.dtype), y0, f0)

    x = jnp.asarray(case.production, jnp.float32)
    few, many = int(np.searchsorted(rkc.STAGE_COUNTS, 21)), len(rkc.STAGE_COUNTS) - 1
    return lambda size: run(model, x, jnp.asarray(size, jnp.int32)), few, many


def _row(costs: dict, copies: dict, kind: str, diffusivity: str) -> Measured:
    lines = []
    for size, cost in costs.items():
        floor = f"{BYTES[diffusivity]} B a voxel would take {BYTES[diffusivity] / copies[size]:.2f}"
        lines.append(f"{size}^3: {cost[kind]:.2f} ns/voxel; {floor} at the {copies[size]:.0f} GB/s at which two threads copy as much")
    return Measured(costs[max(costs)][kind], "", lines, {"nanoseconds_per_voxel": {size: cost[kind] for size, cost in costs.items()}, "copy": copies})


def _gpu(costs: dict[str, float]) -> Measured:
    device = jax.devices()[0]
    if device.platform != "gpu":
        return absent("JAX found no GPU")
    peak = next((rate for name, rate in GPU_BANDWIDTH.items() if name in device.device_kind), None)
    if peak is None or "constant" not in costs:
        return absent(f"the memory bandwidth of {device.device_kind} is not in the table, or there is no stage to time")
    return Measured(100 * BYTES["constant"] / costs["constant"] / peak, f"{peak} GB/s of {device.device_kind}")
