"""V5, P9: a straight vessel across a section, with a permeable wall and as the middle of a Krogh cylinder."""

from functools import cache

import numpy as np
from scipy.optimize import brentq

import exact
import tmefield as tf
from validation.problems.result import Curve, Result, Row

SPACING, HALF = 1.25, 75.0
# Permeability (um/s), outer radius of the Krogh cylinder (um), diffusivity (um2/s), decay (1/s).
VESSELS = (*((p, outer, 10.0, 1e-3) for p in (0.001, 0.01, 0.1) for outer in (None, 75.0)), (0.01, None, 50.0, 1e-4))


def _box_walls(grid, form):
    """The exact values of the infinite medium on the four walls around a vessel in the middle."""
    along = np.sqrt(HALF**2 + (grid.centres(1) - HALF) ** 2)[None, :]
    wall = tf.FixedValue(form(along))
    return tf.Walls(y=wall, x=wall)


@cache
def solve_vessel(permeability, outer, diffusivity, decay):
    """A vessel as lumen voxels of an imported network: distances, free voxels, solution, the embedding and the closed form."""
    cells = int(2 * HALF / SPACING)
    grid = tf.Grid((1, cells, cells), (SPACING,) * 3)
    embedding = tf.VesselNetwork.crossing(np.array([[HALF, HALF]]), radius=5.0, thickness=SPACING).embed(grid)
    _, y, x = grid.coordinates()
    r = np.sqrt((y - HALF) ** 2 + (x - HALF) ** 2) * np.ones(grid.shape)

    def form(d):
        return exact.vessel(d, wall_radius=5.0, diffusivity=diffusivity, decay=decay, permeability=permeability, outer=outer)

    held, values = np.asarray(embedding.lumen).copy(), np.where(embedding.lumen, 1.0, 0.0)
    if outer:
        held |= r > outer  # outside the Krogh cylinder: sealed off, which is its no-flux edge
    model = tf.Model(
        grid,
        [tf.Species("c", diffusivity, decay)],
        [tf.Decay(), tf.VascularExchange("c", embedding, permeability, 1.0)],
        fixed=tf.FixedConcentration(held, values, sealed=True),
        walls=tf.NoFlux() if outer else _box_walls(grid, form),
    )
    return r, ~held, tf.solve_steady(model, rtol=1e-11), embedding, form


@cache
def permeable_vessel() -> Result:
    """V5: c/c_plasma at the wall (the voxel beside it plus the fall over the closure's path), at 50 um, at the edge of the Krogh cylinder."""
    rows, curves = [], []
    for permeability, outer, diffusivity, decay in VESSELS:
        r, free, solution, embedding, form = solve_vessel(permeability, outer, diffusivity, decay)
        field = np.asarray(solution["c"])
        beside = field.ravel()[embedding.voxel]
        flux = (1 - beside) / (1 / permeability + embedding.path / diffusivity)
        at_wall = float(np.average(beside + flux * embedding.path / diffusivity, weights=embedding.area))
        label = f"P {permeability:g} um/s, " + (f"Krogh {outer:g} um" if outer else f"open, D {diffusivity:g}")
        rows.append(Row("c_over_cp", f"{label}, wall", float(form(5.0)), at_wall, 0.02))
        for place, ring in ((50.0, 50.0),) if outer is None else ((75.0, 74.0),):
            near = free & (np.abs(r - ring) < SPACING)
            ratio = float((field[near] / form(r[near])).mean())
            rows.append(Row("c_over_cp", f"{label}, r {place:g} um", float(form(place)), ratio * float(form(place)), 0.02))
        if permeability == 0.1:
            fine, along = np.linspace(5, 75, 200), free[0, 60] & (np.arange(free.shape[2]) >= 60)
            curves.append(Curve("V5 permeable vessel, c/c_plasma", label, r[0, 60][along], field[0, 60][along], fine, form(fine)))
    return Result(tuple(rows), tuple(curves))


WALL, CONSUMPTION, CONDUCTIVITY = 4.0, 5 / 100 / 60, 0.06  # um, 1/s, um2/s per mmHg: 5 cm3/100 cm3/min and 6e-10 cm3/cm/s/mmHg
PRESSURE = 100.0  # mmHg at the wall, enough that no tissue is without oxygen: the drop does not depend on it


@cache
def krogh_field(edge):
    """The tissue cylinder around a capillary whose wall is as good as open: distances, tissue voxels, field in mmHg."""
    cells, spacing = 248, 0.5
    half = cells * spacing / 2
    grid = tf.Grid((1, cells, cells), spacing)
    embedding = tf.VesselNetwork.crossing(np.array([[half, half]]), radius=WALL, thickness=spacing).embed(grid)
    _, y, x = grid.coordinates()
    r = np.sqrt((y - half) ** 2 + (x - half) ** 2) * np.ones(grid.shape)
    lumen, beyond = np.asarray(embedding.lumen), r > edge
    terms = [tf.VascularExchange("o2", embedding, 1e3, PRESSURE), tf.ReceptorUptake("o2", exact.NANOMOLAR * CONSUMPTION, 1.0, 1.0, 1e-3)]
    fixed = tf.FixedConcentration(lumen | beyond, PRESSURE * lumen, sealed=True)
    model = tf.Model(grid, [tf.Species("o2", CONDUCTIVITY)], terms, fixed=fixed)
    # From zero, Newton steps would push the front of oxygen out by about a voxel each: start from a tissue full of it.
    solution = tf.solve_steady(model, rtol=1e-10, initial=np.full(model.shape, PRESSURE))
    return r, ~(lumen | beyond), np.asarray(solution["o2"])


def _form(edge):
    return exact.krogh_drop(edge, wall_radius=WALL, consumption=CONSUMPTION, conductivity=CONDUCTIVITY)


def _drop(edge):
    r, tissue, field = krogh_field(edge)
    return PRESSURE - float(field[tissue & (r > edge - 0.5)].mean())


@cache
def krogh_erlang() -> Result:
    """P9: fall of the oxygen pressure from the wall to the edge, and the widest cylinder that 40 mmHg at the wall supply."""
    rows = [Row("drop_mmHg", f"edge {edge:g} um", float(_form(edge)), _drop(edge), 0.01) for edge in (30.0, 50.0, 60.0)]
    drops = [_drop(edge) for edge in (52.0, 53.0)]
    widest = 52.0 + (40.0 - drops[0]) / (drops[1] - drops[0])
    rows.append(Row("Rt_max_um", "40 mmHg at the wall", brentq(lambda edge: _form(edge) - 40, 40, 60, xtol=1e-12), widest, 0.01))
    r, tissue, field = krogh_field(60.0)
    middle = tissue.shape[1] // 2
    along = tissue[0, middle] & (np.arange(tissue.shape[2]) >= middle)
    fine = np.linspace(WALL, 60, 200)
    wanted = CONSUMPTION / (4 * CONDUCTIVITY) * (2 * 60.0**2 * np.log(fine / WALL) - (fine**2 - WALL**2))
    curve = Curve("P9 Krogh-Erlang cylinder, fall in mmHg", "edge 60 um", r[0, middle][along][::4], PRESSURE - field[0, middle][along][::4], fine, wanted)
    return Result(tuple(rows), (curve,))
