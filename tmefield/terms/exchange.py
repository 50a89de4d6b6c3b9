"""Exchange of a solute between vessels and tissue across the vessel wall."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from ..checks import as_parameter, concrete
from ..course import AbstractCourse
from ..errors import InputError
from ..grid import Grid
from .blood import Blood
from .term import AbstractTerm, Medium, Rates
from .wall_pieces import across_wall, along_path, at_walls, embedded_in, is_embedded, lumen_of, on_voxels, wall_pieces

FORMS = ("auto", "lumped", "operator")
FREELY_PERMEABLE = 0.5
"""P R/(phi D) above which the lumped form is not good enough near the vessel: there it is up to 1 % off (0.4 at h = R), 3 % at 1.2, 8 % at 4."""
COARSE = 3.0
"""Voxels from so many vessel radii on, the two forms are equally good: 2.5 % at 2, 0.6 % at 4 for the most permeable walls."""


class VascularExchange(AbstractTerm):
    """The exchange of each piece of vessel wall with the tissue, per volume of a voxel,

        q = G (c_p - c_t),   G = area / (1/P + path/(phi D)), um3/s.

    `path` (um) is the sub-grid closure: what lies between the wall and the voxels' own concentration, R ln(r_e/R) for a
    vessel thinner than the voxels (Peaceman 1978, doi:10.2118/6893-PA, with r_e of the spreading kernel), the distance to the
    voxel's centre for a wide one. In the *lumped* form a piece of wall belongs to one voxel and c_t is that voxel's concentration: P = sum G c_p and
    L = sum G, divided by the voxel's volume. In the *operator* form it is a point with a kernel w over the voxels around it, c_t = sum_v w_v c_v,
    and q goes to them with the same shares; where walls hardly resist, c may then exceed c_p by some per cent beside a vessel.

    With a filtration J_v of fluid through the wall, q = A c_p - B c_t,

        (A, B) = area (a, b e^-y) / (1 + b w (1 - e^-y)/y),   w = path/(phi D), y = J_v w,
        b = P Pe/(e^Pe - 1), a = b e^Pe, Pe = J_v (1 - s_f)/P

    (Kedem & Katchalsky 1958, Biochim. Biophys. Acta 27:229; Patlak, Goldstein & Hoffman 1963, J. Theor. Biol. 5:426). On the path the fluid carries
    solute beside the diffusion, so that fluid at c_p with s_f = 0 leaves tissue at c_p as it is. J_v = 0 gives G.

    **Arguments**

    - `species`: the solute.
    - `vessels`: an embedded network (`VesselNetwork.embed(grid)`), or the wall area per volume of tissue, 1/um, as a number
      or a field [z, y, x]; then the path is zero.
    - `permeability`: P of the wall, um/s; a number, or one for each segment of an embedded network.
    - `plasma_concentration`: c_p, nM; a number, one number for each segment of the network, a `TimeCourse`, or `Blood`, whose concentration falls
      along the vessels by what the tissue takes.
    - `filtration`: J_v, um/s, positive out of the vessel: one for each wall entry of the embedding (`interstitial_flow(...).filtration`), or a number or a
      field [z, y, x] for a given wall area; no filtration by default. The model needs the `flow` of the same fluid.
    - `reflection`: s_f, the share of the solute that the wall holds back from the fluid, 0 to 1; a number, or one for each segment.
    - `form`: "lumped", "operator", or "auto": the operator where some thin wall has P R/(phi D) > 0.5 in voxels below 3 R, as oxygen does; lumped
      otherwise, with a filtration, and wherever values are traced. `Model` decides; the term in `model.terms` says which it became.

    Voxels inside wide vessels (`embedding.lumen`) are no tissue: the model has to hold them, with
    `fixed=FixedConcentration(embedding.lumen, plasma_concentration, sealed=True)`.

    **Raises** `InputError` where a closure is not positive: such walls are more permeable than the grid can resolve (where values are traced, the
    exchange is NaN); for a filtration that does not fit the walls or the form, values for other segments, and a reflection outside 0 to 1.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    form: str = eqx.field(static=True)
    vessels: Any = eqx.field(static=True)
    voxel: Int[Array, "..."] | None
    weight: Float[Array, "walls k"] | None
    segment: Int[Array, " walls"] | None
    embedded: tuple[Grid, int] | None = eqx.field(static=True)
    area: Float[Array, "..."]
    path: Float[Array, "..."]
    permeability: Float[Array, "..."]
    plasma_concentration: Float[Array, "..."] | AbstractCourse | Blood
    lumen: Bool[Array, "z y x"] | None
    filtration: Float[Array, "..."] | None
    reflection: Float[Array, "..."]

    def __init__(
        self,
        species: str,
        vessels: Any,
        permeability: ArrayLike,
        plasma_concentration: ArrayLike | AbstractCourse | Blood = 0.0,
        *,
        filtration: ArrayLike | None = None,
        reflection: ArrayLike = 0.0,
        form: str = "auto",
    ):
        self.acts_on = (species,)
        self.form = _form(form, species, vessels, filtered=filtration is not None)
        self.vessels = vessels if self.form == "auto" else None
        self.lumen = lumen_of(vessels)
        self.embedded = embedded_in(vessels)
        walls = wall_pieces(vessels.contacts() if self.form == "operator" else vessels, species)
        self.voxel, self.weight, self.segment, self.area, self.path = walls
        shapes = None if self.voxel is None else (self.area.shape,)
        self.filtration = None if filtration is None else as_parameter(filtration, "filtration through vessel walls", "um/s", shapes=shapes, signed=True)
        self.reflection = as_parameter(reflection, f"reflection of {species} by vessel walls", "1", shapes=_per_segment(reflection, vessels))
        if (known := concrete(self.reflection)) is not None and (known > 1).any():
            raise InputError(f"reflection of {species} by vessel walls must lie between 0 and 1; got {float(known.max()):g}")
        self.permeability = as_parameter(permeability, f"vascular permeability of {species}", "um/s", shapes=_per_segment(permeability, vessels))
        self.plasma_concentration = self._given(plasma_concentration)

    def _given(self, plasma: Any) -> Any:
        name = f"plasma concentration of {self.acts_on[0]}"
        if isinstance(plasma, Blood) and self.segment is None:
            raise InputError(f"{name}: blood flows through an embedded network, network.embed(grid); a surface density has no vessels to follow")
        segments = None if self.embedded is None else self.embedded[1]
        if isinstance(plasma, Blood) and segments is not None and plasma.flow.size != segments:
            raise InputError(f"{name}: the blood flows through {plasma.flow.size} segments, the embedded network has {segments}: give both the same network")
        if isinstance(plasma, AbstractCourse | Blood):
            return plasma
        given = as_parameter(plasma, name, "nM")
        if given.ndim > (self.segment is not None):
            allowed = "a number" + (", or one for each segment of the network" if self.segment is not None else "")
            raise InputError(f"{name} has shape {list(given.shape)}, expected {allowed} (nM)")
        if given.ndim and segments is not None and given.size != segments:
            raise InputError(f"{name} has {given.size} values, expected one for each of the {segments} segments of the network (nM)")
        return given

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
        """See `AbstractTerm`: the more there is in the tissue, the less comes from the vessels."""
        return True

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return self.plasma_concentration.jumps if isinstance(self.plasma_concentration, AbstractCourse | Blood) else ()

    def fitted(self, medium: Medium) -> "VascularExchange":
        """See `AbstractTerm`: the form is chosen here, where the diffusivity is known."""
        if self.form != "auto":
            return self
        form = "operator" if self._is_freely_permeable(medium) else "lumped"
        given = {"filtration": self.filtration, "reflection": self.reflection, "form": form}
        return VascularExchange(self.acts_on[0], self.vessels, self.permeability, self.plasma_concentration, **given)

    def _is_freely_permeable(self, medium: Medium) -> bool:
        conductivity, permeability = concrete(self._conductivity(medium)), concrete(self._at_pieces(self.permeability))
        if conductivity is None or permeability is None or self.filtration is not None:
            return False
        radius, h = self.vessels.radius_of_segment[self.vessels.segment], self.vessels.grid.spacing[2]
        thin = (radius < self.vessels.wide_from) & (h < COARSE * radius) & (self.vessels.grid.shape[0] > 1)
        return bool((thin & (permeability * radius > FREELY_PERMEABLE * conductivity)).any())

    def _at_pieces(self, value: Array) -> Array:
        """A number as it is, one for each segment at each piece of wall."""
        return value if value.ndim == 0 else value[self.segment]

    def _conductivity(self, medium: Medium) -> Array:
        """Phi D at each piece of wall, um2/s."""
        return at_walls(medium.volume_fraction * medium.species[self.acts_on[0]].diffusivity, self.voxel, self.weight)

    def coefficients(self, medium: Medium) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """What each piece of wall gives per concentration in the plasma (A) and takes per that in the tissue (B), per volume of a voxel, 1/s."""
        conductivity, resisted = self._closure(medium)
        if self.filtration is None:
            exchange = self._per_volume(medium, self._at_pieces(self.permeability), conductivity, resisted)
            return exchange, exchange
        slow, outward = across_wall(self.filtration, self._at_pieces(self.reflection), self._at_pieces(self.permeability))
        there, back, _ = along_path(self.filtration, self.path, conductivity)
        brought = self._per_volume(medium, (slow + jnp.maximum(outward, 0)) * there, conductivity, resisted)
        return brought, self._per_volume(medium, (slow + jnp.maximum(-outward, 0)) * back, conductivity, resisted)

    def _per_volume(self, medium: Medium, rate: Array, conductivity: Array, resisted: Array) -> Array:
        """Of each piece, from its rate (um/s) and its closure, 1/s."""
        if self.voxel is None:
            return self.area * rate
        closed, resolved = conductivity <= 0, resisted > 0
        # A closure that is not positive is refused where numbers are known; where they are traced it must not look like an exchange of nothing.
        share = jnp.where(closed, 0, jnp.where(resolved, conductivity / jnp.where(resolved, resisted, 1), jnp.nan))
        return self.area / medium.voxel_volume * rate * share

    def _closure(self, medium: Medium) -> tuple[Array, Array]:
        """Phi D at each piece, and what it is divided by (phi D + P path without filtration), which has to stay positive where phi D is."""
        conductivity = self._conductivity(medium)
        if self.filtration is None:
            return conductivity, conductivity + self._at_pieces(self.permeability) * self.path
        slow, outward = across_wall(self.filtration, self._at_pieces(self.reflection), self._at_pieces(self.permeability))
        there, _, along = along_path(self.filtration, self.path, conductivity)
        return conductivity, conductivity * there + (slow + jnp.maximum(-outward, 0)) * self.path * along

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        name, (brought, taken) = self.acts_on[0], self.coefficients(medium)
        c, plasma = concentration[name], self.plasma_concentration
        outside = jnp.zeros_like(taken) if self.local else at_walls(c, self.voxel, self.weight)
        if isinstance(plasma, Blood):
            flows = plasma.perfused[self.segment]
            brought, taken = brought * flows, taken * flows
            at_segments, _ = self._in_blood(plasma, brought, taken, outside, medium)
        else:
            at_segments = plasma.at(medium.moment.time, medium.moment.within) if isinstance(plasma, AbstractCourse) else plasma
        given = brought * (at_segments if at_segments.ndim == 0 else at_segments[self.segment])
        loss = on_voxels(taken, self.voxel, c.shape, self.weight)
        if self.weight is None:
            return {name: Rates(on_voxels(given, self.voxel, c.shape), loss)}
        # P - L c is the operator; L alone, the sum of each voxel's row, keeps the preconditioner and Picard's steps positive.
        return {name: Rates(on_voxels(given - taken * outside, self.voxel, c.shape, self.weight) + loss * c, loss)}

    def _in_blood(self, blood: Blood, brought: Array, taken: Array, outside: Array, medium: Medium) -> tuple[Array, Array]:
        """Blood exchanges A (c_p - c_t) along a segment; what fluid that is taken back brings beyond that, (B - A) c_t, joins it at the end."""
        shared = jnp.minimum(brought, taken)
        pieces = brought, shared * outside, (taken - shared) * outside
        exchange, back, returned = (jnp.zeros(blood.flow.size, brought.dtype).at[self.segment].add(one * medium.voxel_volume) for one in pieces)
        return blood.along(exchange, back / jnp.where(exchange > 0, exchange, 1), medium.moment, returned)

    def in_blood(self, c: Float[Array, "z y x"], medium: Medium) -> tuple[Float[Array, " m"], Float[Array, " n"]]:
        """With `Blood`: mean plasma concentration of each segment, nM, and the amount arriving at each node, nM um3/s, for a field in the tissue.

        Where blood stands still it is at the tissue's concentration. What fluid the walls let through is small against the
        blood and is not taken from its flow.
        """
        if not isinstance(self.plasma_concentration, Blood):
            raise InputError(f"the plasma concentration of {self.acts_on[0]} is given; only Blood changes along the vessels")
        brought, taken = self.coefficients(medium)
        return self._in_blood(self.plasma_concentration, brought, taken, at_walls(c, self.voxel, self.weight), medium)

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        name = self.acts_on[0]
        if self.voxel is None:
            as_parameter(self.area, f"vessel surface density for {name}", "1/um", shapes=((), shape))
            if self.filtration is not None:
                as_parameter(self.filtration, "filtration through vessel walls", "um/s", shapes=((), shape), signed=True)
            return
        self._check_grid(shape, medium)
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

    def _check_grid(self, shape: tuple[int, int, int], medium: Medium) -> None:
        if self.embedded is None:
            return
        grid, _ = self.embedded
        if grid.shape != shape or abs(grid.voxel_volume - medium.voxel_volume) > 1e-9 * grid.voxel_volume:
            raise InputError(
                f"vascular exchange of {self.acts_on[0]}: the vessels are embedded in a grid of {list(grid.shape)} voxels of {grid.voxel_volume:g} um3, "
                f"the model has {list(shape)} of {medium.voxel_volume:g} um3: embed them in the grid of the model"
            )


def _per_segment(value: ArrayLike, vessels: Any) -> tuple[tuple[int, ...], ...]:
    """The shapes that a property of the wall may have: a number, or one for each segment of an embedded network."""
    if np.ndim(value) == 0 or not is_embedded(vessels):
        return ((),)
    return (), (vessels.report["segments"] + vessels.report["segments_outside"],)


def _form(form: str, species: str, vessels: Any, *, filtered: bool) -> str:
    """The form asked for; a wall area per volume of tissue is lumped."""
    if form not in FORMS:
        raise InputError(f"form of the vascular exchange of {species} must be {', '.join(FORMS)}; got {form!r}")
    if form == "operator" and not is_embedded(vessels):
        raise InputError(f"vascular exchange of {species}: the operator form needs an embedded network, network.embed(grid), not a surface density")
    if form == "operator" and filtered:
        raise InputError(f"vascular exchange of {species}: a filtration is given for each wall entry, which the lumped form has; leave form out")
    return form if is_embedded(vessels) else "lumped"
