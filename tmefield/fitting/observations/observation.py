"""What a measurement of a field reads: the base of all observations."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import Model
from ..noise import AbstractNoise

Numbers = ArrayLike | Sequence[Any]
"""An array, or a list of numbers or of arrays."""

Quantity = float | str | tuple[str, ...]
"""A number of a measurement; or the name of the free parameter that it is, or several whose product it is (`per_image`)."""


class AbstractObservation(eqx.Module):
    """Data and how a model's fields predict them.

    A new kind of measurement is a subclass in a file of its own: `predict` gives what it would read of one steady field, or of a field at one time.

    - `name`: in reports; different for each observation of a fit.
    - `data`: what was measured; [n], or [times * n] one time after the other.
    - `noise`: its distribution about the predictions.
    - `times`: of measurement, s after the start of the transient; empty for a steady state.
    - `image`: which of several models (one per image or sample) it belongs to; None where there is one.
    """

    name: eqx.AbstractVar[str]
    data: eqx.AbstractVar[Float[Array, " n"]]
    noise: eqx.AbstractVar[AbstractNoise]
    times: eqx.AbstractVar[tuple[float, ...]]
    image: eqx.AbstractVar[str | None]

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of free parameters of the measurement itself: gain, offset, recovery."""
        return ()

    @property
    def unit(self) -> str:
        """The unit of the data."""
        return "nM"

    @abstractmethod
    def predict(self, model: Model, concentration: Float[Array, "s z y x"], values: Mapping[str, Array]) -> Float[Array, " m"]:
        """What it would read, without noise, of these fields (nM); `values` are those of all free parameters."""

    @abstractmethod
    def check(self, model: Model) -> None:
        """Raise `InputError` where the observation does not fit the grid or the species."""

    def abscissa(self) -> tuple[str, Float[Array, " m"]] | None:
        """What the data are plotted against, with its name and unit; None for their number."""
        return None


def as_data(data: Numbers, name: str, *, signed: bool = False) -> Array:
    """Data as a vector.

    **Raises** `InputError` for none, for values that are not finite, and for negative ones where they cannot be.
    """
    array = np.asarray(data, np.float64).reshape(-1)
    if not array.size:
        raise InputError(f"{name}: there are no data")
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array))
        raise InputError(f"{name}: {bad.size} of {array.size} data are not finite, the first at index {bad[0]}; leave out what was not measured")
    if not signed and (array < 0).any():
        bad = np.flatnonzero(array < 0)
        raise InputError(f"{name}: {bad.size} of {array.size} data are negative, the first at index {bad[0]} ({array[bad[0]]:g}); this cannot be below zero")
    return jnp.asarray(array)


def measured(data: Numbers, noise: AbstractNoise, count: int, what: str, times: tuple[float, ...], name: str) -> Array:
    """Data as a vector: one for each of `count` places (points, bins, regions) at each time, as the noise allows them.

    **Raises** `InputError` for another number of data, and for what `as_data` and the noise refuse.
    """
    found, moments = as_data(data, name), max(len(times), 1)
    if found.size != count * moments:
        raise InputError(f"{name}: {found.size} data for {count} {what} at {moments} times; expected {count * moments}")
    noise.check(found, name)
    return found


def check_species(model: Model, species: str, name: str) -> None:
    """The species is one of the model's.

    **Raises** `InputError`.
    """
    if species not in model.names:
        raise InputError(f"{name}: the model has no species '{species}'; it has {', '.join(model.names)}")


def as_times(times: Numbers | None, name: str) -> tuple[float, ...]:
    """Times of measurement in s, increasing; empty for a steady state.

    **Raises** `InputError`.
    """
    if times is None:
        return ()
    given = np.asarray(times, np.float64).reshape(-1)
    if not given.size or not np.isfinite(given).all() or (given < 0).any() or (np.diff(given) <= 0).any():
        raise InputError(f"{name}: times must be increasing numbers in s, from 0; got {times!r}")
    return tuple(float(one) for one in given)


def names_in(*given: Quantity) -> tuple[str, ...]:
    """Names of the free parameters among these quantities, each once."""
    every = ((one,) if isinstance(one, str) else one if isinstance(one, tuple) else () for one in given)
    return tuple(dict.fromkeys(name for names in every for name in names))


def number(given: Quantity, values: Mapping[str, Array], like: Array) -> Array:
    """The value of a quantity, in the floating type of `like`."""
    if isinstance(given, (str, tuple)):
        product = jnp.ones((), like.dtype)
        for name in names_in(given):
            product = product * values[name].astype(like.dtype)
        return product
    return jnp.asarray(given, like.dtype)
