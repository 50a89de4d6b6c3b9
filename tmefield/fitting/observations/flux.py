"""What cells release: secretion per time of a region, and what gathers in a supernatant."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import Model
from ...units import NANOMOLAR
from ..noise import AbstractNoise
from .classes import Classes, regions
from .observation import AbstractObservation, Numbers, as_times, check_species, measured


class SecretionFlux(AbstractObservation):
    """Molecules that the cells of a region secrete per second: y = 0.602214 sum over its voxels of P V, P the production by every term of secretion.

    Of a supernatant that holds m pg/mL of a cytokine of W kDa after a time t in a volume v (mL), the flux is 6.02214e8 m v/(W t) molecules/s, decay and
    uptake in the dish aside.

    **Arguments**

    - `species`: whose; `region`: mask [z, y, x], or several that do not overlap, one per datum.
    - `data`: molecules/s; one per region, or [times, regions].
    - `noise`, `times`, `image`, `name`: see `AbstractObservation`.

    **Raises** `InputError` for data or regions that do not fit.
    """

    species: str = eqx.field(static=True)
    classes: Classes
    data: Float[Array, " m"]
    noise: AbstractNoise
    times: tuple[float, ...] = eqx.field(static=True)
    image: str | None = eqx.field(static=True)
    name: str = eqx.field(static=True)

    def __init__(
        self,
        species: str,
        region: Numbers,
        data: Numbers,
        noise: AbstractNoise,
        times: Numbers | None = None,
        image: str | None = None,
        name: str | None = None,
    ):
        self.name = name or f"secretion of {species}"
        self.species = species
        self.classes = regions(np.asarray(region), self.name)
        self.times = as_times(times, self.name)
        self.data = measured(data, noise, self.classes.count, "regions", self.times, self.name)
        self.noise, self.image = noise, image

    @property
    def unit(self) -> str:
        """See `AbstractObservation`."""
        return "molecules/s"

    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " m"]:
        """See `AbstractObservation`."""
        made = jnp.zeros(model.grid.shape, concentration.dtype)
        for term, changes in model.term_rates(concentration):
            if term.label.startswith("secretion") and self.species in changes:
                made = made + changes[self.species].production
        return NANOMOLAR * model.grid.voxel_volume * self.classes.total(made)

    def check(self, model: Model) -> None:
        """See `AbstractObservation`."""
        check_species(model, self.species, self.name)
        if self.classes.index.shape != model.grid.shape:
            raise InputError(f"{self.name}: the region has shape {list(self.classes.index.shape)}, the grid {list(model.grid.shape)}")
        if not any(term.label.startswith("secretion") and self.species in term.acts_on for term in model.terms):
            raise InputError(f"{self.name}: no cell of the model secretes {self.species}")
