"""Compartment models of a drug in the body, each as the exponentials with which its plasma concentration falls."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..checks import as_parameter, concrete
from ..errors import InputError
from ..units import KINDS
from .amounts import quantity


class AbstractKinetics(eqx.Module):
    """A body that clears in proportion: the plasma after 1 nmol given at once holds sum_k a_k exp(-l_k t)."""

    @abstractmethod
    def response(self) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
        """The coefficients a_k (1/L) and the rates l_k (1/s)."""


class OneCompartment(AbstractKinetics):
    """One well-mixed volume: V dc/dt = dose - CL c, so c = dose/V exp(-CL t/V).

    **Arguments**

    - `volume`: V, L; a number or text ("3.5 L").
    - `clearance`: CL, L/s; a number or text ("0.3 L/day").

    **Raises** `InputError` for one that is not above zero.
    """

    volume: Float[Array, ""]
    clearance: Float[Array, ""]

    def __init__(self, volume: Any, clearance: Any):
        self.volume = _above_zero(volume, "distribution_volume", "volume of distribution")
        self.clearance = _above_zero(clearance, "clearance", "clearance")

    def response(self) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
        """See `AbstractKinetics`."""
        return jnp.stack([1 / self.volume]), jnp.stack([self.clearance / self.volume])


class TwoCompartment(AbstractKinetics):
    """A central volume that is cleared and exchanges with a peripheral one,

        V1 dc1/dt = dose - CL c1 - Q (c1 - c2),   V2 dc2/dt = Q (c1 - c2),

    so c1 = dose [A exp(-alpha t) + B exp(-beta t)] with alpha + beta = k10 + k12 + k21, alpha beta = k10 k21, A = (alpha - k21)/(V1 (alpha - beta)),
    B = (k21 - beta)/(V1 (alpha - beta)), k10 = CL/V1, k12 = Q/V1, k21 = Q/V2.

    **Arguments**

    - `central_volume`: V1, L.
    - `clearance`: CL, L/s.
    - `peripheral_volume`: V2, L.
    - `intercompartmental_clearance`: Q, L/s.

    Numbers, or text ("3.5 L", "0.3 L/day").

    **Raises** `InputError` for one that is not above zero.
    """

    central_volume: Float[Array, ""]
    clearance: Float[Array, ""]
    peripheral_volume: Float[Array, ""]
    intercompartmental_clearance: Float[Array, ""]

    def __init__(self, central_volume: Any, clearance: Any, peripheral_volume: Any, intercompartmental_clearance: Any):
        self.central_volume = _above_zero(central_volume, "distribution_volume", "central volume")
        self.clearance = _above_zero(clearance, "clearance", "clearance")
        self.peripheral_volume = _above_zero(peripheral_volume, "distribution_volume", "peripheral volume")
        self.intercompartmental_clearance = _above_zero(intercompartmental_clearance, "clearance", "intercompartmental clearance")

    def response(self) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
        """See `AbstractKinetics`."""
        out, over, back = (
            self.clearance / self.central_volume,
            self.intercompartmental_clearance / self.central_volume,
            self.intercompartmental_clearance / self.peripheral_volume,
        )
        apart = jnp.sqrt((out + over - back) ** 2 + 4 * over * back)  # alpha - beta, as a sum of what is not negative
        alpha = 0.5 * (out + over + back + apart)
        beta = out * back / alpha
        scale = 1 / (self.central_volume * apart)
        return jnp.stack([(alpha - back) * scale, (back - beta) * scale]), jnp.stack([alpha, beta])


class BiExponential(AbstractKinetics):
    """What was measured after a dose given at once, c = dose (A exp(-alpha t) + B exp(-beta t)): cytokines are often published so.

    **Arguments**

    - `A`, `B`: concentration per dose, 1/L (nM per nmol); `A` may be zero.
    - `alpha`, `beta`: 1/s; numbers, or text ("0.05/min").

    **Raises** `InputError` for a rate that is not above zero, a negative coefficient, or both zero.
    """

    A: Float[Array, ""]
    alpha: Float[Array, ""]
    B: Float[Array, ""]
    beta: Float[Array, ""]

    def __init__(self, A: Any, alpha: Any, B: Any, beta: Any):
        self.A, self.B = (as_parameter(value, f"{name} of a BiExponential", "1/L", shapes=((),)) for name, value in (("A", A), ("B", B)))
        self.alpha, self.beta = _above_zero(alpha, "rate", "alpha of a BiExponential"), _above_zero(beta, "rate", "beta of a BiExponential")
        known = concrete(self.A + self.B)
        if known is not None and not known > 0:
            raise InputError("A and B of a BiExponential are both zero: nothing of a dose would reach the plasma")

    def response(self) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
        """See `AbstractKinetics`."""
        return jnp.stack([self.A, self.B]), jnp.stack([self.alpha, self.beta])


class Absorption(eqx.Module):
    """First-order uptake into the plasma from where a dose was put: under the skin, into a muscle or the peritoneum.

    **Arguments**

    - `rate`: k_a, 1/s; a number or text ("0.28/day").
    - `bioavailability`: F, the share that reaches the plasma, 0 to 1.

    **Raises** `InputError` for a rate that is not above zero, or a share outside 0 to 1.
    """

    rate: Float[Array, ""]
    bioavailability: Float[Array, ""]

    def __init__(self, rate: Any, bioavailability: Any = 1.0):
        self.rate = _above_zero(rate, "rate", "absorption rate")
        self.bioavailability = as_parameter(quantity(bioavailability, "number", "bioavailability"), "bioavailability", "1", shapes=((),))
        known = concrete(self.bioavailability)
        if known is not None and known > 1:
            raise InputError(f"bioavailability must lie between 0 and 1; got {float(known):g}")


def _above_zero(value: Any, kind: str, name: str) -> Array:
    return as_parameter(quantity(value, kind, name), name, KINDS[kind], shapes=((),), positive=True)
