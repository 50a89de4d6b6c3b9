"""Arms of a treatment, their courses, and how much of a combination is more than its parts."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import InputError
from ..populations.course import PopulationCourse
from ..populations.march import HALF_A_DAY, evolve_populations
from ..populations.movement import stages_for
from ..populations.population_model import PopulationModel
from .immune_tissue import ImmuneTissue

CONTROL = "control"


def single_and_combined(tissue: ImmuneTissue, combinations: Sequence[Sequence[str]] = ()) -> dict[str, dict[str, float]]:
    """The control, each treatment of a tissue alone in full, and the given combinations, named "a + b"."""
    arms: dict[str, dict[str, float]] = {CONTROL: {}} | {name: {name: 1.0} for name in tissue.treatments}
    return arms | {" + ".join(names): dict.fromkeys(names, 1.0) for names in combinations}


def run_arms(
    tissue: ImmuneTissue,
    arms: Mapping[str, Mapping[str, ArrayLike]],
    times: Sequence[float] | np.ndarray,
    *,
    step: float = HALF_A_DAY,
    least_stages: Sequence[int] = (),
    **options: Any,
) -> dict[str, PopulationCourse]:
    """The course of each arm from the tissue's cells at the start; `step` and `options` as of `evolve_populations`. All share one compilation; none starts
    from the fields of another, which may hold a drug that it does not get.

    - `least_stages`: of the movement of each population, so that tissues in which cells move differently fast share a compilation too (`shared_stages`).
    """
    found = {}
    for name, doses in arms.items():
        model = tissue.model(doses)
        how = {"stages": movement_stages(model, step, least_stages)} if least_stages else {}
        found[name] = evolve_populations(model, dict(tissue.cells), times, step=step, **how, **options)
    return found


def movement_stages(model: PopulationModel, step: float, least: Sequence[int] = ()) -> tuple[int, ...]:
    """Stages that the movement of each population needs at steps of at most `step` (s), and no fewer than `least`."""
    need = [stages_for(one, model.model.grid, step / 2) for one in model.populations]
    return tuple(max(pair) for pair in zip(need, least or need, strict=True))


def fractional_effect(treated: ArrayLike, control: ArrayLike) -> Float[Array, "..."]:
    """E = 1 - V_treated/V_control, the share of the control's volume that a treatment spares; below zero where it harms."""
    return 1 - jnp.asarray(treated, float) / control


def bliss_excess(both: ArrayLike, one: ArrayLike, other: ArrayLike, control: ArrayLike) -> Float[Array, "..."]:
    """E_ab - (E_a + E_b - E_a E_b), the effect of a combination beyond that of two that act independently (Bliss 1939, doi:10.1111/j.1744-7348.1939.tb06990.x).

    With E = 1 - V/V_control that is (V_a V_b/V_control - V_ab)/V_control.

    **Raises** `InputError` where volumes are of different shapes.
    """
    volumes = [jnp.asarray(value, float) for value in (both, one, other, control)]
    if len({value.shape for value in volumes}) > 1:
        raise InputError(f"volumes of the four arms need one shape; got {', '.join(str(list(value.shape)) for value in volumes)}")
    both, one, other, control = volumes
    return (one * other / control - both) / control
