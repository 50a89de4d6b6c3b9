"""Blood flow through a network: Poiseuille in each segment, blood of the viscosity that its haematocrit and width give."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..units import MMHG
from .boundary import INLET_HD, Conditions, conditions
from .coupling import PERFUSED, Coupled, Rheology, at_haematocrit, with_separation
from .network import Boundary, VesselNetwork
from .pressure import PressureSolver
from .rheology import FULLEST, HUMAN_CELL_VOLUME, NARROWEST, PLASMA_VISCOSITY, scaled_diameter

MOST_ROUNDS = 200


@dataclass(frozen=True)
class Perfusion:
    """Blood flow in a network of n nodes and m segments.

    - `network`: the network with its `flow` (um3/s, positive from the first to the second node) and `hd`.
    - `pressure`: (n,) Pa; NaN in parts without any boundary value, up to a constant (lowest zero) in parts with flows only.
    - `viscosity`: (m,) apparent, Pa s, that the flows were solved with.
    - `perfused`: (m,) whether |flow| exceeds 1e-6 of the largest.
    - `inflow`: (n,) what enters the network at each node, um3/s: as given (and balanced), or what a held pressure lets in.
    - `defect`: (n,) what enters each node less what leaves it, um3/s.
    - `separation`: "none", "converged", or "not converged", where the flow is that of blood of one haematocrit instead.
    - `rounds`, `flow_change`, `hd_change`: of the phase separation: its rounds, and what the last still changed (flows as a share of
      the largest, haematocrit of perfused segments as it is).
    - `notes`: what was assumed, balanced, clipped or left without flow.
    """

    network: VesselNetwork
    pressure: np.ndarray
    viscosity: np.ndarray
    perfused: np.ndarray
    inflow: np.ndarray
    defect: np.ndarray
    separation: str
    rounds: int
    flow_change: float
    hd_change: float
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

    @property
    def perfused_fraction(self) -> float:
        """Share of the network's length that is perfused."""
        return float(self.network.path_lengths[self.perfused].sum() / self.network.total_length)

    def report(self) -> str:
        """One screen: pressures, flows, haematocrit and how far to trust them."""
        some = self.perfused
        lines = [f"blood flow: {self.inflow[self.inflow > 0].sum():.5g} um3/s in through {int((self.inflow > 0).sum())} nodes"]
        lines.append(f"  perfused: {self.perfused_fraction:.1%} of the length, {int(some.sum())} of {len(some)} segments")
        if some.any():
            known = self.pressure[np.isfinite(self.pressure)] / MMHG
            lines.append(f"  pressure {known.min():.4g}..{known.max():.4g} mmHg")
            for what, values, unit in (
                ("flow", np.abs(self.flow), "um3/s"),
                ("velocity", np.abs(self.velocity), "um/s"),
                ("wall shear stress", self.wall_shear_stress, "Pa"),
                ("apparent viscosity", 1e3 * self.viscosity, "mPa s"),
                ("discharge haematocrit", self.hd, ""),
            ):
                lines.append(f"  {what} {values[some].min():.4g}..{values[some].max():.4g} {unit}".rstrip() + f", median {np.median(values[some]):.4g}")
        lines.append(f"  balance at nodes within {np.abs(self.defect).max():.2g} um3/s")
        if self.separation != "none":
            changed = f"the last changed flows by {self.flow_change:.2g} of the largest and haematocrit by {self.hd_change:.2g}"
            lines.append(f"  phase separation {self.separation}: {self.rounds} rounds, {changed}")
        return "\n".join(lines + [f"  {note}" for note in self.notes])


