"""What both time-stepping methods have in common: attempt a step, and replay recorded ones forwards and backwards."""

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from ..balance import Balance, residual
from ..model import Model
from ..status import Status
from ..terms.term import Moment
from . import rkc, rkc_adjoint, trbdf2
from .controller import Settings
from .explicit import Explicit, assemble_explicit, derivative, spectral_radius
from .span import Span

Field4 = Float[Array, "s z y x"]
Left = Float[Array, "slots s z y x"]


class Attempt(NamedTuple):
    """What a step gave: the field, what the next step may use, the span, the largest local error and status per species, the work."""

    x: Field4
    memory: PyTree
    span: Span
    error: Float[Array, " s"]
    status: Int[Array, " s"]
    stages: Int[Array, ""]
    iterations: Int[Array, " s"]


class AbstractScheme(eqx.Module):
    """A method of one step. `slots` is how many fields a stretch of recorded steps may leave in memory while it is differentiated."""

    settings: eqx.AbstractVar[Settings]
    slots: eqx.AbstractVar[int]

    @abstractmethod
    def prepare(self, model: Model) -> Any:
        """What the steps work with, differentiable in the model."""

    @abstractmethod
    def derivative(self, problem: Any, x: Field4, moment: Moment) -> Field4:
        """dc/dt, nM/s; zero for species at steady state."""

    @abstractmethod
    def begin(self, problem: Any, x: Field4, moment: Moment) -> PyTree:
        """The memory with which a stretch without jumps starts."""

    @abstractmethod
    def radius(self, problem: Any, x: Field4, moment: Moment) -> Float[Array, ""]:
        """What limits the step by stability, 1/s; zero where nothing does."""

    @abstractmethod
    def attempt(self, problem: Any, x: Field4, memory: PyTree, span: Span) -> Attempt:
        """One step."""

    @abstractmethod
    def size(self, dt: Float[Array, ""], radius: Float[Array, ""]) -> Int[Array, ""]:
        """The index of the number of stages that a step needs."""

    @abstractmethod
    def width(self, span: Span) -> Int[Array, ""]:
        """How many fields a replayed step leaves behind."""

    @abstractmethod
    def take(self, problem: Any, x: Field4, span: Span) -> Field4:
        """The end of a recorded step, differentiable in forward mode."""

    @abstractmethod
    def replay(self, problem: Any, x: Field4, span: Span, left: Left, at: Int[Array, ""]) -> tuple[Field4, Array]:
        """The end of a recorded step, and `left` with the fields that `pull_back` needs from index `at` on."""

    @abstractmethod
    def pull_back(self, floating: Any, rest: Any, left: Left, at: Int[Array, ""], span: Span, adjoint: Field4) -> tuple[Field4, Any]:
        """The adjoint at the start of a step and that of the leaves `floating` of the problem (`rest` are the others), from that at its end."""


class Chebyshev(AbstractScheme):
    """Runge-Kutta-Chebyshev, see `rkc`."""

    settings: Settings
    table: rkc.Coefficients
    slots: ClassVar[int] = int(rkc.STAGE_COUNTS[-1]) + 7

    def __init__(self, settings: Settings):
        self.settings = settings
        self.table = rkc.coefficients(settings.rtol.dtype)

    def prepare(self, model: Model) -> Explicit:
        """See `AbstractScheme`."""
        return assemble_explicit(model)

    def derivative(self, problem: Explicit, x: Field4, moment: Moment) -> Field4:
        """See `AbstractScheme`."""
        return jnp.stack(derivative(problem, tuple(x), moment))

    def begin(self, problem: Explicit, x: Field4, moment: Moment) -> Field4:
        """See `AbstractScheme`."""
        return self.derivative(problem, x, moment)

    def radius(self, problem: Explicit, x: Field4, moment: Moment) -> Float[Array, ""]:
        """See `AbstractScheme`."""
        return spectral_radius(problem, tuple(x), moment)

    def size(self, dt: Float[Array, ""], radius: Float[Array, ""]) -> Int[Array, ""]:
        """See `AbstractScheme`."""
        return rkc.stages_for(dt, radius)

    def width(self, span: Span) -> Int[Array, ""]:
        """See `AbstractScheme`."""
        return jnp.asarray(rkc.STAGE_COUNTS, jnp.int32)[span.size]

    def attempt(self, problem: Explicit, x: Field4, memory: Field4, span: Span) -> Attempt:
        """See `AbstractScheme`."""
        y0, f0 = tuple(x), tuple(memory)
        d = rkc.increment(rkc.stages_of(problem, span), self.table, y0, f0)
        end = tuple(a + b for a, b in zip(y0, d, strict=True))
        f1 = derivative(problem, end, span.moment(1.0))
        error = rkc.error_estimate(d, f0, f1, span.dt)
        status = jnp.where(jnp.isfinite(error), int(Status.CONVERGED), int(Status.NON_FINITE)).astype(jnp.int32)
        return Attempt(jnp.stack(end), jnp.stack(f1), span, error, status, self.width(span) + 1, jnp.zeros_like(status))

    def take(self, problem: Explicit, x: Field4, span: Span) -> Field4:
        """See `AbstractScheme`."""
        y0 = tuple(x)
        d = rkc.increment(rkc.stages_of(problem, span), self.table, y0, derivative(problem, y0, span.moment()))
        return x + jnp.stack(d)

    def replay(self, problem: Explicit, x: Field4, span: Span, left: Left, at: Int[Array, ""]) -> tuple[Field4, Array]:
        """See `AbstractScheme`."""
        return rkc_adjoint.replay(problem, self.table, x, span, left, at)

    def pull_back(self, floating: Any, rest: Any, left: Left, at: Int[Array, ""], span: Span, adjoint: Field4) -> tuple[Field4, Any]:
        """See `AbstractScheme`."""
        return rkc_adjoint.pull_back(floating, rest, self.table, left, at, span, adjoint)


