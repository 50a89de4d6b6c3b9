"""Adam: small steps of one length, for losses on which the others stumble."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from ..problem import Problem
from .optimiser import AbstractOptimiser, Point, pack_leaves, unpack_leaves


class Adam(AbstractOptimiser):
    """Adam (optax; Kingma & Ba 2015, arXiv:1412.6980).

    **Arguments**

    - `learning_rate`: length of the first steps in z, so about the relative change of a rate; `decay`: its factor from step to step.
    - `tolerance`: it ends where no component of the gradient of r.r/2 is greater than this times (1 + |r|); it hovers about the
      minimum, and with the curvature of data that say anything (hundreds and more) a gradient of 1 is a loss of less than 0.01 too high.
    """

    learning_rate: float = eqx.field(static=True, default=0.1)
    decay: float = eqx.field(static=True, default=0.98)
    tolerance: float = eqx.field(static=True, default=1.0)

    def init(self, problem: Problem, z: Float[Array, " n"]) -> Any:
        """See `AbstractOptimiser`."""
        return z, self._optax.init(z), z, jnp.full((), jnp.inf, z.dtype), jnp.full_like(z, jnp.inf)

    def step(self, problem: Problem, state: Any) -> Any:
        """See `AbstractOptimiser`."""
        ahead, inner, *_ = state
        loss, gradient = jax.value_and_grad(problem.finite_loss)(ahead)
        with jax.numpy_dtype_promotion("standard"):  # optax raises floats to its integer count
            updates, inner = self._optax.update(gradient, inner, ahead)
        return optax.apply_updates(ahead, updates), inner, ahead, loss, gradient

    def point(self, state: Any) -> Point:
        """See `AbstractOptimiser`: the last vector whose loss is known."""
        _, _, z, loss, gradient = state
        return Point(z, loss, gradient, jnp.max(jnp.abs(gradient), axis=-1) <= self.tolerance * (1 + jnp.sqrt(2 * loss)))

    def pack(self, state: Any) -> dict[str, Array]:
        """See `AbstractOptimiser`."""
        return pack_leaves(state)

    def unpack(self, problem: Problem, packed: dict[str, Array]) -> Any:
        """See `AbstractOptimiser`."""
        return unpack_leaves(self, problem, packed)

    @property
    def _optax(self) -> optax.GradientTransformation:
        return optax.adam(optax.exponential_decay(self.learning_rate, 1, self.decay))
