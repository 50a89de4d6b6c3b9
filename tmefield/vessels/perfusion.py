"""Blood flow through a network: Poiseuille in each segment, blood of the viscosity that its haematocrit and width give."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from .boundary import Conditions, conditions
from .network import Boundary, VesselNetwork
from .pressure import PressureSolver
from .rheology import HUMAN_CELL_VOLUME, NARROWEST, PLASMA_VISCOSITY, relative_viscosity, scaled_diameter

INLET_HD = 0.45
PERFUSED = 1e-6
"""Segments with less than this share of the largest flow are not perfused."""


@dataclass(frozen=True)
class Perfusion:
    """Blood flow in a network.

    - `network`: the network with its `flow` (um3/s, positive from the first to the second node) and `hd`.
    - `pressure`: (n,) Pa; NaN in parts without any boundary value, up to a constant (lowest zero) in parts with flows only.
    - `viscosity`: (m,) apparent, Pa s.
    - `perfused`: (m,) whether |flow| exceeds 1e-6 of the largest.
    - `defect`: (n,) what enters a node less what leaves it, um3/s; at held pressures that is the flow through the end.
    - `notes`: what was balanced, clipped or left without flow.
    """

    network: VesselNetwork
    pressure: np.ndarray
    viscosity: np.ndarray
    perfused: np.ndarray
    defect: np.ndarray
    notes: tuple[str, ...]

    @property
    def flow(self) -> np.ndarray:
        """(m,) um3/s, positive from the first to the second node."""
        assert self.network.flow is not None
        return self.network.flow

    @property
    def hd(self) -> np.ndarray:
        """(m,) discharge haematocrit."""
        assert self.network.hd is not None
        return self.network.hd

    @property
    def velocity(self) -> np.ndarray:
        """(m,) mean velocity q/(pi R^2), um/s, signed as the flow."""
        return self.flow / (np.pi * self.network.radius**2)

    @property
    def wall_shear_stress(self) -> np.ndarray:
        """(m,) 4 mu |q|/(pi R^3), Pa."""
        return 4 * self.viscosity * np.abs(self.flow) / (np.pi * self.network.radius**3)

    @property
    def segment_pressure(self) -> np.ndarray:
        """(m,) mean of the pressures at the two ends, Pa."""
        return self.pressure[self.network.edges].mean(axis=1)


def perfuse(
    network: VesselNetwork,
    *,
    haematocrit: float | str | None = None,
    plasma_viscosity: float = PLASMA_VISCOSITY,
    cell_volume: float = HUMAN_CELL_VOLUME,
    pressures: Mapping[int, float] | None = None,
    inlet_haematocrit: float = INLET_HD,
) -> Perfusion:
    """Pressure and flow of every segment: sum_j G_ij (p_i - p_j) = q_i with G = pi D^4/(128 mu L) and the in vivo viscosity."""
    given = network.boundary if pressures is None else [Boundary(int(node), "pressure", value) for node, value in pressures.items()]
    ends = conditions(network, given, inlet_haematocrit)
    if not ends.driven.any():
        raise InputError("nothing drives the flow: the network has no boundary values; give pressures = {node: Pa}")
    hd = _haematocrit(network, haematocrit, inlet_haematocrit)
    viscosity = plasma_viscosity * relative_viscosity(2 * network.radius, hd, cell_volume)
    pressure, flow = flows(network, PressureSolver(network.edges, ends), ends, viscosity)
    defect = ends.inflow - np.bincount(network.edges[:, 0], flow, len(pressure)) + np.bincount(network.edges[:, 1], flow, len(pressure))
    notes = (*ends.notes, *_remarks(network, ends, cell_volume))
    perfused = np.abs(flow) > PERFUSED * np.abs(flow).max()
    return Perfusion(replace(network, flow=flow, hd=hd), pressure, viscosity, perfused, defect, notes)


def flows(network: VesselNetwork, solver: PressureSolver, ends: Conditions, viscosity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pressure of each node (Pa) and flow of each segment (um3/s) at a given viscosity (Pa s)."""
    conductance = np.pi * (2 * network.radius) ** 4 / (128 * viscosity * network.lengths)
    pressure = solver.solve(conductance)
    for part in np.flatnonzero(ends.pinned):
        inside = ends.part == part
        pressure[inside] -= pressure[inside].min()
    drop = pressure[network.edges[:, 0]] - pressure[network.edges[:, 1]]
    return pressure, np.where(np.isfinite(drop), conductance * drop, 0.0)


def _haematocrit(network: VesselNetwork, given: float | str | None, inlet: float) -> np.ndarray:
    if given is None:
        return np.full(len(network.edges), inlet)
    if given == "file":
        if network.hd is None:
            raise InputError("haematocrit = 'file' needs a file that states it for each segment; give a number or leave it out")
        hd = np.asarray(network.hd, dtype=np.float64)
        wrong = ~((hd >= 0) & (hd < 1))
        if wrong.any():
            raise InputError(f"the haematocrit of segment {int(np.argmax(wrong))} must lie in 0..1; the file has {hd[np.argmax(wrong)]:g}")
        return hd
    if isinstance(given, str) or not 0 <= given < 1:
        raise InputError(f"haematocrit must be a number in 0..1, 'file' or left out; got {given!r}")
    return np.full(len(network.edges), float(given))


def _remarks(network: VesselNetwork, ends: Conditions, cell_volume: float) -> list[str]:
    notes = []
    used = np.unique(ends.part[network.edges[:, 0]])
    idle = used[~ends.driven[used]]
    if len(idle):
        segments = int(np.isin(ends.part[network.edges[:, 0]], idle).sum())
        notes.append(f"{len(idle)} parts ({segments} segments) have no boundary value: no flow there")
    if ends.pinned.any():
        notes.append(f"pressures of {int(ends.pinned.sum())} parts with flows only are up to a constant; the lowest is set to zero")
    narrow = int((scaled_diameter(2 * network.radius, cell_volume) < NARROWEST).sum())
    if narrow:
        notes.append(f"{narrow} segments are narrower than {NARROWEST:g} um (scaled to human cells); taken as that for the viscosity")
    return notes
