"""V2, P1: the onset around a source, in an eighth of the space and along a radial cone."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import cone, corner_source, open_walls, radius_from_corner
from validation.problems.result import Curve, Result, Row

RATE, DIFFUSIVITY, PLACE = 10.0, 10.0, 50.0
TIMES = {8.59e-3: (60.0, 300.0, 600.0), 1e-4: (60.0, 300.0, 600.0, 1800.0, 3600.0)}
MARCH = (0.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)


@cache
def point_onset(decay, spacing, cells=48, steps=8):
    """An eighth of a point source switched on at t = 0 in an empty box whose far walls let the steady field pass."""
    grid = tf.Grid((cells,) * 3, 1.0)  # lengths in voxels: one compiled program for every spacing
    diffusivity = DIFFUSIVITY / spacing**2
    walls = open_walls(grid, diffusivity * spacing, np.sqrt(decay / DIFFUSIVITY), spacing)
    terms = [tf.Decay(), tf.Linear(corner_source(grid, RATE, spacing))]
    model = tf.Model(grid, [tf.Species("c", diffusivity, decay)], terms, walls=walls)
    return spacing * radius_from_corner(grid), np.asarray(tf.evolve(model, 0.0, MARCH, method="tr-bdf2", fixed_steps=steps, rtol=1e-5)["c"])


def transient_point_source() -> Result:
    """V2: concentration at 50 um, and as a share of the steady one."""
    rows, curves = [], []
    for decay, times in TIMES.items():
        medium = {"rate": RATE, "diffusivity": DIFFUSIVITY, "decay": decay}
        steady = float(exact.point_source(PLACE, **medium))
        found = []
        for time in times:
            spacing = 4.0 if time < 1000 else 9.0  # the far walls let the steady field pass: they have to lie beyond the spreading one
            r, fields = point_onset(decay, spacing)
            near = np.abs(r - PLACE) < spacing
            value = float(exact.transient_point_source(PLACE, time, **medium))
            ratio = float((fields[MARCH.index(time)][near] / exact.transient_point_source(r[near], time, **medium)).mean())
            found.append(1e3 * ratio * value)
            label = f"decay {decay:g}/s, {time:g} s"
            rows += [Row("fraction_of_steady", label, value / steady, ratio * value / steady, 0.01), Row("c_pM", label, 1e3 * value, 1e3 * ratio * value, 0.01)]
        fine = np.geomspace(20, 4000, 100)
        curve = 1e3 * exact.transient_point_source(PLACE, fine, **medium)
        curves.append(Curve("V2 onset at 50 um, pM against s", f"decay {decay:g}/s", np.array(times), np.array(found), fine, curve))
    return Result(tuple(rows), tuple(curves))


RADIUS, FAR, MOMENTS = 5.0, 250.0, (600.0, 1800.0, 7200.0, 86400.0)


@cache
def sphere_onset(diffusivities=(100.0, 10.0)):
    """A cell of 5 um that secretes at a constant rate from t = 0, along r out to 12 mm, one species per diffusivity."""
    grid, area = cone(RADIUS, 12005.0, 4800)
    names = [f"d{d:g}" for d in diffusivities]
    production = np.zeros((len(names), *grid.shape))
    production[:, 0, 0, 0] = RATE / (4 * np.pi * grid.upper[2] ** 2) / grid.spacing[2] / exact.NANOMOLAR
    model = tf.Model(grid, [tf.Species(n, d) for n, d in zip(names, diffusivities, strict=True)], [tf.Linear(production)], volume_fraction=area)
    trajectory = tf.evolve(model, 0.0, (0.0, 60.0, *MOMENTS), method="tr-bdf2", fixed_steps=12, rtol=1e-6)
    return grid.centres(2), {d: np.asarray(trajectory[n])[2:, 0, 0] for n, d in zip(names, diffusivities, strict=True)}


@cache
def onset_around_cell() -> Result:
    """P1: share of the steady concentration reached at 250 um."""
    r, fields = sphere_onset()
    rows, curves = [], []
    for diffusivity, series in fields.items():
        steady = exact.secreting_sphere(r, rate=RATE, diffusivity=diffusivity, radius=RADIUS, length=np.inf)
        shares = [float(np.interp(FAR, r, field / steady)) for field in series]
        form = {"diffusivity": diffusivity, "radius": RADIUS}
        for time, share in zip(MOMENTS, shares, strict=True):
            rows.append(Row("c_over_c_ss", f"D {diffusivity:g} um2/s, {time:g} s", float(exact.onset_around_sphere(FAR, time, **form)), share, 0.02))
        fine = np.geomspace(100, 1e5, 100)
        curve = exact.onset_around_sphere(FAR, fine, **form)
        curves.append(Curve("P1 share of steady at 250 um against s", f"D {diffusivity:g} um2/s", np.array(MOMENTS), np.array(shares), fine, curve))
    return Result(tuple(rows), tuple(curves))
