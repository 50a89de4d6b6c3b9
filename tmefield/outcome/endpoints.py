"""What is asked of a course: tumour volume, time to progression, killing, invasion, occupancy, and the profile of cytokines and cells."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..populations.course import PopulationCourse
from ..populations.growth import Growth
from ..populations.killing import Killing
from .life import TUMOUR
from .treatments import AbstractTreatment

PROGRESSION = 1.2**3
"""Volume over its least that counts as progression: diameters 20 % longer (RECIST 1.1, Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026)."""
GONE = 1e-6
"""Of the volume at the start: below it no tumour is left."""
DAY = 86400.0


def time_to_progression(course: PopulationCourse, factor: float = PROGRESSION) -> float:
    """When the tumour's volume first is `factor` times its least until then, s from the first time, between steps by straight lines in the logarithm;
    infinite where it never is, NaN where the volume is not a number. Less than one cell counts as one.
    """
    volume, times = _volumes(course)
    if np.isnan(volume).any():
        return float("nan")
    volume = np.maximum(volume, max(GONE, one_cell(course)) * volume[0])
    least = np.minimum.accumulate(volume)
    over = np.flatnonzero(volume >= factor * least)
    if not over.size:
        return float("inf")
    last = int(over[0])
    low, high = np.log(volume[last - 1] / least[last - 1]), np.log(volume[last] / least[last - 1])
    share = (np.log(factor) - low) / (high - low) if high > low else 1.0
    return float(times[last - 1] + min(share, 1.0) * (times[last] - times[last - 1]) - times[0])


def growth_ratio(course: PopulationCourse) -> float:
    """The tumour's volume at the end over that at the start."""
    volume, _ = _volumes(course)
    return float(volume[-1] / volume[0])


def one_cell(course: PopulationCourse) -> float:
    """The volume of one tumour cell over that of the tumour at the start: a tumour of less at the end is cleared, and how much less says nothing."""
    first = float(jnp.sum(course.density[0, _tumour(course)])) * course.tissue.model.grid.voxel_volume
    return 1 / first if first > 0 else float("nan")


def _volumes(course: PopulationCourse) -> tuple[np.ndarray, np.ndarray]:
    """Tumour volume, um3, at the start and after every step, and those times, s."""
    index = _tumour(course)
    first = float(jnp.sum(course.density[0, index])) * course.tissue.model.grid.voxel_volume * float(course.tissue.populations[index].volume)
    return np.array([first, *np.asarray(course.volume(TUMOUR), float)]), np.array([float(course.times[0]), *np.asarray(course.step_times, float)])


def _tumour(course: PopulationCourse) -> int:
    if TUMOUR not in course.tissue.names:
        raise InputError(f"endpoints need a population '{TUMOUR}'; there are {', '.join(course.tissue.names)}")
    return course.tissue.names.index(TUMOUR)


def _around(course: PopulationCourse, index: int) -> Any:
    tissue = course.tissue
    return tissue.around(dict(zip(tissue.names, course.density[index], strict=True)), course.concentration[index])


def killing(course: PopulationCourse, index: int = -1) -> dict[str, Float[Array, "z y x"]]:
    """Tumour cells killed at an output time by each killer, cells/um3/s [z, y, x]."""
    around = _around(course, index)
    found = [one for one in course.tissue.processes if isinstance(one, Killing) and one.target == TUMOUR]
    return {one.killer: one.turnover(around)[TUMOUR].loss * around.density[TUMOUR] for one in found}


def growth(course: PopulationCourse, index: int = -1) -> Float[Array, "z y x"]:
    """Tumour cells made less those lost for want of room at an output time, cells/um3/s [z, y, x]."""
    around, total = _around(course, index), jnp.zeros(course.tissue.model.grid.shape, course.density.dtype)
    for one in course.tissue.processes:
        if isinstance(one, Growth) and one.population == TUMOUR:
            made, lost = one.turnover(around)[TUMOUR]
            total = total + made - lost * around.density[TUMOUR]
    return total


def invasion(course: PopulationCourse, index: int = -1) -> Float[Array, "z y x"]:
    """J = D m |grad n|, cells/um2/s [z, y, x]: tumour cells that leave through the margin at an output time, with the motility D m that EMT gives them."""
    tissue, around = course.tissue, _around(course, index)
    one = tissue.populations[_tumour(course)]
    motility = one.motility * jnp.ones((), course.density.dtype)
    for modulation in one.motility_modulations:
        motility = motility * modulation(around.levels)
    spacing = tissue.model.grid.spacing
    return motility * _steepness(around.density[TUMOUR], spacing)


