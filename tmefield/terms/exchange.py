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

# Below this the closed form of `mean_decay` has no derivatives in floats; its series is exact there to 1e-16.
SMALL = 0.1


class VascularExchange(AbstractTerm):
    """P = E c_p and L = E with the exchange coefficient of the walls inside each voxel,

        E = sum over walls of (area / voxel volume) / (1/P + path / (phi D)).

    `path` (um) is the sub-grid closure: what lies between the wall and the voxel's own concentration, R ln(r_e/R) for a
    vessel thinner than the voxels (Peaceman 1978, doi:10.2118/6893-PA, with r_e of the spreading kernel), the distance to the
    voxel's centre for a wide one.

    With a filtration J_v of fluid through the wall, P = A c_p and L = B,

        (A, B) = sum over walls of (area / voxel volume) (a, b e^-y) / (1 + b w (1 - e^-y)/y),   w = path/(phi D), y = J_v w,
        b = P Pe/(e^Pe - 1), a = b e^Pe, Pe = J_v (1 - s_f)/P

    (Kedem & Katchalsky 1958, Biochim. Biophys. Acta 27:229; Patlak, Goldstein & Hoffman 1963, J. Theor. Biol. 5:426). On the path the fluid carries
    solute beside the diffusion, so that fluid at c_p with s_f = 0 leaves tissue at c_p as it is. J_v = 0 gives E.

    **Arguments**

    - `species`: the solute.
    - `vessels`: an embedded network (`VesselNetwork.embed(grid)`), or the wall area per volume of tissue, 1/um, as a number
      or a field [z, y, x]; then the path is zero.
    - `permeability`: P of the wall, um/s.
    - `plasma_concentration`: c_p, nM; a number or a `TimeCourse`.
    - `filtration`: J_v, um/s, positive out of the vessel: one for each wall entry of the embedding (`interstitial_flow(...).filtration`), or a number or a
      field [z, y, x] for a given wall area; no filtration by default. The model needs the `flow` of the same fluid.
    - `reflection`: s_f, the share of the solute that the wall holds back from the fluid, 0 to 1.

    Voxels inside wide vessels (`embedding.lumen`) are no tissue: the model has to hold them, with
    `fixed=FixedConcentration(embedding.lumen, plasma_concentration, sealed=True)`.

    **Raises** `InputError` where a closure is not positive: such walls are more permeable than the grid can resolve; for a filtration that does not fit the
    walls, and a reflection outside 0 to 1.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    voxel: Int[Array, " walls"] | None
    area: Float[Array, "..."]
    path: Float[Array, "..."]
    permeability: Float[Array, ""]
    plasma_concentration: Float[Array, ""] | TimeCourse
    lumen: Bool[Array, "z y x"] | None
    filtration: Float[Array, "..."] | None
    reflection: Float[Array, ""]
    saturable: ClassVar[bool] = False

    def __init__(
        self,
        species: str,
        vessels: Any,
        permeability: ArrayLike,
        plasma_concentration: ArrayLike | TimeCourse = 0.0,
        *,
        filtration: ArrayLike | None = None,
        reflection: ArrayLike = 0.0,
    ):
        self.acts_on = (species,)
        self.voxel, self.area, self.path, self.lumen = wall_entries(vessels, species)
        shapes = None if self.voxel is None else (self.area.shape,)
        self.filtration = None if filtration is None else as_parameter(filtration, "filtration through vessel walls", "um/s", shapes=shapes, signed=True)
        self.reflection = as_parameter(reflection, f"reflection of {species} by vessel walls", "1", shapes=((),))
        if (known := concrete(self.reflection)) is not None and known > 1:
            raise InputError(f"reflection of {species} by vessel walls must lie between 0 and 1; got {float(known):g}")
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

    def coefficients(self, medium: Medium, shape: tuple[int, ...]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """What a voxel gets per concentration in the plasma (A) and loses per its own (B), 1/s; both are E without filtration."""
        if self.filtration is None:
            exchange = on_voxels(self._per_volume(medium, self.permeability, *self._closure(medium)), self.voxel, shape)
            return exchange, exchange
        slow, outward = self._across_wall()
        conductivity, resisted = self._closure(medium)
        there, back = _halves(self.filtration, self.path, conductivity)
        brought = self._per_volume(medium, (slow + jnp.maximum(outward, 0)) * there, conductivity, resisted)
        taken = self._per_volume(medium, (slow + jnp.maximum(-outward, 0)) * back, conductivity, resisted)
        return on_voxels(brought, self.voxel, shape), on_voxels(taken, self.voxel, shape)

    def _per_volume(self, medium: Medium, rate: Array, conductivity: Array, resisted: Array) -> Array:
        """Of each wall piece, from its rate (um/s) and its closure, 1/s."""
        if self.voxel is None:
            return self.area * rate
        open_to_flow = resisted > 0
        return self.area / medium.voxel_volume * rate * jnp.where(open_to_flow, conductivity / jnp.where(open_to_flow, resisted, 1), 0)

    def _across_wall(self) -> tuple[Array, Array]:
        """The rate against the filtration, P |Pe|/(e^|Pe| - 1), and the fluid that takes solute along, J_v (1 - s_f), um/s."""
        outward, wall = jnp.asarray(self.filtration) * (1 - self.reflection), self.permeability
        peclet = jnp.abs(outward) / jnp.where(wall > 0, wall, 1)
        return jnp.where(wall > 0, wall * jnp.exp(-peclet) / mean_decay(peclet), 0), outward

    def _closure(self, medium: Medium) -> tuple[Array, Array]:
        """Phi D at each wall piece, and what it is divided by (phi D + P path without filtration), which has to stay positive where phi D is."""
        conductivity = at_walls(medium.volume_fraction * medium.species[self.acts_on[0]].diffusivity, self.voxel)
        if self.filtration is None:
            return conductivity, conductivity + self.permeability * self.path
        slow, outward = self._across_wall()
        there, _ = _halves(self.filtration, self.path, conductivity)
        along = mean_decay(_exponent(self.filtration, self.path, conductivity))
        return conductivity, conductivity * there + (slow + jnp.maximum(-outward, 0)) * self.path * along

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        brought, taken = self.coefficients(medium, concentration[name].shape)
        plasma = self.plasma_concentration
        return {name: Rates(brought * (plasma.at(medium.moment.time, medium.moment.within) if isinstance(plasma, TimeCourse) else plasma), taken)}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        if self.voxel is None:
            as_parameter(self.area, f"vessel surface density for {name}", "1/um", shapes=((), shape))
            if self.filtration is not None:
                as_parameter(self.filtration, "filtration through vessel walls", "um/s", shapes=((), shape), signed=True)
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


def wall_entries(vessels: Any, who: str) -> tuple[Array | None, Array, Array, Array | None]:
    """Voxel, area, path and lumen of an embedding; of a wall area per volume None, the area, zero and None."""
    if not all(hasattr(vessels, name) for name in ("voxel", "area", "path")):
        area = as_parameter(vessels, f"vessel surface density for {who}", "1/um")
        return None, area, jnp.zeros_like(area), None
    area = as_parameter(vessels.area, "wall area", "um2")
    lumen = jnp.asarray(vessels.lumen) if np.any(getattr(vessels, "lumen", False)) else None
    return jnp.asarray(np.asarray(vessels.voxel, dtype=np.int32)), area, jnp.asarray(vessels.path, dtype=area.dtype), lumen


def at_walls(field: Array, voxel: Array | None) -> Array:
    """The value of a number or a field at each wall piece."""
    return field if voxel is None or field.ndim == 0 else field.reshape(-1)[voxel]


def on_voxels(pieces: Array, voxel: Array | None, shape: tuple[int, ...]) -> Array:
    """The sum of the wall pieces in each voxel."""
    return pieces if voxel is None else jnp.zeros(shape, pieces.dtype).reshape(-1).at[voxel].add(pieces).reshape(shape)


def mean_decay(x: Array) -> Array:
    """(1 - e^-x)/x for x >= 0: the mean of e^-s for s from 0 to x."""
    small = x < SMALL
    series = jnp.zeros_like(x)
    for n in range(9, 1, -1):
        series = (1 - series) * x / n
    return jnp.where(small, 1 - series, -jnp.expm1(-x) / jnp.where(small, 1, x))


def _exponent(filtration: Array, path: Array, conductivity: Array) -> Array:
    """|y| = |J_v path|/(phi D); zero where nothing diffuses, and nothing is exchanged."""
    return jnp.where(conductivity > 0, jnp.abs(filtration * path) / jnp.where(conductivity > 0, conductivity, 1), 0)


def _halves(filtration: Array, path: Array, conductivity: Array) -> tuple[Array, Array]:
    """(1, e^-y), or (e^y, 1) where y is negative: in the same proportion, and never above 1."""
    decayed = jnp.exp(-_exponent(filtration, path, conductivity))
    forward = filtration * path >= 0
    return jnp.where(forward, 1, decayed), jnp.where(forward, decayed, 1)
