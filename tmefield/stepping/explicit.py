"""The rate of change of all species, made ready for the many evaluations of an explicit step.

The species are a tuple of fields inside the stage loops: each gets its own fused pass, and none is read through the leading
axis of a stacked array.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..balance import fill_fixed
from ..linalg.stencil import Field, Stencil, face_sum, flux_divergence, is_periodic
from ..model import Model
from ..terms.term import Moment, Rates
from ..transport.assemble import Channel, Transport

Fields = tuple[Field, ...]


class Explicit(eqx.Module):
    """What dc/dt = (div(flux) + P - L c)/(phi R) is computed from, in the free voxels.

    - `model`: for the rates where they change during a step.
    - `stencils`: per species the faces, and what walls and fixed voxels take.
    - `scale`: per species phi D, um2/s, where it is uniform; the faces are then those of phi D = 1, one number an axis. Else None.
    - `supply`: per species what walls and fixed voxels bring, nM/s.
    - `free`: per species the mask of the free voxels, or None.
    - `given`: production and loss of the terms where no jump, no time and no concentration changes them; else None.
    - `exchange`: per species the Gershgorin bound of the transport over phi R, 1/s.
    """

    model: Model
    stencils: tuple[Stencil, ...]
    scale: tuple[Float[Array, ""] | None, ...]
    supply: Fields
    free: tuple[Bool[Array, "z y x"] | None, ...]
    given: Rates | None
    exchange: tuple[Field, ...]

    @property
    def affine(self) -> bool:
        """Whether the rates neither depend on a concentration nor on the time within a step, and no flux is limited."""
        return not self.model.saturable and self.model.flow is None and not varies(self.model)


def varies(model: Model) -> bool:
    """Whether any rate depends on the time between two jumps, found in the traced program of the rates."""
    moment = model.medium().moment
    traced = jax.make_jaxpr(lambda time: model.rates(jnp.zeros(model.shape, model.dtype), Moment(time, moment.within)))(moment.time).jaxpr
    (time,) = traced.invars
    return any(time is used for equation in traced.eqns for used in equation.invars) or any(time is out for out in traced.outvars)


def assemble_explicit(model: Model) -> Explicit:
    """The operator of the explicit method; differentiable in every leaf of the model."""
    transport = model.transport()
    channels = _channels(transport)
    thin = transport.conductivity.ndim == 1 and transport.held is None and all(one.stencil.back is None for one in channels)
    exchange = tuple(jax.lax.stop_gradient(_outflow(one.stencil) / stored) for one, stored in zip(channels, model.storage, strict=True))
    # Without `uncut`: a stage reads the faces, and what it does not read is not kept for its derivative.
    stencils, scale = tuple(Stencil(one.stencil.faces, one.stencil.loss, one.stencil.back) for one in channels), (None,) * transport.count
    if thin:
        units = _channels(eqx.tree_at(lambda t: t.conductivity, transport, jnp.ones_like(transport.conductivity)))
        lines = [tuple(_thin(face, axis, model.grid.shape[axis]) for axis, face in enumerate(one.stencil.faces)) for one in units]
        stencils = tuple(Stencil(faces, one.loss) for faces, one in zip(lines, stencils, strict=True))
        scale = tuple(transport.conductivity)
    fixed_rates = not (model.saturable or model.jumps or varies(model))
    given = model.rates(jnp.zeros(model.shape, model.dtype)) if fixed_rates else None
    return Explicit(model, stencils, scale, tuple(one.production for one in channels), tuple(one.free for one in channels), given, exchange)


def _channels(transport: Transport) -> list[Channel]:
    return [transport.channel(jax.tree.map(lambda leaf, i=i: leaf[i], transport.batched())) for i in range(transport.count)]


def _outflow(stencil: Stencil) -> Field:
    """Gershgorin's bound of each row."""
    shape = stencil.loss.shape
    out = face_sum(stencil.faces, shape, stencil.back)
    back = out if stencil.back is None else face_sum(stencil.back, shape, stencil.faces)
    return out + back + stencil.loss


def _thin(face: Array, axis: int, cells: int) -> Array:
    """Of a face field that is uniform, one number (a line along its axis where that is periodic): what a stage does not have to read."""
    along = slice(None) if is_periodic(face, axis, cells) else slice(0, 1)
    return face[tuple(along if own == axis else slice(0, 1) for own in range(3))]