def _steepness(density: Float[Array, "z y x"], spacing: tuple[float, float, float]) -> Float[Array, "z y x"]:
    """|grad n|, cells/um4."""
    squares = jnp.zeros_like(density)
    for axis, length in enumerate(density.shape):
        if length > 1:
            squares = squares + jnp.asarray(jnp.gradient(density, spacing[axis], axis=axis)) ** 2
    return jnp.sqrt(squares)


def at_margin(field: Float[Array, "z y x"], course: PopulationCourse, index: int = -1) -> float:
    """The mean of a field over the tumour's margin, weighted by |grad n|."""
    steep = np.asarray(_steepness(course.density[index, _tumour(course)], course.tissue.model.grid.spacing), float)
    return _mean(field, steep)


def in_tumour(field: Float[Array, "z y x"], course: PopulationCourse, index: int = -1) -> float:
    """The mean of a field over the tumour's cells."""
    return _mean(field, np.asarray(course.density[index, _tumour(course)], float))


def occupancies(course: PopulationCourse, treatments: Mapping[str, AbstractTreatment]) -> dict[str, Float[np.ndarray, " t"]]:
    """The share of its target that each treatment holds, mean over the tumour's cells at every output time, NaN where less than one is left; those alone that
    have a target.
    """
    found = {}
    voxel, cells = course.tissue.model.grid.voxel_volume, np.asarray(course.density[:, _tumour(course)], float)
    left = cells.sum(axis=(1, 2, 3)) * voxel >= 1
    for name, one in treatments.items():
        held = [one.occupancy(dict(zip(course.tissue.model.names, moment, strict=True))) for moment in course.concentration]
        means = [in_tumour(share, course, index) if left[index] else float("nan") for index, share in enumerate(held) if share is not None]
        if means:
            found[name] = np.array(means)
    return found


def _mean(field: Float[Array, "z y x"], weight: np.ndarray) -> float:
    """The weighted mean; 0 where nothing is left that weighs."""
    whole = float(np.sum(weight))
    return float(np.sum(np.asarray(field, float) * weight)) / whole if whole > 0 else 0.0


def profile(course: PopulationCourse, index: int = 0) -> dict[str, float]:
    """The tumour at an output time in the terms of a laboratory: `IL6_pg_per_mL`, ... mean over the tumour's cells, `CD8_T_fraction`, ... of the cells."""
    counts = _densities(course, index)
    total = sum(counts.values())
    return _levels(course, index) | {f"{name}_fraction": value / total for name, value in counts.items()}


def density_profile(course: PopulationCourse, index: int = 0) -> dict[str, float]:
    """As `profile`, with `CD8_T_per_mm3`, ... in place of fractions: mean density over the tumour's cells, cells/mm3. Fractions add up to 1, so that where one
    population differs between tumours all others seem to; densities differ by themselves.
    """
    return _levels(course, index) | {f"{name}_per_mm3": 1e9 * value for name, value in _densities(course, index).items()}


def _levels(course: PopulationCourse, index: int) -> dict[str, float]:
    """Cytokines, mean over the tumour's cells, pg/mL."""
    found = {}
    for name, species in zip(course.tissue.model.names, course.tissue.model.species, strict=True):
        weight = species.molecular_weight
        if weight is not None and species.species_class == "cytokine":
            found[f"{name}_pg_per_mL"] = in_tumour(course[name][index], course, index) * float(weight) * 1e3  # 1 nM of 1 kDa is 1 ng/mL
    return found


def _densities(course: PopulationCourse, index: int) -> dict[str, float]:
    """Populations, mean over the tumour's cells, cells/um3."""
    return {name: in_tumour(course[name][index], course, index) for name in course.tissue.names}


def summary(course: PopulationCourse) -> dict[str, float]:
    """Endpoints of a course as numbers: `growth_ratio`, `time_to_progression_d`, at the end `killed_per_d` (share of the tumour's cells), `invasion` at the
    margin (cells/mm2/d), `volume_mm3`.
    """
    killed = sum((np.asarray(one, float) for one in killing(course).values()), np.zeros(course.tissue.model.grid.shape))
    cells = float(jnp.sum(course.density[-1, _tumour(course)]))
    return {
        "volume_mm3": float(course.volume(TUMOUR)[-1]) / 1e9,
        "growth_ratio": growth_ratio(course),
        "time_to_progression_d": time_to_progression(course) / DAY,
        "killed_per_d": float(killed.sum()) / cells * DAY if cells > 0 else 0.0,
        "invasion_per_mm2_d": at_margin(invasion(course), course) * 1e6 * DAY,
    }
