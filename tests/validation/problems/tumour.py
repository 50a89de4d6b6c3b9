"""P10: interstitial pressure and flow of a uniform isolated tumour (Baxter & Jain 1989), as a sphere on voxels and along a cone."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from tmefield import units
from validation.problems.geometry import cone, radius_from_corner
from validation.problems.result import Curve, Result, Row

# Baxter & Jain 1989: um/(Pa s), um2/(Pa s), 1/um, um, Pa
FILTRATION, CONDUCTIVITY = 2.8e-7 * units.CM_PER_MMHG_S, 4.13e-8 * units.CM2_PER_MMHG_S
SURFACE, RADIUS, VESSEL, ONCOTIC, REFLECTION = 200e-4, 1e4, 15.6 * units.MMHG, 5.0 * units.MMHG, 0.82
EFFECTIVE = VESSEL - REFLECTION * ONCOTIC


@cache
def along_radius(cells=2000):
    """The whole tumour along r: the area of the sphere makes conductivity and vessels of a flat column those of a cone."""
    grid, area = cone(0.0, RADIUS, cells)
    return tf.interstitial_flow(
        grid,
        SURFACE * area,
        hydraulic_conductivity=CONDUCTIVITY * area,
        filtration_coefficient=FILTRATION,
        vessel_pressure=VESSEL,
        reflection=REFLECTION,
        plasma_oncotic_pressure=ONCOTIC,
        walls=tf.Walls(x=(tf.NoFlux(), tf.FixedValue(0.0))),
    )


def tumour_interstitium() -> Result:
    """P10: pressure towards the rim, the width of the layer in which it falls, and the velocity at the surface."""
    fluid = along_radius()
    r, pressure = fluid.grid.centres(2), np.asarray(fluid.pressure)[0, 0]
    alpha = RADIUS * np.sqrt(FILTRATION * SURFACE / CONDUCTIVITY)
    plateau, edge = float(pressure[0]), float(fluid.flow.x[0, 0, -1])
    rows = []
    for share in (0.0, 0.9, 0.95, 0.99):
        value = float(exact.tumour_pressure(share * RADIUS, radius=RADIUS, alpha=alpha))
        near = int(np.argmin(np.abs(r - share * RADIUS)))
        there = pressure[near] / exact.tumour_pressure(r[near], radius=RADIUS, alpha=alpha) * value
        rows.append(Row("p_over_pe", f"r/R {share:g}", value, float(there) / EFFECTIVE, 0.01))
    # What the field says of alpha: u(R) = K p_e/R (alpha coth alpha - 1), with coth 1.
    found = edge * RADIUS / (CONDUCTIVITY * plateau) + 1
    rows += [
        Row("pe_mmHg", "plateau", 11.5, plateau / units.MMHG, 0.01),
        Row("alpha", "from the velocity at the surface", alpha, found, 0.01),
        Row("edge_layer_um", "R/alpha", RADIUS / alpha, RADIUS / found, 0.01),
        Row("edge_velocity_um_s", "surface", EFFECTIVE * exact.surface_flow(radius=RADIUS, alpha=alpha, conductivity=CONDUCTIVITY), edge, 0.01),
    ]
    fine = np.linspace(0.8 * RADIUS, RADIUS, 200)
    shown = r > 0.8 * RADIUS
    line = exact.tumour_pressure(fine, radius=RADIUS, alpha=alpha)
    return Result(tuple(rows), (Curve("P10 pressure of a tumour, p/p_e", "R 1 cm", r[shown][::20], pressure[shown][::20] / EFFECTIVE, fine, line),))


BOX = 41


@cache
def sphere(cells, alpha=5.0):
    """An eighth of a sphere with a radius of `cells` voxels, in units of it: distances, fluid, volume through the surface over the exact one.

    No fluid moves outside. Each face between an inner and an outer voxel lets fluid out at zero pressure, a distance away at which the sphere
    cuts the line between their centres (Gibou, Fedkiw, Cheng & Kang 2002, J. Comput. Phys. 176:205); it stands as a lymphatic of its voxel.
    """
    grid = tf.Grid((BOX,) * 3, 1.0)  # lengths in voxels: one compiled program for every radius
    r = radius_from_corner(grid)
    inside = r < cells
    through = np.zeros(grid.shape)
    for axis in range(3):
        beyond = inside & ~np.concatenate([np.delete(inside, 0, axis), np.zeros_like(np.take(inside, [0], axis))], axis)
        along = np.broadcast_to(grid.coordinates()[axis], grid.shape)
        crossing = np.sqrt(np.maximum(cells**2 - r**2 + along**2, 0)) - along
        through += np.where(beyond, 1 / np.maximum(crossing, 1e-3), 0)
    exchange = (alpha / cells) ** 2
    fluid = tf.interstitial_flow(
        grid,
        inside * exchange,
        hydraulic_conductivity=inside * 1.0,
        filtration_coefficient=1.0,
        vessel_pressure=1.0,
        lymph_conductance=np.where(inside, through, 0.0),
    )
    expected = 4 * np.pi * cells**2 / 8 * exact.surface_flow(radius=cells, alpha=alpha, conductivity=1.0)
    return r[inside] / cells, np.asarray(fluid.pressure)[inside], float(np.asarray(fluid.drainage).sum()) / expected
