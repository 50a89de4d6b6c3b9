"""Linear systems of a balance, each preconditioned by one multigrid cycle per species."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..linalg.bicgstab import bicgstab
from ..linalg.krylov import conjugate_gradient
from ..linalg.multigrid import Hierarchy, build_hierarchy, v_cycle
from ..linalg.multigrid import transposed as transposed_hierarchy
from ..linalg.reductions import total
from ..linalg.stencil import Stencil
from ..transport.assemble import Transport, species_map
from .equations import on_free

Fields = Float[Array, "s z y x"]


class Correction(NamedTuple):
    """The solution of a linear system, the iterations used and whether the method broke down, per species."""

    field: Fields
    iterations: Int[Array, " s"]
    breakdown: Bool[Array, " s"]


def solve_linear(
    transport: Transport,
    diagonal: Fields,
    right: Fields,
    tolerance: Float[Array, " s"],
    max_iterations: Int[Array, ""],
    once: Int[Array, ""],
    *,
    mixed: bool = False,
) -> Correction:
    """(T + diagonal) x = right for each species by itself, T of diffusion alone, by multigrid-preconditioned conjugate gradients.

    With `mixed` the preconditioner works in float32.
    """

    def one(arguments):
        batched, local, b, rtol = arguments
        operator, free = _operator(transport, batched, local)
        hierarchy = build_hierarchy(to_single(operator) if mixed else operator, transport.grid.spacing)
        result = conjugate_gradient(operator.apply, lambda r: _cycle(hierarchy, r, once), on_free(free, b), rtol=rtol, max_iterations=max_iterations)
        return result.x, result.iterations, result.breakdown

    return Correction(*species_map(one, (transport.batched(), diagonal, right, tolerance)))


def solve_general(
    apply: Callable[[Fields], Fields],
    transport: Transport,
    diagonal: Fields,
    right: Fields,
    tolerance: Float[Array, " s"],
    max_iterations: Int[Array, ""],
    once: Int[Array, ""],
    *,
    weights: Float[Array, " s"] | None,
    transposed: bool = False,
    mixed: bool = False,
) -> Correction:
    """apply(x) = right by stabilised bi-conjugate gradients.

    `apply` is T + diagonal for each species, preconditioned as such, plus what couples species or corrects the advective flux. With `weights`
    (1/nM, one per species) the species are coupled and the residual is measured over all of them together; None solves each by itself. With
    `transposed`, `apply` is the transpose of all that, and so is the preconditioner.
    """
    operators, free = species_map(lambda pair: _operator(transport, pair[0], pair[1]), (transport.batched(), diagonal))

    def build(operator: Stencil):
        hierarchy = build_hierarchy(to_single(operator) if mixed else operator, transport.grid.spacing)
        return transposed_hierarchy(hierarchy) if transposed else hierarchy

    hierarchies = species_map(build, operators)

    def precondition(r: Fields) -> Fields:
        return species_map(lambda pair: _cycle(pair[0], pair[1], once), (hierarchies, r))

    def inner(a: Fields, b: Fields) -> Array:
        each = total(a * b)
        return each if weights is None else jnp.sum(weights**2 * each)[None]

    wanted = tolerance if weights is None else jnp.min(tolerance)[None]
    b = on_free(free, right)
    result = bicgstab(apply, precondition, b, inner=inner, rtol=wanted, max_iterations=max_iterations)
    shape = tolerance.shape
    return Correction(result.x, jnp.broadcast_to(result.iterations, shape), jnp.broadcast_to(result.breakdown, shape))


def _operator(transport: Transport, batched: tuple, local: Array) -> tuple[Stencil, Array | None]:
    channel = transport.channel(batched)
    return channel.stencil.with_loss(on_free(channel.free, local)), channel.free


def _cycle(hierarchy: Hierarchy, r: Float[Array, "z y x"], once: Int[Array, ""]) -> Float[Array, "z y x"]:
    """One multigrid cycle in the hierarchy's type."""
    return v_cycle(hierarchy, r.astype(hierarchy.coarsest_inverse.dtype), once).astype(r.dtype)


def to_single(tree):
    """Every floating array of the tree in float32."""
    return jax.tree.map(lambda leaf: leaf.astype(jnp.dtype("float32")) if eqx.is_inexact_array(leaf) else leaf, tree)


def species_weights(sources: Float[Array, " s"]) -> Float[Array, " s"]:
    """What makes residuals of different species comparable: one over the norm of their sources."""
    largest = jnp.max(sources)
    floor = jnp.where(largest > 0, 1e-6 * largest, 1)
    return 1 / jnp.maximum(sources, floor)


def transposed_apply(apply: Callable[[Fields], Fields], like: Fields) -> Callable[[Fields], Fields]:
    """The transpose of a linear map."""
    transpose = jax.linear_transpose(apply, like)
    return lambda v: transpose(v)[0]
