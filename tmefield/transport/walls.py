"""What happens at the six walls of the box."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import as_parameter
from ..errors import InputError
from ..grid import AXES


class AbstractWall(eqx.Module):
    """The condition at one wall, for one species."""

    outside: eqx.AbstractVar[Array | None]


class NoFlux(AbstractWall):
    """Nothing crosses, neither by diffusion nor with the flow: dc/dn = 0 (a mirror)."""

    outside: ClassVar[None] = None


class FixedValue(AbstractWall):
    """c = `value` (nM) on the wall itself, half a voxel outside the last centre; a number or an array over the wall's voxels.

    The array has the shape of the wall: [y, x] on a z wall, [z, x] on a y wall, [z, y] on an x wall. A flow that comes in carries `value`.
    """

    outside: Float[Array, "..."]

    def __init__(self, value: ArrayLike):
        self.outside = as_parameter(value, "value of a FixedValue wall", "nM")


class Robin(AbstractWall):
    """Exchange with surroundings of concentration `outside` (nM): the flux out is `transfer` (c_wall - outside).

    `transfer` is in um/s, a number or an array over the wall's voxels: 0 is a no-flux wall, infinity a fixed value. A flow that comes in
    carries `outside`, one that goes out the concentration at the wall; both add to the flux above.
    """

    transfer: Float[Array, "..."]
    outside: Float[Array, "..."]

    def __init__(self, transfer: ArrayLike, outside: ArrayLike = 0.0):
        self.transfer = as_parameter(transfer, "transfer coefficient of a Robin wall", "um/s")
        self.outside = as_parameter(outside, "outside concentration of a Robin wall", "nM")


class Outflow(AbstractWall):
    """The flow carries the concentration of the tissue out and nothing diffuses: dc/dn = 0. No flow may come in through it.

    Where it does, what it carries has to be said: `FixedValue`, or `Robin(0, outside)`, which takes `outside` in where the flow comes in
    and is an outflow elsewhere.
    """

    outside: ClassVar[None] = None


class Periodic(AbstractWall):
    """What leaves through this wall comes back through the opposite one; both walls of the axis have to say so."""

    outside: ClassVar[None] = None


Pair = AbstractWall | tuple[AbstractWall, AbstractWall]


class Walls(eqx.Module):
    """The six walls of one species: per axis one condition for both sides, or (lower, upper)."""

    z: tuple[AbstractWall, AbstractWall]
    y: tuple[AbstractWall, AbstractWall]
    x: tuple[AbstractWall, AbstractWall]

    def __init__(self, z: Pair | None = None, y: Pair | None = None, x: Pair | None = None):
        for axis, given in zip(AXES, (z, y, x), strict=True):
            sides = NoFlux() if given is None else given
            pair = sides if isinstance(sides, tuple) else (sides, sides)
            if len(pair) != 2 or not all(isinstance(side, AbstractWall) for side in pair):
                raise InputError(f"walls along {axis} must be one wall or a pair (lower, upper) of NoFlux, FixedValue, Robin, Outflow, Periodic; got {given!r}")
            if isinstance(pair[0], Periodic) != isinstance(pair[1], Periodic):
                raise InputError(f"walls along {axis}: a periodic wall needs a periodic wall on the opposite side")
            setattr(self, axis, pair)

    def check(self, shape: tuple[int, int, int], who: str) -> None:
        """Raise `InputError` where an array does not have the shape of its wall."""
        for axis, name in enumerate(AXES):
            face = shape[:axis] + shape[axis + 1 :]
            for side, wall in zip(("lower", "upper"), getattr(self, name), strict=True):
                for key in ("outside", "transfer"):
                    value = getattr(wall, key, None)
                    if value is not None and value.shape not in ((), face):
                        raise InputError(f"{who}: {key} on the {side} {name} wall has shape {list(value.shape)}, expected a number or {list(face)}")


def walls_of(given, species: tuple[str, ...]) -> tuple[Walls, ...]:
    """The walls of each species from one wall, one `Walls`, or a mapping from species name to either.

    **Raises** `InputError` where the mapping names a species that the model lacks, or lacks one that it has.
    """
    if isinstance(given, AbstractWall):
        given = Walls(given, given, given)
    if isinstance(given, Walls):
        return (given,) * len(species)
    if not isinstance(given, Mapping):
        raise InputError(f"walls must be a wall, tf.Walls or a dict from species name to these; got {given!r}")
    for what, names in (("unknown species", set(given) - set(species)), ("no walls for", set(species) - set(given))):
        if names:
            raise InputError(f"walls: {what} {', '.join(sorted(names))}; the model has {', '.join(species)}")
    return tuple(walls_of(given[name], (name,))[0] for name in species)
