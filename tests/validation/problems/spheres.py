"""V1, V3, V14: a secreting cell and a secreting ball in a medium with decay, as an eighth of the space."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import ball_share, far_walls, radial_profile, radius_from_corner, shell_ratio
from validation.problems.result import Curve, Result, Row

RATE, DIFFUSIVITY, RADIUS = 10.0, 10.0, 5.0
LENGTHS = (np.inf, 30.0, 100.0)


def cell_surface_source(grid, inside):
    """Share of a sphere's surface that each voxel touching it holds: faces of the staircase, weighted by their normals."""
    r = radius_from_corner(grid)
    share = np.zeros(grid.shape)
    for axis, coordinate in enumerate(grid.coordinates()):
        near, far = [slice(None)] * 3, [slice(None)] * 3
        near[axis], far[axis] = slice(None, -1), slice(1, None)
        boundary = inside[tuple(near)] & ~inside[tuple(far)]
        share[tuple(far)] += boundary * np.broadcast_to(coordinate / r, grid.shape)[tuple(far)]
    return share / share.sum()


@cache
def solve_cell(length):
    """An eighth of a secreting cell in a box that reaches 104 um: grid, distances, solution."""
    grid = tf.Grid((104, 104, 104), (1.0, 1.0, 1.0))
    r = radius_from_corner(grid)
    cell = r < RADIUS
    source = cell_surface_source(grid, cell) * RATE / 8 / exact.NANOMOLAR / grid.voxel_volume
    decay = 0.0 if np.isinf(length) else DIFFUSIVITY / length**2
    walls = far_walls(grid, lambda z, y, x: cell_field(np.sqrt(z**2 + y**2 + x**2), length))
    terms = [tf.Decay(), tf.Linear(production=source)]
    model = tf.Model(grid, [tf.Species("c", DIFFUSIVITY, decay)], terms, walls=walls, fixed=tf.FixedConcentration(cell, 0.0, sealed=True))
    return grid, r, tf.solve_steady(model, rtol=1e-8)


def cell_field(r, length):
    """The closed form of V1, nM."""
    return exact.secreting_sphere(r, rate=RATE, diffusivity=DIFFUSIVITY, radius=RADIUS, length=length)


def secreting_cell() -> Result:
    """V1: concentration at the surface (from the voxels that touch it), at 20 and at 50 um, pM."""
    rows, curves = [], []
    for length in LENGTHS:
        _, r, solution = solve_cell(length)
        field, outside = np.asarray(solution["c"]), r >= RADIUS
        for place in (5.0, 20.0, 50.0):
            centre = max(place, 5.6)
            ratio = shell_ratio(np.where(outside, field, np.nan)[outside], lambda d, length=length: cell_field(d, length), r[outside], centre, 0.6)
            value = 1e3 * cell_field(place, length)
            rows.append(Row("c_pM", f"length {length:g} um, r {place:g} um", value, ratio * value, 0.01))
        middle, mean = radial_profile(np.where(outside, field, 0)[outside], r[outside], np.linspace(5, 100, 40))
        fine = np.linspace(5, 100, 200)
        curves.append(Curve("V1 secreting cell, pM", f"length {length:g} um", middle, 1e3 * mean, fine, 1e3 * cell_field(fine, length)))
    return Result(tuple(rows), tuple(curves))


def crossing_share() -> Result:
    """V14: share of the cell's secretion that crosses the spheres of 20, 50 and 100 um, from what decays within them."""
    rows = []
    for length in LENGTHS[1:]:
        _, r, solution = solve_cell(length)
        field = np.asarray(solution["c"]) * (r >= RADIUS)
        for place in (20.0, 50.0, 100.0):
            lost = 8 * DIFFUSIVITY / length**2 * field[r < place].sum() * exact.NANOMOLAR
            share = exact.flux_share(place, radius=RADIUS, length=length)
            rows.append(Row("flux_fraction", f"length {length:g} um, r {place:g} um", share, 1 - lost / RATE, 0.01))
    return Result(tuple(rows))


BALLS = ((200.0, 100.0, 10.0), (100.0, 400.0, 5.0))


@cache
def solve_ball(radius, length, spacing):
    """An eighth of a ball that secretes uniformly: distances and c/(s/k)."""
    grid = tf.Grid((44,) * 3, 1.0)  # lengths in voxels: one compiled program for every spacing
    decay = 1e-3
    walls = far_walls(grid, lambda z, y, x: exact.secreting_ball(spacing * np.sqrt(z**2 + y**2 + x**2), radius=radius, length=length))
    terms = [tf.Decay(), tf.Linear(production=ball_share(grid, radius / spacing) * decay)]
    model = tf.Model(grid, [tf.Species("c", decay * (length / spacing) ** 2, decay)], terms, walls=walls)
    return spacing * radius_from_corner(grid), np.asarray(tf.solve_steady(model, rtol=1e-8)["c"])


def secreting_ball() -> Result:
    """V3: c/(s/k) at the centre, the edge and twice the radius."""
    rows, curves = [], []
    for radius, length, spacing in BALLS:
        r, field = solve_ball(radius, length, spacing)

        def form(d, radius=radius, length=length):
            return exact.secreting_ball(d, radius=radius, length=length)

        for place in (0.0, radius, 2 * radius):
            value = float(form(place))
            rows.append(
                Row("c_over_s_k", f"radius {radius:g}, length {length:g}, r {place:g} um", value, value * shell_ratio(field, form, r, place, spacing), 0.005)
            )
        fine = np.linspace(0, 2.1 * radius, 200)
        middle, mean = radial_profile(field, r, np.linspace(0, 2.1 * radius, 40))
        curves.append(Curve("V3 secreting ball, c/(s/k)", f"radius {radius:g}, length {length:g} um", middle, mean, fine, form(fine)))
    far, far_curve = _far_column()
    return Result((*rows, *far), (*curves, far_curve))


def _far_column():
    """The third case, radius 500 and length 40 um: c falls to 8.6e-7 at 1000 um, in a column along x with exact walls around it."""
    radius, length, decay = 500.0, 40.0, 1e-3
    grid = tf.Grid((6, 6, 320), (4.0, 4.0, 3.2))
    z, y, x = grid.coordinates()
    fine = (np.arange(4) + 0.5) / 4 - 0.5
    share = np.mean([np.sqrt(z**2 + y**2 + (x + 3.2 * a) ** 2) * np.ones(grid.shape) < radius for a in fine], axis=0)
    walls = far_walls(grid, lambda z, y, x: exact.secreting_ball(np.sqrt(z**2 + y**2 + x**2), radius=radius, length=length))
    model = tf.Model(grid, [tf.Species("c", decay * length**2, decay)], [tf.Decay(), tf.Linear(production=share * decay)], walls=walls)
    field = np.asarray(tf.solve_steady(model, rtol=1e-13)["c"])[0, 0]
    r = np.sqrt(2 * 2.0**2 + grid.centres(2) ** 2)
    wanted = exact.secreting_ball(r, radius=radius, length=length)
    rows = []
    for place in (0.0, radius, 2 * radius):
        value = float(exact.secreting_ball(place, radius=radius, length=length))
        found = value * float(np.exp(np.interp(place, r, np.log(field / wanted))))
        rows.append(Row("c_over_s_k", f"radius {radius:g}, length {length:g}, r {place:g} um", value, found, 0.005))
    return rows, Curve("V3 secreting ball, c/(s/k)", f"radius {radius:g}, length {length:g} um", r[::8], field[::8], r, wanted)