class Affine(eqx.Module):
    """dc/dt = (scale div(flux) + source - loss c)/stored of every species within one step, the rates of the terms folded in."""

    stencils: tuple[Stencil, ...]
    scale: tuple[Float[Array, ""] | None, ...]
    source: Fields
    stored: tuple[Float[Array, "..."], ...]


def flux(stencil: Stencil, scale: Float[Array, ""] | None, u: Field) -> Field:
    """div(phi D grad u) of one species between free voxels."""
    divergence = flux_divergence(u, stencil.faces, stencil.back)
    return divergence if scale is None else scale * divergence


def rates_at(operator: Explicit, x: Fields, moment: Moment) -> Rates:
    """Production and loss of the terms at the unknowns `x` (zero in fixed voxels)."""
    if operator.given is not None:
        return operator.given
    return operator.model.rates(fill_fixed(operator.model.transport(), jnp.stack(x)), moment)


def affine_at(operator: Explicit, moment: Moment) -> Affine:
    """The operator with the rates of the terms folded in; they hold for a whole step."""
    zero = tuple(jnp.zeros(operator.model.grid.shape, operator.model.dtype) for _ in operator.stencils)
    production, loss = rates_at(operator, zero, moment)
    each, own, free = range(len(operator.stencils)), operator.stencils, operator.free
    stencils = tuple(Stencil(own[i].faces, own[i].loss + _where(free[i], loss[i]), own[i].back) for i in each)
    source = tuple(operator.supply[i] + _where(free[i], production[i]) for i in each)
    return Affine(stencils, operator.scale, source, operator.model.storage)


def change(affine: Affine, d: Fields) -> Fields:
    """The linear part of dc/dt."""
    each = zip(affine.stencils, affine.scale, affine.stored, d, strict=True)
    return tuple((flux(one, scale, u) - one.loss * u) / stored for one, scale, stored, u in each)


def derivative(operator: Explicit, x: Fields, moment: Moment) -> Fields:
    """dc/dt of every species at the unknowns `x`, zero in fixed voxels, nM/s."""
    production, loss = rates_at(operator, x, moment)
    own, scale, supply, free = operator.stencils, operator.scale, operator.supply, operator.free
    gains = [flux(own[i], scale[i], u) + supply[i] - own[i].loss * u + _where(free[i], production[i] - loss[i] * u) for i, u in enumerate(x)]
    if operator.model.flow is not None:
        transport = operator.model.transport()
        limited = transport.correction(fill_fixed(transport, jnp.stack(x)))
        gains = [gain - _where(free[i], limited[i]) for i, gain in enumerate(gains)]
    return tuple(gain / stored for gain, stored in zip(gains, operator.model.storage, strict=True))


def _where(free: Array | None, field: Array) -> Array:
    return field if free is None else jnp.where(free, field, 0)


def spectral_radius(operator: Explicit, x: Fields, moment: Moment) -> Float[Array, ""]:
    """A bound of the spectral radius of the Jacobian, 1/s: the rows of the transport and the slope of the terms.

    Rates that do not depend on concentrations give Gershgorin's bound itself. Saturable ones are taken at `x`, their loss coefficient or
    slope, whichever is greater, the slopes towards other species added, and a fifth on top for what changes during a step.
    """
    model, stored = operator.model, operator.model.storage
    if not model.saturable:
        loss = rates_at(operator, x, moment).loss
        return jnp.max(
            jnp.stack([jnp.max(rows + _where(free, loss[i]) / stored[i]) for i, (rows, free) in enumerate(zip(operator.exchange, operator.free, strict=True))])
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
    each = [jnp.max(rows + _where(free, steepest[i]) / stored[i]) for i, (rows, free) in enumerate(zip(operator.exchange, operator.free, strict=True))]
    return 1.2 * jnp.max(jnp.stack(each))


def _directions(model: Model, field: Float[Array, "s z y x"]) -> list[Array]:
    """One direction for all species where each depends on itself alone, else one for each."""
    if not model.coupled:
        return [jnp.ones_like(field)]
    return [jnp.zeros_like(field).at[i].set(1) for i in range(field.shape[0])]
