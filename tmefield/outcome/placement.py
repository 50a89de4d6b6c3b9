"""Whether what a model says of a section hangs on where its cells are, or on how many of each there are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..errors import InputError

CHANCE = 0.05
"""Of calling anything changed that is not, over all that is compared at once."""

Columns = Mapping[str, Sequence[float] | np.ndarray]


@dataclass(frozen=True)
class Change:
    """By how much a quantity differs between the cells in place and the same cells dealt out again, over an ensemble.

    - `mean_log_ratio`: mean of ln(in place/dealt out) over the members, each with the same values in both.
    - `interval`: where the cells in place could be one more dealing, it leaves out 0 in one of twenty comparisons of all columns at once (Bonferroni).
    """

    name: str
    mean_log_ratio: float
    interval: tuple[float, float]

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out no change."""
        return self.interval[0] > 0 or self.interval[1] < 0


@dataclass(frozen=True)
class Turn:
    """Two arms, and the mean of ln(endpoint of the first/endpoint of the second) with the cells in place and dealt out; intervals as of `Change`."""

    first: str
    second: str
    placed: float
    placed_interval: tuple[float, float]
    shuffled: float
    shuffled_interval: tuple[float, float]

    @property
    def clear(self) -> bool:
        """Whether the better of the two is another one, beyond what the ensemble leaves open."""
        (low, high), (other_low, other_high) = self.placed_interval, self.shuffled_interval
        return (high < 0 < other_low) or (other_high < 0 < low)


@dataclass(frozen=True)
class PlacementTest:
    """What placement does to the effects of arms and to their order.

    - `effects`: of each arm the change of ln(endpoint/endpoint of the control), the control first with its endpoint itself.
    - `turns`: every pair of arms.
    - `discord`: share of pairs of arms that members order differently with the cells in place and dealt out.
    - `discord_by_chance`: the same for two dealings, which differ by chance alone; `excess_discord`: 95 % of the mean difference of the two.
    """

    effects: list[Change]
    turns: list[Turn]
    discord: float
    discord_by_chance: float
    excess_discord: tuple[float, float]

    @property
    def verdict(self) -> str:
        """Either "spatial", where the order of two arms turns, or "spatial effects, compositional ranking" where effects alone do, or "compositional"."""
        if any(one.clear for one in self.turns):
            return "spatial"
        return "spatial effects, compositional ranking" if any(one.clear for one in self.effects) else "compositional"


def changes(placed: Columns, shuffled: Columns, again: Columns) -> list[Change]:
    """The change of every column, in the order of `placed`.

    - `placed`, `shuffled`, `again`: by name, a level above zero of each member, in one order; with the cells in place, and with two dealings of its own.

    **Raises** `InputError` for fewer than two members, columns that do not fit each other and values that are not above zero.
    """
    here, there, twice = _logs(placed, shuffled, again)
    level = CHANCE / len(here)
    return [Change(name, *_difference(here[name], there[name], twice[name], level)) for name in here]


def compare_placements(placed: Columns, shuffled: Columns, again: Columns, *, control: str = "control") -> PlacementTest:
    """Effects and order of arms with cells in place against the same cells dealt out over the same places (Bonferroni as of `Change`).

    - `placed`, `shuffled`, `again`: as of `changes`; by arm the endpoint of each member, less is better.

    **Raises** `InputError` as `changes`, and without the control or a second arm.
    """
    if control not in placed or len(placed) < 2:
        raise InputError(f"comparing placements needs an arm '{control}' and another one; got {', '.join(placed) or 'none'}")
    here, there, twice = _logs(placed, shuffled, again)
    names, pairs = [control, *(name for name in here if name != control)], list(combinations(here, 2))
    relative = [{name: one[name] - (0.0 if name == control else one[control]) for name in names} for one in (here, there, twice)]
    effects = [Change(name, *_difference(*[one[name] for one in relative], chance=CHANCE / len(names))) for name in names]
    turns = [_turn(a, b, *[one[a] - one[b] for one in (here, there, twice)], chance=CHANCE / len(pairs)) for a, b in pairs]
    discord, by_chance = _discord(here, there, pairs), _discord(there, twice, pairs)
    _, excess = _mean(discord - by_chance, 0.0, CHANCE)
    return PlacementTest(effects, turns, float(discord.mean()), float(by_chance.mean()), excess)


def _turn(first: str, second: str, placed: np.ndarray, shuffled: np.ndarray, again: np.ndarray, chance: float) -> Turn:
    return Turn(first, second, *_mean(placed, _of_a_dealing(shuffled, again), chance), *_mean(shuffled, 0.0, chance))


def _difference(placed: np.ndarray, shuffled: np.ndarray, again: np.ndarray, chance: float) -> tuple[float, tuple[float, float]]:
    """Mean of placed less dealt out. The places are one arrangement for all members, which more members do not average out: to the spread of the mean comes
    that of a single dealing, taken to be the same for all members.
    """
    return _mean(placed - shuffled, _of_a_dealing(shuffled, again), chance)


def _of_a_dealing(shuffled: np.ndarray, again: np.ndarray) -> float:
    """Variance that a dealing makes, from the two of each member."""
    return 0.5 * float(np.mean((shuffled - again) ** 2))


def _logs(*placements: Columns) -> list[dict[str, np.ndarray]]:
    first = placements[0]
    if not first or any(set(one) != set(first) for one in placements):
        raise InputError(f"all placements need the same columns; got {'; '.join(', '.join(one) or 'none' for one in placements)}")
    found = [{name: np.asarray(one[name], float) for name in first} for one in placements]
    shapes = {column.shape for one in found for column in one.values()}
    if len(shapes) > 1 or next(iter(shapes)) < (2,):
        raise InputError(f"placements need a value of each member in every column, of two members at least; got {', '.join(map(str, sorted(shapes)))}")
    for name in first:
        if not all((one[name] > 0).all() for one in found):
            raise InputError(f"{name}: placements compare logarithms, so that values have to be above zero")
    return [{name: np.log(column) for name, column in one.items()} for one in found]


def _mean(column: np.ndarray, shared: float, chance: float) -> tuple[float, tuple[float, float]]:
    """The mean, and its interval at 1 - `chance` by Student's t, with a variance that is `shared` by all members."""
    from scipy.stats import t

    mean, count = float(column.mean()), column.size
    half = float(t.ppf(1 - 0.5 * chance, count - 1)) * math.sqrt(float(column.var(ddof=1)) / count + shared)
    return mean, (mean - half, mean + half)


def _discord(here: Mapping[str, np.ndarray], there: Mapping[str, np.ndarray], pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Of each member, the share of pairs that the two order differently."""
    return np.mean([np.sign(here[a] - here[b]) != np.sign(there[a] - there[b]) for a, b in pairs], axis=0)
