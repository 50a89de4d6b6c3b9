"""Whether a steady field is stable: would a small disturbance die away, and if not, how fast does it grow."""

import math
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..linalg.apart import hidden_one
from ..linalg.reductions import total
from ..transport.assemble import Transport
from .equations import Balance, fill_fixed, operate
from .linear import solve_linear
from .newton import solve_tangent

STAGES, FINER = 4, 30.0  # of the search for a growing mode
LINEAR = 1e-3  # residual reduction asked of its linear solves
ROUNDS = 12  # of the search for a proof that there is none
NEARLY = 1e-2  # residual reduction asked of its linear solves


def growth_rate(balance: Balance, transport: Transport, x: Float[Array, "s z y x"]) -> Float[Array, ""]:
    """How fast the fastest disturbance of a steady field grows, 1/s; zero where all die away.

    A proof that none grows is looked for first, which costs a few solves; inverse iteration, which costs dozens, where there is none. What one species does
    to another that does not act back moves no eigenvalue, and is left out: it would only hide the modes from both.
    """
    balance = replace(balance, circles_only=True)
    if balance.model.flowing or not balance.model.local:
        return _fastest_mode(balance, transport, x)
    nothing = jnp.zeros((), x.dtype)
    return jax.lax.cond(surely_stable(balance, transport, x), lambda: nothing, lambda: _fastest_mode(balance, transport, x))


def surely_stable(balance: Balance, transport: Transport, x: Float[Array, "s z y x"]) -> Bool[Array, ""]:
    """Whether a positive field v has J' v > 0 in every voxel, J' the comparison matrix of the Jacobian: T and the positive part of the diagonal, less the sizes
    of all other local entries.

    J' is then an M-matrix, so that every eigenvalue of J has a positive real part, whatever the signs in the circles (Berman & Plemmons 1994,
    doi:10.1137/1.9781611971262, chapter 6): sufficient, not necessary. v is sought by v <- (T + own)^-1 (b + sizes v), which rises from zero, and converges
    where J' is an M-matrix.
    """
    field = fill_fixed(transport, x)
    jacobian = balance.local_jacobian(field)
    own, growing = jnp.maximum(jacobian.own, 0), jnp.maximum(-jacobian.own, 0)
    free = jnp.ones((), bool) if transport.held is None else ~transport.held
    typical = jnp.mean(own, axis=(1, 2, 3), keepdims=True)
    b = (own + typical) * jnp.maximum(jnp.abs(field), 1e-3 * _sizes(field))
    limit, wanted = jnp.asarray(100, jnp.int32), jnp.full(transport.count, NEARLY, x.dtype)

    def proves(v: Array) -> Array:
        kept = operate(transport, v, own) - jacobian.reach(v) - growing * v
        return jnp.all(((kept > 0) & (v > 0)) | ~free)

    def again(state):
        v, proved, rounds = state
        return ~proved & (rounds < ROUNDS) & jnp.all(jnp.isfinite(v))

    def rise(state):
        v, _, rounds = state
        right = b + jacobian.reach(v) + growing * v
        v = v + solve_linear(transport, own, right - operate(transport, v, own), wanted, limit, hidden_one()).field
        return v, proves(v), rounds + 1

    return jax.lax.while_loop(again, rise, (jnp.zeros_like(x), jnp.zeros((), bool), jnp.zeros((), jnp.int32)))[1]


def _sizes(field: Float[Array, "s z y x"]) -> Float[Array, "s 1 1 1"]:
    """The greatest concentration of each species; of all, for one that is nowhere yet (a drug before its first dose)."""
    top = jnp.max(jnp.abs(field), axis=(1, 2, 3), keepdims=True)
    return jnp.where(top > 0, top, jnp.max(top))


