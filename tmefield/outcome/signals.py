"""The cytokines of a tissue: what its cells secrete and take up, and what its vessels exchange, from the library."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp

from ..regulation import RegulationNetwork
from ..species import Species
from ..terms import AbstractTerm, Blockade, Decay, PerCell, ReceptorUptake, Secretion, VascularExchange
from .values import Values

ENDOTHELIUM = "endothelial"
WALL_PER_CELL = 1000.0
"""um2 of vessel wall that one endothelial cell makes; ASSUMED, of the order of 10 by 100 um."""
LIKE = {"CD8_exhausted": "CD8_T"}
"""Populations that carry the receptors of another cell type of the library, and secrete nothing."""


def cytokine_species(cytokines: Sequence[str], values: Values) -> list[Species]:
    """Species of the library with the given values."""
    found = []
    for name in cytokines:
        one = Species.from_library(name)
        changed = [key for key in ("diffusivity", "decay") if f"{name}.{key}" in values.given]
        for key in changed:
            one = eqx.tree_at(lambda species, k=key: getattr(species, k), one, jnp.asarray(values.of(name, key), float))
        found.append(one)
    return found


def cytokine_terms(
    cytokines: Sequence[str],
    populations: Collection[str],
    network: RegulationNetwork,
    values: Values,
    blockades: Mapping[str, Blockade],
    plasma: Mapping[str, Any],
) -> list[AbstractTerm]:
    """Decay, and per cell of each population secretion with what regulates it, receptor uptake, and exchange through the vessels that it makes.

    - `blockades`: by ligand, the drug that competes for its receptor; `plasma`: by cytokine, what its plasma holds where that is not the library's.
    """
    terms: list[AbstractTerm] = [Decay()]
    for name in cytokines:
        for cell in populations:
            made = values.secretion(name, cell)
            if made is not None:
                rate, active = made
                terms.append(PerCell(cell, Secretion(name, 1.0, rate, active, cell, network.modulations(name, cell))))
            receptors = values.receptors(name, LIKE.get(cell, cell))
            if receptors is not None:
                half = values.half_saturation(name)
                taken = ReceptorUptake(name, 1.0, receptors, values.of(name, "k_endo"), half, sink=cell, blockade=blockades.get(name))
                terms.append(PerCell(cell, taken))
        if ENDOTHELIUM in populations:
            held = plasma.get(name, values.of(name, "plasma_concentration"))
            terms.append(PerCell(ENDOTHELIUM, VascularExchange(name, WALL_PER_CELL, values.of(name, "permeability"), held)))
    return terms
