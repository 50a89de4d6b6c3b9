"""Means against distance: to vessels, to a cell type, to the edge of the tumour, to a point."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import Model
from ...terms import Hill
from ..noise import AbstractNoise
from .classes import Classes, bins
from .observation import AbstractObservation, Numbers, as_times, check_species, measured


class DistanceProfile(AbstractObservation):
    """Mean of the free concentration, or of a response to it, between `edges` of distance.

    y_k = mean over the voxels of bin k of c, or of H(c) = c^n/(EC50^n + c^n) where `response` is given. Which distance is the caller's choice: in 3D or in
    the plane of a section, to a wall (`Embedding.distance_to_vessel`), to cells, to an edge, to a point (a radial profile).

    **Arguments**

    - `species`: whose; `distance`: [z, y, x], um; `edges`: k + 1 distances, um; `where`: mask of the voxels that count.
    - `data`: nM, or 0 to 1 of a response; [k] or [times, k]. `noise`: `Gaussian(sem)` for means with their standard errors.
    - `response`: a `Hill` function of the species.
    - `times`, `image`, `name`: see `AbstractObservation`.

    **Raises** `InputError` for an empty bin, data that are negative or not finite, or not as many as the bins (times the times).
    """

    species: str = eqx.field(static=True)
    classes: Classes
    middles: Float[Array, " k"]
    data: Float[Array, " m"]
    noise: AbstractNoise
    response: Hill | None
    times: tuple[float, ...] = eqx.field(static=True)
    image: str | None = eqx.field(static=True)
    name: str = eqx.field(static=True)

    def __init__(
        self,
        species: str,
        distance: Numbers,
        edges: Numbers,
        data: Numbers,
        noise: AbstractNoise,
        where: Numbers | None = None,
        response: Hill | None = None,
        times: Numbers | None = None,
        image: str | None = None,
        name: str | None = None,
    ):
        self.name = name or f"{species} by distance"
        self.species = species
        limits = np.asarray(edges, np.float64)
        self.classes = bins(np.asarray(distance), limits, None if where is None else np.asarray(where), self.name)
        self.middles = jnp.asarray((limits[1:] + limits[:-1]) / 2)
        self.times = as_times(times, self.name)
        self.data = measured(data, noise, self.classes.count, "bins", self.times, self.name)
        self.noise = noise
        self.response = response
        self.image = image

    @property
    def unit(self) -> str:
        """See `AbstractObservation`."""
        return "nM" if self.response is None else "1"

    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " m"]:
        """See `AbstractObservation`."""
        field = concentration[model.names.index(self.species)]
        if self.response is not None:
            field = self.response(dict(zip(model.names, concentration, strict=True))).astype(field.dtype)
        return self.classes.mean(field)

    def check(self, model: Model) -> None:
        """See `AbstractObservation`."""
        check_species(model, self.species, self.name)
        if self.classes.index.shape != model.grid.shape:
            raise InputError(f"{self.name}: the distance has shape {list(self.classes.index.shape)}, the grid {list(model.grid.shape)}")

    def abscissa(self) -> tuple[str, Float[Array, " m"]]:
        """See `AbstractObservation`."""
        return "distance, um", self.middles
