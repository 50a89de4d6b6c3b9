"""The concentration in the plasma after doses: exact, by superposition of exponentials."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..course import AbstractCourse
from ..errors import InputError
from ..terms.wall_pieces import mean_decay
from .doses import INTRAVENOUS, Dose, check_routes
from .kinetics import Absorption, AbstractKinetics


class PlasmaCourse(AbstractCourse):
    """c_p(t), nM: what doses make of the plasma beside a constant baseline, by superposition, exact at every time.

    With the response sum_k a_k exp(-l_k t) of the body to 1 nmol given at once, a dose D adds, t after its start,

        at once:               D sum a exp(-l t)
        infused over T:        D/T sum a/l [1 - exp(-l s)] exp(-l (t - s)),   s = min(t, T)
        absorbed (k_a, F):     F D k_a sum a [exp(-l t) - exp(-k_a t)]/(k_a - l)

    (Gibaldi & Perrier 1982, Pharmacokinetics, 2nd ed., ch. 1-2). It serves wherever a course does: as `plasma_concentration` of `VascularExchange`, in
    `Scheduled`. Time steps end where a dose begins and where an infusion ends. Differentiable in the amounts, the kinetics and the baseline.

    **Arguments**

    - `kinetics`: `OneCompartment`, `TwoCompartment` or `BiExponential`.
    - `doses`: their amounts in nmol (`Dose`).
    - `absorption`: an `Absorption` for each route other than "iv".
    - `baseline`: what the plasma holds without doses, nM (an endogenous cytokine).

    **Raises** `InputError` without doses, for an amount that is not in nmol, and for a route without absorption.
    """

    kinetics: AbstractKinetics
    absorption: dict[str, Absorption]
    amounts: Float[Array, " n"]
    baseline: Float[Array, ""]
    starts: tuple[float, ...] = eqx.field(static=True)
    durations: tuple[float, ...] = eqx.field(static=True)
    routes: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, kinetics: AbstractKinetics, doses: Sequence[Dose], absorption: Mapping[str, Absorption] | None = None, baseline: ArrayLike = 0.0):
        given = sorted(doses, key=lambda dose: dose.at)
        self.kinetics, self.absorption = kinetics, dict(absorption or {})
        if not given:
            raise InputError("a PlasmaCourse needs at least one Dose; a plasma without doses is a number")
        check_routes(given, self.absorption)
        self.amounts = as_parameter(jnp.stack([jnp.asarray(dose.amount, float) for dose in given]), "amounts of doses", "nmol")
        self.baseline = as_parameter(baseline, "baseline of a PlasmaCourse", "nM", shapes=((),))
        self.starts, self.durations = tuple(dose.at for dose in given), tuple(dose.duration for dose in given)
        self.routes = tuple(dose.route for dose in given)

    @property
    def jumps(self) -> tuple[float, ...]:
        """See `AbstractCourse`."""
        return tuple(sorted({*self.starts, *(start + length for start, length in zip(self.starts, self.durations, strict=True))}))

    def at(self, time: Float[Array, ""], within: Float[Array, ""]) -> Float[Array, ""]:
        """See `AbstractCourse`."""
        a, rate = self.kinetics.response()
        starts = jnp.asarray(self.starts, a.dtype)
        elapsed, amounts = jnp.maximum(time - starts, 0), jnp.where(starts <= within, self.amounts, 0)
        level = self.baseline
        for route in dict.fromkeys(self.routes):
            these = np.flatnonzero([one == route for one in self.routes])
            shape = self._infused(elapsed[these], these, rate) if route == INTRAVENOUS else _absorbed(elapsed[these], self.absorption[route], rate)
            level = level + jnp.sum(amounts[these][:, None] * a[None] * shape)
        return level

    def _infused(self, elapsed: Array, these: np.ndarray, rate: Array) -> Array:
        """What is left of each term [dose, k] of the response to a dose of 1."""
        length = np.asarray(self.durations)[these]
        whole = jnp.asarray(np.where(length > 0, length, 1), rate.dtype)
        length = jnp.asarray(length, rate.dtype)
        running = jnp.minimum(elapsed, length)
        share = jnp.where(length > 0, running / whole, 1)
        left = jnp.exp(-(elapsed - running)[:, None] * rate[None])
        return share[:, None] * mean_decay(running[:, None] * rate[None]) * left

    @property
    def area(self) -> Float[Array, ""]:
        """The area under the curve of all doses, above the baseline, from the first dose to all time after, nM s; sum of F D/CL."""
        a, rate = self.kinetics.response()
        shares = [1.0 if route == INTRAVENOUS else self.absorption[route].bioavailability for route in self.routes]
        return jnp.sum(self.amounts * jnp.stack([jnp.asarray(one, a.dtype) for one in shares])) * jnp.sum(a / rate)


def _absorbed(elapsed: Array, absorption: Absorption, rate: Array) -> Array:
    """F k_a [exp(-l t) - exp(-k_a t)]/(k_a - l), without the cancellation where the two rates are alike."""
    t, other = elapsed[:, None], absorption.rate
    slower = jnp.minimum(rate, other)[None]
    return absorption.bioavailability * other * t * jnp.exp(-slower * t) * mean_decay(jnp.abs(rate - other)[None] * t)
