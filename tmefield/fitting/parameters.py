"""What a fit may change: each parameter with its start, transform, bounds and prior, and all of them as one vector."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..library.prior import Prior
from .transforms import TRANSFORMS, check_value, from_free, stretch, stretched_number, to_free, unstretch

Values = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class FreeParameter:
    """A parameter that a fit may change.

    - `name`: its key among the values that a model is made from; where a `Model` itself is given, the name of one of its leaves (`leaf_names`).
    - `start`: value to start from, in internal units (um, s, nM, molecules/cell/s); an array for a field that is unknown voxel by voxel.
    - `transform`: "log" (the default: rates are known by factors), "logit" for shares, "linear" for what may have either sign.
    - `lower`, `upper`: bounds, both or none.
    - `prior`: what is known beforehand (`library.prior.Prior`); a lognormal needs "log", of a uniform one the two bounds serve.
    - `leaves`: names of the leaves that share this value ("tied"), where a `Model` is given; the parameter's own name if empty.
    - `unit`: for tables and reports; `source`: where start and prior come from.
    - `smoothness`: of a field, the standard deviation of the difference of u between neighbouring voxels; needed for a field.

    **Raises** `InputError` for a start outside its bounds or its transform, and for a prior that does not fit.
    """

    name: str
    start: float | np.ndarray
    transform: str = "log"
    lower: float | None = None
    upper: float | None = None
    prior: Prior | None = None
    leaves: tuple[str, ...] = ()
    unit: str = ""
    source: str = ""
    smoothness: float | None = None

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise InputError(f"a free parameter needs a name; got {self.name!r}")
        if self.transform not in TRANSFORMS:
            raise InputError(f"{self.name}: transform must be one of {', '.join(TRANSFORMS)}; got {self.transform!r}")
        start = np.asarray(self.start, np.float64)
        if not np.isfinite(start).all():
            raise InputError(f"{self.name}: the start must be finite; got {self.start!r}")
        for value in (start.min(), start.max()):
            check_value(self.transform, float(value), f"{self.name}: the start")
        if (self.lower is None) != (self.upper is None):
            raise InputError(f"{self.name}: give both bounds or none; got lower={self.lower!r}, upper={self.upper!r}")
        self._check_prior()
        limits = self.limits
        if limits is not None:
            low, high = limits
            if not low < high:
                raise InputError(f"{self.name}: the lower bound must lie below the upper; got {low:g} and {high:g}")
            for bound in limits:
                check_value(self.transform, bound, f"{self.name}: a bound")
            if not (low < start.min() and start.max() < high):
                outside = start.min() if start.min() <= low else start.max()
                raise InputError(f"{self.name}: the start {outside:g} does not lie between its bounds {low:g} and {high:g}: move it, or widen them")
        if start.ndim and self.smoothness is None:
            raise InputError(f"{self.name}: a field needs smoothness=, or every voxel would be fitted to noise")
        if self.smoothness is not None and not (start.ndim and self.smoothness > 0):
            raise InputError(f"{self.name}: smoothness is a number above zero, and for fields only; got {self.smoothness!r}")

    def _check_prior(self) -> None:
        if self.prior is None:
            return
        if self.prior.kind == "lognormal" and self.transform != "log":
            raise InputError(f'{self.name}: a lognormal prior goes with transform="log"; got {self.transform!r}')
        if self.prior.bounds is not None and self.lower is not None:
            raise InputError(f"{self.name}: a uniform prior brings its own bounds; leave lower and upper out")

    @property
    def limits(self) -> tuple[float, float] | None:
        """The bounds, own or of a uniform prior."""
        if self.lower is not None and self.upper is not None:
            return self.lower, self.upper
        return None if self.prior is None else self.prior.bounds

    @property
    def shape(self) -> tuple[int, ...]:
        """() or the shape of a field."""
        return np.shape(self.start)

    @property
    def stretched_limits(self) -> tuple[float, float] | None:
        """The bounds in the coordinate u."""
        if self.limits is None:
            return None
        low, high = (stretched_number(self.transform, bound) for bound in self.limits)
        return low, high


class Parameters:
    """Free parameters as a vector z [n] in which an optimiser may go anywhere, and u [n] in which intervals are told (`transforms`).

    **Raises** `InputError` for none at all and for a name that stands there twice.
    """

    def __init__(self, parameters: Sequence[FreeParameter]):
        self.all = tuple(parameters)
        self.names = tuple(one.name for one in self.all)
        doubled = sorted({name for name in self.names if self.names.count(name) > 1})
        if not self.all or doubled:
            raise InputError(f"a fit needs free parameters with different names; got {list(self.names)}")
        self.sizes = tuple(math.prod(one.shape) for one in self.all)

    def __eq__(self, other: object) -> bool:
        """Alike but for their starts: then a compiled fit serves again."""
        return isinstance(other, Parameters) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple:
        """All that a compiled program knows of them; starts are given to it."""
        return tuple((one.name, one.transform, one.limits, one.prior, one.smoothness, one.shape) for one in self.all)

    @property
    def count(self) -> int:
        """Length of the vector."""
        return sum(self.sizes)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Places in the vector of those that are numbers, not fields."""
        places = np.cumsum((0, *self.sizes))[:-1]
        return tuple(int(place) for place, one in zip(places, self.all, strict=True) if one.shape == ())

    def start(self) -> Float[Array, " n"]:
        """The vector z of the starts."""
        return self.free({one.name: jnp.asarray(one.start) for one in self.all})

    def free(self, values: Values) -> Float[Array, " n"]:
        """The vector z of given values."""
        parts = [to_free(stretch(one.transform, jnp.asarray(values[one.name], jnp.result_type(float))), one.stretched_limits) for one in self.all]
        return jnp.concatenate([part.reshape(-1) for part in parts])

    def natural(self, z: Float[Array, " n"]) -> Float[Array, " n"]:
        """The coordinates u of z."""
        return jnp.concatenate([from_free(part, one.stretched_limits) for one, part in zip(self.all, self._split(z), strict=True)])

    def from_natural(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """The vector z of u."""
        return jnp.concatenate([to_free(part, one.stretched_limits) for one, part in zip(self.all, self._split(u), strict=True)])

    def values(self, z: Float[Array, " n"]) -> dict[str, Array]:
        """Values by name of z."""
        return self.values_of(self.natural(z))

    def values_of(self, u: Float[Array, " n"]) -> dict[str, Array]:
        """Values by name of u."""
        return {one.name: unstretch(one.transform, part).reshape(one.shape) for one, part in zip(self.all, self._split(u), strict=True)}

    def prior_residuals(self, z: Float[Array, " n"]) -> Float[Array, " m"]:
        """(u - u_prior)/sigma of each lognormal prior, and the differences between neighbours over the smoothness of each field."""
        parts = [jnp.zeros(0, z.dtype)]
        for one, u in zip(self.all, self._split(self.natural(z)), strict=True):
            if one.prior is not None and one.prior.sigma is not None:
                parts.append((u - math.log(one.prior.median)) / one.prior.sigma)
            if one.smoothness is not None:
                field = u.reshape(one.shape)
                parts += [(jnp.diff(field, axis=axis) / one.smoothness).reshape(-1) for axis in range(field.ndim)]
        return jnp.concatenate(parts)

    def sample(self, key: Array, count: int) -> Float[Array, "k n"]:
        """Vectors z of `count` draws: from the prior, evenly (in u) between bounds, or a factor of e (standard deviation of u of 1) about the start."""
        keys = jax.random.split(key, len(self.all))
        start = self._split(self.natural(self.start()))
        drawn = []
        for one, at, own in zip(self.all, start, keys, strict=True):
            spread = (count, at.size)
            if one.prior is not None and one.prior.sigma is not None:
                u = math.log(one.prior.median) + one.prior.sigma * jax.random.normal(own, spread, at.dtype)
            elif one.stretched_limits is not None:
                low, high = one.stretched_limits
                u = low + (high - low) * jax.random.uniform(own, spread, at.dtype, 0.01, 0.99)
            else:
                u = at[None] + (1.0 if one.smoothness is None else one.smoothness) * jax.random.normal(own, spread, at.dtype)
            limits = one.stretched_limits
            if limits is not None:  # a lognormal that reaches beyond the bounds
                edge = 1e-3 * (limits[1] - limits[0])
                u = jnp.clip(u, limits[0] + edge, limits[1] - edge)
            drawn.append(to_free(u, limits))
        return jnp.concatenate(drawn, axis=1)

    def _split(self, vector: Float[Array, " n"]) -> list[Array]:
        return jnp.split(vector, np.cumsum(self.sizes)[:-1].tolist())
