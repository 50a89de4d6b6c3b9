"""The values that a tissue is made of: those of the library, and what takes their place."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike

from .. import library, units
from ..errors import InputError
from ..library import Parameter
from ..library.naming import plain, spelling_slip
from ..regulation import RegulationNetwork

OF_EDGE = {"half_maximum": "half maximum", "saturated": "Emax", "basal": "basal", "exponent": "exponent"}
_FORMS = "RATE (`tmefield info populations`), SPECIES.PARAMETER, SPECIES.secretion.CELL, SPECIES.receptors.CELL, EDGE.half_maximum, EDGE.saturated"


class Values:
    """Values by key: of the library where nothing else is given.

    | key | what |
    |---|---|
    | `kill_rate_CTL` | a rate of a population (`library.population_rates`) |
    | `TGFb.decay` | a parameter of a species |
    | `TGFb.secretion.tumour` | molecules per second and active cell |
    | `TGFb.receptors.tumour` | receptors per cell |
    | `TGFb-exclusion.saturated` | of an edge or effect: `half_maximum`, `saturated`, `basal`, `exponent` |

    **Arguments**

    - `given`: numbers in internal units (may be traced), or text with units.

    **Raises** `InputError` for a key of none of these forms, with what may have been meant.
    """

    def __init__(self, given: Mapping[str, Any] | None = None):
        self.given: dict[str, Any] = {}
        for key, value in (given or {}).items():
            known, kind = known_value(key)
            weight = None if known is None else known.molecular_weight
            self.given[key] = units.parse(value, kind, key=key, molecular_weight=weight) if isinstance(value, str) else value

    def rate(self, id: str) -> ArrayLike:
        """A rate of a population, internal units."""
        return self.given[id] if id in self.given else library.population_rate(id).value.internal

    def of(self, species: str, name: str) -> ArrayLike:
        """A parameter of a species, internal units; 0 where the library has none."""
        if f"{species}.{name}" in self.given:
            return self.given[f"{species}.{name}"]
        known = library.species(species).parameters.get(name)
        return 0.0 if known is None else known.internal

    def half_saturation(self, species: str) -> ArrayLike:
        """K_M = K_D + k_endo/k_on, nM."""
        return jnp.asarray(self.of(species, "K_D")) + jnp.asarray(self.of(species, "k_endo")) / self.of(species, "k_on")

    def secretion(self, species: str, cell: str) -> tuple[ArrayLike, ArrayLike] | None:
        """Molecules per second and active cell, and the share that is active (of the cells, and of a ligand that is secreted latent); None for none."""
        record, key = library.species(species), f"{species}.secretion.{cell}"
        entry = record.secretion.get(cell)
        if key not in self.given and entry is None:
            return None
        active: Any = 1.0 if entry is None else entry.active_fraction.internal
        if "active_share" in record.parameters:
            active = active * self.of(species, "active_share")
        return (self.given[key] if key in self.given or entry is None else entry.rate.internal), active

    def receptors(self, species: str, cell: str) -> ArrayLike | None:
        """Receptors per cell; None for none."""
        key, known = f"{species}.receptors.{cell}", library.species(species).receptors.get(cell)
        if key in self.given:
            return self.given[key]
        return None if known is None else known.internal

    def network(self, network: RegulationNetwork) -> RegulationNetwork:
        """The network with the given values of its edges; values of edges that are not in it have no effect."""
        for key, value in self.given.items():
            id, _, name = key.rpartition(".")
            if name in OF_EDGE and id in network.ids:
                index = network.ids.index(id)
                network = eqx.tree_at(lambda one, i=index, n=name: getattr(one.edges[i], n), network, replace_fn=lambda old, v=value: jnp.full_like(old, v))
        return network


def known_value(key: str) -> tuple[Parameter | None, str]:
    """What the library says of the value of this key (None: nothing, as of the secretion by a cell for which it has none), and the kind of its unit.

    **Raises** `InputError` for an unknown key.
    """
    head, *rest = key.split(".")
    if not rest and key in library.population_rates():
        known = library.population_rate(key).value
        return known, known.kind
    if len(rest) == 1 and rest[0] in OF_EDGE and "-" in head:
        known = library.edge(head).values.get(OF_EDGE[rest[0]])
        if known is None:
            raise InputError(f"{key}: {head} has several ligands; change its half maxima in the network (`RegulationNetwork.with_edge`)")
        return known, known.kind
    if head in library.species_ids():
        record = library.species(head)
        if len(rest) == 1 and rest[0] in record.parameters:
            known = record.parameters[rest[0]]
            return known, known.kind
        if len(rest) == 2 and rest[1] in library.cell_type_ids() and rest[0] in ("secretion", "receptors"):
            if rest[0] == "receptors":
                return record.receptors.get(rest[1]), "count"
            entry = record.secretion.get(rest[1])
            return (None if entry is None else entry.rate), "secretion"
    known_keys = [*library.population_rates(), *(f"{one}.{name}" for one in library.species_ids() for name in library.species(one).parameters)]
    meant = spelling_slip(key, {plain(one): one for one in known_keys})
    raise InputError(f"unknown value '{key}'; " + (f"did you mean '{meant}'?" if meant else f"expected {_FORMS}"))