def _fastest_mode(balance: Balance, transport: Transport, x: Array) -> Float[Array, ""]:
    """Inverse iteration on J + shift phi finds the mode whose decay is nearest to -shift. No mode grows faster than the bound of Gershgorin; from there the
    shift goes down by `FINER` at a time, since a growth far below the shift is not told from a slow decay. Among species that act on each other modes
    near zero are looked at as well.
    """
    own, others = local_rates(balance, transport, x)
    bound = 1.1 * jnp.maximum(jnp.max((others - own) / balance.model.stacked_storage), 0)  # of Gershgorin
    shifts = [bound / FINER**stage for stage in range(STAGES)] + ([jnp.zeros((), x.dtype)] if balance.together else [])

    size = _sizes(fill_fixed(transport, x))

    def stage(vector, shift):
        return _slowest_decay(balance, x, shift, vector, size)

    _, decays = jax.lax.scan(stage, _start_vector(transport, x), jnp.stack(shifts))
    return jnp.maximum(-jnp.min(decays), 0)


def local_rates(balance: Balance, transport: Transport, x: Array) -> tuple[Float[Array, "s z y x"], Float[Array, "s z y x"]]:
    """The diagonal of the local Jacobian, and the sum of the sizes of the other entries of each row, 1/s."""
    field = fill_fixed(transport, x)
    if not balance.together:
        own = balance.slope(field)
        return own, jnp.zeros_like(own)
    jacobian = balance.local_jacobian(field)
    return jacobian.own, jacobian.reach(jnp.ones_like(field))


def _start_vector(transport: Transport, x: Array) -> Float[Array, "s z y x"]:
    """A start without symmetry: nothing may be orthogonal to it. Not by `jax.random`, which would take a quarter of the compilation of a whole solve."""
    level, noise = _scattered(x[:, :1, :1, :1], 0x2545F491), _scattered(x, 0)
    return level + 0.3 * noise if transport.held is None else jnp.where(transport.held, 0, level + 0.3 * noise)


def _scattered(like: Array, seed: int) -> Array:
    """Numbers of mean 0 and variance 1, from the place of each in the array: its index mixed by multiplications and shifts (the end of MurmurHash3)."""
    bits = jnp.arange(like.size, dtype=jnp.uint32) + jnp.uint32(seed)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        bits = (bits ^ (bits >> jnp.uint32(shift))) * jnp.uint32(factor)
    bits = bits ^ (bits >> jnp.uint32(16))
    return (math.sqrt(12) * (bits.astype(like.dtype) / 2.0**32 - 0.5)).reshape(like.shape)


def _slowest_decay(balance: Balance, x: Array, shift: Array, start: Array, size: Array, iterations: int = 6) -> tuple[Array, Float[Array, ""]]:
    """The mode nearest to -shift and its decay rate (negative: growth), 1/s, by its Rayleigh quotient; what cannot be told from zero counts as zero.

    Modes count each species in units of its `size`: of a drug and its ligand, which may be a million times scarcer, none would be near to orthogonal. A
    quotient lies near an eigenvalue as far as its vector is a mode: what `off`, the size of J w - decay w, leaves open counts as zero as well. Far from
    all modes the vector is a mixture of many, whose quotient may well be negative where every mode decays.
    """
    stored = balance.model.stacked_storage
    shifted = eqx.tree_at(lambda b: (b.storage, b.drive), balance, (shift * stored, jnp.zeros_like(x)), is_leaf=lambda leaf: leaf is None)

    def iterate(_, state):
        v = state[0] / jnp.sqrt(jnp.sum(total(state[0] * state[0])))
        w = solve_tangent(shifted, x, size * stored * v, reduction=LINEAR, max_iterations=200) / size
        rate = jnp.sum(total(v * stored * v)) / jnp.sum(total(v * stored * w))
        return w, rate - shift, jnp.sqrt(jnp.sum(total(jnp.square(v - rate * w))) / jnp.sum(total(w * w)))

    nothing = jnp.zeros((), x.dtype)
    mode, decay, off = jax.lax.fori_loop(0, iterations * hidden_one(), iterate, (start, nothing, nothing))
    return mode, jnp.where(jnp.abs(decay) > jnp.maximum(1e-3 * shift, off), decay, 0)
