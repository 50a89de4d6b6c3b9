"""Responses of cells to concentrations: pure functions of fields, which can be compiled and differentiated."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..errors import InputError
from ..library import Edge
from ..terms import Blockade, Hill, Modulation
from .catalogue import Definition, definitions

Blockades = Mapping[str, Blockade]
"""The drug that competes for the receptor of each ligand."""


class Response(eqx.Module):
    """A response: product over its factors basal + (saturated - basal) H(c), H = c^n/(EC50^n + c^n) (for a share of a maximum H itself).

    Values are arrays: what is computed with it can be differentiated with respect to concentrations, EC50 and E_max.

    **Arguments**

    - `name`: its name.
    - `factors`: each a `Modulation`.
    """

    name: str = eqx.field(static=True)
    factors: tuple[Modulation, ...]

    def __call__(self, concentration: Mapping[str, Float[Array, "..."]]) -> Float[Array, "..."]:
        """The response at these concentrations (nM), in their shape; "1"."""
        values = [of_dtype(one, concentration)(concentration) for one in self.factors]
        product = values[0]
        for value in values[1:]:
            product = product * value
        return product


def response_functions(species: Sequence[str], names: Sequence[str] | None = None, blockades: Blockades | None = None) -> dict[str, Response]:
    """The responses that can be computed from these species, by name, with the values of the library.

    A function of several ligands of which some are not among the species is that of those which are.

    **Arguments**

    - `names`: which (`response_names()`); every one that has a ligand among the species if not given.
    - `blockades`: by ligand the drug that competes for its receptor: H(c/(1 + A/K_d)).

    **Raises** `InputError` for an unknown name, a response without any of its ligands, and a blockade of or by a species that is not there.
    """
    chosen = definitions(species, names)
    check_blockades(blockades or {}, species)
    return {one.name: response_of(one, blockades) for one in chosen}


def responses(result: Any, names: Sequence[str] | None = None, blockades: Blockades | None = None) -> dict[str, Float[Array, "..."]]:
    """Fields of the responses of a result, by name, each in the shape of a concentration field; "1".

    pSTAT1 (IFN-gamma), pSTAT3 (IL-6), pSMAD2 (TGF-beta), pSTAT5 (IL-2), MHC_I and PD_L1 (IFN-gamma), EMT (TGF-beta), proliferation (IL-6) and
    angiogenesis (VEGF) are H = c^n/(EC50^n + c^n), 0 to 1; CD8_function and NK_function are products of the factors 1 + (E_max - 1) H of IL-10 and
    TGF-beta, which suppress, and IFN-gamma, which enhances, 1 without any of them.

    **Arguments**

    - `result`: a `Solution`, a `Trajectory`, or fields by species, nM, of one shape.
    - `names`, `blockades`: as for `response_functions`.

    **Raises** `InputError` as `response_functions` does.
    """
    concentration = fields_of(result)
    return {name: one(concentration) for name, one in response_functions(tuple(concentration), names, blockades).items()}


def response_of(one: Definition, blockades: Blockades | None = None) -> Response:
    """A definition with its values as arrays."""
    return Response(one.name, tuple(modulation_of(edge, blockades) for edge in one.edges))


def modulation_of(edge: Edge, blockades: Blockades | None = None) -> Modulation:
    """The factor of an edge of the library, its ligands blocked by these drugs."""
    hills = [Hill(one.species, one.half_maximum.internal, one.exponent.internal, (blockades or {}).get(one.species)) for one in edge.inputs]
    return Modulation(hills, edge.saturated.internal, edge.basal.internal)


def fields_of(result: Any) -> dict[str, Float[Array, "..."]]:
    """Fields by species, nM: those of a solution [z, y, x] or trajectory [t, z, y, x], or the given mapping as arrays."""
    if isinstance(result, Mapping):
        return {name: _floating(field) for name, field in result.items()}
    return {name: result.concentration[..., index, :, :, :] for index, name in enumerate(result.model.names)}


def of_dtype(module: Modulation, concentration: Mapping[str, Float[Array, "..."]]) -> Modulation:
    """The factor with its values in the floating type of the fields, so that single precision stays single."""
    dtype = concentration[module.reads[0]].dtype
    return jax.tree.map(lambda leaf: leaf.astype(dtype), module)


def check_blockades(blockades: Blockades, species: Sequence[str]) -> None:
    """Both the ligand and the drug of each blockade are among the species.

    **Raises** `InputError`.
    """
    for ligand, blockade in blockades.items():
        for role, name in (("ligand", ligand), ("drug", blockade.drug)):
            if name not in species:
                raise InputError(f"blockades: the {role} '{name}' is not among the fields ({', '.join(species)})")


def _floating(field: Any) -> Array:
    array = jnp.asarray(field)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(jnp.result_type(float))