def perfuse(
    network: VesselNetwork,
    *,
    haematocrit: float | str | None = None,
    phase_separation: bool = False,
    plasma_viscosity: float = PLASMA_VISCOSITY,
    cell_volume: float = HUMAN_CELL_VOLUME,
    pressures: Mapping[int, float] | None = None,
    inlet_haematocrit: float = INLET_HD,
    most_rounds: int = MOST_ROUNDS,
) -> Perfusion:
    """Pressure, flow and haematocrit of every segment: sum_j G_ij (p_i - p_j) = q_i with G = pi D^4/(128 mu L), L the length along the vessel.

    **Arguments**

    - `haematocrit`: discharge haematocrit of all segments, or "file" for those of the network; that of the inlets where it is left out.
      With `phase_separation` the rounds start from it.
    - `phase_separation`: whether red cells divide at branchings by the law of Pries and Secomb (`tmefield.vessels.separation`).
    - `plasma_viscosity`: Pa s; 1.2e-3 is an assumption.
    - `cell_volume`: mean volume of a red cell, fl; 92 in man, 55 in the rat.
    - `pressures`: Pa at nodes, by index, in place of the boundary values of the network.
    - `inlet_haematocrit`: of entering blood, at boundary nodes that state none.
    - `most_rounds`: after which phase separation is given up: the flow is then that of blood of one haematocrit, the mean of the
      inflow, with a warning.

    **Raises** `InputError` where nothing drives the flow, and for boundary values and numbers that cannot be
    (see `tmefield.vessels.boundary.conditions`).
    """
    for name, value in (("plasma_viscosity", plasma_viscosity), ("cell_volume", cell_volume), ("most_rounds", most_rounds)):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} must be above zero; got {value!r}")
    if not 0 <= inlet_haematocrit <= FULLEST:
        raise InputError(f"inlet_haematocrit must lie in 0..{FULLEST}; got {inlet_haematocrit!r}")
    given = network.boundary if pressures is None else [Boundary(int(node), "pressure", value) for node, value in pressures.items()]
    ends = conditions(network, given, inlet_haematocrit)
    if not ends.driven.any():
        raise InputError("nothing drives the flow: the network has no boundary values; give pressures = {node: Pa}, or see pressures_on_faces")
    rheology, solver = Rheology(plasma_viscosity, cell_volume), PressureSolver(network.edges, ends)
    hd = _haematocrit(network, haematocrit, inlet_haematocrit)
    notes = [*ends.notes, *_remarks(network, ends, cell_volume)]
    if not phase_separation:
        return _result(network, ends, at_haematocrit(network, solver, rheology, hd), "none", notes)
    found = with_separation(network, ends, solver, rheology, hd, most_rounds)
    if found.converged:
        return _result(network, ends, found, "converged", notes)
    mean = _inflow_haematocrit(network, ends, found.flow)
    left = f"flows change by {found.flow_change:.2g} of the largest and haematocrit by {found.hd_change:.2g} after {found.rounds} rounds"
    said = f"phase separation did not converge ({left}); the flow is that of blood with a haematocrit of {mean:.3g} everywhere"
    warnings.warn(said, stacklevel=3)
    plain = at_haematocrit(network, solver, rheology, np.full(len(hd), mean))
    plain = replace(plain, rounds=found.rounds, flow_change=found.flow_change, hd_change=found.hd_change)
    return _result(network, ends, plain, "not converged", [*notes, said])


def _result(network: VesselNetwork, ends: Conditions, found: Coupled, separation: str, notes: list[str]) -> Perfusion:
    """Everything there is to know, with pressures that are up to a constant moved to a lowest of zero."""
    pressure = found.pressure.copy()
    for part in np.flatnonzero(ends.pinned):
        inside = ends.part == part
        pressure[inside] -= pressure[inside].min()
    net = _leaving(network, found.flow)
    inflow = np.where(ends.held, net, ends.inflow)
    perfused = np.abs(found.flow) > PERFUSED * np.abs(found.flow).max()
    full = int((perfused & (found.hd >= FULLEST - 1e-6)).sum())
    if full and separation == "converged":
        notes = [*notes, f"{full} segments hold no more cells than a haematocrit of {FULLEST}: the rest went the other way at their branching"]
    filled = replace(network, flow=found.flow, hd=found.hd)
    changes = found.rounds, found.flow_change, found.hd_change
    return Perfusion(filled, pressure, found.viscosity, perfused, inflow, inflow - net, separation, *changes, tuple(notes))


def _leaving(network: VesselNetwork, flow: np.ndarray) -> np.ndarray:
    """What leaves each node through its segments, less what comes, um3/s."""
    size = len(network.nodes)
    return np.bincount(network.edges[:, 0], flow, size) - np.bincount(network.edges[:, 1], flow, size)


def _inflow_haematocrit(network: VesselNetwork, ends: Conditions, flow: np.ndarray) -> float:
    """Mean discharge haematocrit of what enters."""
    enters = np.where(ends.open, np.maximum(_leaving(network, flow), 0), 0)
    return float((enters * ends.hd).sum() / enters.sum())


def _haematocrit(network: VesselNetwork, given: float | str | None, inlet: float) -> np.ndarray:
    if given is None:
        return np.full(len(network.edges), inlet)
    if given == "file":
        if network.hd is None:
            raise InputError("haematocrit = 'file' needs a file that states it for each segment; give a number or leave it out")
        hd = np.asarray(network.hd, dtype=np.float64)
        wrong = ~((hd >= 0) & (hd <= FULLEST))
        if wrong.any():
            raise InputError(f"the haematocrit of segment {int(np.argmax(wrong))} must lie in 0..{FULLEST}; the file has {hd[np.argmax(wrong)]:g}")
        return hd
    if isinstance(given, str) or not 0 <= given <= FULLEST:
        raise InputError(f"haematocrit must be a number in 0..{FULLEST}, 'file' or left out; got {given!r}")
    return np.full(len(network.edges), float(given))


def _remarks(network: VesselNetwork, ends: Conditions, cell_volume: float) -> list[str]:
    notes = []
    part = ends.part[network.edges[:, 0]]
    idle = ~ends.driven[part]
    if idle.any():
        notes.append(f"{len(np.unique(part[idle]))} parts ({int(idle.sum())} segments) have no boundary value: no flow there")
    if ends.pinned.any():
        notes.append(f"pressures of {int(ends.pinned.sum())} parts with flows only are up to a constant; the lowest is set to zero")
    narrow = int((scaled_diameter(2 * network.radius, cell_volume) < NARROWEST).sum())
    if narrow:
        notes.append(f"{narrow} segments are narrower than {NARROWEST:g} um (scaled to human cells); taken as that for the viscosity")
    return notes
