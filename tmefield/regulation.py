"""The signed regulation network with its values as arrays: which edges are on, and the factors that they make of concentrations."""

from collections.abc import Iterable, Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from . import library
from .checks import as_parameter
from .errors import InputError
from .library.edges import KINDS, acting_on, among, competing_with
from .library.naming import plain, spelling_slip
from .terms import Blockade, Hill, Modulation


class RegulationEdge(eqx.Module):
    """One edge: factor = basal + (saturated - basal) H, with H = c^n/(K^n + c^n), a product where several ligands have to act together (AND).

    **Arguments**

    - `id`: its name, by which it is switched.
    - `ligands`: the species, or for a rate the population of cells, that acts, or several for an AND gate.
    - `on`: what it acts on; for `kind` "secretion" species, for "receptor" edges or ligands, else a name.
    - `half_maximum`: K (EC50 or IC50) of each ligand, nM, of a population cells/um3; for a receptor the K_d of what competes for it.
    - `saturated`: E_max, the factor at saturating ligand.
    - `exponent`: n of each ligand, at least 1; one number for all.
    - `basal`: the factor without ligand.
    - `by`: cell types in which it acts; empty for all.
    - `kind`: "secretion", "rate", "response", "switch" or "receptor", see `library.edges`.
    - `placeholders`: names of the values that have no source of their own.

    **Raises** `InputError` for values out of range, for shapes that do not fit the ligands, and for an unknown kind.
    """

    id: str = eqx.field(static=True)
    ligands: tuple[str, ...] = eqx.field(static=True)
    on: tuple[str, ...] = eqx.field(static=True)
    half_maximum: Float[Array, " ligand"]
    saturated: Float[Array, ""]
    exponent: Float[Array, " ligand"]
    basal: Float[Array, ""]
    by: tuple[str, ...] = eqx.field(static=True)
    kind: str = eqx.field(static=True)
    placeholders: tuple[str, ...] = eqx.field(static=True)
    edges: tuple[str, ...] = eqx.field(static=True)

    def __init__(
        self,
        id: str,
        ligands: str | Sequence[str],
        on: str | Sequence[str],
        half_maximum: ArrayLike | Sequence[ArrayLike],
        saturated: ArrayLike,
        exponent: ArrayLike | Sequence[ArrayLike] = 1.0,
        basal: ArrayLike = 1.0,
        by: Sequence[str] = (),
        kind: str = "secretion",
        placeholders: Sequence[str] = (),
        edges: Sequence[str] = (),
    ):
        if kind not in KINDS:
            raise InputError(f"{id}: kind must be one of {', '.join(KINDS)}; got '{kind}'")
        self.id, self.kind = id, kind
        self.ligands, self.on, self.by = _names(ligands), _names(on), tuple(by)
        self.placeholders, self.edges = tuple(placeholders), tuple(edges)
        each, one = (len(self.ligands),), ()
        self.half_maximum = jnp.broadcast_to(as_parameter(half_maximum, f"half maximum of {id}", "nM", shapes=(one, each), positive=True), each)
        self.exponent = jnp.broadcast_to(as_parameter(exponent, f"exponent of {id}", "1", shapes=(one, each), at_least=1.0), each)
        self.saturated = as_parameter(saturated, f"factor of {id} at saturating ligand", "1", shapes=(one,))
        self.basal = as_parameter(basal, f"factor of {id} without ligand", "1", shapes=(one,))

    @classmethod
    def of(cls, record: library.Edge) -> "RegulationEdge":
        """The edge of a record of the library."""
        return cls(
            record.id,
            record.ligands,
            record.on,
            [one.half_maximum.internal for one in record.inputs],
            record.saturated.internal,
            [one.exponent.internal for one in record.inputs],
            record.basal.internal,
            by=record.by,
            kind=record.kind,
            placeholders=record.placeholders,
            edges=record.edges if isinstance(record, library.Effect) else (),
        )


