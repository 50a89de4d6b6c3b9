"""What an ensemble of parameters makes of the fields: mean, spread and bands, voxel by voxel."""

from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..errors import InputError, NumericsError
from ..output import Variable, variable_name
from ..solution import Solution
from ..steady import solve_steady
from .ensemble import Ensemble
from .problem import Problem
from .result import Fit

BANDS = (2.5, 50.0, 97.5)


@dataclass(frozen=True, eq=False)
class PosteriorFields:
    """Steady fields over an ensemble, nM.

    - `estimate`: the `Solution` at the estimate; `members`: how many fields the statistics are of.
    - `mean`, `sd`: [species, z, y, x]; `low`, `median`, `high`: the same at 2.5, 50 and 97.5 %.
    """

    estimate: Solution
    members: int
    mean: Float[np.ndarray, "s z y x"]
    sd: Float[np.ndarray, "s z y x"]
    low: Float[np.ndarray, "s z y x"]
    median: Float[np.ndarray, "s z y x"]
    high: Float[np.ndarray, "s z y x"]

    def maps(self) -> dict[str, Variable]:
        """The statistics as variables of a file: `ifng_mean`, `ifng_sd`, `ifng_p2_5`, `ifng_p50`, `ifng_p97_5`, nmol L-1."""
        told = {
            "mean": (self.mean, "posterior mean of"),
            "sd": (self.sd, "posterior standard deviation of"),
            "p2_5": (self.low, "2.5 % quantile of the posterior of"),
            "p50": (self.median, "median of the posterior of"),
            "p97_5": (self.high, "97.5 % quantile of the posterior of"),
        }
        names = self.estimate.model.names
        return {
            f"{variable_name(name)}_{key}": Variable(values[i], f"{words} the concentration of {name}", "nmol L-1")
            for i, name in enumerate(names)
            for key, (values, words) in told.items()
        }

    def to_dataset(self, **extra):
        """The estimate with the statistics beside it as an `xarray.Dataset`; `extra` as in `Solution.to_dataset`."""
        return self.estimate.to_dataset(**self._with(extra))

    def to_netcdf(self, path: str | Path, **extra) -> None:
        """The same as CF-1.11 NetCDF, atomically."""
        self.estimate.to_netcdf(path, **self._with(extra))

    def _with(self, extra: dict) -> dict:
        members = Variable(np.float64(self.members), "members of the posterior ensemble", "1")
        return {**extra, "maps": {**self.maps(), **extra.get("maps", {})}, "scalars": {"posterior_members": members, **extra.get("scalars", {})}}


def posterior_fields(fit: Fit, ensemble: Ensemble, image: str | None = None, chunk: int = 8) -> PosteriorFields:
    """Steady fields of every member, and their statistics.

    Fields are solved `chunk` at a time (vmapped): that many stand on the device. All members stand in main memory in float32, 4 bytes a voxel, species and
    member, for the quantiles.

    **Arguments**

    - `image`: which of several models; None where there is one.

    **Raises** `InputError` for an image that the fit does not have, `NumericsError` where fewer than two members can be solved.
    """
    problem = fit.problem
    if image not in problem.images:
        raise InputError(f"the fit has no image {image!r}; it has {', '.join(map(str, problem.images))}")
    if chunk < 1:
        raise InputError(f"chunk must be at least 1; got {chunk!r}")
    z = np.asarray(ensemble.z)
    size = min(chunk, len(z))
    fields = np.empty((len(z), *fit.models()[image].shape), np.float32)
    solved = np.empty(len(z), bool)
    for first in range(0, len(z), size):
        part = z[first : first + size]
        # The last chunk is filled up with its last member: one shape, one compiled program.
        padded = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
        found, converged = _solves(problem, jnp.asarray(padded), image)
        fields[first : first + len(part)] = np.asarray(found)[: len(part)]
        solved[first : first + len(part)] = np.asarray(converged)[: len(part)]
    if solved.sum() < 2:
        raise NumericsError(f"only {int(solved.sum())} of {len(z)} members of the ensemble can be solved; there are no statistics of that")
    kept = fields[solved]
    bands = np.stack([np.percentile(kept[:, :, layer], BANDS, axis=0) for layer in range(kept.shape[2])], axis=2)
    estimate = solve_steady(fit.models()[image], rtol=problem.rtol, max_steps=problem.max_steps)
    mean, sd = kept.mean(axis=0, dtype=np.float64), kept.std(axis=0, ddof=1, dtype=np.float64)
    return PosteriorFields(estimate, int(solved.sum()), mean, sd, *(np.asarray(one) for one in bands))


@eqx.filter_jit
def _solves(problem: Problem, z: Float[Array, "k n"], image: str | None) -> tuple[Float[Array, "k s z y x"], Bool[Array, " k"]]:
    def one(z):
        solution = solve_steady(problem.models(problem.parameters.values(z))[image], rtol=problem.rtol, max_steps=problem.max_steps)
        return solution.concentration, solution.converged

    return eqx.filter_vmap(one)(z)
