"""Exchange of a solute between vessels and tissue across the vessel wall."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from ..checks import as_parameter, concrete
from ..course import TimeCourse
from ..errors import InputError
from .blood import Blood
from .term import AbstractTerm, Medium, Rates

FORMS = ("auto", "lumped", "operator")
FREELY_PERMEABLE = 0.5
"""P R/(phi D) above which the lumped form is not good enough near the vessel: there it is up to 1 % off (0.4 at h = R), 3 % at 1.2, 8 % at 4."""
COARSE = 3.0
"""Voxels from so many vessel radii on, the two forms are equally good: 2.5 % at 2, 0.6 % at 4 for the most permeable walls."""


class VascularExchange(AbstractTerm):
    """The exchange of each piece of vessel wall with the tissue, per volume of a voxel,

        q = G (c_p - c_t), G = area / (1/P + path/(phi D)), um3/s.

    `path` (um) is the sub-grid closure: what lies between the wall and the voxels' own concentration, R ln(r_e/R) for a
    vessel thinner than the voxels (Peaceman 1978, doi:10.2118/6893-PA, with r_e of the spreading kernel), the distance to the
    voxel's centre for a wide one. In the *lumped* form a piece of wall belongs to one voxel and c_t is that voxel's concentration: P = sum G c_p and
    L = sum G, divided by the voxel's volume. In the *operator* form it is a point with a kernel w over the voxels around it, c_t = sum_v w_v c_v,
    and q goes to them with the same shares.

    **Arguments**

    - `species`: the solute.
    - `vessels`: an embedded network (`VesselNetwork.embed(grid)`), or the wall area per volume of tissue, 1/um, as a number
      or a field [z, y, x]; then the path is zero.
    - `permeability`: P of the wall, um/s.
    - `plasma_concentration`: c_p, nM; a number, one number for each segment of the network, a `TimeCourse`, or `Blood`, whose concentration falls
      along the vessels by what the tissue takes.
    - `form`: "lumped", "operator", or "auto": the operator where some thin wall has P R/(phi D) > 0.5 in voxels below 3 R, as oxygen does; lumped
      otherwise, and wherever values are traced. `Model` decides; the term in `model.terms` says which it became.

    Voxels inside wide vessels (`embedding.lumen`) are no tissue: the model has to hold them, with
    `fixed=FixedConcentration(embedding.lumen, plasma_concentration, sealed=True)`.

    **Raises** `InputError` where a closure is not positive: such walls are more permeable than the grid can resolve.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    form: str = eqx.field(static=True)
    vessels: Any = eqx.field(static=True)
    voxel: Int[Array, "..."] | None
    weight: Float[Array, "walls k"] | None
    segment: Int[Array, " walls"] | None
    area: Float[Array, "..."]
    path: Float[Array, "..."]
    permeability: Float[Array, ""]
    plasma_concentration: Float[Array, "..."] | TimeCourse | Blood
    lumen: Bool[Array, "z y x"] | None

    def __init__(
        self,
        species: str,
        vessels: Any,
        permeability: ArrayLike,
        plasma_concentration: ArrayLike | TimeCourse | Blood = 0.0,
        form: str = "auto",
    ):
        embedded = all(hasattr(vessels, name) for name in ("voxel", "area", "path"))
        if form not in FORMS:
            raise InputError(f"form of the vascular exchange of {species} must be {', '.join(FORMS)}; got {form!r}")
        if form == "operator" and not embedded:
            raise InputError(f"vascular exchange of {species}: the operator form needs an embedded network, network.embed(grid), not a surface density")
        self.acts_on = (species,)
        self.form = form if embedded else "lumped"
        self.vessels = vessels if self.form == "auto" else None
        self.lumen = jnp.asarray(vessels.lumen) if embedded and np.any(vessels.lumen) else None
        self.voxel = self.weight = self.segment = None
        if not embedded:
            self.area = as_parameter(vessels, f"vessel surface density for {species}", "1/um")
            self.path = jnp.zeros_like(self.area)
        else:
            walls = vessels.contacts() if form == "operator" else vessels
            self.voxel, self.segment = (jnp.asarray(np.asarray(one, dtype=np.int32)) for one in (walls.voxel, walls.segment))
            self.area = as_parameter(walls.area, "wall area", "um2")
            self.path = jnp.asarray(walls.path, dtype=self.area.dtype)
            self.weight = jnp.asarray(walls.weight, dtype=self.area.dtype) if form == "operator" else None
        self.permeability = as_parameter(permeability, f"vascular permeability of {species}", "um/s", shapes=((),))
        self.plasma_concentration = self._given(plasma_concentration)

    def _given(self, plasma: Any) -> Any:
        name = f"plasma concentration of {self.acts_on[0]}"
        if isinstance(plasma, Blood) and self.segment is None:
            raise InputError(f"{name}: blood flows through an embedded network, network.embed(grid); a surface density has no vessels to follow")
        if isinstance(plasma, TimeCourse | Blood):
            return plasma
        return as_parameter(plasma, name + (", a number or one for each segment of the network" if self.segment is not None else ""), "nM")

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "vascular exchange"

    @property
    def local(self) -> bool:
        """See `AbstractTerm`: points exchange with all voxels around them, and blood carries what one voxel gave to another."""
        return self.weight is None and not isinstance(self.plasma_concentration, Blood)

    @property
    def saturable(self) -> bool:
        """See `AbstractTerm`."""
        return not self.local

    @property
    def monotone(self) -> bool:
        """See `AbstractTerm`: more in the tissue is less from the vessels."""
        return True

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return self.plasma_concentration.jumps if isinstance(self.plasma_concentration, TimeCourse | Blood) else ()

    def fitted(self, medium: Medium) -> "VascularExchange":
        """See `AbstractTerm`: the form is chosen here, where the diffusivity is known."""
        if self.form != "auto":
            return self
        form = "operator" if self._is_freely_permeable(medium) else "lumped"
        return VascularExchange(self.acts_on[0], self.vessels, self.permeability, self.plasma_concentration, form)

    def _is_freely_permeable(self, medium: Medium) -> bool:
        conductivity, permeability = concrete(self._at_walls(medium)), concrete(self.permeability)
        if conductivity is None or permeability is None:
            return False
        pieces = self.vessels.pieces
        radius = np.zeros(int(pieces.segment.max()) + 1)
        radius[pieces.segment] = pieces.radius
        radius, h = radius[self.vessels.segment], self.vessels.grid.spacing[2]
        thin = (radius < self.vessels.wide_from) & (h < COARSE * radius) & (self.vessels.grid.shape[0] > 1)
        return bool((thin & (permeability * radius > FREELY_PERMEABLE * conductivity)).any())

    def _at_walls(self, medium: Medium) -> Array:
        """Phi D at each piece of wall, um2/s."""
        conductivity = medium.volume_fraction * medium.species[self.acts_on[0]].diffusivity
        return conductivity if conductivity.ndim == 0 else self._outside(conductivity)

    def _outside(self, field: Float[Array, "z y x"]) -> Float[Array, " walls"]:
        """What a field is at each piece of wall."""
        found = field.reshape(-1)[self.voxel]
        return found if self.weight is None else jnp.sum(self.weight * found, axis=1)

    def _spread(self, amount: Float[Array, " walls"], shape: tuple[int, ...]) -> Float[Array, "z y x"]:
        """Amounts of the pieces of wall summed in their voxels."""
        given = amount if self.weight is None else self.weight * amount[:, None]
        return jnp.zeros(shape, amount.dtype).reshape(-1).at[self.voxel].add(given).reshape(shape)

    def conductance(self, medium: Medium) -> Float[Array, " walls"]:
        """G of each piece of wall, um3/s."""
        conductivity, resisted = self._closure(medium)
        is_open = resisted > 0
        return self.area * self.permeability * jnp.where(is_open, conductivity / jnp.where(is_open, resisted, 1), 0)

    def _closure(self, medium: Medium) -> tuple[Array, Array]:
        """Phi D at each wall piece, and phi D + P path, which has to stay positive where phi D is."""
        at_wall = self._at_walls(medium)
        return at_wall, at_wall + self.permeability * self.path

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        plasma, c = self.plasma_concentration, concentration[name]
        if isinstance(plasma, TimeCourse):
            plasma = plasma.at(medium.moment.time, medium.moment.within)
        if self.voxel is None and not isinstance(plasma, Blood):
            exchange = self.area * self.permeability
            return {name: Rates(exchange * plasma, exchange)}
        conductance = self.conductance(medium) / medium.voxel_volume
        if isinstance(plasma, Blood):
            conductance = conductance * plasma.perfused[self.segment]
        loss = self._spread(conductance, c.shape)
        outside = jnp.zeros_like(conductance) if self.local else self._outside(c)
        at_segments = self._along(plasma, conductance, outside, medium)
        if self.weight is None:
            return {name: Rates(self._spread(conductance * at_segments, c.shape), loss)}
        # P - L c is the operator; L alone, the sum of each voxel's row, keeps the preconditioner and Picard's steps positive.
        return {name: Rates(self._spread(conductance * (at_segments - outside), c.shape) + loss * c, loss)}

    def _along(self, plasma: Array | Blood, conductance: Array, outside: Array, medium: Medium) -> Array:
        """Plasma concentration at each piece of wall."""
        if not isinstance(plasma, Blood):
            return plasma if plasma.ndim == 0 else plasma[self.segment]
        mean, _ = self._in_blood(plasma, conductance, outside, medium)
        return mean[self.segment]

    def _in_blood(self, blood: Blood, conductance: Array, outside: Array, medium: Medium) -> tuple[Array, Array]:
        count = blood.flow.size
        exchange = jnp.zeros(count, conductance.dtype).at[self.segment].add(conductance)
        tissue = jnp.zeros(count, conductance.dtype).at[self.segment].add(conductance * outside) / jnp.where(exchange > 0, exchange, 1)
        return blood.along(exchange * medium.voxel_volume, tissue, medium.moment)

    def in_blood(self, c: Float[Array, "z y x"], medium: Medium) -> tuple[Float[Array, " m"], Float[Array, " n"]]:
        """With `Blood`: mean plasma concentration of each segment, nM, and the amount arriving at each node, nM um3/s, for a field in the tissue."""
        if not isinstance(self.plasma_concentration, Blood):
            raise InputError(f"the plasma concentration of {self.acts_on[0]} is given; only Blood changes along the vessels")
        conductance = self.conductance(medium) / medium.voxel_volume * self.plasma_concentration.perfused[self.segment]
        return self._in_blood(self.plasma_concentration, conductance, self._outside(c), medium)

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
                "take smaller voxels, or resolve more vessels as lumens: network.embed(grid, lumen_radius=1.05) does so from 1.05 voxels on"
            )
