"""The equations: F(x) = (T + L(c)) x - P(c) - b = 0 in the free voxels.

T is the transport operator, b what walls and fixed voxels feed in, c the field with the fixed voxels filled in.
"""

from collections.abc import Callable
from itertools import permutations
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..linalg.reductions import norm, total
from ..linalg.stencil import Field, Stencil
from ..model import Model
from ..terms.term import Moment, Rates
from ..transport.assemble import Channel, Transport, species_map


class Balance(eqx.Module):
    """A model at a moment, and for an implicit time step what storage adds: loss `storage` (1/s) and production `drive` (nM/s).

    `mixed`: residuals in the model's type, linear systems or their preconditioner in float32. `circles_only`: the local Jacobian without what a species does
    to one that does not act back, itself or through others; its eigenvalues are the same.
    """

    model: Model
    storage: Float[Array, "..."] | None = None
    drive: Float[Array, "s z y x"] | None = None
    moment: Moment | None = None
    mixed: bool = eqx.field(static=True, default=False)
    circles_only: bool = eqx.field(static=True, default=False)

    @property
    def together(self) -> bool:
        """Whether the species have to be solved together: the rates of one depend on another."""
        return self.model.coupled

    @property
    def symmetric(self) -> bool:
        """Whether the Jacobian is symmetric: diffusion, and rates of a species' own concentration in the same voxel alone."""
        return self.model.local and not (self.model.coupled or self.model.flowing)

    @property
    def apart(self) -> bool:
        """Whether, with productions held, each species has a symmetric matrix of its own: no flow, and rates that change with concentrations act on one
        species each, in the same voxel.
        """
        model = self.model
        return model.local and not model.flowing and all(len(term.acts_on) == 1 for term in model.terms if term.saturable)

    def rates(self, concentration: Float[Array, "s z y x"]) -> Rates:
        """Production and loss of the terms and of storage."""
        production, loss = self.model.rates(concentration, self.moment)
        if self.storage is None or self.drive is None:
            return Rates(production, loss)
        return Rates(production + self.drive, loss + self.storage)

    def net_loss(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """L c - P."""
        production, loss = self.rates(concentration)
        return loss * concentration - production

    def slope(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """d(L c - P)_i/dc_i, voxel by voxel: the diagonal of the local Jacobian."""
        if not self.model.saturable:
            return self.rates(concentration).loss
        if not self.together:
            return jax.jvp(self.net_loss, (concentration,), (jnp.ones_like(concentration),))[1]
        return self.local_jacobian(concentration).own

    def loss_slope(self, concentration: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """d(L_i c_i)/dc_i, voxel by voxel, with productions and the other species held."""
        return self._derivatives(concentration, lambda rates, c: rates.loss * c).own

    def local_jacobian(self, concentration: Float[Array, "s z y x"]) -> "LocalJacobian":
        """d(L c - P)_i/dc_j, voxel by voxel, of the pairs in which j drives i; of rates that stay in their voxel."""
        return self._derivatives(concentration, lambda rates, c: rates.loss * c - rates.production, pairs=True)

    def _derivatives(self, concentration: Array, of: Callable[[Rates, Array], Array], *, pairs: bool = False) -> "LocalJacobian":
        """The derivatives of `of(rates, c)`, term by term in what it depends on: a derivative of all rates at once computes mostly zeros."""
        names, medium = self.model.names, self.model.medium(self.moment)
        fields, shape = dict(zip(names, concentration, strict=True)), concentration.shape[1:]
        found: dict[tuple[str, str], Array] = {}
        kept = self.model.circles if self.circles_only else self.model.drives
        for term in self.model.terms:
            acts_on = term.acts_on or names
            wanted = [(name, name) for name in acts_on]
            if pairs and term.saturable:
                wanted += [pair for pair in (term.drives if term.acts_on else permutations(names, 2)) if pair in kept]
            for cause, effect in wanted:

                def changed(c, term=term, cause=cause, effect=effect):
                    rates = term.rates({**fields, cause: c}, medium).get(effect)  # a term on all species may leave some alone
                    if rates is None:
                        return jnp.zeros(shape, c.dtype)
                    return jnp.broadcast_to(of(rates, c if cause == effect else fields[effect]), shape)

                slope = jax.jvp(changed, (fields[cause],), (jnp.ones_like(fields[cause]),))[1]
                found[cause, effect] = found[cause, effect] + slope if (cause, effect) in found else slope
        own = jnp.stack([found.pop((name, name), jnp.zeros(shape, concentration.dtype)) for name in names])
        own = own if self.storage is None else own + self.storage
        return LocalJacobian(own, tuple(found.values()), tuple((names.index(effect), names.index(cause)) for cause, effect in found))


class LocalJacobian(eqx.Module):
    """The Jacobian of the local rates: its diagonal `own`, and an entry (i, j) for each of `pairs`."""

    own: Float[Array, "s z y x"]
    entries: tuple[Float[Array, "z y x"], ...]
    pairs: tuple[tuple[int, int], ...] = eqx.field(static=True)

    def apply(self, v: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """The product with a field."""
        rows = [self.own[i] * v[i] for i in range(v.shape[0])]
        for (i, j), entry in zip(self.pairs, self.entries, strict=True):
            rows[i] = rows[i] + entry * v[j]
        return jnp.stack(rows)

    def reach(self, v: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
        """The product of the sizes of all entries but those of the diagonal with a field; of ones, the sums of these sizes by row."""
        rows = [jnp.zeros_like(one) for one in self.own]
        for (i, j), entry in zip(self.pairs, self.entries, strict=True):
            rows[i] = rows[i] + jnp.abs(entry) * v[j]
        return jnp.stack(rows)


class Measure(NamedTuple):
    """What is left, -F(x), and per species (or of one, without an axis): its norm and sum, the norm of the sources, and that of |A| |x| (row by row).

    `supply` is what the terms make plus what comes in net through walls and fixed voxels; `exchange` counts the latter gross.
    """

    left: Float[Array, "*s z y x"]
    size: Float[Array, "*s"]
    drift: Float[Array, "*s"]
    sources: Float[Array, "*s"]
    supply: Float[Array, "*s"]
    exchange: Float[Array, "*s"]
    throughput: Float[Array, "*s"]

    @property
    def merit(self) -> Float[Array, "*s"]:
        """Relative residual in the mean square plus relative defect of the mass budget."""
        return ratio(self.size, self.sources) + ratio(self.drift, self.supply)

    @property
    def backward_error(self) -> Float[Array, "*s"]:
        """||F|| / (|| |A| |x| || + ||sources||)."""
        return ratio(self.size, self.throughput + self.sources)


def ratio(part: Array, whole: Array) -> Array:
    """Part / whole; `part` itself where there is no whole."""
    return part / jnp.where(whole > 0, whole, 1)


def fill_fixed(transport: Transport, x: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """The field with the fixed voxels at their values."""
    return x if transport.held is None or transport.value is None else jnp.where(transport.held, transport.value, x)


def unknowns(transport: Transport, c: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """What is solved for, of a field: zero in the fixed voxels."""
    return c if transport.held is None else jnp.where(transport.held, 0, c)


def on_free(free: Array | None, field: Array) -> Array:
    """The field, zero in the fixed voxels."""
    return field if free is None else jnp.where(free, field, 0)


def residual(balance: Balance, x: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """F(x), nM/s, zero in fixed voxels."""
    transport = balance.model.transport()
    field = fill_fixed(transport, x)
    production, loss = balance.rates(field)

    def one(arguments):
        batched, u, made, lost = arguments
        channel = transport.channel(batched)
        operator = channel.stencil.with_loss(on_free(channel.free, lost))
        return operator.apply(on_free(channel.free, u)) - channel.production - on_free(channel.free, made)

    return with_correction(transport, field, species_map(one, (transport.batched(), x, production, loss)))


def operate(transport: Transport, v: Float[Array, "s z y x"], diagonal: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """(T + diagonal) v in the free voxels, T of diffusion and the fitted flow."""

    def one(arguments):
        batched, u, local = arguments
        channel = transport.channel(batched)
        return channel.stencil.with_loss(on_free(channel.free, local)).apply(on_free(channel.free, u))

    return species_map(one, (transport.batched(), v, diagonal))


def with_correction(transport: Transport, field: Float[Array, "s z y x"], f: Float[Array, "s z y x"]) -> Float[Array, "s z y x"]:
    """The residual `f` of the upwind matrix with what makes the advective flux second order."""
    if transport.flow is None:
        return f
    correction = transport.correction(field)
    return f + (correction if transport.held is None else jnp.where(transport.held, 0, correction))


class System(NamedTuple):
    """The equations of one species with its rates held, operator u = source, and how much is made: what does not change with the field.

    - `channel`: the transport, `operator` with the loss of the terms too.
    - `sources`, `made`, `inflow`: the norm of the source, the sum of what the terms make, and of what comes in through walls and fixed voxels.
    """

    channel: Channel
    operator: Stencil
    source: Field
    sources: Float[Array, ""]
    made: Float[Array, ""]
    inflow: Float[Array, ""]


def system(transport: Transport, batched: tuple, made: Field, lost: Field) -> System:
    """The equations of the species of a slice of `Transport.batched`, with what its terms make (nM/s) and lose (1/s)."""
    channel = transport.channel(batched)
    own, stencil = on_free(channel.free, made), channel.stencil
    source = own if channel.closed else channel.production + own
    inflow = jnp.zeros((), own.dtype) if channel.closed else total(channel.production)
    return System(channel, stencil.with_loss(on_free(channel.free, lost)), source, norm(source), total(jnp.abs(own)), inflow)


def judge(equations: System, u: Field | None) -> Measure:
    """The measure of a field of one species, zero in fixed voxels; of None, which is zero everywhere, without a product."""
    sources, made, inflow, nothing = equations.sources, equations.made, equations.inflow, jnp.zeros_like(equations.sources)
    if u is None:
        left = equations.source
        return Measure(left, sources, jnp.abs(total(left)), sources, made + inflow, inflow, nothing)
    left = equations.source - equations.operator.apply(u)
    outflow = nothing if equations.channel.closed else total(equations.channel.stencil.loss * u)
    # Voxel by voxel: one that loses or conducts a million times more must not raise what counts as round-off elsewhere.
    throughput = norm(equations.operator.row_sizes() * jnp.abs(u))
    return Measure(left, norm(left), jnp.abs(total(left)), sources, made + jnp.abs(inflow - outflow), inflow + jnp.abs(outflow), throughput)


def measure(balance: Balance, transport: Transport, x: Float[Array, "s z y x"], rates: Rates | None = None) -> Measure:
    """The residual with everything by which it is judged; `rates` where they are known at the field."""
    field = fill_fixed(transport, x)
    production, loss = balance.rates(field) if rates is None else rates
    found = species_map(lambda one: judge(system(transport, one[0], *one[2:]), one[1]), (transport.batched(), x, production, loss))
    if transport.flow is None:
        return found
    left = -with_correction(transport, field, -found.left)
    return found._replace(left=left, size=jnp.sqrt(total(left * left)), drift=jnp.abs(total(left)))
