"""How red cells divide where a vessel branches, and the haematocrit of every vessel that follows from it.

Pries, Ley, Claassen & Gaehtgens 1989, doi:10.1016/0026-2862(89)90018-6, with the dependence on haematocrit and diameters of Pries
& Secomb 2005, doi:10.1152/ajpheart.00297.2005.
"""

import numpy as np

from .boundary import Conditions
from .network import VesselNetwork
from .rheology import FULLEST

BIFURCATION = (0.964, 6.98, -13.29)
"""Constants of X0, B and A."""
STILL = 1e-9
"""Segments with less than this share of the largest flow carry no cells: below it the pressures are rounding."""
_WIDEST_GAP = 0.49  # X0 of 0.5 would leave no flow share between none and all of the cells


def cell_share(flow_share: np.ndarray, feeder: np.ndarray, daughters: tuple[np.ndarray, np.ndarray], hd: np.ndarray) -> np.ndarray:
    """Share FQE of the feeder's red cells that goes into the first daughter, which takes the share FQB of its flow:

    logit FQE = A + B logit[(FQB - X0)/(1 - 2 X0)], none below FQB = X0 and all above 1 - X0, where h = (1 - H_f)/D_f,
    A = -13.29 h (Da^2/Db^2 - 1)/(Da^2/Db^2 + 1), B = 1 + 6.98 h, X0 = 0.964 h.

    **Arguments**

    - `flow_share`: FQB; `feeder`, `daughters`: diameters D_f, D_a and D_b, um; `hd`: discharge haematocrit H_f of the feeder.
    """
    gap, slope, skew = BIFURCATION
    plasma = (1 - hd) / feeder
    squares = daughters[0] ** 2 / daughters[1] ** 2
    offset = skew * plasma * (squares - 1) / (squares + 1)
    none = np.minimum(gap * plasma, _WIDEST_GAP)
    inner = np.clip((flow_share - none) / (1 - 2 * none), 0, 1)
    with np.errstate(divide="ignore"):
        logit = offset + (1 + slope * plasma) * (np.log(inner) - np.log1p(-inner))
    return 1 / (1 + np.exp(-logit))


class CellFlow:
    """Red cells carried through a network by given flows, from the inlets down the pressures.

    With Phi_i the red cells that reach node i per time (um3/s), Phi_i = H_in q_in + sum over inflowing segments of share x Phi of the node
    they come from: a triangular system in the order of falling pressure. Cells balance exactly whatever the shares; those of branchings
    depend on the feeder's haematocrit, which is taken from the last round.
    """

    def __init__(self, network: VesselNetwork, ends: Conditions, flow: np.ndarray, pressure: np.ndarray):
        size = len(pressure)
        self.flow = np.where(np.abs(flow) > STILL * np.abs(flow).max(), np.abs(flow), 0.0)
        forward = (flow > 0)[:, None]
        self.up, self.down = np.where(forward, network.edges, network.edges[:, ::-1]).T
        self.moving = np.flatnonzero(self.flow)
        leaving, arriving = (np.bincount(node, self.flow, size) for node in (self.up, self.down))
        # Elsewhere the two differ by rounding, which is neither inflow nor outflow.
        entering = np.where(ends.open, leaving - arriving, 0.0)
        self.source = ends.hd * np.maximum(entering, 0)
        self.through = leaving + np.maximum(-entering, 0)
        self.diameter = 2 * network.radius
        self.size = size
        self.order = np.argsort(-np.nan_to_num(pressure), kind="stable")
        self._find_branchings(entering == 0)

    def _find_branchings(self, closed: np.ndarray) -> None:
        """Feeder and daughters of the nodes where one segment divides into two and nothing enters or leaves the network."""
        up, down = self.up[self.moving], self.down[self.moving]
        number_out, number_in = np.bincount(up, minlength=self.size), np.bincount(down, minlength=self.size)
        dividing = (number_out == 2) & (number_in == 1) & closed
        daughters = self.moving[dividing[up]]
        daughters = daughters[np.argsort(self.up[daughters], kind="stable")]
        self.first, self.second = daughters[::2], daughters[1::2]
        feeder = np.zeros(self.size, dtype=np.int64)
        feeder[down] = self.moving
        self.feeder = feeder[self.up[self.first]]

    def haematocrit(self, hd: np.ndarray) -> np.ndarray:
        """Discharge haematocrit of each segment, with the shares at branchings from that of the feeders in `hd`; 0 where blood stands."""
        from scipy.sparse import coo_array
        from scipy.sparse.linalg import spsolve_triangular

        share = self._shares(hd)
        rank = np.empty(self.size, dtype=np.int64)
        rank[self.order] = np.arange(self.size)
        every = np.arange(self.size)
        rows, columns = np.concatenate([rank[self.down[self.moving]], every]), np.concatenate([rank[self.up[self.moving]], every])
        matrix = coo_array((np.concatenate([-share[self.moving], np.ones(self.size)]), (rows, columns)), shape=(self.size, self.size))
        cells = spsolve_triangular(matrix.tocsc(), self.source[self.order], lower=True, unit_diagonal=True)[rank]
        result = np.zeros(len(self.flow))
        result[self.moving] = share[self.moving] * cells[self.up[self.moving]] / self.flow[self.moving]
        return result

    def _shares(self, hd: np.ndarray) -> np.ndarray:
        """Share of the cells of its upstream node that each segment takes: that of the flow, but for branchings."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(self.flow > 0, self.flow / self.through[self.up], 0.0)
        first, second = self.first, self.second
        part = self.flow[first] / (self.flow[first] + self.flow[second])
        fed = np.clip(hd[self.feeder], 1e-12, FULLEST)
        cells = cell_share(part, self.diameter[self.feeder], (self.diameter[first], self.diameter[second]), fed)
        # A daughter cannot hold more than cells: what would not fit goes to the other.
        cells = np.clip(cells, 1 - FULLEST * (1 - part) / fed, FULLEST * part / fed)
        share[first], share[second] = cells, 1 - cells
        return share
