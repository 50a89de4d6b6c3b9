"""The steady solve: from a model to its fields, with exact derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from .balance import Balance, find_steady, implicit
from .budget import mass_budget
from .checks import as_parameter
from .errors import InputError
from .model import Model, canonical, widened
from .solution import Solution, assemble_solution, warn_if_nearly_singular, warn_if_not_converged, warn_of_pockets


def solve_steady(
    model: Model, rtol: float = 1e-6, *, initial: ArrayLike | None = None, precision: str | None = None, max_steps: int = 100, max_iterations: int = 200
) -> Solution:
    """The steady state of a model: div(phi D grad c) + P(c) - L(c) c = 0 for every species.

    Multigrid-preconditioned conjugate gradients inside Picard and Newton steps, each species to its own tolerance. The result
    can be differentiated (`jax.grad`, `jax.jvp`, also twice) with respect to every array in the model, by the implicit function theorem.
    New values in the same shapes use the compiled program again.

    **Arguments**

    - `model`: what to solve.
    - `rtol`: residual relative to the sources, per species; below the round-off of the number type, that is what is reached.
    - `initial`: field to start from [species, z, y, x], nM; zero by default.
    - `precision`: None works in the model's dtype throughout; "mixed" measures residuals in float64 and corrects in float32, which reaches 1e-10
      and below at little more than the price of float32. Its fields are float64, whatever JAX's default.
    - `max_steps`, `max_iterations`: limits of the nonlinear steps and of the iterations inside each.

    **Returns** a `Solution`; one that did not converge warns and carries its status.

    **Raises** `InputError` for a tolerance or start that does not fit.
    """
    if not 0 < rtol < 1:
        raise InputError(f"rtol must lie between 0 and 1; got {rtol!r}")
    if precision not in (None, "mixed"):
        raise InputError(f'precision must be None or "mixed"; got {precision!r} (the number type itself is the dtype of the model)')
    start = None if initial is None else as_parameter(initial, "initial", "species, z, y, x; nM", shapes=(model.shape,))
    limits = jnp.asarray(max_steps, jnp.int32), jnp.asarray(max_iterations, jnp.int32)
    if precision == "mixed":
        with jax.enable_x64(True):
            wide = widened(model)
            solution = _solve(wide, start, jnp.asarray(rtol, wide.dtype), limits, mixed=True)
    else:
        solution = _solve(canonical(model), start, jnp.asarray(rtol, model.dtype), limits, mixed=False)
    warn_if_not_converged(solution)
    warn_if_nearly_singular(solution)
    warn_of_pockets(solution)
    return solution


@eqx.filter_jit
def _solve(model: Model, initial: Array | None, rtol: Array, limits: tuple[Array, Array], *, mixed: bool) -> Solution:
    start = None if initial is None else initial.astype(model.dtype)
    balance = Balance(model, mixed=mixed)
    # The search itself is not differentiated: `implicit` gives its result the derivative of the root.
    root, info = find_steady(*jax.lax.stop_gradient((balance, start, rtol, *limits)))
    x = implicit(root, balance, rtol)
    return assemble_solution(model, x, info, mass_budget)
