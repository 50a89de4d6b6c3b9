"""Whether what a model says of a section hangs on where its cells are, or on how many of each there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..errors import InputError

DRAWS = 2000
CHANCE = 0.05
"""Of calling anything changed that is not, over all that is compared at once."""

Columns = Mapping[str, Sequence[float] | np.ndarray]


@dataclass(frozen=True)
class Change:
    """By how much a quantity differs between the cells in place and the same cells dealt out again, over an ensemble.

    - `mean_log_ratio`: mean of ln(in place/dealt out) over the members, each with the same values in both.
    - `interval`: of that mean by drawing members again, so wide that all intervals made with it hold at 95 % together (Bonferroni).
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


def changes(placed: Columns, shuffled: Columns, *, seed: int = 0) -> list[Change]:
    """The change of every column, in the order of `placed`.

    - `placed`, `shuffled`: by name, a level above zero of each member, in one order.

    **Raises** `InputError` for columns that do not fit each other and values that are not above zero.
    """
    logs = _logs(placed, shuffled)
    level = CHANCE / len(logs)
    return [Change(name, *_mean(one - other, level, seed)) for name, (one, other) in logs.items()]


def compare_placements(placed: Columns, shuffled: Columns, again: Columns, *, control: str = "control", seed: int = 0) -> PlacementTest:
    """Effects and order of arms with cells in place against the same cells dealt out over the same places, twice (Bonferroni as of `Change`).

    - `placed`, `shuffled`, `again`: by arm, the endpoint of each member of one ensemble, above zero, less is better.

    **Raises** `InputError` as `changes`, and without the control or a second arm.
    """
    if control not in placed or len(placed) < 2:
        raise InputError(f"comparing placements needs an arm '{control}' and another one; got {', '.join(placed) or 'none'}")
    logs, others = _logs(placed, shuffled), _logs(placed, again)
    names = list(placed)
    here, there, twice = ({name: pair[index] for name, pair in source.items()} for source, index in ((logs, 0), (logs, 1), (others, 1)))
    level = CHANCE / len(names)
    effects = [Change(control, *_mean(here[control] - there[control], level, seed))]
    effects += [Change(name, *_mean((here[name] - here[control]) - (there[name] - there[control]), level, seed)) for name in names if name != control]
    pairs = list(combinations(names, 2))
    turns = [Turn(a, b, *_mean(here[a] - here[b], CHANCE / len(pairs), seed), *_mean(there[a] - there[b], CHANCE / len(pairs), seed)) for a, b in pairs]
    discord, by_chance = _discord(here, there, pairs), _discord(there, twice, pairs)
    _, excess = _mean(discord - by_chance, CHANCE, seed)
    return PlacementTest(effects, turns, float(discord.mean()), float(by_chance.mean()), excess)


def _logs(placed: Columns, shuffled: Columns) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    if not placed or set(placed) != set(shuffled):
        raise InputError(f"both placements need the same columns; got {', '.join(placed) or 'none'} and {', '.join(shuffled) or 'none'}")
    found = {name: (np.asarray(placed[name], float), np.asarray(shuffled[name], float)) for name in placed}
    if len({column.shape for pair in found.values() for column in pair}) > 1:
        raise InputError("both placements need a value of each member of the ensemble in every column; some columns are shorter")
    for name, pair in found.items():
        if not all((column > 0).all() for column in pair):
            raise InputError(f"{name}: placements compare logarithms, so that values have to be above zero")
    return {name: (np.log(one), np.log(other)) for name, (one, other) in found.items()}


def _mean(column: np.ndarray, chance: float, seed: int) -> tuple[float, tuple[float, float]]:
    """The mean, and its interval at 1 - `chance` by drawing members again."""
    picks = np.random.default_rng(seed).integers(0, column.size, (DRAWS, column.size))
    low, high = np.quantile(column[picks].mean(axis=1), [0.5 * chance, 1 - 0.5 * chance])
    return float(column.mean()), (float(low), float(high))


def _discord(here: Mapping[str, np.ndarray], there: Mapping[str, np.ndarray], pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Of each member, the share of pairs that the two order differently."""
    return np.mean([np.sign(here[a] - here[b]) != np.sign(there[a] - there[b]) for a, b in pairs], axis=0)
