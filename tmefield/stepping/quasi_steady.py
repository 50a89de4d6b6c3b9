"""Fast species at steady state with slow ones, at a moment."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..balance import Balance, residual
from ..model import Model
from ..terms.term import Moment
from .controller import Settings
from .explicit import assemble_explicit, spectral_radius


def with_fast_at_rest(
    model: Model, settings: Settings, x: Float[Array, "s z y x"], moment: Moment, solve: Callable[[Callable[[Array], Balance]], Array]
) -> Float[Array, "s z y x"]:
    """The field with the species at steady state solved for; the slow ones are held by a storage that outweighs everything: the square root of
    round-off is how far they move in the solve, and how far its noise stands above that of the others.

    A step has to start from it: where rates jump the fast species jump with them, and the slow ones would otherwise begin with the gain of
    the moment before (first order instead of second). `solve` is given the balance as a function of its root, and gives the root: how the fast species follow
    the slow ones enters the derivative through their own equations at the root, where it stands beside nothing larger.
    """
    fast = jnp.asarray(settings.steady)[:, None, None, None]
    frozen_model, frozen = jax.lax.stop_gradient((model, x))
    stiff = spectral_radius(assemble_explicit(frozen_model), tuple(frozen), moment) / math.sqrt(jnp.finfo(x.dtype).eps)
    storage = jnp.where(fast, 0, stiff * jnp.ones_like(x))

    def balance(root: Array) -> Balance:
        bare = Balance(frozen_model, moment=moment)
        # Zero, with the derivative of the fast equations in the slow species.
        followed = residual(bare, jnp.where(fast, jax.lax.stop_gradient(root), x))
        follow = jnp.where(fast, jax.lax.stop_gradient(followed) - followed, 0)
        return Balance(model, storage, storage * frozen + follow, moment)

    return jnp.where(fast, solve(balance), x)
