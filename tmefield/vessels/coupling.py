"""Flow and haematocrit that agree: cells go where the blood flows, and thicken the blood where they go."""

from dataclasses import dataclass

import numpy as np

from .boundary import Conditions
from .network import VesselNetwork
from .pressure import PressureSolver
from .rheology import FULLEST, relative_viscosity
from .separation import CellFlow

FLOW_TOLERANCE = 1e-5
"""Largest change of a flow in the last round, as a share of the largest flow, at which the rounds end."""
HD_TOLERANCE = 1e-4
"""Largest difference between the haematocrit that the viscosities are from and that which the flows make of it."""
PERFUSED = 1e-6
"""Segments with less than this share of the largest flow are not perfused."""
_RELAXATION = 0.5
# Where the haematocrit of a segment swings about its value, less of its change is taken; where it creeps one way, more.
_SWINGS, _CREEPS, _LEAST, _MOST = 0.7, 1.2, 0.02, 2.0


@dataclass(frozen=True)
class Rheology:
    """Plasma viscosity (Pa s) and mean volume of a red cell (fl)."""

    plasma_viscosity: float
    cell_volume: float

    def viscosity(self, network: VesselNetwork, hd: np.ndarray) -> np.ndarray:
        """Apparent viscosity of each segment, Pa s."""
        return self.plasma_viscosity * relative_viscosity(2 * network.radius, hd, self.cell_volume)


@dataclass(frozen=True)
class Coupled:
    """Pressures (Pa), flows (um3/s), haematocrit and viscosity (Pa s) after a number of rounds.

    `flow_change` and `hd_change` are what the last round still changed: flows as a share of the largest, haematocrit as it is, over
    perfused segments.
    """

    pressure: np.ndarray
    flow: np.ndarray
    hd: np.ndarray
    viscosity: np.ndarray
    rounds: int = 1
    flow_change: float = 0.0
    hd_change: float = 0.0

    @property
    def converged(self) -> bool:
        """Whether both changes are within their tolerances."""
        return self.flow_change <= FLOW_TOLERANCE and self.hd_change <= HD_TOLERANCE


def at_haematocrit(network: VesselNetwork, solver: PressureSolver, rheology: Rheology, hd: np.ndarray) -> Coupled:
    """Pressures and flows at a given haematocrit."""
    viscosity = rheology.viscosity(network, hd)
    conductance = np.pi * (2 * network.radius) ** 4 / (128 * viscosity * network.path_lengths)
    pressure, flow = solver.solve(conductance)
    return Coupled(pressure, flow, hd, viscosity)


def with_separation(network: VesselNetwork, ends: Conditions, solver: PressureSolver, rheology: Rheology, hd: np.ndarray, most_rounds: int) -> Coupled:
    """Flows and haematocrit with phase separation: rounds of flow, haematocrit from it, and viscosity from that.

    Of the change of each segment's haematocrit a share is taken, at first 0.5. With the whole change measured networks swing for ever;
    half of it still does at single branchings where the flow responds strongly, while it creeps elsewhere. So each segment's share
    falls by 0.7 when its change turns round and grows by 1.2 when it does not. The haematocrit given back is that which the last flows carry, so
    that the cells balance at every node.
    """
    share = np.full(len(hd), _RELAXATION)
    before, last = np.zeros(len(hd)), np.zeros(len(hd))
    for number in range(1, most_rounds + 1):
        now = at_haematocrit(network, solver, rheology, hd)
        largest = max(float(np.abs(now.flow).max()), np.finfo(float).tiny)
        carried = CellFlow(network, ends, now.flow, now.pressure).haematocrit(hd)
        change = carried - hd
        perfused = np.abs(now.flow) > PERFUSED * largest
        turned = change * before
        changes = float(np.abs(now.flow - last).max()) / largest, float(np.abs(change[perfused]).max(initial=0.0))
        result = Coupled(now.pressure, now.flow, carried, now.viscosity, number, *changes)
        if result.converged:
            break
        share = np.clip(np.where(turned < 0, _SWINGS * share, np.where(turned > 0, _CREEPS * share, share)), _LEAST, _MOST)
        hd = np.clip(hd + share * change, 0, FULLEST)
        before, last = change, now.flow
    return result
