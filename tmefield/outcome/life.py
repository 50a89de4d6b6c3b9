"""What happens to the cells of a tissue: the processes and movements that the library knows of the populations that are there."""

from collections.abc import Collection, Sequence

import jax.numpy as jnp
from jax.typing import ArrayLike

from .. import library
from ..populations.death import Death
from ..populations.entry import Entry
from ..populations.growth import Growth
from ..populations.killing import Killing
from ..populations.population import Attraction, Population
from ..populations.process import AbstractProcess
from ..populations.switching import Switch
from ..regulation import RegulationNetwork
from ..terms import Hill, Modulation
from .signals import ENDOTHELIUM, LIKE, WALL_PER_CELL
from .values import Values

TUMOUR = "tumour"
KILLERS = {"CD8_T": ("kill_rate_CTL", ("kill rate per CTL", "CTL function")), "NK": ("kill_rate_NK", ("kill rate per NK",))}
"""Killing populations: rate, and what the network acts on."""
ENTERS = {"CD8_T": ("CTL_entry", "CTL entry"), "NK": ("NK_entry", None), "Treg": ("Treg_entry", None), "CD4_T": ("Th_entry", None)}
DIES = {"CD8_T": "CTL_death", "CD8_exhausted": "CTL_death", "NK": "NK_death", "Treg": "Treg_death", "CD4_T": "Th_death"}
DIVIDES_ON = {"CD8_T": ("CTL_proliferation", "IL2-CD8_T"), "Treg": ("Treg_proliferation", "IL2-Treg"), ENDOTHELIUM: ("vessel_growth", "VEGF-vessels")}
"""Populations whose growth is rate x (Emax - basal) H, all three those of the edge."""
OTHER_NAMES = {"Th": "CD4_T", "qPSC": "CAF"}
"""Cells of the library's switches under the name that they have as populations."""
SWITCHES = {"M1": "macrophage_switch", "M2": "macrophage_switch", "CAF": "CAF_switch", "iCAF": "CAF_switch", "CD4_T": "Treg_induction"}
"""Rate at which cells of this population change."""
MOBILE = ("CD8_T", "NK", "Treg", "CD4_T")
EXHAUSTED = "CD8_exhausted"
T_CELL_VOLUME = 523.6  # um3, a sphere of 10 um, where the library has no diameter


def cells_of_rate(id: str) -> tuple[str, ...]:
    """Populations of which one has to be there for a rate to act; empty for rates of tumour cells and those of no population."""
    owned = [(rate, name) for table in (KILLERS, ENTERS, DIVIDES_ON) for name, (rate, _) in table.items()]
    owned += [(rate, name) for table in (DIES, SWITCHES) for name, rate in table.items()]
    owned += [("CTL_exhaustion", EXHAUSTED), ("vessel_death", ENDOTHELIUM), ("vessel_capacity", ENDOTHELIUM)]
    return tuple(name for rate, name in owned if rate == id)


class Factors:
    """Factors of the regulation network whose ligands are modelled."""

    def __init__(self, network: RegulationNetwork, modelled: Collection[str]):
        self.network, self.modelled = network, modelled

    def on(self, rate: str, cell: str | None = None) -> list[Modulation]:
        """All that act on a rate in this cell."""
        return self._kept(self.network.factors(rate, cell))

    def share(self, id: str) -> Modulation | None:
        """What an edge adds to a factor of 1, (Emax - basal) H: H with Emax 2, nothing where Emax is held at the basal factor; None where the edge is not in
        the network or its ligand is not modelled.
        """
        if id not in self.network.ids:
            return None
        found = self._kept([self.network.modulation(id)])
        return Modulation(found[0].hills, jnp.maximum(found[0].saturated - found[0].basal, 0), 0.0) if found else None

    def _kept(self, found: Sequence[Modulation]) -> list[Modulation]:
        return [one for one in found if set(one.reads) <= set(self.modelled)]


