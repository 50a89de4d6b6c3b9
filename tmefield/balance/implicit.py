"""The derivative of a root with respect to everything that the balance is made of."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..linalg.apart import hidden_one
from ..transport.assemble import species_map
from .equations import Balance, fill_fixed, on_free, residual, unknowns
from .linear import solve_general, solve_linear, species_weights, transposed_apply
from .newton import linearised, positive


@eqx.filter_custom_jvp
def implicit(x: Float[Array, "s z y x"], balance: Balance, rtol) -> Float[Array, "s z y x"]:
    """The root `x` of F, given the derivative of the implicit function: dx = -J^-1 (dF/dparameters) dparameters.

    The value is `x` itself, so that nothing is paid where no derivative is asked for. Forward, reverse and higher modes follow
    from `jax.lax.custom_linear_solve` with the Jacobian J = T + d(L c - P)/dc.
    """
    return x


@implicit.def_jvp
def _implicit_jvp(primals, tangents):
    x, balance, rtol = primals
    _, balance_dot, _ = tangents
    x = implicit(x, balance, rtol)
    _, change = eqx.filter_jvp(lambda b: residual(b, x), (balance,), (balance_dot,))
    return x, -solve_jacobian(balance, x, change, rtol)


def solve_jacobian(balance: Balance, x: Float[Array, "s z y x"], right: Float[Array, "s z y x"], rtol) -> Float[Array, "s z y x"]:
    """J^-1 right at the field x, differentiable in everything; NaN for a species whose solve did not converge, never a wrong number."""
    limits = jnp.asarray(500, jnp.int32), hidden_one()
    if balance.symmetric:
        return _symmetric(balance, x, right, rtol, *limits)
    return _general(balance, x, right, rtol, *limits)


def _symmetric(balance: Balance, x: Array, right: Array, rtol, limit: Array, once: Array) -> Array:
    transport = balance.model.transport()
    slope = balance.slope(fill_fixed(transport, x))
    frozen = jax.lax.stop_gradient((transport, slope))
    tolerance = jnp.full(transport.count, rtol, x.dtype)

    def apply(v):
        def one(arguments):
            batched, local, u = arguments
            channel = transport.channel(batched)
            return channel.stencil.apply(on_free(channel.free, u)) + (u * local if channel.free is None else jnp.where(channel.free, u * local, u))

        return species_map(one, (transport.batched(), slope, v))

    def solve(_, b):
        found = solve_linear(*frozen, b, tolerance, limit, once, mixed=balance.mixed)
        return _checked(found, frozen[0].held, b, limit)

    return jax.lax.custom_linear_solve(apply, right, solve, symmetric=True)


def _general(balance: Balance, x: Array, right: Array, rtol, limit: Array, once: Array) -> Array:
    """With species that act on each other, rates that reach beyond a voxel, or a flow: the adjoint takes the transposed preconditioner."""
    transport = balance.model.transport()
    field, newton = fill_fixed(transport, x), jnp.ones(transport.count, bool)
    frozen_balance, frozen_field = jax.lax.stop_gradient((balance, field))
    frozen = frozen_balance.model.transport()
    entries = frozen_balance.local_jacobian(frozen_field) if balance.together and balance.model.local else None
    diagonal = positive(frozen_balance.slope(frozen_field) if entries is None else entries.own)
    tolerance = jnp.full(transport.count, rtol, x.dtype)
    interior = linearised(balance, transport, field, newton)

    def apply(v):
        """J in the free voxels, the identity in the fixed ones."""
        if transport.held is None:
            return interior(v)
        return jnp.where(transport.held, v, interior(unknowns(transport, v)))

    def solver(*, transposed: bool):
        bare = linearised(frozen_balance, frozen, frozen_field, newton, entries)
        step = transposed_apply(bare, x) if transposed else bare

        def masked(v):
            return unknowns(frozen, v)

        def solve(_, b):
            sizes = jnp.sqrt(jnp.sum(jnp.square(masked(b)), axis=(1, 2, 3)))
            weights = species_weights(sizes) if balance.together else None
            found = solve_general(lambda v: masked(step(v)), frozen, diagonal, masked(b), tolerance, limit, once, weights=weights, transposed=transposed)
            return _checked(found, frozen.held, b, limit)

        return solve

    return jax.lax.custom_linear_solve(apply, right, solver(transposed=False), transpose_solve=solver(transposed=True))


def _checked(found, held: Array | None, b: Array, limit: Array) -> Array:
    failed = found.breakdown | (found.iterations >= limit)
    solution = jnp.where(failed[:, None, None, None], jnp.nan, found.field)
    return solution if held is None else jnp.where(held, b, solution)
