"""Fields at a series of times with everything that says how far to trust them."""

import warnings

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..checks import concrete
from ..errors import InputError
from ..model import Model
from ..status import Status
from .run import METHODS


class StepInfo(eqx.Module):
    """How a trajectory came about.

    - `status`: worst status of any step, per species.
    - `method`: 0 explicit (Runge-Kutta-Chebyshev), 1 implicit (TR-BDF2); `Trajectory.method` is its name.
    - `steps`, `rejected`: time steps that stood, and those that were redone.
    - `stages`: evaluations of the explicit method; `iterations`: conjugate-gradient iterations of the implicit one, per species.
    - `error`: sum of the estimated local errors since the previous output, [time, species], nM (largest over the voxels).
    - `minimum`: smallest value at each output, [time, species], nM.
    """

    status: Int[Array, " s"]
    method: Int[Array, ""]
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    stages: Int[Array, ""]
    iterations: Int[Array, " s"]
    error: Float[Array, "t s"]
    minimum: Float[Array, "t s"]


class Trajectory(eqx.Module):
    """Fields of a model at `times` (s): `concentration` [time, species, z, y, x], nM."""

    model: Model
    times: Float[Array, " t"]
    concentration: Float[Array, "t s z y x"]
    stats: StepInfo

    def __getitem__(self, name: str) -> Float[Array, "t z y x"]:
        """The fields of one species, nM."""
        if name not in self.model.names:
            raise InputError(f"no species {name!r} in this trajectory; it has {', '.join(self.model.names)}")
        return self.concentration[:, self.model.names.index(name)]

    @property
    def status(self) -> Status:
        """The worst status of any step of any species."""
        return Status(int(jnp.max(self.stats.status)))

    @property
    def method(self) -> str:
        """The method that took the steps: "rkc" or "tr-bdf2"."""
        return {number: name for name, number in METHODS.items()}[int(self.stats.method)]

    def to_dataset(self, **extra):
        """The trajectory as an `xarray.Dataset` with CF metadata; `extra` as in `tmefield.output.collect.collect`."""
        from ..output.collect import collect
        from ..output.netcdf import to_dataset

        return to_dataset(collect(self, **extra))

    def to_netcdf(self, path, **extra) -> None:
        """Write the trajectory as CF-1.11 NetCDF, atomically."""
        from ..output.collect import collect
        from ..output.netcdf import write_netcdf

        write_netcdf(collect(self, **extra), path)


def warn_if_not_converged(trajectory: Trajectory) -> None:
    """A warning where a step did not converge or a field went below zero; silent while values are traced."""
    status, lowest, field = concrete(trajectory.stats.status), concrete(trajectory.stats.minimum), concrete(trajectory.concentration)
    if status is None or lowest is None or field is None:
        return
    below = lowest.min(axis=0) < -1e-3 * np.abs(field).max(axis=(0, 2, 3, 4))
    if below.any():
        names = ", ".join(name for name, one in zip(trajectory.model.names, below, strict=True) if one)
        warnings.warn(f"{names} went below zero by more than a thousandth of the largest value: ask for a smaller rtol or more fixed_steps", stacklevel=3)
    if (status == int(Status.CONVERGED)).all():
        return
    said = [f"{name}: {Status(int(code)).explanation}" for name, code in zip(trajectory.model.names, status, strict=True) if code]
    warnings.warn("a time step did not converge; " + "; ".join(said), stacklevel=3)
