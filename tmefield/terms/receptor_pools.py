"""Receptors whose number the ligand changes: synthesis that bound receptors raise, internalisation, recycling."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..species import Species
from ..units import NANOMOLAR
from .modulation import Hill
from .term import AbstractTerm, Medium, Rates, not_negative

POOLS = ("free", "bound", "inside")


class ReceptorPools(AbstractTerm):
    """Free receptors R, complexes C and receptors inside E of every cell, with the ligand c that binds to them:

        dR/dt = v0 + v1 C^m/(K^m + C^m) - k_on c R + k_off C - k_R R + k_rec E
        dC/dt = k_on c R - (k_off + k_C) C,   dE/dt = k_C C - (k_rec + k_deg) E

    per cell, and for the ligand P = n k_off C / 0.602214, L = n k_on R / 0.602214: what the cells take for good is n k_C C. Where induced synthesis is steep
    and strong, few and many receptors are both steady at the same c (Busse et al. 2010, doi:10.1073/pnas.0812851107, on the receptor of interleukin 2); the
    solve then ends on the branch of its start.

    The pools are immobile species, NAME_free, NAME_bound and NAME_inside, in nM of the interstitial fluid as all others, so that budget, files and derivatives
    know them: n C/(0.602214 phi). `species` gives them for the model, `concentrations` a start from numbers per cell, `per_cell` such numbers of a result.

    **Arguments**

    - `ligand`: the species that binds.
    - `name`: of the receptor, e.g. "IL2R_Treg"; the pools are named after it.
    - `density`: n, cells/um3 of tissue, a number or a field [z, y, x].
    - `on_rate`: k_on, 1/(nM s); `off_rate`: k_off, 1/s.
    - `synthesis`: v0, receptors/cell/s; `induced_synthesis`: v1, the most that complexes add.
    - `half_maximum`: K, complexes per cell; `exponent`: m, at least 1.
    - `turnover`: k_R, loss of free receptors, 1/s; `internalisation`: k_C, of complexes, 1/s.
    - `recycling`: k_rec, `degradation`: k_deg, of receptors inside, 1/s.

    **Raises** `InputError` for a negative rate, an exponent below 1, a half maximum that is not above zero.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    density: Float[Array, "..."]
    on_rate: Float[Array, ""]
    off_rate: Float[Array, ""]
    synthesis: Float[Array, ""]
    induced_synthesis: Float[Array, ""]
    response: Hill
    turnover: Float[Array, ""]
    internalisation: Float[Array, ""]
    recycling: Float[Array, ""]
    degradation: Float[Array, ""]
    name: str = eqx.field(static=True)
    saturable: ClassVar[bool] = True

    def __init__(
        self,
        ligand: str,
        name: str,
        density: ArrayLike,
        *,
        on_rate: ArrayLike,
        off_rate: ArrayLike,
        synthesis: ArrayLike,
        turnover: ArrayLike,
        internalisation: ArrayLike,
        degradation: ArrayLike,
        recycling: ArrayLike = 0.0,
        induced_synthesis: ArrayLike = 0.0,
        half_maximum: ArrayLike = 1.0,
        exponent: ArrayLike = 1.0,
    ):
        self.name = name
        self.acts_on = (ligand, *(f"{name}_{pool}" for pool in POOLS))
        self.density = as_parameter(density, f"density of cells with {name}", "cells/um3")

        def number(value: ArrayLike, what: str, unit: str, **limits: Any) -> Array:
            return as_parameter(value, f"{what} of {name}", unit, shapes=((),), **limits)

        self.on_rate, self.off_rate = number(on_rate, "on rate", "1/(nM s)"), number(off_rate, "off rate", "1/s")
        self.synthesis, self.induced_synthesis = (
            number(value, what, "receptors/cell/s") for value, what in ((synthesis, "synthesis"), (induced_synthesis, "induced synthesis"))
        )
        self.response = Hill(self.acts_on[2], half_maximum, exponent)
        self.turnover, self.internalisation = number(turnover, "turnover", "1/s", positive=True), number(internalisation, "internalisation", "1/s")
        self.recycling, self.degradation = number(recycling, "recycling", "1/s"), number(degradation, "degradation", "1/s", positive=True)

    @property
    def species(self) -> tuple[Species, ...]:
        """The three pools, for the species of the model."""
        return tuple(Species(name, immobile=True) for name in self.acts_on[1:])

    def concentrations(self, free: ArrayLike, bound: ArrayLike = 0.0, inside: ArrayLike = 0.0, volume_fraction: ArrayLike = 1.0) -> dict[str, Array]:
        """The concentration of each pool, nM, for numbers per cell: a start of a solve or a run. Shapes as those of numbers and density."""
        per_number = self.density / (NANOMOLAR * jnp.asarray(volume_fraction))
        return {name: per_number * jnp.asarray(number) for name, number in zip(self.acts_on[1:], (free, bound, inside), strict=True)}

    def per_cell(self, result: Any) -> dict[str, Array]:
        """Free, bound and inside receptors per cell from a solution or a trajectory: [z, y, x], or [time, z, y, x]; zero where there are no cells."""
        model = result.model
        density = jnp.broadcast_to(self.density, model.grid.shape)
        number = jnp.where(density > 0, NANOMOLAR * model.volume_fraction / jnp.where(density > 0, density, 1), 0)
        fields = ((pool, result[name]) for pool, name in zip(POOLS, self.acts_on[1:], strict=True))
        return {pool: field * jnp.broadcast_to(number, field.shape) for pool, field in fields}

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: each pool is lost in proportion, and what is made of it does not depend on it. The switch is in the circle of all."""
        return True

    @property
    def drives(self) -> tuple[tuple[str, str], ...]:
        """See `AbstractTerm`."""
        ligand, free, bound, inside = self.acts_on
        return ((free, ligand), (bound, ligand), (ligand, free), (bound, free), (inside, free), (ligand, bound), (free, bound), (bound, inside))

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return self.name

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        phi = medium.volume_fraction
        names = self.acts_on
        c, free, bound, inside = (not_negative(concentration[name]) for name in names)
        made = self.density / NANOMOLAR * (self.synthesis + self.induced_synthesis * self._response(bound, phi))
        released, on, still = phi * self.off_rate * bound, phi * self.on_rate, jnp.zeros_like(phi)
        return {
            names[0]: Rates(released, on * free),
            names[1]: Rates(made + released + phi * self.recycling * inside, on * c + phi * self.turnover),
            names[2]: Rates(on * c * free, still + phi * (self.off_rate + self.internalisation)),
            names[3]: Rates(phi * self.internalisation * bound, still + phi * (self.recycling + self.degradation)),
        }

    def _response(self, bound: Array, phi: Array) -> Array:
        """C^m/(K^m + C^m) of the complexes per cell; zero where there are no cells."""
        cells = jnp.broadcast_to(self.density, bound.shape)
        per_cell = jnp.where(cells > 0, NANOMOLAR * phi * bound / jnp.where(cells > 0, cells, 1), 0)
        return self.response({self.acts_on[2]: per_cell})

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        as_parameter(self.density, f"density of cells with {self.name}", "cells/um3", shapes=((), shape))
        mobile = [name for name in self.acts_on[1:] if not medium.species[name].immobile]
        if mobile:
            raise InputError(f"{', '.join(mobile)} must be immobile: take the species of the ReceptorPools, species=[..., *pools.species]")
