"""A population of cells: how it moves, and how much room a cell takes."""

from collections.abc import Sequence

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..terms.modulation import Hill, Modulation
from .process import read_by


class Attraction(eqx.Module):
    """Chemotaxis by the receptors that are occupied: cells drift with the velocity chi m grad H(c), H the Hill function of `hill`.

    With n = 1 that is chi K/(K + c)^2 grad c, the receptor law of Lapidus & Schiller 1976 (Biophys. J. 16:779): no pull where all
    receptors are taken.

    **Arguments**

    - `hill`: what attracts and at which concentration.
    - `sensitivity`: chi, um2/s; below zero it repels.
    - `modulations`: m, the product of these factors.
    """

    hill: Hill
    sensitivity: Float[Array, ""]
    modulations: tuple[Modulation, ...]

    def __init__(self, hill: Hill, sensitivity: ArrayLike, modulations: Sequence[Modulation] = ()):
        self.hill = hill
        self.sensitivity = as_parameter(sensitivity, f"chemotactic sensitivity to {hill.species}", "um2/s", shapes=((),), signed=True)
        self.modulations = tuple(modulations)

    @property
    def reads(self) -> tuple[str, ...]:
        """What it depends on."""
        return (*self.hill.reads, *read_by(self.modulations))


class Population(eqx.Module):
    """Cells of one kind.

    **Arguments**

    - `name`: by which processes and terms know it; another than that of any species.
    - `volume`: of a cell, um3, which it takes of the room; 0 for what fills none (endothelium).
    - `motility`: D of the random walk, um2/s; 0 for cells that stay.
    - `attractions`: what it drifts towards (or away from); needs a motility.
    - `motility_modulations`: factors on D (EMT raises the motility of tumour cells, TGF-beta lowers that of T cells).

    **Raises** `InputError` for an attraction of cells that do not move.
    """

    name: str = eqx.field(static=True)
    volume: Float[Array, ""]
    motility: Float[Array, ""]
    attractions: tuple[Attraction, ...]
    motility_modulations: tuple[Modulation, ...]

    def __init__(
        self,
        name: str,
        volume: ArrayLike,
        motility: ArrayLike | None = None,
        attractions: Sequence[Attraction] = (),
        motility_modulations: Sequence[Modulation] = (),
    ):
        if attractions and motility is None:
            raise InputError(f"{name} is attracted but does not move: give its motility (um2/s)")
        self.name = name
        self.volume = as_parameter(volume, f"volume of a cell of {name}", "um3", shapes=((),))
        self.motility = as_parameter(0.0 if motility is None else motility, f"motility of {name}", "um2/s", shapes=((),), positive=motility is not None)
        self.attractions, self.motility_modulations = tuple(attractions), tuple(motility_modulations)

    @property
    def reads(self) -> tuple[str, ...]:
        """Species and populations that its movement depends on."""
        return (*read_by(self.motility_modulations), *(name for one in self.attractions for name in one.reads))
