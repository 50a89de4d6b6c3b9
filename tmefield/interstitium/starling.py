"""What vessels and lymphatics do to the pressure: the two terms of its balance."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..terms.term import AbstractTerm, Medium, Rates
from ..terms.wall_pieces import at_walls, on_voxels


class Leak(AbstractTerm):
    """Filtration through vessel walls, P = E p_e and L = E,

        E = sum over walls of (area / voxel volume) / (1/L_p + path/K),   p_e = p_v - sigma (pi_v - pi_i),

    with the closure of `VascularExchange`, K in the place of phi D.

    - `voxel`, `area`, `path`: the wall entries of an embedding, or None and the wall area per volume of tissue.
    - `conductivity`: L_p of each wall, um/(Pa s); `driving`: p_e of each, Pa.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    voxel: Int[Array, " walls"] | None
    area: Float[Array, "..."]
    path: Float[Array, "..."]
    conductivity: Float[Array, "..."]
    driving: Float[Array, "..."]
    saturable: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "filtration"

    def conductance(self, tissue: Float[Array, "..."]) -> Float[Array, "..."]:
        """Of each wall with the tissue on its path, 1/(1/L_p + path/K), um/(Pa s); `tissue` is K, um2/(Pa s)."""
        if self.voxel is None:
            return self.conductivity * jnp.ones_like(self.area)
        near = at_walls(tissue, self.voxel)
        resisted = near + self.conductivity * self.path
        conducting = resisted > 0
        return self.conductivity * jnp.where(conducting, near / jnp.where(conducting, resisted, 1), 0)

    def filtration(self, pressure: Float[Array, "z y x"], tissue: Float[Array, "..."]) -> Float[Array, "..."]:
        """J_v through each wall, um/s, positive out of the vessel."""
        return self.conductance(tissue) * (self.driving - at_walls(pressure, self.voxel))

    def per_volume(self, through_walls: Float[Array, "..."], shape: tuple[int, ...], voxel_volume: float) -> Float[Array, "..."]:
        """What crosses the walls (per area) as a sum in each voxel, per volume of tissue."""
        area = self.area if self.voxel is None else self.area / voxel_volume
        return on_voxels(area * through_walls, self.voxel, shape)

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        conductance, shape = self.conductance(medium.species[name].diffusivity), concentration[name].shape
        brought, taken = (self.per_volume(one, shape, medium.voxel_volume) for one in (conductance * self.driving, conductance))
        return {name: Rates(brought, taken)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`; what a person gives is checked where it comes in."""


class Lymphatics(AbstractTerm):
    """Drainage into lymphatics, P = k p_L and L = k: `conductance` k = L_pL S_L/V, 1/(Pa s), and `pressure` p_L, Pa; numbers or fields."""

    acts_on: tuple[str, ...] = eqx.field(static=True)
    conductance: Float[Array, "..."]
    pressure: Float[Array, "..."]
    saturable: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "lymphatics"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        return {self.acts_on[0]: Rates(self.conductance * self.pressure, self.conductance)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`; what a person gives is checked where it comes in."""