def populations(names: Sequence[str], values: Values, factors: Factors) -> list[Population]:
    """Volume and movement: tumour cells walk, faster after EMT; T and NK cells walk, CTL towards where IFN-g calls them (as CXCL9 and CXCL10 would, which
    it induces).
    """
    found = []
    for name in names:
        if name == TUMOUR:
            found.append(Population(name, _tumour_volume(values), values.rate("tumour_motility"), motility_modulations=factors.on("tumour motility", TUMOUR)))
            continue
        motility = values.rate("T_cell_motility") if name in MOBILE else None
        pulled = factors.share("IFNg-CXCL9") if name == "CD8_T" else None
        drawn = [] if pulled is None else [Attraction(pulled.hills[0], pulled.saturated * values.rate("chemotactic_sensitivity"))]
        found.append(Population(name, _volume(name), motility, drawn))
    return found


def _tumour_volume(values: Values) -> ArrayLike:
    return 0.5235988 * values.rate("tumour_cell_diameter") ** 3


def _volume(name: str) -> float:
    if name == ENDOTHELIUM:
        return 0.0
    diameter = library.cell_type(LIKE.get(name, name)).diameter
    return T_CELL_VOLUME if diameter is None else 0.5235988 * diameter.internal**3


def processes(names: Sequence[str], values: Values, factors: Factors, vessel_capacity: ArrayLike) -> list[AbstractProcess]:
    """Growth and killing of the tumour; entry, death, exhaustion and switching of the rest; growth and loss of vessels up to `vessel_capacity`, cells/um3."""
    found: list[AbstractProcess] = []
    if TUMOUR in names:
        found += [Growth(TUMOUR, values.rate("tumour_growth_mouse"), factors.on("tumour growth rate", TUMOUR))]
        found += [Death(TUMOUR, values.rate("tumour_death"), factors.on("tumour death rate", TUMOUR))]
    for name in names:
        found += _of_immune_cells(name, names, values, factors)
    found += [one for edge in factors.network.edges if edge.kind == "switch" for change in edge.on for one in _switch(change, edge.id, names, values, factors)]
    if ENDOTHELIUM in names:
        rate, edge = DIVIDES_ON[ENDOTHELIUM]
        share = factors.share(edge)
        if share is not None:
            found += [Growth(ENDOTHELIUM, values.rate(rate), [share], vessel_capacity), Death(ENDOTHELIUM, values.rate("vessel_death"))]
    return found


def _of_immune_cells(name: str, names: Sequence[str], values: Values, factors: Factors) -> list[AbstractProcess]:
    found: list[AbstractProcess] = []
    if name in KILLERS and TUMOUR in names:
        rate, targets = KILLERS[name]
        factor = [one for target in targets for one in factors.on(target, name)]
        found.append(Killing(TUMOUR, name, values.rate(rate), values.rate("kill_half_density"), factor))
    if name in ENTERS and ENDOTHELIUM in names:
        rate, target = ENTERS[name]
        held = [] if target is None else factors.on(target, name)
        found.append(Entry(name, values.rate(rate), WALL_PER_CELL, held, vessels=ENDOTHELIUM))
    if name in DIES:
        found.append(Death(name, values.rate(DIES[name])))
    if name in DIVIDES_ON and name != ENDOTHELIUM:
        rate, edge = DIVIDES_ON[name]
        share = factors.share(edge)
        if share is not None:
            found.append(Growth(name, values.rate(rate), [share]))
    if name == "CD8_T" and EXHAUSTED in names and TUMOUR in names:
        antigen = Modulation(Hill(TUMOUR, values.rate("kill_half_density")), saturated=1.0, basal=0.0)
        found.append(Switch(name, EXHAUSTED, values.rate("CTL_exhaustion"), [antigen]))
    return found


def _switch(change: str, edge: str, names: Sequence[str], values: Values, factors: Factors) -> list[AbstractProcess]:
    source, product = (OTHER_NAMES.get(one, one) for one in change.split("->"))
    share = factors.share(edge)
    if source not in names or product not in names or source not in SWITCHES or share is None:
        return []
    return [Switch(source, product, values.rate(SWITCHES[source]), [factors.network.modulation(edge)])]
