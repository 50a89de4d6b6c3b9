"""What a report of an outcome shows: the arms with their fields, numbers of cells and endpoints; no solver is needed to draw it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..errors import InputError
from .arm_style import ALIKE
from .fieldset import FieldSet, Variable, density_name, variable_name

TUMOUR = "tumour"
BALANCE = "killing_minus_growth"
"""The map of tumour cells killed less those made at the end, cells/um3/s."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: what it is, its unit in a file, its name with unit over a column, and whether a tumour that is held has a small one."""

    words: str
    units: str
    short: str
    low_is_good: bool


ENDPOINTS = {
    "growth_ratio": Endpoint("volume at the end over that at the start", "1", "growth ratio", True),
    "volume_mm3": Endpoint("tumour volume at the end", "mm3", "volume, mm³", True),
    "time_to_progression_d": Endpoint("time to progression", "d", "progression, d", False),
    "killed_per_d": Endpoint("share of tumour cells killed at the end", "d-1", "killed, 1/d", False),
    "invasion_per_mm2_d": Endpoint("tumour cells that leave through the margin at the end", "mm-2 d-1", "invasion, 1/mm²/d", True),
}
"""By the key of `tmefield.outcome.endpoints.summary`, the one that ranks arms first."""
SIZES = ("growth_ratio", "volume_mm3")
"""Endpoints that say how large a tumour is."""


@dataclass(frozen=True, eq=False)
class OutcomeRecord:
    """The arms of an outcome, the control first.

    - `arms`: what each arm's file holds: fields through time, `cells_*` after every step at `step_time`, the map `BALANCE` and `endpoint_*`.
    - `notes`: what was assumed or went less than well.

    **Raises** `InputError` for no arms, and arms that lack any of that.
    """

    title: str
    arms: Mapping[str, FieldSet]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self):
        if not self.arms:
            raise InputError("an outcome needs at least one arm")
        for name, fields in self.arms.items():
            lacks = [key for key in (*endpoint_names().values(), BALANCE, "step_time") if not any(key in held for held in _held(fields))]
            if lacks or TUMOUR not in fields.cell_density:
                raise InputError(f"arm '{name}' lacks {lacks[0] if lacks else density_name(TUMOUR)}: its file is not one of an outcome")

    @property
    def populations(self) -> tuple[str, ...]:
        """Names of the populations."""
        return tuple(next(iter(self.arms.values())).cell_density)

    def endpoint(self, arm: str, key: str) -> float:
        """An endpoint of an arm; infinite or not a number where there is none."""
        return float(self.arms[arm].scalars[endpoint_names()[key]].values)

    def compared(self, arm: str, key: str) -> float:
        """An endpoint as arms are compared by it: less than one cell of a tumour counts as one cell, of which nothing invades, and how much of it is killed
        says nothing.
        """
        if not self.cleared(arm):
            return self.endpoint(arm, key)
        if key not in SIZES:
            return {"killed_per_d": math.inf, "invasion_per_mm2_d": 0.0}.get(key, self.endpoint(arm, key))
        first = float(self.cells(arm, TUMOUR)[0])
        return self._cell_volume(arm) if key == "volume_mm3" else 1 / first if first > 0 else math.nan

    def cleared(self, arm: str) -> bool:
        """Whether less than one tumour cell is left at the end."""
        return bool(self.cells(arm, TUMOUR)[-1] < 1)

    def ranking(self, key: str) -> list[str]:
        """The arms by an endpoint (`compared`), that of the tumour that is held best first; arms without one last."""
        sign = 1.0 if ENDPOINTS[key].low_is_good else -1.0

        def place(arm: str) -> float:
            value = self.compared(arm, key)
            return math.inf if math.isnan(value) else sign * value

        return sorted(self.arms, key=place)

    def places(self, key: str) -> dict[str, int]:
        """The place of each arm by an endpoint, from 1; arms that are not told apart (`order`) share one."""
        ranked = self.ranking(key)
        found = {ranked[0]: 1}
        for place, (before, arm) in enumerate(pairwise(ranked), start=2):
            found[arm] = found[before] if _alike(self.compared(before, key), self.compared(arm, key)) else place
        return found

    @property
    def smallest(self) -> str:
        """The arm whose tumour is smallest at the end, or all of which none is."""
        return " = ".join(arm for arm, place in self.places("growth_ratio").items() if place == 1)

    def order(self, key: str) -> str:
        """The ranking in words, "a < b = c": arms whose endpoints are within `ALIKE` of each other, or which both have none, are not told apart."""
        ranked, mark = self.ranking(key), "<" if ENDPOINTS[key].low_is_good else ">"
        told = ranked[0]
        for before, arm in pairwise(ranked):
            told += f" {'=' if _alike(self.compared(before, key), self.compared(arm, key)) else mark} {arm}"
        return told

    def occupancy(self, arm: str) -> dict[str, float]:
        """By treatment of the arm, the mean over the course (by straight lines between the stored times at which there is a tumour) of the share of its target
        that it holds; treatments without a target are left out.
        """
        fields, found = self.arms[arm], {}
        for name in json.loads(str(fields.attributes.get("doses", "{}"))):
            held = fields.lists.get(occupancy_name(name))
            if held is not None:
                there = np.isfinite(held.values)
                times, shares = fields.times[there], held.values[there]
                found[name] = float(np.trapezoid(shares, times) / (times[-1] - times[0])) if times.size > 1 else float(shares[0]) if times.size else math.nan
        return found

    def days(self, arm: str) -> np.ndarray:
        """The start and the end of every step, d."""
        return self.arms[arm].lists["step_time"].values / 86400.0

    def cells(self, arm: str, population: str) -> np.ndarray:
        """How many cells there are at `days`."""
        return self.arms[arm].lists[f"cells_{variable_name(population)}"].values

    def volume(self, arm: str) -> np.ndarray:
        """The tumour's volume at `days`, mm3."""
        return self.cells(arm, TUMOUR) * self._cell_volume(arm)

    def _cell_volume(self, arm: str) -> float:
        """Of one tumour cell, mm3."""
        return float(self.arms[arm].scalars[f"{TUMOUR}_cell_volume"].values) / 1e9

    def levels(self, arm: str) -> np.ndarray:
        """Mean of each species over the tumour's cells at the stored times [time, species], nM; not a number where less than one cell is left."""
        return self._levels[arm]

    @cached_property
    def _levels(self) -> dict[str, np.ndarray]:
        return {arm: np.stack([_in_tumour(fields, time) for time in range(fields.times.size)]) for arm, fields in self.arms.items()}

    @cached_property
    def _most(self) -> dict[str, np.ndarray]:
        """The greatest concentration of each species anywhere and at any stored time, nM."""
        return {arm: np.asarray(fields.concentration).max(axis=(0, 2, 3, 4)) for arm, fields in self.arms.items()}

    def holds(self, arm: str, species: int) -> bool:
        """Whether there is any of a species in an arm: a drug is in those arms alone in which it is given."""
        return bool(self._most[arm][species] > 1e-9 * max(one[species] for one in self._most.values()))


