"""Exchange of a solute between vessels and tissue across the vessel wall."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from ..checks import as_parameter, concrete
from ..course import TimeCourse
from ..errors import InputError
from .term import AbstractTerm, Medium, Rates


class VascularExchange(AbstractTerm):
    """P = E c_p and L = E with the exchange coefficient of the walls inside each voxel,

        E = sum over walls of (area / voxel volume) / (1/P + path / (phi D)).

    `path` (um) is the sub-grid closure: what lies between the wall and the voxel's own concentration, R ln(r_e/R) for a
    vessel thinner than the voxels (Peaceman 1978, doi:10.2118/6893-PA, with r_e of the spreading kernel), the distance to the
    voxel's centre for a wide one.

    **Arguments**

    - `species`: the solute.
    - `vessels`: an embedded network (`VesselNetwork.embed(grid)`), or the wall area per volume of tissue, 1/um, as a number
      or a field [z, y, x]; then the path is zero.
    - `permeability`: P of the wall, um/s.
    - `plasma_concentration`: c_p, nM; a number or a `TimeCourse`.

    Voxels inside wide vessels (`embedding.lumen`) are no tissue: the model has to hold them, with
    `fixed=FixedConcentration(embedding.lumen, plasma_concentration, sealed=True)`.

    **Raises** `InputError` where a closure is not positive: such walls are more permeable than the grid can resolve.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    voxel: Int[Array, " walls"] | None
    area: Float[Array, "..."]
    path: Float[Array, "..."]
    permeability: Float[Array, ""]
    plasma_concentration: Float[Array, ""] | TimeCourse
    lumen: Bool[Array, "z y x"] | None
    saturable: ClassVar[bool] = False

    def __init__(self, species: str, vessels: Any, permeability: ArrayLike, plasma_concentration: ArrayLike | TimeCourse = 0.0):
        self.acts_on = (species,)
        self.lumen = None
        if all(hasattr(vessels, name) for name in ("voxel", "area", "path")):
            if np.any(getattr(vessels, "lumen", False)):
                self.lumen = jnp.asarray(vessels.lumen)
            self.voxel = jnp.asarray(np.asarray(vessels.voxel, dtype=np.int32))
            self.area = as_parameter(vessels.area, "wall area", "um2")
            self.path = jnp.asarray(vessels.path, dtype=self.area.dtype)
        else:
            self.voxel = None
            self.area = as_parameter(vessels, f"vessel surface density for {species}", "1/um")
            self.path = jnp.zeros_like(self.area)
        self.permeability = as_parameter(permeability, f"vascular permeability of {species}", "um/s", shapes=((),))
        if isinstance(plasma_concentration, TimeCourse):
            self.plasma_concentration = plasma_concentration
        else:
            self.plasma_concentration = as_parameter(plasma_concentration, f"plasma concentration of {species}", "nM", shapes=((),))

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "vascular exchange"

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return self.plasma_concentration.jumps if isinstance(self.plasma_concentration, TimeCourse) else ()

    def coefficient(self, medium: Medium, shape: tuple[int, ...]) -> Float[Array, "..."]:
        """The exchange coefficient E, 1/s."""
        if self.voxel is None:
            return self.area * self.permeability
        conductivity, resisted = self._closure(medium)
        open_to_flow = resisted > 0
        share = self.area / medium.voxel_volume * self.permeability * jnp.where(open_to_flow, conductivity / jnp.where(open_to_flow, resisted, 1), 0)
        return jnp.zeros(shape, share.dtype).reshape(-1).at[self.voxel].add(share).reshape(shape)

    def _closure(self, medium: Medium) -> tuple[Array, Array]:
        """Phi D at each wall piece, and phi D + P path, which has to stay positive where phi D is."""
        conductivity = medium.volume_fraction * medium.species[self.acts_on[0]].diffusivity
        at_wall = conductivity if conductivity.ndim == 0 else conductivity.reshape(-1)[self.voxel]
        return at_wall, at_wall + self.permeability * self.path

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        exchange = self.coefficient(medium, concentration[name].shape)
        plasma = self.plasma_concentration
        return {name: Rates(exchange * (plasma.at(medium.moment.time, medium.moment.within) if isinstance(plasma, TimeCourse) else plasma), exchange)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        if self.voxel is None:
            as_parameter(self.area, f"vessel surface density for {name}", "1/um", shapes=((), shape))
            return
        conductivity, resisted = (concrete(one) for one in self._closure(medium))
        if conductivity is None or resisted is None:
            return
        refused = (resisted <= 0) & (conductivity > 0)
        if refused.any():
            raise InputError(
                f"the walls of {int(refused.sum())} vessel pieces are too permeable to {name} for this grid "
                f"(phi D + P path = {float(resisted.min()):.3g} um2/s at worst): "
                "use voxels smaller than about half the vessel radius, or wide vessels as lumen voxels"
            )
