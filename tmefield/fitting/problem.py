"""A fit as a function of one vector: from free parameters to models, fields, predictions and residuals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from ..errors import InputError
from ..model import Model
from ..status import Status
from ..steady import solve_steady
from ..stepping.march import evolve
from .leaves import leaf_value, with_leaves
from .observations import AbstractObservation
from .parameters import FreeParameter, Parameters, Values

Build = Callable[[dict[str, Array]], Any]
ModelSource = Model | Mapping[str, Model] | Build

HUGE = 1e30
"""Loss where a solve did not converge."""


class Problem(eqx.Module):
    """Residuals r(z) with r.r/2 = -ln posterior, less a constant; and what they are made of.

    - `parameters`: what is free; `observations`: what was measured.
    - `images`: names of the models, (None,) for one; `build`: from values by name to the models in that order.
    - `initial`: field at time 0 of observations with times, one per image.
    - `rtol`, `time_rtol`, `max_steps`: tolerances of the steady solves and the time steps; limit of the nonlinear steps.
    - `held`: z of parameters that stay where they are, NaN for those that are free; `drawn`: by how many standard deviations the medians of priors are
      moved; `counted`: which data count (the others are left out). Arrays, so that profiles, ensembles and held-out scores need one compiled program.
    """

    parameters: Parameters = eqx.field(static=True)
    observations: tuple[AbstractObservation, ...]
    images: tuple[str | None, ...] = eqx.field(static=True)
    build: Any
    initial: tuple[Array, ...]
    held: Float[Array, " n"]
    rtol: float = eqx.field(static=True)
    time_rtol: float = eqx.field(static=True)
    max_steps: int = eqx.field(static=True)
    drawn: Float[Array, " p"] | None = None
    counted: Bool[Array, " d"] | None = None

    def models(self, values: Values) -> dict[str | None, Model]:
        """The models by image, of these values."""
        return dict(zip(self.images, self.build(dict(values)), strict=True))

    def predict(self, values: Values) -> tuple[tuple[Float[Array, " _"], ...], Int[Array, ""]]:
        """What each observation would read, and the worst status of any solve."""
        read: dict[int, Array] = {}
        worst = jnp.zeros((), jnp.int32)
        for (image, model), initial in zip(self.models(values).items(), self.initial, strict=True):
            mine = [(i, one) for i, one in enumerate(self.observations) if one.image == image]
            if any(not one.times for _, one in mine):
                solution = solve_steady(model, rtol=self.rtol, max_steps=self.max_steps)
                worst = jnp.maximum(worst, jnp.max(solution.stats.status))
                read |= {i: one.predict(model, solution.concentration, values) for i, one in mine if not one.times}
            if any(one.times for _, one in mine):
                moments = np.unique([0.0, *(time for _, one in mine for time in one.times)])
                course = evolve(model, initial, moments, rtol=self.time_rtol)
                worst = jnp.maximum(worst, jnp.max(course.stats.status))
                for i, one in mine:
                    if one.times:
                        at = np.searchsorted(moments, one.times)
                        read[i] = jnp.concatenate([one.predict(model, course.concentration[k], values) for k in at])
        return tuple(read[i] for i in range(len(self.observations))), worst

    def residuals(self, z: Float[Array, " n"]) -> tuple[Float[Array, " m"], Int[Array, ""]]:
        """Residuals of all data and priors, NaN where a solve did not converge (an optimiser then takes a shorter step); and the status."""
        z = jnp.where(jnp.isnan(self.held), z, self.held)
        predicted, status = self.predict(self.parameters.values(z))
        data = jnp.concatenate([one.noise.residuals(p, one.data).astype(z.dtype) for one, p in zip(self.observations, predicted, strict=True)])
        data = data if self.counted is None else jnp.where(self.counted, data, 0)
        priors = self.parameters.prior_residuals(z)
        priors = priors if self.drawn is None else priors - self.drawn
        failed = status != int(Status.CONVERGED)
        return jnp.where(failed, jnp.nan, jnp.concatenate([data, priors])), status

    def loss(self, z: Float[Array, " n"]) -> Float[Array, ""]:
        """r.r/2."""
        residuals = self.residuals(z)[0]
        return 0.5 * jnp.vdot(residuals, residuals)

    def finite_loss(self, z: Float[Array, " n"]) -> Float[Array, ""]:
        """The loss, very large in place of NaN: so a line search turns back."""
        loss = self.loss(z)
        return jnp.where(jnp.isnan(loss), jnp.asarray(HUGE, loss.dtype), loss)

    def with_data(self, data: Mapping[str, ArrayLike]) -> "Problem":
        """The problem with other data of the same number, by name of the observation: for data drawn at random, or held out.

        **Raises** `InputError` for a name without observation and another number of data.
        """
        unknown = sorted(set(data) - {one.name for one in self.observations})
        if unknown:
            raise InputError(f"no observation is called {', '.join(unknown)}; there are {', '.join(one.name for one in self.observations)}")
        changed = []
        for one in self.observations:
            new = one.data if one.name not in data else jnp.asarray(data[one.name], one.data.dtype)
            if new.shape != one.data.shape:
                raise InputError(f"{one.name}: {new.size} data in place of {one.data.size}")
            changed.append(eqx.tree_at(lambda observation: observation.data, one, new))
        return eqx.tree_at(lambda problem: problem.observations, self, tuple(changed))

    @property
    def data_count(self) -> int:
        """Number of data."""
        return sum(one.data.size for one in self.observations)


def make_problem(
    source: ModelSource,
    parameters: Sequence[FreeParameter],
    observations: Sequence[AbstractObservation],
    *,
    initial: ArrayLike | Mapping[str, ArrayLike] = 0.0,
    rtol: float = 1e-6,
    time_rtol: float = 1e-4,
    max_steps: int = 100,
) -> Problem:
    """The problem that `fit` solves; arguments as there.

    **Raises** `InputError` for names that do not fit: of leaves (each of one parameter), of images, of parameters that observations use.
    """
    free, seen = Parameters(parameters), tuple(observations)
    if not seen:
        raise InputError("a fit needs at least one observation")
    doubled = sorted({one.name for one in seen if [other.name for other in seen].count(one.name) > 1})
    if doubled:
        raise InputError(f"two observations are called {', '.join(doubled)}; give each a name of its own")
    for one in seen:
        missing = [name for name in one.uses if name not in free.names]
        if missing:
            raise InputError(f"{one.name} uses {', '.join(missing)}, which is no free parameter; free are {', '.join(free.names)}")
    values = {name: jnp.asarray(value) for name, value in free.values(free.start()).items()}
    build, images = _builder(source, free, seen, values)
    models = dict(zip(images, build(values), strict=True))
    for one in seen:
        if one.image not in models:
            there = "there is one model, of no image: give a dict of models by image" if images == (None,) else f"the models are {', '.join(map(str, images))}"
            raise InputError(f"{one.name} belongs to image {one.image!r}; {there}")
        one.check(models[one.image])
    idle = [str(image) for image in images if image not in {one.image for one in seen}]
    if idle:
        raise InputError(f"no observation belongs to {', '.join(idle)}; set image= of the observations, or leave the model out")
    starts = tuple(_initial(initial, image, models[image]) for image in images)
    return Problem(free, seen, images, build, starts, jnp.full(free.count, jnp.nan, free.start().dtype), rtol, time_rtol, max_steps)


class _Named(eqx.Module):
    """Models whose numbers of these names are free; another fit of such models uses the compiled program again."""

    models: tuple[Model, ...]
    targets: tuple[tuple[str, tuple[str, ...]], ...] = eqx.field(static=True)

    def __call__(self, values: dict[str, Array]) -> tuple[Model, ...]:
        given = {leaf: values[name] for name, leaves in self.targets for leaf in leaves}
        return tuple(with_leaves(model, given) for model in self.models)


def _builder(source: ModelSource, free: Parameters, seen: Sequence[AbstractObservation], values: dict[str, Array]) -> tuple[Any, tuple[str | None, ...]]:
    """A function from values to models in order, and the images that they belong to."""
    if callable(source) and not isinstance(source, Model):
        found = source(values)
        if isinstance(found, Model):
            # The arrays that a model function brings along become inputs of the compiled program, not constants in it.
            return eqx.filter_closure_convert(lambda values: (source(values),), values), (None,)
        if not isinstance(found, Mapping) or not all(isinstance(one, Model) for one in found.values()):
            raise InputError(f"the model function must return a Model, or a dict of them by image; got {type(found).__name__}")
        images = tuple(found)
        return eqx.filter_closure_convert(lambda values: tuple(source(values)[image] for image in images), values), images
    models = {None: source} if isinstance(source, Model) else dict(source)
    measured = {name for one in seen for name in one.uses}
    targets = {one.name: one.leaves or (() if one.name in measured else (one.name,)) for one in free.all}
    for model in models.values():
        for leaf in (leaf for leaves in targets.values() for leaf in leaves):
            leaf_value(model, leaf)  # says which name may be meant
    given = [leaf for leaves in targets.values() for leaf in leaves]
    doubled = sorted({leaf for leaf in given if given.count(leaf) > 1})
    if doubled:
        raise InputError(f"{', '.join(doubled)}: two free parameters cannot both be its value; take it out of the leaves of one of them")
    return _Named(tuple(models.values()), tuple(targets.items())), tuple(models)


def _initial(initial: Any, image: str | None, model: Model) -> Array:
    given = initial[image] if isinstance(initial, Mapping) else initial
    field = jnp.asarray(given, model.dtype)
    if field.shape not in ((), model.shape):
        raise InputError(f"initial must be a number or [species, z, y, x] {list(model.shape)}; got {list(field.shape)}")
    return field


@eqx.filter_jit
def predictions(problem: Problem, z: Float[Array, " n"]) -> tuple[tuple[Float[Array, " _"], ...], Int[Array, ""]]:
    """What each observation would read at z, and the worst status."""
    return problem.predict(problem.parameters.values(z))


@eqx.filter_jit
def sensitivities(problem: Problem, u: Float[Array, " n"]) -> tuple[Float[Array, " d"], Float[Array, "d n"], Int[Array, ""]]:
    """Predictions of all data, one observation after the other, their derivatives with respect to u (forward mode), and the worst status."""

    def predicted(u):
        read, status = problem.predict(problem.parameters.values_of(u))
        return jnp.concatenate([one.astype(u.dtype) for one in read]), status

    value, push, status = jax.linearize(predicted, u, has_aux=True)
    return value, jax.vmap(push, out_axes=1)(jnp.eye(u.size, dtype=u.dtype)), status
