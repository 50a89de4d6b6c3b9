"""What every optimiser of a fit offers: a state that goes step by step, and that can be written down and taken up again."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float

from ..problem import Problem


class Point(eqx.Module):
    """Where an optimiser stands.

    - `z`: the vector; `loss`: r.r/2 there; `gradient`: its gradient; `done`: whether it has ended.
    - `met`: whether it ended where the tolerance is met, not where no step leads further; as `done` if not given.
    """

    z: Float[Array, "*k n"]
    loss: Float[Array, "*k"]
    gradient: Float[Array, "*k n"]
    done: Bool[Array, "*k"]
    met: Bool[Array, "*k"] | None = None

    @property
    def converged(self) -> Any:
        """Whether it has ended at a minimum."""
        return self.done if self.met is None else self.met


class AbstractOptimiser(eqx.Module):
    """An iterative minimiser of r.r/2; one method a file. Steps may be mapped over starts (`jax.vmap`)."""

    @abstractmethod
    def init(self, problem: Problem, z: Float[Array, " n"]) -> Any:
        """The state at a start."""

    @abstractmethod
    def step(self, problem: Problem, state: Any) -> Any:
        """The state one evaluation of the residuals later."""

    @abstractmethod
    def point(self, state: Any) -> Point:
        """Where a state stands."""

    @abstractmethod
    def pack(self, state: Any) -> dict[str, Array]:
        """The arrays from which `unpack` makes a state that goes on to the same end."""

    @abstractmethod
    def unpack(self, problem: Problem, packed: dict[str, Array]) -> Any:
        """A state from `pack`."""


def pack_leaves(state: Any) -> dict[str, Array]:
    """Every array of a state, by number."""
    return {f"leaf_{i}": leaf for i, leaf in enumerate(jax.tree.leaves(state))}


def unpack_leaves(optimiser: AbstractOptimiser, problem: Problem, packed: dict[str, Array]) -> Any:
    """The state that `pack_leaves` took apart."""
    like = optimiser.init(problem, problem.parameters.start())
    return jax.tree.unflatten(jax.tree.structure(like), [packed[f"leaf_{i}"] for i in range(len(packed))])
