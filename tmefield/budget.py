"""The mass budget of a steady field: what every term made and removed, what crossed walls and fixed voxels."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance import fill_fixed
from .linalg.reductions import total
from .model import Model
from .transport.assemble import Transport, species_map
from .units import NANOMOLAR

WALL_NAMES = ("lower z wall", "upper z wall", "lower y wall", "upper y wall", "lower x wall", "upper x wall")


class Budget(eqx.Module):
    """Amounts per second for each species, molecules/s.

    - `made`, `lost`: by term label, [species].
    - `walls`: net flow out through each wall that is open, by diffusion and with the flow, by name, [species]; negative is inflow.
    - `fixed`: net flow into the fixed voxels, [species].
    - `income`: what the terms made and what came in net, through each wall and through the fixed voxels, [species].
    - `defect`: (made - lost - walls - fixed) / income, [species].
    - `resolution`: what round-off alone may leave of the defect, [species]: large where walls or fixed voxels exchange far more
      than they bring in net.
    """

    made: dict[str, Float[Array, " s"]]
    lost: dict[str, Float[Array, " s"]]
    walls: dict[str, Float[Array, " s"]]
    fixed: Float[Array, " s"]
    income: Float[Array, " s"]
    defect: Float[Array, " s"]
    resolution: Float[Array, " s"]
    names: tuple[str, ...] = eqx.field(static=True)

    def lines(self) -> list[str]:
        """The budget as text, one line per entry and species."""
        rows = []
        for index, name in enumerate(self.names):
            rows.append(f"{name}: in {float(self.income[index]):.4g} molecules/s, defect {float(self.defect[index]):.1e} of it")
            for title, entries in (("made by", self.made), ("lost to", self.lost), ("out through", self.walls)):
                rows += [f"  {title} {label}: {float(values[index]):.4g}" for label, values in entries.items() if float(values[index]) != 0]
            if float(self.fixed[index]) != 0:
                rows.append(f"  into fixed voxels: {float(self.fixed[index]):.4g}")
        return rows


def mass_budget(model: Model, concentration: Float[Array, "s z y x"]) -> Budget:
    """The budget of a field over its free voxels."""
    transport = model.transport()
    made, lost = _terms(model, transport, concentration)
    walls = _walls(transport, concentration)
    fixed, gross = _fixed(transport, concentration)
    zero = jnp.zeros(transport.count, model.dtype)
    flows = [flow for flow, _ in walls.values()]
    outflow = sum((jnp.maximum(flow, 0) for flow in flows), zero) + jnp.maximum(fixed, 0)
    income = sum(made.values(), zero) + sum((jnp.maximum(-flow, 0) for flow in flows), zero) + jnp.maximum(-fixed, 0)
    whole = jnp.where(income > 0, income, 1)
    exchanged = income + sum((both for _, both in walls.values()), gross)
    resolution = 4 * jnp.finfo(model.dtype).eps * exchanged / whole
    defect = (income - sum(lost.values(), outflow)) / whole
    return Budget(made, lost, {name: flow for name, (flow, _) in walls.items()}, fixed, income, defect, resolution, model.names)


def _terms(model: Model, transport: Transport, concentration) -> tuple[dict[str, Array], dict[str, Array]]:
    made: dict[str, Array] = {}
    lost: dict[str, Array] = {}
    amount = model.grid.voxel_volume * NANOMOLAR
    zero = jnp.zeros(transport.count, model.dtype)
    in_free = concentration if transport.held is None else jnp.where(transport.held, 0, concentration)
    for term, changes in model.term_rates(concentration):
        for name, (production, loss) in changes.items():
            index = model.names.index(name)
            production = jnp.broadcast_to(production, model.grid.shape)
            free = production if transport.held is None else jnp.where(transport.held[index], 0, production)
            made[term.label] = made.get(term.label, zero).at[index].add(total(free) * amount)
            taken = loss * total(in_free[index]) if jnp.ndim(loss) == 0 else total(loss * in_free[index])  # a number would be written out as a field
            lost[term.label] = lost.get(term.label, zero).at[index].add(taken * amount)
    return made, lost


def _walls(transport: Transport, concentration) -> dict[str, tuple[Array, Array]]:
    """For each open wall the net flow out, and the sum of what goes both ways."""
    flows = {}
    for index, wall in enumerate(transport.walls):
        if wall is not None:
            axis, upper = divmod(index, 2)
            near = jnp.take(concentration, -1 if upper else 0, axis=axis + 1)
            free = 1 if transport.held is None else 1 - jnp.take(transport.held, -1 if upper else 0, axis=axis + 1).astype(near.dtype)
            area = transport.grid.voxel_volume / transport.grid.spacing[axis]
            amount = area * NANOMOLAR

            def summed(flux, free=free, amount=amount):
                return jnp.sum(jnp.sum(flux * free, axis=-1), axis=-1) * amount

            flows[WALL_NAMES[index]] = summed(wall.outflow(near)), summed(wall.leaving * jnp.abs(near) + wall.entering * wall.outside)
    return flows


def _fixed(transport: Transport, concentration) -> tuple[Array, Array]:
    """Net flow into the fixed voxels, and the sum of what goes both ways."""
    if transport.held is None or transport.sealed:
        nothing = jnp.zeros(transport.count, concentration.dtype)
        return nothing, nothing

    between = transport.without_walls()

    def one(arguments):
        """The elimination's loss and production."""
        batched, c = arguments
        channel = between.channel(batched)
        out, back = total(channel.stencil.loss * c), total(channel.production)
        return total(channel.stencil.loss * c - channel.production), jnp.abs(out) + back

    amount = transport.grid.voxel_volume * NANOMOLAR
    net, gross = species_map(one, (between.batched(), fill_fixed(transport, concentration)))
    return net * amount, gross * amount
