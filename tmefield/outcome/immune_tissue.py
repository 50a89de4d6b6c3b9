"""The standard tissue: a tumour among immune cells, fibroblasts and vessels, with the cytokines between them, all of library values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from .. import library
from ..course import AbstractCourse, SummedCourse
from ..errors import InputError
from ..grid import Grid
from ..library.naming import plain, spelling_slip
from ..model import Model
from ..populations.population_model import PopulationModel
from ..regulation import RegulationNetwork
from .life import EXHAUSTED, Factors, cells_of_rate, populations, processes
from .signals import ENDOTHELIUM, WALL_PER_CELL, cytokine_species, cytokine_terms
from .treatments import AbstractTreatment
from .values import Values

NO_AFFINITY = 1e30
"""nM."""
CYTOKINES = ("IL6", "TNF", "IFNg", "IL10", "TGFb", "VEGF")


@dataclass(frozen=True, eq=False)
class ImmuneTissue:
    """What a tissue is made of; `model(arm)` puts it together.

    Which processes there are follows from the populations and cytokines that are there: CD8_T and NK kill the tumour, enter from vessels and die; CD8_T
    tire amid tumour cells where there is "CD8_exhausted"; M1 and M2, CAF, iCAF and myCAF, CD4_T and Treg turn into each other as the network says;
    vessels grow on VEGF, let cells in and speed up the tumour's growth. Every rate is the library's (`tmefield info populations`), every factor that of an
    edge (`tmefield info effects`, `network`).

    **Arguments**

    - `grid`: the box.
    - `cells`: densities at the start by population, cells/um3, a number or a field [z, y, x]; "endothelial" makes the vessels' wall, 1000 um2 a cell.
    - `cytokines`: ids of the library.
    - `network`: the edges that are on; all of the library by default.
    - `values`: what takes the place of library values, see `Values`.
    - `treatments`: what arms can give, by name.
    - `sensitivity`: s of the tumour's growth to TGF-beta, 1 (early) to 0 (the pathway is lost): Emax = 1 - s of "TGFb-growth".
    - `dtype`: of the fields.

    **Raises** `InputError` for cells and values that the library does not know, exhausted cells without those that tire, rates of populations that are not
    there, and treatments of a cytokine that is not there or that bring the same drug.
    """

    grid: Grid
    cells: Mapping[str, ArrayLike]
    cytokines: Sequence[str] = CYTOKINES
    network: RegulationNetwork = field(default_factory=RegulationNetwork.from_library)
    values: Mapping[str, Any] = field(default_factory=dict)
    treatments: Mapping[str, AbstractTreatment] = field(default_factory=dict)
    sensitivity: ArrayLike = 1.0
    dtype: str = "float32"

    def __post_init__(self):
        known = (*library.cell_type_ids(), EXHAUSTED)
        for name in self.cells:
            if name not in known:
                meant = spelling_slip(name, {plain(one): one for one in known})
                raise InputError(f"no population '{name}'; " + (f"did you mean '{meant}'?" if meant else f"there are {', '.join(known)}"))
        if EXHAUSTED in self.cells and "CD8_T" not in self.cells:
            raise InputError(f"'{EXHAUSTED}' without 'CD8_T', from which they come: add CD8_T, or leave {EXHAUSTED} out")
        for key in Values(self.values).given:
            owners = cells_of_rate(key)
            if owners and not any(one in self.cells for one in owners):
                raise InputError(f"'{key}' has no effect without {' or '.join(owners)} among the cells: add the population, or leave the value out")
        self._check_treatments()

    def _check_treatments(self) -> None:
        brought: dict[str, str] = {}
        for name, one in self.treatments.items():
            lacking = [what for what in one.needs(self.network) if what not in (*self.cytokines, *self.cells)]
            if lacking:
                raise InputError(f"treatment '{name}' needs {lacking[0]}, not among the cytokines of the tissue ({', '.join(self.cytokines)}): add it")
            remedies = {species.name: "make one of the higher level, and give it in part (dose below 1) in the other arm" for species in one.species}
            remedies |= {f"a blocker of the receptor of {ligand}": "give one of them, the other in a tissue of its own" for ligand in one.blockades}
            for what, remedy in remedies.items():
                if what in brought:
                    raise InputError(f"treatments '{brought[what]}' and '{name}' both bring {what}: {remedy}")
                brought[what] = name

    def changed(self, **changes: Any) -> "ImmuneTissue":
        """The same tissue with other arguments; `values` are added to those that are given, and rates of cells that are taken out go with them."""
        cells = changes.get("cells", self.cells)
        held = {key: value for key, value in self.values.items() if not (owners := cells_of_rate(key)) or any(one in cells for one in owners)}
        changes["values"] = {**held, **changes.get("values", {})}
        return replace(self, **changes)

    def without(self, *edges: str) -> "ImmuneTissue":
        """The tissue with these edges or effects switched off, by their factor being 1 throughout: so it shares the compilation of the whole one. What lives
        on an edge (vessels on "VEGF-vessels", T cells on "IL2-CD8_T", "IL2-Treg") then does not divide, and goes on dying.

        **Raises** `InputError` for an edge that the network does not have, and one that acts nowhere as its ligand is not in the tissue.
        """
        for name in edges:
            brought = [one.name for treatment in self.treatments.values() for one in treatment.species]
            lacking = [one for one in self.network.edge(name).ligands if one not in (*self.cytokines, *self.cells, *brought)]
            if lacking:
                raise InputError(f"'{name}' does nothing here that could be switched off: {lacking[0]} is not in the tissue; add it, or leave the edge out")
        off = {id for name in edges for id in (name, *self.network.edge(name).edges)}
        return self.changed(values=dict(self._held_off(id) for id in off))

    def _held_off(self, id: str) -> tuple[str, ArrayLike]:
        """The value that holds an edge off: its factor at 1, or of a competitor for a receptor no affinity."""
        edge = self.network.edge(id)
        return (f"{id}.half_maximum", NO_AFFINITY) if edge.kind == "receptor" else (f"{id}.saturated", edge.basal)

    def model(self, arm: Mapping[str, ArrayLike] | None = None) -> PopulationModel:
        """Cells, cytokines and drugs, with the dose of each treatment that the arm gives (1: in full); what it does not name is not given.

        **Raises** `InputError` for a treatment that is not there.
        """
        doses = dict(arm or {})
        unknown = [name for name in doses if name not in self.treatments]
        if unknown:
            raise InputError(f"no treatment '{unknown[0]}' in this tissue; there are {', '.join(self.treatments) or 'none'}")
        values, names = Values(self.values), tuple(self.cells)
        given = {name: jnp.asarray(doses.get(name, 0.0), float) for name in self.treatments}
        network = self._network(values)
        blockades, terms, species = {}, [], []
        supplied: dict[str, list[AbstractCourse]] = {}
        for name, one in self.treatments.items():
            network = one.regulated(network)
            blockades |= one.blockades
            for cytokine, course in one.plasma(given[name]).items():
                supplied.setdefault(cytokine, []).append(course)
            terms += one.terms(given[name])
            species += one.species
        plasma = {cytokine: SummedCourse(courses, values.of(cytokine, "plasma_concentration")) for cytokine, courses in supplied.items()}
        among = [*cytokine_species(self.cytokines, values), *species]
        modelled = {*(one.name for one in among), *names}
        network = network.among(tuple(modelled))
        terms = [*cytokine_terms(self.cytokines, names, network, values, blockades, plasma), *terms]
        model = Model(self.grid, among, terms, dtype=self.dtype)
        factors = Factors(network, modelled)
        return PopulationModel(model, populations(names, values, factors), processes(names, values, factors, self._vessel_capacity(values)))

    def _network(self, values: Values) -> RegulationNetwork:
        """The network with the tumour's sensitivity and the given values."""
        network = self.network
        if "TGFb-growth" in network.ids:
            network = Values({"TGFb-growth.saturated": 1 - jnp.asarray(self.sensitivity, float)}).network(network)
        return values.network(network)

    def _vessel_capacity(self, values: Values) -> ArrayLike:
        start = jnp.mean(jnp.asarray(self.cells.get(ENDOTHELIUM, 1.0), float))
        return values.rate("vessel_capacity") * jnp.where(start > 0, start, 1.0)


def around_tumour(
    grid: Grid,
    radius: float,
    densities: Mapping[str, tuple[float, float]],
    *,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    edge: float = 20.0,
) -> dict[str, np.ndarray]:
    """Densities n_in in a ball and n_out around it, n_in w + n_out (1 - w), w = 1/(1 + exp((r - radius)/edge)).

    - `densities`: (n_in, n_out) of each population, cells/um3; `centre`: z, y, x, um: by default a corner, for one eighth of a tumour; `edge`: how soft the
      margin is, um.
    """
    z, y, x = grid.coordinates()
    r = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
    inside = 1 / (1 + np.exp((r - radius) / edge))
    return {name: one[0] * inside + one[1] * (1 - inside) for name, one in densities.items()}


def wall_cells(embedding: Any) -> np.ndarray:
    """Endothelial cells, cells/um3 [z, y, x], that make the walls of an embedded vessel network."""
    return embedding.surface_density() / WALL_PER_CELL