def _in_tumour(fields: FieldSet, time: int) -> np.ndarray:
    """Mean of each species over the tumour's cells at a stored time, nM."""
    weight = np.asarray(fields.cell_density[TUMOUR][time], np.float64)
    whole = float(weight.sum())
    if whole * fields.grid.voxel_volume < 1:
        return np.full(len(fields.species), np.nan)
    return np.einsum("szyx,zyx->s", np.asarray(fields.concentration[time], np.float64), weight) / whole


def occupancy_name(treatment: str) -> str:
    """The name in a file of the share of its target that a treatment holds, through time."""
    return f"occupancy_{variable_name(treatment)}"


def _alike(one: float, other: float) -> bool:
    if not (math.isfinite(one) and math.isfinite(other)):
        return one == other or (math.isnan(one) and math.isnan(other))
    return abs(one - other) <= ALIKE * max(abs(one), abs(other))


def _held(fields: FieldSet) -> tuple[Mapping, ...]:
    return fields.scalars, fields.maps, fields.lists


def endpoint_names() -> dict[str, str]:
    """The name of each endpoint in a file."""
    return {key: f"endpoint_{key}" for key in ENDPOINTS}


def endpoint_scalars(values: Mapping[str, float]) -> dict[str, Variable]:
    """Endpoints as single numbers of a file."""
    return {name: Variable(np.float64(values[key]), ENDPOINTS[key].words, ENDPOINTS[key].units) for key, name in endpoint_names().items()}
