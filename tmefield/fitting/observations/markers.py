"""Marker intensities of the cells of an image: responses of the cells, blurred, spilt over, scaled and cut off as a microscope has them."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from ...checks import as_parameter
from ...errors import InputError
from ...model import Model
from ...terms import Hill
from ...terms.term import not_negative
from ..noise import AbstractNoise
from .observation import AbstractObservation, Numbers, Quantity, as_data, check_species, names_in, number
from .points import interpolate

REACH = 3.0
"""Standard deviations of the point spread beyond which a cell no longer counts."""


class MarkerIntensity(AbstractObservation):
    """Mean intensity of a marker in each segmented cell,

        y_i = offset + gain [(1 - s) x_i + s mean of x over the neighbours of i],   x = PSF * m,   m_i = H(c_i) for cells that respond, 0 for others.

    c_i is the concentration at the cell, its mean over `thickness` around the plane for a section that voxels resolve; H = c^n/(K^n + c^n) the share of the
    greatest response. PSF * m is the mean of m over cells weighted by exp(-d^2/(2 w^2)), d their distance in the plane. Spillover s is the share of a cell's
    signal that segmentation gives it from its neighbours (within `contact`; a cell without neighbours keeps its own). With `misassigned` e, a cell counts as
    responding with the probability 1 - e if its type does and e if not: m_i = p_i H(c_i).

    Gain and offset take the absolute scale out of intensities; `control` data of cells that cannot respond, or a marker that nothing drives
    (`responds` all False), fix the offset, and beside bright cells the spillover.

    **Arguments**

    - `species`: which the cells respond to; `positions`: [n, 3] x, y, z, um, in the plane of the section.
    - `data`: intensities [n], arbitrary units. `noise`: as of the other observations; with a detection limit, intensities at or below it count as such.
    - `half_maximum`: K, nM, and `exponent`: n, of the response; `gain`, `offset`, `spillover`, `misassigned`: numbers, or names of free parameters.
    - `responds`: which cells do [n]; all if not given.
    - `contact`: um, greatest distance of the centres of neighbours; needed for spillover. `blur`: w, um; 0 for none.
    - `thickness`: um, of the section, where it is thicker than a voxel; 0 takes the plane itself.
    - `image`, `name`: see `AbstractObservation`.

    **Raises** `InputError` for data that are negative or not finite or not as many as the cells, and for spillover without `contact`.
    """

    species: str = eqx.field(static=True)
    positions: Float[Array, "n 3"]
    data: Float[Array, " n"]
    noise: AbstractNoise
    responds: Bool[Array, " n"]
    half_maximum: Quantity = eqx.field(static=True)
    exponent: Quantity = eqx.field(static=True)
    gain: Quantity = eqx.field(static=True)
    offset: Quantity = eqx.field(static=True)
    spillover: Quantity = eqx.field(static=True)
    misassigned: Quantity = eqx.field(static=True)
    thickness: float = eqx.field(static=True)
    neighbours: "Pairs"
    blurred: "Pairs"
    times: tuple[float, ...] = eqx.field(static=True)
    image: str | None = eqx.field(static=True)
    name: str = eqx.field(static=True)

    def __init__(
        self,
        species: str,
        positions: Numbers,
        data: Numbers,
        noise: AbstractNoise,
        half_maximum: Quantity,
        exponent: Quantity = 1.0,
        gain: Quantity = 1.0,
        offset: Quantity = 0.0,
        spillover: Quantity = 0.0,
        misassigned: Quantity = 0.0,
        responds: Numbers | None = None,
        contact: float | None = None,
        blur: float = 0.0,
        thickness: float = 0.0,
        image: str | None = None,
        name: str | None = None,
    ):
        self.name = name or f"{species} marker"
        self.species = species
        places = np.asarray(positions, np.float64)
        if places.ndim != 2 or places.shape[1] != 3:
            raise InputError(f"{self.name}: positions must be [n, 3], a row x, y, z for each cell; got shape {places.shape}")
        self.positions = as_parameter(places, f"{self.name}: positions", "um", signed=True)
        self.data = as_data(data, self.name)
        if self.data.size != len(places):
            raise InputError(f"{self.name}: {self.data.size} intensities for {len(places)} cells")
        noise.check(self.data, self.name)
        self.noise = noise
        active = np.ones(len(places), bool) if responds is None else np.asarray(responds, bool)
        if active.shape != (len(places),):
            raise InputError(f"{self.name}: responds has {active.size} entries for {len(places)} cells")
        self.responds = jnp.asarray(active)
        for key, value in (("spillover", spillover), ("misassigned", misassigned)):
            if isinstance(value, (int, float)) and not 0 <= value < 1:
                raise InputError(f"{self.name}: {key} must be at least 0 and below 1, or the name of a free parameter; got {value!r}")
        if contact is None and spillover != 0.0:
            raise InputError(f"{self.name}: spillover needs contact=, the greatest distance (um) between the centres of cells that touch")
        if blur < 0 or thickness < 0:
            raise InputError(f"{self.name}: blur and thickness must not be negative; got {blur!r} and {thickness!r}")
        self.half_maximum, self.exponent, self.gain, self.offset = half_maximum, exponent, gain, offset
        self.spillover, self.misassigned, self.thickness = spillover, misassigned, float(thickness)
        self.neighbours = pairs_within(places, 0.0 if contact is None else contact)
        self.blurred = pairs_within(places, REACH * blur, width=blur)
        self.times, self.image = (), image

    @property
    def uses(self) -> tuple[str, ...]:
        """See `AbstractObservation`."""
        return names_in(self.half_maximum, self.exponent, self.gain, self.offset, self.spillover, self.misassigned)

    @property
    def unit(self) -> str:
        """See `AbstractObservation`."""
        return "intensity"

    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " n"]:
        """See `AbstractObservation`."""
        c = not_negative(self._at_cells(model, concentration[model.names.index(self.species)]))
        half, exponent, gain, offset, spilt, wrong = (
            number(one, values, c) for one in (self.half_maximum, self.exponent, self.gain, self.offset, self.spillover, self.misassigned)
        )
        signal = jnp.where(self.responds, 1 - wrong, wrong) * Hill(self.species, half, exponent)({self.species: c})
        signal = self.blurred.mean_with_self(signal)
        return offset + gain * ((1 - spilt) * signal + spilt * self.neighbours.mean(signal))

    def _at_cells(self, model: Model, field: Float[Array, "z y x"]) -> Float[Array, " n"]:
        """The concentration at each cell, its mean over as many planes as voxels the section is thick."""
        planes = max(1, round(self.thickness / model.grid.spacing[0]))
        depths = (np.arange(planes) + 0.5) / planes - 0.5
        shifts = [jnp.asarray([0.0, 0.0, depth * self.thickness], self.positions.dtype) for depth in depths]
        total = interpolate(model, field, self.positions + shifts[0][None])
        for shift in shifts[1:]:
            total = total + interpolate(model, field, self.positions + shift[None])
        return total / planes

    def check(self, model: Model) -> None:
        """See `AbstractObservation`."""
        check_species(model, self.species, self.name)
        points = np.asarray(self.positions)[:, ::-1]
        outside = ((points < np.asarray(model.grid.origin)) | (points > np.asarray(model.grid.upper))).any(axis=1)
        if outside.any():
            raise InputError(f"{self.name}: {int(outside.sum())} of {len(points)} cells lie outside the grid; cut them out, or widen the grid")


class Pairs(eqx.Module):
    """Ordered pairs (i, j) of different cells with their weights; [p] each."""

    to: Int[Array, " p"]
    source: Int[Array, " p"]
    weight: Float[Array, " p"]

    def mean(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """Weighted mean of x over the partners of each cell; x itself where it has none."""
        total, weight = self._sums(x)
        return jnp.where(weight > 0, total / jnp.where(weight > 0, weight, 1), x)

    def mean_with_self(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """The same with the cell itself, at weight 1."""
        total, weight = self._sums(x)
        return (x + total) / (1 + weight)

    def _sums(self, x: Array) -> tuple[Array, Array]:
        weight = self.weight.astype(x.dtype)
        zero = jnp.zeros_like(x)
        return zero.at[self.to].add(weight * x[self.source]), zero.at[self.to].add(weight)


def pairs_within(positions: ArrayLike | Sequence, reach: float, width: float | None = None) -> Pairs:
    """Pairs of cells within `reach` in the plane (um), at weight 1, or exp(-d^2/(2 width^2))."""
    from scipy.spatial import KDTree

    plane = np.asarray(positions, np.float64)[:, :2]
    found = KDTree(plane).query_pairs(reach, output_type="ndarray") if reach > 0 else np.zeros((0, 2), int)
    both = np.concatenate([found, found[:, ::-1]])
    weight = np.ones(len(both))
    if width:
        weight = np.exp(-((plane[both[:, 0]] - plane[both[:, 1]]) ** 2).sum(axis=1) / (2 * width**2))
    return Pairs(jnp.asarray(both[:, 0], jnp.int32), jnp.asarray(both[:, 1], jnp.int32), jnp.asarray(weight))
