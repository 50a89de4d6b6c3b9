"""Concentrations at points."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import as_parameter
from ...errors import InputError
from ...model import Model
from ..noise import AbstractNoise
from .observation import AbstractObservation, Numbers, as_times, check_species, measured


class PointSamples(AbstractObservation):
    """Free concentrations c at points, by linear interpolation between voxel centres (constant beyond the outermost).

    **Arguments**

    - `species`: whose; `positions`: [n, 3] in the order x, y, z, um; `data`: nM, [n] or [times, n].
    - `noise`, `times`, `image`, `name`: see `AbstractObservation`.

    **Raises** `InputError` for positions of another shape, and for data that are negative or not finite or not as many as the points (times the times).
    """

    species: str = eqx.field(static=True)
    positions: Float[Array, "n 3"]
    data: Float[Array, " m"]
    noise: AbstractNoise
    times: tuple[float, ...] = eqx.field(static=True)
    image: str | None = eqx.field(static=True)
    name: str = eqx.field(static=True)

    def __init__(
        self,
        species: str,
        positions: Numbers,
        data: Numbers,
        noise: AbstractNoise,
        times: Numbers | None = None,
        image: str | None = None,
        name: str | None = None,
    ):
        self.name = name or f"{species} at points"
        self.species = species
        at = np.asarray(positions, np.float64)
        if at.ndim != 2 or at.shape[1] != 3:
            raise InputError(f"{self.name}: positions must be [n, 3], a row x, y, z for each point; got shape {at.shape}")
        self.positions = as_parameter(at, f"{self.name}: positions", "um", signed=True)
        self.times = as_times(times, self.name)
        self.data = measured(data, noise, len(self.positions), "points", self.times, self.name)
        self.noise = noise
        self.image = image

    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " m"]:
        """See `AbstractObservation`."""
        return interpolate(model, concentration[model.names.index(self.species)], self.positions)

    def check(self, model: Model) -> None:
        """See `AbstractObservation`."""
        check_species(model, self.species, self.name)
        points = np.asarray(self.positions)[:, ::-1]
        outside = ((points < np.asarray(model.grid.origin)) | (points > np.asarray(model.grid.upper))).any(axis=1)
        if outside.any():
            where = points[int(np.argmax(outside))][::-1]
            raise InputError(f"{self.name}: {int(outside.sum())} of {len(points)} points lie outside the grid, the first at {where.tolist()} um (x, y, z)")


def interpolate(model: Model, field: Float[Array, "z y x"], positions: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """The field at positions (x, y, z, um), linear between voxel centres."""
    low, share = [], []
    for axis, size in enumerate(field.shape):
        at = (positions[:, 2 - axis] - model.grid.origin[axis]) / model.grid.spacing[axis] - 0.5
        at = jnp.clip(at, 0, size - 1).astype(field.dtype)
        below = jnp.clip(jnp.floor(at).astype(jnp.int32), 0, max(size - 2, 0))
        low.append(below)
        share.append(at - below.astype(field.dtype))
    result = jnp.zeros(positions.shape[0], field.dtype)
    for corner in np.ndindex(2, 2, 2):
        index = tuple(jnp.minimum(low[axis] + step, field.shape[axis] - 1) for axis, step in enumerate(corner))
        weight = jnp.ones_like(result)
        for axis, step in enumerate(corner):
            weight = weight * (share[axis] if step else 1 - share[axis])
        result = result + weight * field[index]
    return result
