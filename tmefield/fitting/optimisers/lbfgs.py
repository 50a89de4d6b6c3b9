"""L-BFGS with a line search: many parameters, such as a field of unknown secretion."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from ..problem import Problem
from .optimiser import AbstractOptimiser, Point, pack_leaves, unpack_leaves


class LBFGS(AbstractOptimiser):
    """Limited-memory BFGS with a zoom line search (optax); the gradient costs one adjoint solve whatever the number of parameters.

    **Arguments**

    - `tolerance`: it ends where no component of the gradient of r.r/2 is greater than this times (1 + r.r/2).
    - `memory`: pairs of steps that it remembers.
    """

    tolerance: float = eqx.field(static=True, default=1e-4)
    memory: int = eqx.field(static=True, default=10)

    def init(self, problem: Problem, z: Float[Array, " n"]) -> Any:
        """See `AbstractOptimiser`."""
        return z, self._optax.init(z), jnp.full((), jnp.inf, z.dtype), jnp.full_like(z, jnp.inf)

    def step(self, problem: Problem, state: Any) -> Any:
        """See `AbstractOptimiser`."""
        z, inner, _, _ = state
        loss = problem.finite_loss
        with jax.numpy_dtype_promotion("standard"):  # optax mixes kinds of integers
            value, gradient = optax.value_and_grad_from_state(loss)(z, state=inner)
            updates, inner = self._optax.update(gradient, inner, z, value=value, grad=gradient, value_fn=loss)
            moved = optax.apply_updates(z, updates)
        return moved, inner, optax.tree_utils.tree_get(inner, "value"), optax.tree_utils.tree_get(inner, "grad")

    def point(self, state: Any) -> Point:
        """See `AbstractOptimiser`."""
        z, _, loss, gradient = state
        return Point(z, loss, gradient, jnp.max(jnp.abs(gradient), axis=-1) <= self.tolerance * (1 + loss))

    def pack(self, state: Any) -> dict[str, Array]:
        """See `AbstractOptimiser`."""
        return pack_leaves(state)

    def unpack(self, problem: Problem, packed: dict[str, Array]) -> Any:
        """See `AbstractOptimiser`."""
        return unpack_leaves(self, problem, packed)

    @property
    def _optax(self) -> optax.GradientTransformationExtraArgs:
        return optax.lbfgs(memory_size=self.memory)
