"""What acts in a tissue: the processes, secretions and movements that answer to something, the edges that they answer by, and how strongly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..populations.population_model import PopulationModel
from ..terms import PerCell, Secretion
from ..terms.modulation import Hill, Modulation

UNHEARD = 0.1
"""Level of a ligand, as a share of its half maximum, below which an edge with exponent 1 does less than a tenth of what it can."""


@dataclass(frozen=True)
class Answer:
    """Something in the tissue that answers to edges: `what` it is, its rate where it is a process, and the factors on it; none that is held off."""

    what: str
    factors: tuple[Modulation | Hill, ...]
    rate: float | None = None
    rate_unit: str = ""

    @property
    def edges(self) -> tuple[str, ...]:
        """Ids of the edges of its factors."""
        return tuple(dict.fromkeys(id for one in self.factors for id in _edges(one)))


@dataclass(frozen=True)
class EdgeStrength:
    """How strongly an edge acts.

    - `on`: what answers to it; `levels`, `half_maxima`: of each ligand that it reads, nM, of a population cells/um3; `competitors`: by ligand, what competes
      with it for the receptor.
    - `factor`: its mean factor on what it acts on; `without` and `plenty`: the factor with nothing and with all of the ligand. Of an attraction the share of
      receptors taken, 0 to 1.
    """

    id: str
    on: tuple[str, ...]
    levels: Mapping[str, float]
    half_maxima: Mapping[str, float]
    competitors: Mapping[str, str]
    factor: float
    without: float
    plenty: float

    @property
    def reached(self) -> float:
        """Share of the way from `without` to `plenty`, 0 to 1."""
        return (self.factor - self.without) / (self.plenty - self.without)


def answers(model: PopulationModel) -> tuple[Answer, ...]:
    """Every process of the model, and every secretion and movement with factors on it."""
    found = [Answer(one.label, _live(one.modulations), float(jnp.mean(one.rate)), one.rate_unit) for one in model.processes]
    for one in model.populations:
        found.append(Answer(f"motility of {one.name}", _live(one.motility_modulations)))
        pulls = [pull for pull in one.attractions if float(pull.sensitivity) != 0]
        found += [Answer(f"attraction of {one.name}", (pull.hill, *_live(pull.modulations))) for pull in pulls]
    for term in model.model.terms:
        if isinstance(term, PerCell) and isinstance(term.term, Secretion):
            found.append(Answer(f"{term.acts_on[0]} secretion by {term.population}", _live(term.term.modulations)))
    return tuple(one for one in found if one.rate is not None or one.factors)


def strengths(model: PopulationModel, levels: Mapping[str, ArrayLike], weight: ArrayLike) -> tuple[EdgeStrength, ...]:
    """Every edge that something in the model answers to, the one that has gone farthest towards its saturated factor first; twice, where its ligand has a
    competitor in some of the cells that it acts in.

    - `levels`: of every species (nM) and population (cells/um3) that the factors read, fields [z, y, x]; `weight`: of the mean, [z, y, x], such as the density
      of tumour cells; all alike where it is zero everywhere.
    """
    given = {name: jnp.asarray(one, float) for name, one in levels.items()}
    shares = np.asarray(weight, np.float64)
    shares = np.ones_like(shares) if shares.sum() == 0 else shares
    acting: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, Modulation | Hill]]] = {}
    for answer in answers(model):
        for factor in answer.factors:
            for id in _edges(factor):
                acting.setdefault((id, _competitors(factor)), []).append((answer.what, factor))

    def mean(field: ArrayLike) -> float:
        return float(np.average(np.broadcast_to(np.asarray(field, np.float64), shares.shape), weights=shares))

    found = []
    for (id, competitors), uses in acting.items():
        factor = uses[0][1]
        hills = _hills(factor)
        without, plenty = (0.0, 1.0) if isinstance(factor, Hill) else (float(factor.basal), float(factor.saturated))
        names = {one.species: mean(given[one.species]) for one in hills}
        halves = {one.species: float(one.half_maximum) for one in hills}
        found.append(EdgeStrength(id, tuple(dict.fromkeys(what for what, _ in uses)), names, halves, dict(competitors), mean(factor(given)), without, plenty))
    return tuple(sorted(found, key=lambda one: -one.reached))


def unheard(found: Sequence[EdgeStrength]) -> dict[str, tuple[float, float, float]]:
    """Ligands whose level is below a tenth of the half maximum of every edge that they act by: the level, and the lowest and highest half maximum."""
    told = {}
    for name in dict.fromkeys(name for one in found for name in one.levels):
        mine = [(one.levels[name], one.half_maxima[name]) for one in found if name in one.levels]
        level, halves = mine[0][0], [half for _, half in mine]
        if level < UNHEARD * min(halves):
            told[name] = (level, min(halves), max(halves))
    return told


def _live(factors: Sequence[Modulation]) -> tuple[Modulation, ...]:
    """Those that are not held off, by being the same with and without ligand."""
    return tuple(one for one in factors if float(one.saturated) != float(one.basal))


def _hills(factor: Modulation | Hill) -> tuple[Hill, ...]:
    return (factor,) if isinstance(factor, Hill) else factor.hills


def _edges(factor: Modulation | Hill) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.edge for one in _hills(factor) if one.edge))


def _competitors(factor: Modulation | Hill) -> tuple[tuple[str, str], ...]:
    return tuple((one.species, one.blockade.drug) for one in _hills(factor) if one.blockade is not None)
