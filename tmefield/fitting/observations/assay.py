"""What an assay of a piece of tissue or of its fluid reads, in pg/mL."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import Model
from ...response.assay import PG_PER_ML
from ..noise import AbstractNoise
from .classes import Classes, regions
from .observation import AbstractObservation, Numbers, Quantity, as_times, check_species, measured, names_in, number

SAMPLES = ("biopsy", "fluid")


class Assay(AbstractObservation):
    """ELISA of a biopsy, of interstitial fluid, or of a dialysate: y = rho MW mean, pg/mL.

    `sample="biopsy"` is what the tissue holds, free and bound to the matrix, and the latent forms named: MW mean(phi R c). `sample="fluid"` is the
    interstitial fluid alone, MW mean(phi c)/mean(phi), which through a microdialysis probe counts with its recovery rho.

    **Arguments**

    - `species`: whose; it needs a molecular weight.
    - `region`: mask [z, y, x] of the sample, or several that do not overlap, one per datum.
    - `data`: pg/mL; one per region, or [times, regions].
    - `latent`: species that hold latent forms and that the assay sees, a molecule for a molecule.
    - `recovery`: rho, above 0 and at most 1, or the name of the free parameter that it is.
    - `noise`, `times`, `image`, `name`: see `AbstractObservation`.

    **Raises** `InputError` for data, regions or a recovery that do not fit.
    """

    species: str = eqx.field(static=True)
    classes: Classes
    data: Float[Array, " m"]
    noise: AbstractNoise
    sample: str = eqx.field(static=True)
    latent: tuple[str, ...] = eqx.field(static=True)
    recovery: Quantity = eqx.field(static=True)
    times: tuple[float, ...] = eqx.field(static=True)
    image: str | None = eqx.field(static=True)
    name: str = eqx.field(static=True)

    def __init__(
        self,
        species: str,
        region: Numbers,
        data: Numbers,
        noise: AbstractNoise,
        sample: str = "biopsy",
        latent: tuple[str, ...] = (),
        recovery: Quantity = 1.0,
        times: Numbers | None = None,
        image: str | None = None,
        name: str | None = None,
    ):
        self.name = name or f"{species} in {sample}"
        if sample not in SAMPLES:
            raise InputError(f"{self.name}: sample must be {' or '.join(SAMPLES)}; got {sample!r}")
        if isinstance(recovery, (int, float)) and not 0 < recovery <= 1:
            raise InputError(f"{self.name}: recovery must be above 0 and at most 1, or the name of a free parameter; got {recovery!r}")
        self.species, self.sample, self.latent, self.recovery = species, sample, tuple(latent), recovery
        self.classes = regions(np.asarray(region), self.name)
        self.times = as_times(times, self.name)
        self.data = measured(data, noise, self.classes.count, "regions", self.times, self.name)
        self.noise, self.image = noise, image

    @property
    def uses(self) -> tuple[str, ...]:
        """See `AbstractObservation`."""
        return names_in(self.recovery)

    @property
    def unit(self) -> str:
        """See `AbstractObservation`."""
        return "pg/mL"

    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " m"]:
        """See `AbstractObservation`."""
        weight = model.species[model.names.index(self.species)].molecular_weight
        assert weight is not None  # `check` sees to it
        phi = model.volume_fraction
        if self.sample == "biopsy":
            held = sum(model.storage[i] * concentration[i] for i in (model.names.index(name) for name in (self.species, *self.latent)))
            mean = self.classes.mean(jnp.asarray(held))
        else:
            mean = self.classes.mean(concentration[model.names.index(self.species)], phi)
        return number(self.recovery, values, mean) * PG_PER_ML * weight * mean

    def check(self, model: Model) -> None:
        """See `AbstractObservation`."""
        for name in (self.species, *self.latent):
            check_species(model, name, self.name)
        if self.classes.index.shape != model.grid.shape:
            raise InputError(f"{self.name}: the region has shape {list(self.classes.index.shape)}, the grid {list(model.grid.shape)}")
        if model.species[model.names.index(self.species)].molecular_weight is None:
            raise InputError(f"{self.name}: {self.species} has no molecular weight, so there are no pg/mL; give it to the Species")
