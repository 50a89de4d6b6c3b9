"""A tumour whose rates are known: interferon gamma of CD8 T and NK cells around the vessels of a real network, and IgG from the plasma."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import tmefield as tf

BOX, CORNER = 552.0, (-161.0, -16.0, -1.0)  # um: a cube with the whole network (550 x 520 x 230 um) in its middle; lower corner z, y, x
TRUTH = {"secretion_CD8": 2.0, "secretion_NK": 5.0, "decay": 4e-4, "receptors": 2000.0, "permeability": 1.0}
UNITS = {"secretion_CD8": "molecules/cell/s", "secretion_NK": "molecules/cell/s", "decay": "1/s", "receptors": "molecules/cell", "permeability": "1"}
DIFFUSIVITY, INTERNALISATION, HALF_SATURATION = 40.0, 2e-4, 0.05  # um2/s, 1/s, nM: interferon gamma
IFNG_PERMEABILITY, IGG_PERMEABILITY = 0.0079, 0.0038  # um/s by size (two-pore model); `permeability` is a factor on both
IGG_DIFFUSIVITY, IGG_DECAY, IGG_PLASMA = 26.0, 2e-6, 10.0  # um2/s, 1/s, nM
DENSITIES = {"CD8": (2e-5, 12, 40.0), "NK": (1e-5, 8, 40.0), "tumour": (2e-4, 20, 60.0)}  # mean, cells/um3; clusters, and their width, um
POINTS, SIGMA = 240, 0.1  # places of measurement; 10 % noise


@dataclass(frozen=True)
class Twin:
    """The tumour on a grid: vessels, cells, where it is measured, and whether IgG is too."""

    grid: tf.Grid
    vessels: object
    cells: Mapping[str, np.ndarray]
    points: np.ndarray
    tracer: bool = True
    dtype: str = "float32"

    def model(self, values: Mapping[str, jax.Array]) -> tf.Model:
        """The model with these values of what is free; `diffusivity` may be among them."""
        diffusivity = values.get("diffusivity", jnp.asarray(DIFFUSIVITY))
        species = [tf.Species("IFNg", diffusivity, values["decay"], molecular_weight=34.0)]
        terms: list = [
            tf.Decay(),
            tf.Secretion("IFNg", self.cells["CD8"], values["secretion_CD8"], source="CD8"),
            tf.Secretion("IFNg", self.cells["NK"], values["secretion_NK"], source="NK"),
            tf.ReceptorUptake("IFNg", self.cells["tumour"], values["receptors"], INTERNALISATION, HALF_SATURATION, sink="tumour"),
            tf.VascularExchange("IFNg", self.vessels, IFNG_PERMEABILITY * values["permeability"], 0.0),
        ]
        if self.tracer:
            species.append(tf.Species("IgG", IGG_DIFFUSIVITY, IGG_DECAY, 150.0, "antibody"))
            terms.append(tf.VascularExchange("IgG", self.vessels, IGG_PERMEABILITY * values["permeability"], IGG_PLASMA))
        return tf.Model(self.grid, species, terms, dtype=self.dtype)

    def true(self) -> tf.Model:
        """The model with the true values."""
        return self.model({name: jnp.asarray(value) for name, value in TRUTH.items()})

    def observations(self, times: tuple[float, ...] | None = None) -> list[tf.PointSamples]:
        """Exact concentrations at the points, of every species, with the noise that measurements of them have."""
        true = self.true()
        if times is None:
            fields = tf.solve_steady(true).concentration[None]
        else:
            fields = tf.evolve(true, 0.0, [0.0, *times], rtol=1e-4).concentration[1:]
        found = []
        for name in true.names:
            blank = tf.PointSamples(name, self.points, np.ones(POINTS * len(fields)), tf.Lognormal(SIGMA), times=times)
            exact = np.concatenate([np.asarray(blank.predict(true, one, {})) for one in fields])
            found.append(tf.PointSamples(name, self.points, exact, tf.Lognormal(SIGMA), times=times))
        return found


def make(network: Path, voxels: int, *, tracer: bool = True, dtype: str = "float32") -> Twin:
    """The tumour with so many voxels along each side of the cube."""
    grid = tf.Grid((voxels,) * 3, BOX / voxels, origin=CORNER)
    vessels = tf.VesselNetwork.read(network).embed(grid)
    cells = {name: mean * _clusters(grid, count, width, seed) for seed, (name, (mean, count, width)) in enumerate(DENSITIES.items())}
    points = np.random.default_rng(10).uniform(0, BOX, (POINTS, 3)) + np.array(CORNER[::-1])
    return Twin(grid, vessels, cells, points, tracer, dtype)


def _clusters(grid: tf.Grid, count: int, width: float, seed: int) -> np.ndarray:
    """Gaussian clusters at random places, mean 1."""
    z, y, x = grid.coordinates()
    field = np.zeros(grid.shape)
    for centre in np.random.default_rng(seed).uniform(0, BOX, (count, 3)) + np.array(CORNER):
        field += np.exp(-((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) / (2 * width**2))
    return field / field.mean()


def parameters(*names: str, wrong: float = 1.0) -> list[tf.FreeParameter]:
    """Free parameters that start `wrong` times too high and too low in turn; all of the truth if none is named."""
    values = TRUTH | {"diffusivity": DIFFUSIVITY}
    units = UNITS | {"diffusivity": "um2/s"}
    return [tf.FreeParameter(name, values[name] * wrong ** (-1) ** i, unit=units[name]) for i, name in enumerate(names or TRUTH)]


def noisy(problem, seed: int):
    """The problem with noise drawn about its exact data."""
    data = {}
    for one, key in zip(problem.observations, jax.random.split(jax.random.key(seed), len(problem.observations)), strict=True):
        data[one.name] = one.noise.sample(key, one.data)
    return problem.with_data(data)