class Implicit(AbstractScheme):
    """TR-BDF2, see `trbdf2`. A step leaves its start and what its solves found."""

    settings: Settings
    slots: ClassVar[int] = 48

    def prepare(self, model: Model) -> Model:
        """See `AbstractScheme`."""
        return model

    def derivative(self, problem: Model, x: Field4, moment: Moment) -> Field4:
        """See `AbstractScheme`."""
        stored = jnp.asarray([not one for one in self.settings.steady])[:, None, None, None]
        return jnp.where(stored, -residual(Balance(problem, moment=moment), x) / problem.stacked_storage, 0)

    def begin(self, problem: Model, x: Field4, moment: Moment) -> None:
        """See `AbstractScheme`."""

    def radius(self, problem: Model, x: Field4, moment: Moment) -> Float[Array, ""]:
        """See `AbstractScheme`."""
        return jnp.zeros_like(moment.time)

    def size(self, dt: Float[Array, ""], radius: Float[Array, ""]) -> Int[Array, ""]:
        """See `AbstractScheme`."""
        return jnp.zeros((), jnp.int32)

    def width(self, span: Span) -> Int[Array, ""]:
        """See `AbstractScheme`."""
        return jnp.full((), self._fields, jnp.int32)

    @property
    def _fields(self) -> int:
        return 4 if any(self.settings.steady) else 3

    def attempt(self, problem: Model, x: Field4, memory: None, span: Span) -> Attempt:
        """See `AbstractScheme`."""
        step = trbdf2.take(problem, self.settings, x, span)
        return Attempt(step.roots.end, None, span, step.error, step.status, jnp.zeros((), jnp.int32), step.iterations)

    def take(self, problem: Model, x: Field4, span: Span) -> Field4:
        """See `AbstractScheme`."""
        roots = trbdf2.take(*jax.lax.stop_gradient((problem, self.settings, x, span))).roots
        return trbdf2.end_of(problem, self.settings, x, span, roots)

    def replay(self, problem: Model, x: Field4, span: Span, left: Left, at: Int[Array, ""]) -> tuple[Field4, Array]:
        """See `AbstractScheme`."""
        roots = trbdf2.take(problem, self.settings, x, span).roots
        return roots.end, jax.lax.dynamic_update_slice_in_dim(left, jnp.stack([x, *(field for field in roots if field is not None)]), at, axis=0)

    def pull_back(self, floating: Any, rest: Any, left: Left, at: Int[Array, ""], span: Span, adjoint: Field4) -> tuple[Field4, Any]:
        """See `AbstractScheme`."""
        x, *found = jax.lax.dynamic_slice_in_dim(left, at, self._fields, axis=0)
        roots = trbdf2.Roots(found[0] if len(found) == 3 else None, *found[-2:])

        def step(floating, x):
            return trbdf2.end_of(eqx.combine(floating, rest), self.settings, x, span, roots)

        to_model, to_x = jax.vjp(step, floating, x)[1](adjoint)
        return to_x, to_model
