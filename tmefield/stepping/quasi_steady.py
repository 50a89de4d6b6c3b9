"""Fast species at steady state with slow ones, at a moment."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..balance import Balance
from ..model import Model
from ..terms.term import Moment
from .controller import Settings
from .explicit import assemble_explicit, spectral_radius


def with_fast_at_rest(
    model: Model, settings: Settings, x: Float[Array, "s z y x"], moment: Moment, solve: Callable[[Balance, Array], Array]
) -> Float[Array, "s z y x"]:
    """The field with the species at steady state solved for; the slow ones are held by a storage that outweighs everything: the square root of
    round-off is how far they move in the solve, and how far its noise stands above that of the others.

    A step has to start from it: where rates jump the fast species jump with them, and the slow ones would otherwise begin with the gain of
    the moment before (first order instead of second). `solve` gives the root of a balance from a start.
    """
    fast = jnp.asarray(settings.steady)[:, None, None, None]
    frozen_model, frozen = jax.lax.stop_gradient((model, x))
    stiff = spectral_radius(assemble_explicit(frozen_model), tuple(frozen), moment) / math.sqrt(jnp.finfo(x.dtype).eps)
    storage = jnp.where(fast, 0, stiff * jnp.ones_like(x))
    return jnp.where(fast, solve(Balance(model, storage, storage * x, moment), x), x)
