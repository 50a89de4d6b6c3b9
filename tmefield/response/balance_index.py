"""The balance of what raises and what lowers killing, as one signed field."""

from collections.abc import Collection, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..library import Edge
from .catalogue import killing_effects
from .responses import Blockades, check_blockades, fields_of, modulation_of, of_dtype


def killing_sides(cell: str, species: Collection[str]) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """The effects on the killing by a cell type whose ligand is among the species: those that enhance it, and those that suppress it.

    **Raises** `InputError` for another cell type than "CD8_T" or "NK".
    """
    found = [one for one in killing_effects(cell) if set(one.ligands) <= set(species)]
    enhancing = tuple(one for one in found if one.saturated.internal > one.basal.internal)
    return enhancing, tuple(one for one in found if one not in enhancing)


def balance_index(result: Any, cell: str = "CD8_T", blockades: Blockades | None = None) -> Float[Array, "..."]:
    """B = (A - S)/(A + S) in [-1, 1], "1": +1 where only enhancing ligands act on the killing by a cell type, -1 where only suppressing ones do.

    A = 1 - prod (1 - H) over the ligands that enhance it (IFN-gamma), S the same over those that suppress it (IL-10, TGF-beta), with the EC50 of
    `library.effects()`: the share of receptors' responses that act, those of several ligands taken as independent. B is 0 where neither acts. The
    definition is this package's own, not one of the literature; E_max, mostly placeholders, do not enter.

    **Arguments**

    - `result`: a `Solution`, a `Trajectory`, or fields by species, nM, of one shape.
    - `cell`: "CD8_T" or "NK".
    - `blockades`: by ligand the drug that competes for its receptor.

    **Raises** `InputError` for another cell type, and where no ligand that acts on it is among the fields.
    """
    fields = fields_of(result)
    check_blockades(blockades or {}, tuple(fields))
    enhancing, suppressing = killing_sides(cell, fields)
    if not enhancing and not suppressing:
        needed = " or ".join(dict.fromkeys(ligand for one in killing_effects(cell) for ligand in one.ligands))
        raise InputError(f"nothing here acts on the killing by {cell}: it needs {needed}; the fields have {', '.join(fields) or 'no species'}")
    shape_of = next(iter(fields.values()))
    a, s = (_acting(edges, fields, blockades, jnp.zeros_like(shape_of)) for edges in (enhancing, suppressing))
    both = a + s
    return jnp.where(both > 0, (a - s) / jnp.where(both > 0, both, 1), 0)


def _acting(edges: tuple[Edge, ...], fields: dict, blockades: Blockades | None, nothing: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 - prod (1 - H)."""
    share = nothing
    for edge in edges:
        for hill in of_dtype(modulation_of(edge, blockades), fields).hills:
            h = hill(fields)
            # Not 1 - (1 - share) (1 - h), which loses small shares to rounding.
            share = share + h - share * h
    return share


def balance_summary(
    balance: Any, tumour: np.ndarray | None = None, tissue: np.ndarray | None = None, densities: Mapping[str, np.ndarray] | None = None
) -> dict[str, Any]:
    """A balance map in numbers: mean and share of volume with B < 0, in the tissue and in the tumour, and of the cells of each type.

    `tumour` and `tissue` are masks [z, y, x]; all is tissue if not given. A region without voxels is left out.
    """
    field = np.asarray(balance, np.float64)
    regions = {"tissue": np.ones(field.shape, bool) if tissue is None else tissue} | ({} if tumour is None else {"tumour": tumour})
    numbers: dict[str, Any] = {}
    for name, mask in regions.items():
        if mask.any():
            numbers |= {f"mean_in_{name}": float(field[mask].mean()), f"share_of_{name}_below_zero": float(np.mean(field[mask] < 0))}
    counted = {cell: density for cell, density in (densities or {}).items() if density.sum() > 0}
    numbers["share_of_cells_below_zero"] = {cell: float(density[field < 0].sum() / density.sum()) for cell, density in counted.items()}
    return numbers
