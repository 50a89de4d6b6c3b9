"""Endpoints of a therapy: how much of a target is held, and exposure over time; functions of fields, differentiable."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import InputError


def receptor_occupancy(
    drug: Float[Array, "..."],
    dissociation_constant: ArrayLike,
    ligand: Float[Array, "..."] | None = None,
    ligand_constant: ArrayLike | None = None,
) -> Float[Array, "..."]:
    """The share of receptors that a drug holds at equilibrium, A/(K_d + A); against its ligand A/(K_d (1 + c/K) + A).

    **Arguments**

    - `drug`: A, nM, a field or any array.
    - `dissociation_constant`: K_d of drug and receptor, nM.
    - `ligand`, `ligand_constant`: c and K of the ligand that competes, nM; both or neither.

    **Raises** `InputError` for a ligand without its constant.
    """
    if (ligand is None) != (ligand_constant is None):
        raise InputError("a ligand competes with its own constant: give ligand and ligand_constant, or neither")
    bound, half = _positive(drug), jnp.asarray(dissociation_constant, drug.dtype)
    if ligand is not None and ligand_constant is not None:
        half = half * (1 + _positive(ligand) / jnp.asarray(ligand_constant, drug.dtype))
    return bound / (half + bound)


def bound_fraction(bound: Float[Array, "..."], free: Float[Array, "..."]) -> Float[Array, "..."]:
    """The share of a ligand that is bound, complex/(free + complex); zero where there is none of either."""
    held, all_of_it = _positive(bound), _positive(bound) + _positive(free)
    present = all_of_it > 0
    return jnp.where(present, held / jnp.where(present, all_of_it, 1), 0)


def area_under_curve(times: Float[Array, " t"], fields: Float[Array, "t ..."]) -> Float[Array, "..."]:
    """The area under the curve in every voxel between the first and the last of `times` (s), nM s: straight lines between the outputs.

    **Raises** `InputError` where there are fewer than two times, or not one field for each.
    """
    if times.shape[0] < 2 or fields.shape[0] != times.shape[0]:
        raise InputError(f"an area under a curve needs two times or more and a field for each; got {times.shape[0]} times and {fields.shape[0]} fields")
    lengths = jnp.diff(times).reshape(-1, *(1 for _ in fields.shape[1:]))
    return jnp.sum(0.5 * lengths * (fields[1:] + fields[:-1]), axis=0)


def _positive(c: Array) -> Array:
    """Zero where a field is below, with the slope of the field at zero itself."""
    return jnp.where(c < 0, 0, c)
