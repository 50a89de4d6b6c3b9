"""A needle in the tissue: an amount released in a small ball."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..grid import Grid
from .term import AbstractTerm, Medium, Rates

LITRES = 1e-15
"""In 1 um3."""
SAMPLES = 40
"""Points across the ball, or more, at which the share of each voxel in it is counted."""


class Injection(AbstractTerm):
    """P = amount/(duration V) s while it runs, s the share of the ball that lies in the voxel, V the voxel's volume: all of the amount, neither more nor less.

    What a needle gives takes a moment; at once is `duration` of seconds. Time steps end where it begins and ends. In a steady state, which has no moment, one
    that runs at time 0 counts as running for ever.

    **Arguments**

    - `species`: what is injected.
    - `grid`: the grid of the model.
    - `position`: z, y, x of the middle, um.
    - `amount`: of each injection, nmol (`tf.dose_amount` turns "10 ug" or IU into it).
    - `radius`: of the ball that the fluid fills, um; where it is less than a voxel all goes into that voxel.
    - `times`: when injections begin, s.
    - `duration`: of each, s.

    **Raises** `InputError` for a ball that leaves the grid, a radius or duration that is not above zero, and injections that overlap in time.
    """

    acts_on: tuple[str, ...] = eqx.field(static=True)
    share: Float[Array, "z y x"]
    amount: Float[Array, ""]
    times: tuple[float, ...] = eqx.field(static=True)
    duration: float = eqx.field(static=True)
    saturable: ClassVar[bool] = False

    def __init__(
        self,
        species: str,
        grid: Grid,
        position: Sequence[float],
        amount: ArrayLike,
        radius: float,
        times: Sequence[float] = (0.0,),
        duration: float = 60.0,
    ):
        who = f"injection of {species}"
        given = np.asarray(times, dtype=float)
        if not (np.isfinite(duration) and duration > 0):
            raise InputError(f"duration of the {who} must be above zero, in s; got {duration!r}: a short one stands for at once")
        if given.ndim != 1 or given.size < 1 or not np.isfinite(given).all() or (np.diff(given) < duration).any():
            raise InputError(f"times of the {who} must increase by at least its duration, {duration:g} s; got {times!r}")
        self.acts_on = (species,)
        self.share = jnp.asarray(_shares(grid, np.asarray(position, dtype=float), radius, who), float)
        self.amount = as_parameter(amount, f"amount of the {who}", "nmol", shapes=((),))
        self.times, self.duration = tuple(float(time) for time in given), float(duration)

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractTerm`."""
        return tuple(sorted({*self.times, *(time + self.duration for time in self.times)}))

    @property
    def label(self) -> str:
        """See `AbstractTerm`."""
        return "injection"

    def rates(self, concentration: Mapping[str, Float[Array, "z y x"]], medium: Medium) -> dict[str, Rates]:
        """See `AbstractTerm`."""
        starts = jnp.asarray(self.times, self.share.dtype)
        within = medium.moment.within
        running = jnp.any((starts <= within) & (within < starts + self.duration))
        rate = self.amount / (self.duration * medium.voxel_volume * LITRES)
        production = jnp.where(running, rate, 0) * self.share
        return {self.acts_on[0]: Rates(production, jnp.zeros_like(rate))}

    def check(self, shape: tuple[int, int, int], medium: Medium) -> None:
        """See `AbstractTerm`."""
        if self.share.shape != shape:
            raise InputError(f"the injection of {self.acts_on[0]} is made for a grid of {list(self.share.shape)} voxels, the model has {list(shape)}")


def _shares(grid: Grid, middle: np.ndarray, radius: float, who: str) -> np.ndarray:
    """The share of the ball in each voxel, of points of a lattice; their sum is 1."""
    if not (np.isfinite(radius) and radius > 0):
        raise InputError(f"radius of the {who} must be above zero, in um; got {radius!r}")
    if middle.shape != (3,) or not np.isfinite(middle).all():
        raise InputError(f"position of the {who} must be three numbers z, y, x in um; got {middle.tolist()!r}")
    # Every voxel holds the same number of points, so that voxels wholly inside the ball get the same.
    split = np.ceil(SAMPLES * np.asarray(grid.spacing) / (2 * radius))
    step = grid.spacing / split
    first, last = (np.floor((middle - grid.origin + side * radius) / step) for side in (-1, 1))
    lines = [np.arange(low, high + 1) for low, high in zip(first, last, strict=True)]
    squares = [((line + 0.5) * h - place) ** 2 for line, h, place in zip(lines, step, middle - grid.origin, strict=True)]
    inside = np.nonzero(squares[0][:, None, None] + squares[1][:, None] + squares[2] <= radius**2)
    voxel = [np.floor(line[place] / parts).astype(int) for line, place, parts in zip(lines, inside, split, strict=True)]
    if any((one < 0).any() or (one >= count).any() for one, count in zip(voxel, grid.shape, strict=True)):
        raise InputError(
            f"the {who}: a ball of {radius:g} um around z, y, x = {', '.join(f'{one:g}' for one in middle)} um leaves the box, which reaches from "
            f"{', '.join(f'{one:g}' for one in grid.origin)} to {', '.join(f'{one:g}' for one in grid.upper)} um: move it or take a smaller radius"
        )
    share = np.zeros(grid.shape)
    np.add.at(share, tuple(voxel), 1 / len(inside[0]))
    return share