class RegulationNetwork(eqx.Module):
    """Edges that can be switched off and added, and the factors they make.

    Values are arrays: a network is a pytree, and what is computed with its factors can be differentiated with respect to every half maximum and E_max.

    **Arguments**

    - `edges`: each with an id of its own.
    - `left_out`: ids of edges that fall away because a ligand is not modelled (`among`).
    """

    edges: tuple[RegulationEdge, ...]
    left_out: tuple[str, ...] = eqx.field(static=True, default=())

    @classmethod
    def from_library(cls) -> "RegulationNetwork":
        """All edges and effects of the library."""
        return cls.of((*library.edges(), *library.effects()))

    @classmethod
    def of(cls, records: Iterable[library.Edge]) -> "RegulationNetwork":
        """The network of these records."""
        return cls(tuple(RegulationEdge.of(one) for one in records))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the edges that are on."""
        return tuple(one.id for one in self.edges)

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """Pairs (a, b) of different species: the secretion of species b depends on the concentration of a."""
        pairs = []
        for one in self.edges:
            if one.kind == "secretion":
                rivals = [other for ligand in one.ligands for other in competing_with(self.edges, one, ligand)]
                pairs += [(a, b) for b in one.on for edge in (one, *rivals) for a in edge.ligands if a != b]
        return tuple(dict.fromkeys(pairs))

    def edge(self, id: str) -> RegulationEdge:
        """The edge of this id.

        **Raises** `InputError` with the id that may have been meant.
        """
        found = {one.id: one for one in self.edges}
        if id not in found:
            meant = spelling_slip(id, {plain(name): name for name in found})
            raise InputError(f"no edge '{id}' in the regulation network; " + (f"did you mean '{meant}'?" if meant else "`tmefield info network` lists all"))
        return found[id]

    def without(self, *ids: str) -> "RegulationNetwork":
        """The network with these edges switched off; an effect takes along the edges that carry its part on secretions and responses.

        **Raises** `InputError` for an id that is not in it.
        """
        off = {name for id in ids for name in (id, *self.edge(id).edges)}
        return RegulationNetwork(tuple(one for one in self.edges if one.id not in off), self.left_out)

    def with_edge(self, edge: RegulationEdge) -> "RegulationNetwork":
        """The network with one edge more; it takes the place of an edge of the same id."""
        return RegulationNetwork((*(one for one in self.edges if one.id != edge.id), edge), self.left_out)

    def among(self, species: Sequence[str]) -> "RegulationNetwork":
        """The network for a model of these species: what acts on the secretion of one of them and needs a ligand that is not modelled is left out and named."""
        kept, left_out = among(self.edges, species)
        return RegulationNetwork(kept, tuple(one.id for one in left_out))

    def modulation(self, id: str) -> Modulation:
        """The factor of one edge.

        **Raises** `InputError` for an id that is not in the network, and for two edges that compete for one receptor.
        """
        return self._modulation(self.edge(id), None)

    def modulations(self, species: str, cell: str) -> tuple[Modulation, ...]:
        """The factors on the secretion of a species by a cell type, for `Secretion(..., modulations=...)`."""
        return tuple(self._modulation(one, cell) for one in acting_on(self.edges, species, cell))

    def factors(self, rate: str, cell: str | None = None) -> tuple[Modulation, ...]:
        """The factors on a rate other than secretion ("kill rate per CTL", "tumour growth rate", "tumour motility", "vessel growth"), for a process.

        **Raises** `InputError` for a rate that no edge knows, with the one that may have been meant.
        """
        return tuple(self._modulation(one, cell) for one in self._on(rate, "rate") if cell is None or not one.by or cell in one.by)

    def shares(self, change: str) -> tuple[Modulation, ...]:
        """The shares of the greatest rate at which cells change ("M2->M1", "iCAF->myCAF"), one for each ligand: rates of as many `Switch`es, which add up.

        **Raises** `InputError` for a change that no edge knows, with the one that may have been meant.
        """
        return tuple(self._modulation(one, None) for one in self._on(change, "switch"))

    def _on(self, target: str, kind: str) -> tuple[RegulationEdge, ...]:
        known = {name for one in (*self.edges, *library.edges(), *library.effects()) if one.kind == kind for name in one.on}
        if target not in known:
            meant = spelling_slip(target, {plain(name): name for name in known})
            raise InputError(f"no edge acts on a {kind} '{target}'; " + (f"did you mean '{meant}'?" if meant else f"there are {', '.join(sorted(known))}"))
        return tuple(one for one in self.edges if one.kind == kind and target in one.on)

    def _modulation(self, edge: RegulationEdge, cell: str | None) -> Modulation:
        hills = [Hill(ligand, edge.half_maximum[i], edge.exponent[i], self._blockade(edge, ligand, cell), edge.id) for i, ligand in enumerate(edge.ligands)]
        return Modulation(hills, edge.saturated, edge.basal)

    def _blockade(self, edge: RegulationEdge, ligand: str, cell: str | None) -> Blockade | None:
        rivals = competing_with(self.edges, edge, ligand, cell)
        if len(rivals) > 1:
            raise InputError(f"{' and '.join(one.id for one in rivals)} compete for the receptor of {ligand} in {edge.id}: switch one of them off")
        return Blockade(rivals[0].ligands[0], rivals[0].half_maximum[0]) if rivals else None


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
