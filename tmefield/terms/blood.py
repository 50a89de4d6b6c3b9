"""What blood carries along the vessels, and how its concentration changes on the way."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from ..checks import as_parameter
from ..course import AbstractCourse
from ..errors import InputError
from .term import Moment
from .wall_pieces import mean_decay

ALIKE = 1e-3
"""Relative difference of two concentrations below which the slope between them is the derivative."""
HALVINGS, NEWTON_STEPS = 24, 2


class AbstractCarrier(eqx.Module):
    """How much of a solute a volume of blood holds at a concentration c in its plasma, both nM."""

    @abstractmethod
    def content(self, c: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """The content of blood with discharge haematocrit `hd`."""

    @abstractmethod
    def plasma(self, content: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """The concentration in the plasma for a content: the inverse of `content`."""

    @abstractmethod
    def slope(self, a: Float[Array, "..."], b: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """(content(a) - content(b))/(a - b), the derivative where the two agree."""


class Dissolved(AbstractCarrier):
    """A solute at the same concentration in all of the blood: content = c."""

    def content(self, c: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`."""
        return c

    def plasma(self, content: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`."""
        return content

    def slope(self, a: Float[Array, "..."], b: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`."""
        return jnp.ones_like(a)


class Haemoglobin(AbstractCarrier):
    """Oxygen, dissolved and bound in red cells: content = c + H C0 S(c), S = c^n/(c50^n + c^n) (Hill 1910, J Physiol 40:iv).

    **Arguments**

    - `capacity`: C0, nM of oxygen per volume of red cells at saturation; 0.5 cm3 of gas (22.4 L/mol) in 1 cm3, as in Secomb 2004
      (doi:10.1114/B:ABME.0000049036.08817.44).
    - `half_saturation`: c50, nM dissolved. The P50 of rats is 38 mmHg, Hill exponent 3 (same source); times the solubility of oxygen in plasma,
      1.3 uM/mmHg (0.065 mM at 50 mmHg, as the library's plasma concentration), that is 49.4 uM. For man take P50 = 27 mmHg and 2.7.
    - `exponent`: n.
    """

    capacity: Float[Array, ""]
    half_saturation: Float[Array, ""]
    exponent: Float[Array, ""]

    def __init__(self, capacity: ArrayLike = 2.23e7, half_saturation: ArrayLike = 4.94e4, exponent: ArrayLike = 3.0):
        self.capacity = as_parameter(capacity, "oxygen capacity of red cells", "nM", shapes=((),))
        self.half_saturation = as_parameter(half_saturation, "half saturation of haemoglobin", "nM", shapes=((),), positive=True)
        self.exponent = as_parameter(exponent, "Hill exponent of haemoglobin", "1", shapes=((),), positive=True)

    def saturation(self, c: Float[Array, "..."]) -> Float[Array, "..."]:
        """S(c), the share of haemoglobin that is bound."""
        x = jnp.maximum(c / self.half_saturation, 1e-6)
        return jnp.where(c > 0, x**self.exponent / (1 + x**self.exponent), 0)

    def content(self, c: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`."""
        return c + hd * self.capacity * self.saturation(c)

    def slope(self, a: Float[Array, "..."], b: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`."""
        apart = jnp.abs(a - b) > ALIKE * self.half_saturation
        secant = (self.saturation(a) - self.saturation(b)) / jnp.where(apart, a - b, 1)
        return 1 + hd * self.capacity * jnp.where(apart, secant, self._steepness(0.5 * (a + b)))

    def _steepness(self, c: Array) -> Array:
        """DS/dc."""
        s = self.saturation(c)
        return self.exponent * s * (1 - s) / jnp.maximum(c, 1e-6 * self.half_saturation)

    def plasma(self, content: Float[Array, "..."], hd: Float[Array, "..."]) -> Float[Array, "..."]:
        """See `AbstractCarrier`: by bisection between 0 and the content, finished by Newton steps, through which derivatives go."""
        known, share = jax.lax.stop_gradient((self, hd))
        aim = jax.lax.stop_gradient(content)

        def halve(_, ends):
            low, high = ends
            middle = 0.5 * (low + high)
            below = known.content(middle, share) < aim
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        low, high = jax.lax.fori_loop(0, HALVINGS, halve, (jnp.zeros_like(aim), jnp.maximum(aim, 0)))
        c = jax.lax.stop_gradient(0.5 * (low + high))
        for _ in range(NEWTON_STEPS):
            c = c - (self.content(c, hd) - content) / (1 + hd * self.capacity * self._steepness(c))
        return c


class Blood(eqx.Module):
    """A solute in flowing blood: its plasma concentration falls along the vessels by what passes the walls.

    With content B(c) of the blood (see `AbstractCarrier`), flow Q and exchange coefficient E of a segment (um3/s), tissue at c_t,

        Q dB/ds = -(E/length) (c_p - c_t)

    along each segment, upwind, and full mixing at nodes. Over a segment the slope of B is that between its two ends, so that
    c_p - c_t falls by exp(-E/(Q slope)): exact for a dissolved solute, second order in the length of segments for oxygen, and never below the
    tissue's concentration. What leaves the blood is what the tissue gets, to rounding. Transit takes seconds: the blood is at steady state with
    the tissue at all times.

    **Arguments**

    - `network`: a `VesselNetwork` with flow (from `perfuse(...)` or its file) and, for oxygen, haematocrit.
    - `inlet`: plasma concentration of the blood that enters, nM; a number or a `TimeCourse`.
    - `carrier`: `Haemoglobin()` for oxygen; dissolved otherwise.

    A segment in which blood stands still exchanges nothing.

    **Raises** `InputError` for a network without flow, or without haematocrit where red cells carry the solute.
    """

    inlet: Float[Array, ""] | AbstractCourse
    carrier: AbstractCarrier
    flow: Float[Array, " m"]
    hd: Float[Array, " m"]
    inflow: Float[Array, " n"]
    upstream: Int[Array, " m"]
    downstream: Int[Array, " m"]
    levels: Int[Array, "k w"]

    def __init__(self, network: Any, inlet: ArrayLike | AbstractCourse, carrier: AbstractCarrier | None = None):
        found = network.streams()
        if isinstance(carrier, Haemoglobin) and not found.hd.any():
            raise InputError("oxygen is carried by red cells, but this vessel network has no haematocrit; solve for it with network.perfuse(...).network")
        self.inlet = inlet if isinstance(inlet, AbstractCourse) else as_parameter(inlet, "plasma concentration at the inlets", "nM", shapes=((),))
        self.carrier = Dissolved() if carrier is None else carrier
        self.flow, self.hd, self.inflow = (jnp.asarray(one, float) for one in (found.flow, found.hd, found.inflow))
        self.upstream, self.downstream, self.levels = (jnp.asarray(one.astype(np.int32)) for one in (found.upstream, found.downstream, found.levels))

    @property
    def jumps(self) -> tuple[float, ...]:
        """Times at which what enters jumps, s."""
        return self.inlet.jumps if isinstance(self.inlet, AbstractCourse) else ()

    @property
    def perfused(self) -> Float[Array, " m"]:
        """1 where blood flows, 0 where it stands still."""
        return (self.flow > 0).astype(self.flow.dtype)

    def entering(self, moment: Moment) -> Float[Array, ""]:
        """Plasma concentration at the inlets, nM."""
        return self.inlet.at(moment.time, moment.within) if isinstance(self.inlet, AbstractCourse) else self.inlet

    def along(
        self, exchange: Float[Array, " m"], tissue: Float[Array, " m"], moment: Moment, returned: Float[Array, " m"] | None = None
    ) -> tuple[Float[Array, " m"], Float[Array, " n"]]:
        """Mean plasma concentration of each segment, nM, and the amount that arrives at each node, nM um3/s.

        `exchange` is E of each segment, um3/s, `tissue` the concentration outside its wall, nM, and `returned` what joins the blood at its end beside
        that, nM um3/s. Where blood stands still the mean is the tissue's.
        """
        nodes = self.inflow.size
        joining = jnp.zeros_like(exchange) if returned is None else returned
        padded = [jnp.append(one, filler) for one, filler in ((exchange, 0), (tissue, 0), (self.flow, 1), (self.hd, 0), (joining, 0))]
        upstream, downstream = (jnp.append(one, nodes) for one in (self.upstream, self.downstream))
        leaving = jnp.zeros(nodes, self.flow.dtype).at[self.upstream].add(self.flow)
        cells = jnp.zeros(nodes, self.flow.dtype).at[self.upstream].add(self.flow * self.hd)
        hd_node = jnp.append(cells / jnp.where(leaving > 0, leaving, 1), 0)
        arriving = jnp.zeros(nodes, self.flow.dtype).at[self.downstream].add(self.flow) + self.inflow
        throughput = jnp.append(jnp.where(arriving > 0, arriving, 1), 1)
        brought = self.inflow * self.carrier.content(jnp.broadcast_to(self.entering(moment), (nodes,)), hd_node[:-1])

        def pass_level(carry, row):
            amount, mean = carry
            e, outside, q, hd, more = (one[row] for one in padded)
            node = upstream[row]
            c = self.carrier.plasma(amount[node] / throughput[node], hd_node[node])
            share = self._mean_above(c, outside, e / q, hd)
            left = self.carrier.content(c, hd) - e / q * share * (c - outside)
            return (amount.at[downstream[row]].add(q * left + more), mean.at[row].set(outside + share * (c - outside))), None

        start = jnp.append(brought, 0).astype(exchange.dtype), padded[1]
        (amount, mean), _ = jax.lax.scan(pass_level, start, self.levels)
        return mean[:-1], amount[:-1]

    def _mean_above(self, c: Array, outside: Array, passing: Array, hd: Array) -> Array:
        """The mean of c_p - c_t over segments as a share of that at their inflow; `passing` is E/Q.

        Twice: with the slope of the content down to the tissue, and with that down to where this leaves the blood, which is second order in the
        length of a segment. No more is given than brings the blood to the tissue's concentration.
        """
        to_tissue = self.carrier.slope(c, outside, hd)
        left = self.carrier.content(c, hd) - passing * mean_decay(passing / to_tissue) * (c - outside)
        to_end = self.carrier.slope(c, self.carrier.plasma(left, hd), hd)
        return jnp.minimum(mean_decay(passing / to_end), to_tissue / jnp.maximum(passing, 1e-9 * to_tissue))
