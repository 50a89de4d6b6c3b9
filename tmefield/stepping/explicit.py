"""The rate of change of all species, made ready for the many evaluations of an explicit step.

The species are a tuple of fields inside the stage loops: each gets its own fused pass, and none is read through the leading
axis of a stacked array.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..balance import fill_fixed
from ..linalg.stencil import Field, Stencil, face_sum, flux_divergence
from ..model import Model
from ..terms.term import Moment, Rates

Fields = tuple[Field, ...]


class Explicit(eqx.Module):
    """What dc/dt = (div(flux) + P - L c)/phi is computed from, in the free voxels.

    - `model`: for the rates where they change during a step.
    - `stencils`: per species the faces, and what walls and fixed voxels take.
    - `supply`: per species what walls and fixed voxels bring, nM/s.
    - `free`: per species the mask of the free voxels, or None.
    - `given`: production and loss of the terms where no jump, no time and no concentration changes them; else None.
    - `exchange`: per species the Gershgorin bound of the transport over phi, 1/s.
    """

    model: Model
    stencils: tuple[Stencil, ...]
    supply: Fields
    free: tuple[Bool[Array, "z y x"] | None, ...]
    given: Rates | None
    exchange: tuple[Field, ...]

    @property
    def affine(self) -> bool:
        """Whether the rates neither depend on a concentration nor on the time within a step."""
        return not self.model.saturable and not varies(self.model)


def varies(model: Model) -> bool:
    """Whether any rate depends on the time between two jumps, found in the traced program of the rates."""
    moment = model.medium().moment
    traced = jax.make_jaxpr(lambda time: model.rates(jnp.zeros(model.shape, model.dtype), Moment(time, moment.within)))(moment.time).jaxpr
    (time,) = traced.invars
    return any(time is used for equation in traced.eqns for used in equation.invars) or any(time is out for out in traced.outvars)


def assemble_explicit(model: Model) -> Explicit:
    """The operator of the explicit method; differentiable in every leaf of the model."""
    transport = model.transport()
    phi = model.volume_fraction
    channels = [transport.channel(jax.tree.map(lambda leaf, i=i: leaf[i], transport.batched())) for i in range(transport.count)]
    thin = transport.conductivity.ndim == 1 and transport.held is None
    stencils, exchange = [], []
    for channel in channels:
        whole = channel.stencil
        exchange.append(jax.lax.stop_gradient((2 * face_sum(whole.faces, whole.loss.shape, whole.back) + whole.loss) / phi))
        uniform = thin and whole.back is None
        stencils.append(Stencil(tuple(_thin(face, axis) for axis, face in enumerate(whole.faces)), whole.loss) if uniform else whole)
    fixed_rates = not (model.saturable or model.jumps or varies(model))
    given = model.rates(jnp.zeros(model.shape, model.dtype)) if fixed_rates else None
    return Explicit(model, tuple(stencils), tuple(one.production for one in channels), tuple(one.free for one in channels), given, tuple(exchange))


def _thin(face: Array, axis: int) -> Array:
    """Of a face field that varies along its own axis at most, one line: what a stage does not have to read."""
    return face[tuple(slice(None) if own == axis else slice(0, 1) for own in range(3))]


class Affine(eqx.Module):
    """dc/dt = source - (transport + loss) c within one step, everything divided by phi where it is used."""

    stencils: tuple[Stencil, ...]
    source: Fields


def rates_at(operator: Explicit, x: Fields, moment: Moment) -> Rates:
    """Production and loss of the terms at the unknowns `x` (zero in fixed voxels)."""
    if operator.given is not None:
        return operator.given
    return operator.model.rates(fill_fixed(operator.model.transport(), jnp.stack(x)), moment)


def affine_at(operator: Explicit, moment: Moment) -> Affine:
    """The operator with the rates of the terms folded in; they hold for a whole step."""
    zero = tuple(jnp.zeros(operator.model.grid.shape, operator.model.dtype) for _ in operator.stencils)
    production, loss = rates_at(operator, zero, moment)
    stencils = tuple(
        Stencil(one.faces, one.loss + _where(free, loss[i]), one.back) for i, (one, free) in enumerate(zip(operator.stencils, operator.free, strict=True))
    )
    source = tuple(own + _where(free, production[i]) for i, (own, free) in enumerate(zip(operator.supply, operator.free, strict=True)))
    return Affine(stencils, source)


def change(stencil: Stencil, d: Field, phi: Array) -> Field:
    """The linear part of dc/dt applied to one species."""
    return (flux_divergence(d, stencil.faces, stencil.back) - stencil.loss * d) / phi


def derivative(operator: Explicit, x: Fields, moment: Moment) -> Fields:
    """dc/dt of every species at the unknowns `x`, zero in fixed voxels, nM/s."""
    production, loss = rates_at(operator, x, moment)
    phi = operator.model.volume_fraction
    return tuple(
        (flux_divergence(u, one.faces, one.back) + own - one.loss * u + _where(free, production[i] - loss[i] * u)) / phi
        for i, (u, one, own, free) in enumerate(zip(x, operator.stencils, operator.supply, operator.free, strict=True))
    )


def _where(free: Array | None, field: Array) -> Array:
    return field if free is None else jnp.where(free, field, 0)


def spectral_radius(operator: Explicit, x: Fields, moment: Moment) -> Float[Array, ""]:
    """A bound of the spectral radius of the Jacobian, 1/s: the rows of the transport and the slope of the terms.

    Rates that do not depend on concentrations give Gershgorin's bound itself. Saturable ones are taken at `x`, their loss coefficient or
    slope, whichever is greater, the slopes towards other species added, and a fifth on top for what changes during a step.
    """
    model, phi = operator.model, operator.model.volume_fraction
    if not model.saturable:
        loss = rates_at(operator, x, moment).loss
        return jnp.max(
            jnp.stack([jnp.max(rows + _where(free, loss[i]) / phi) for i, (rows, free) in enumerate(zip(operator.exchange, operator.free, strict=True))])
        )
    field = fill_fixed(model.transport(), jnp.stack(x))

    def net_loss(c):
        production, loss = model.rates(c, moment)
        return loss * c - production

    loss = model.rates(field, moment).loss
    slope = jnp.zeros_like(field)
    for unit in _directions(model, field):
        slope = slope + jnp.abs(jax.jvp(net_loss, (field,), (unit,))[1])
    steepest = jnp.maximum(slope, loss)
    each = [jnp.max(rows + _where(free, steepest[i]) / phi) for i, (rows, free) in enumerate(zip(operator.exchange, operator.free, strict=True))]
    return 1.2 * jnp.max(jnp.stack(each))


def _directions(model: Model, field: Float[Array, "s z y x"]) -> list[Array]:
    """One direction for all species where each depends on itself alone, else one for each."""
    if not model.coupled:
        return [jnp.ones_like(field)]
    return [jnp.zeros_like(field).at[i].set(1) for i in range(field.shape[0])]
