"""A steady field with everything that says how far to trust it."""

import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .balance import Balance, BalanceInfo, fill_fixed, solve_tangent
from .budget import Budget
from .checks import concrete
from .errors import InputError
from .linalg.reductions import total
from .model import Model
from .status import Status
from .transport.pockets import cut_off_voxels


class Solution(eqx.Module):
    """The steady fields of a model.

    - `concentration`: [species, z, y, x], nM.
    - `stats`: status, iterations, recomputed residual and backward error per species (`BalanceInfo`).
    - `budget`: what was made, lost and carried through the walls (`Budget`).
    """

    model: Model
    concentration: Float[Array, "s z y x"]
    stats: BalanceInfo
    budget: Budget

    def __getitem__(self, name: str) -> Float[Array, "z y x"]:
        """The field of one species, nM."""
        if name not in self.model.names:
            raise InputError(f"no species {name!r} in this solution; it has {', '.join(self.model.names)}")
        return self.concentration[self.model.names.index(name)]

    @property
    def status(self) -> Status:
        """The worst status of any species."""
        return Status(int(jnp.max(self.stats.status)))

    @property
    def converged(self) -> Array:
        """Whether every species converged, as an array that may be traced."""
        return jnp.all(self.stats.status == int(Status.CONVERGED))

    def relaxation_time(self, steps: int = 4) -> Float[Array, " s"]:
        """The slowest relaxation time of each species around this field, s; one for all of them where they act on each other.

        The largest eigenvalue of J^-1 phi R by `steps` inverse iterations with the solver itself (residual 1e-2): a perturbation of the
        steady field dies away as exp(-t/time) once its fast parts are gone. From below where J is symmetric; with a flow, or species that act on each
        other, an estimate, and NaN where it has not settled to a tenth (as where they swing).
        """
        return _relaxation_time(self.model, self.concentration, jnp.asarray(steps, jnp.int32))

    def to_dataset(self, **extra):
        """The solution as an `xarray.Dataset` with CF metadata; `extra` as in `tmefield.output.collect.collect`."""
        from .output.collect import collect
        from .output.netcdf import to_dataset

        return to_dataset(collect(self, **extra))

    def to_netcdf(self, path, **extra) -> None:
        """Write the solution as CF-1.11 NetCDF, atomically."""
        from .output.collect import collect
        from .output.netcdf import write_netcdf

        write_netcdf(collect(self, **extra), path)


@eqx.filter_jit
def _relaxation_time(model: Model, concentration: Array, steps: Int[Array, ""]) -> Array:
    balance, transport = Balance(model), model.transport()
    stored = jnp.broadcast_to(model.stacked_storage, model.shape)
    free = jnp.ones(model.shape, model.dtype) if transport.held is None else (~transport.held).astype(model.dtype)
    x = jnp.where(free > 0, concentration, 0)

    def size(v):
        """Per species; over all of them where they relax together."""
        each = total(v * v)
        return jnp.sqrt(jnp.full_like(each, jnp.sum(each)) if balance.together else each)

    def iterate(_, state):
        v = state[0] / size(state[0])[:, None, None, None]
        w = solve_tangent(balance, x, stored * v, reduction=1e-2, max_iterations=100)
        above, below = total(v * stored * w), total(v * stored * v)
        found = jnp.sum(above) / jnp.sum(below) * jnp.ones_like(above) if balance.together else above / below
        return w, found, state[1]

    nothing = jnp.zeros(transport.count, model.dtype)
    _, time, before = jax.lax.fori_loop(0, steps, iterate, (free, nothing, nothing))
    settled = jnp.abs(time - before) < 0.1 * time
    return time if balance.symmetric else jnp.where(settled, time, jnp.nan)


def warn_if_not_converged(solution: Solution) -> None:
    """A warning that names each species which did not converge, and why; silent while values are traced."""
    status = concrete(solution.stats.status)
    if status is None or (status == int(Status.CONVERGED)).all():
        return
    warnings.warn("the steady solve did not converge; " + "; ".join(failures(solution)), stacklevel=3)


def failures(solution: Solution) -> list[str]:
    """For each species that did not converge: why, how far it is off, and where most."""
    stats, said = solution.stats, []
    for index, name in enumerate(solution.model.names):
        status = Status(int(stats.status[index]))
        if status == Status.CONVERGED:
            continue
        place = tuple(int(i) for i in np.asarray(stats.worst_voxel[index]))
        centre = " ".join(f"{float(solution.model.grid.centres(axis)[i]):g}" for axis, i in enumerate(place))
        known = concrete(solution.concentration)
        value = "" if known is None else f", c = {float(known[(index, *place)]):.3g} nM"
        said.append(
            f"{name}: {status.explanation} (residual {float(stats.residual[index]):.1e} of the sources; worst in voxel {list(place)} (z, y, x) "
            f"at {centre} um{value}, off by {float(stats.worst_residual[index]):.1e} nM/s)"
        )
    return said


def warn_if_nearly_singular(solution: Solution) -> None:
    """A warning where the loss is so small that round-off decides the mean level; silent while values are traced."""
    firm, status = concrete(solution.stats.definiteness), concrete(solution.stats.status)
    if firm is None or status is None:
        return
    eps = float(np.finfo(firm.dtype).eps)
    for name, one, code in zip(solution.model.names, firm, status, strict=True):
        if 0 <= one < 4 * eps and code != int(Status.NO_STEADY_STATE):
            warnings.warn(
                f"{name}: nearly singular: its mean loss is {one:.0e} of the exchange between voxels, and {firm.dtype} resolves {eps:.0e}: "
                'the shape of the field is right, its mean level may not be; solve with precision="mixed", or let it be lost somewhere',
                stacklevel=3,
            )


def warn_of_pockets(solution: Solution) -> None:
    """A warning that counts the voxels which closed faces cut off from every sink; silent while values are traced."""
    model, lowest = solution.model, concrete(solution.stats.lowest_loss)
    may_be_closed = model.fixed is not None or any(one.diffusivity.ndim == 3 for one in model.species)
    if lowest is None or not may_be_closed or (lowest > 0).all():
        return
    transport, losses = model.transport(), concrete(model.rates(solution.concentration).loss)
    if losses is None or concrete(transport.conductivity) is None:
        return
    for index in np.flatnonzero(lowest <= 0):
        lost = cut_off_voxels(transport, int(index), losses[index])
        if lost.any():
            where = [int(i) for i in np.argwhere(lost)[0]]
            warnings.warn(
                f"{model.names[index]}: {int(lost.sum())} voxels, the first at {where} (z, y, x), are cut off from every sink by closed "
                "faces and lose nothing: their concentration and its derivatives have no meaning; hold them with FixedConcentration or give them a loss",
                stacklevel=3,
            )


def assemble_solution(model: Model, x: Array, info: BalanceInfo, budget) -> Solution:
    """The solution from the free unknowns `x`."""
    concentration = fill_fixed(model.transport(), x)
    return Solution(model, concentration, info, budget(model, concentration))
