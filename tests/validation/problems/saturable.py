"""V6, V7: loss by saturable uptake in a half space, and the niche around a point whose secretion is taken up at the greatest rate."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import corner_source, radial_profile, radius_from_corner
from validation.problems.result import Curve, Result, Row

SURFACE, DIFFUSIVITY, GREATEST = 10.0, 10.0, 1.0
LAWS = {"flux": 1.0, "flux_zero_order": 1e-3, "flux_linear": 1e4}  # half saturation: as tabulated, far below and far above the surface value


@cache
def half_space(half_saturation, greatest):
    """Half space of 60 um in voxels of 1/8 um below a surface held at 10 nM: grid and solution."""
    grid = tf.Grid((1, 1, 480), (1.0, 1.0, 0.125))
    uptake = tf.ReceptorUptake("c", exact.NANOMOLAR, 1.0, greatest, half_saturation)
    model = tf.Model(grid, [tf.Species("c", DIFFUSIVITY)], [uptake], walls=tf.Walls(x=(tf.FixedValue(SURFACE), tf.NoFlux())))
    return grid, tf.solve_steady(model, rtol=1e-9, initial=np.full(model.shape, SURFACE))


def saturable_half_space() -> Result:
    """V6: inflow with the uptake tabulated and at its two limits, and the depths where 5, 1 and 0.1 nM remain."""
    law = {"half_saturation": 1.0, "greatest": GREATEST, "diffusivity": DIFFUSIVITY}
    exactly = {
        "flux": exact.saturable_flux(SURFACE, **law),
        "flux_zero_order": np.sqrt(2 * DIFFUSIVITY * GREATEST * SURFACE),
        "flux_linear": np.sqrt(DIFFUSIVITY * GREATEST) * SURFACE,
    }
    rows = []
    for quantity, half_saturation in LAWS.items():
        greatest = GREATEST * max(1.0, half_saturation)  # the linear limit keeps greatest/half_saturation
        _, solution = half_space(half_saturation, greatest)
        inflow = -float(solution.budget.walls["lower x wall"][0]) / exact.NANOMOLAR
        rows.append(Row(quantity, f"half saturation {half_saturation:g} nM", float(exactly[quantity]), inflow, 0.005))
    grid, solution = half_space(1.0, GREATEST)
    x, field = grid.centres(2), np.asarray(solution["c"])[0, 0]
    for level in (5.0, 1.0, 0.1):
        found = float(np.exp(np.interp(-np.log(level), -np.log(field), np.log(x))))
        rows.append(Row("x_at_target_um", f"{level:g} nM", exact.saturable_depth(level, surface=SURFACE, **law), found, 0.01))
    levels = np.geomspace(9.9, 0.02, 60)
    depths = np.array([exact.saturable_depth(level, surface=SURFACE, **law) for level in levels])
    return Result(tuple(rows), (Curve("V6 saturable half space, nM", "surface 10 nM", x[:200:8], field[:200:8], depths, levels),))


# Secretion (1/s), greatest uptake (molecules/um3/s) and voxel size (um).
NICHES = ((10.0, 1e-3, 0.5), (10.0, 1e-4, 1.0), (100.0, 1e-4, 1.6))


@cache
def niche(rate, uptake, spacing):
    """An eighth of a point source in a medium whose uptake saturates far below every concentration inside the niche."""
    grid = tf.Grid((44,) * 3, 1.0)  # lengths in voxels: one compiled program for every spacing
    edge = exact.zero_order_radius(rate=rate, uptake=uptake)
    half_saturation = 1e-5 * uptake * edge**2 / DIFFUSIVITY / exact.NANOMOLAR
    terms = [tf.Linear(corner_source(grid, rate, spacing)), tf.ReceptorUptake("c", uptake, 1.0, 1.0, half_saturation)]
    model = tf.Model(grid, [tf.Species("c", DIFFUSIVITY / spacing**2)], terms)
    r = spacing * radius_from_corner(grid)
    # Diffusion without loss out to the edge: from zero, Newton steps would push the front out by about a voxel each.
    start = np.maximum(rate / (4 * np.pi * DIFFUSIVITY) * (1 / r - 1 / edge), 0) / exact.NANOMOLAR
    return r, tf.solve_steady(model, rtol=1e-8, initial=start[None], max_steps=100)


def niche_edge(r, field, edge):
    """Where the square root of the concentration, which falls linearly toward the edge of the niche, reaches zero."""
    near = (r > 0.8 * edge) & (r < 0.96 * edge)
    roots = np.roots(np.polyfit(r[near] / edge - 1, np.sqrt(field[near]), 2))
    return edge * (1 + float(roots[np.argmin(np.abs(roots))].real))


@cache
def zero_order_niche() -> Result:
    """V7: radius of the niche and concentration at 5 um."""
    rows, curves = [], []
    for rate, uptake, spacing in NICHES:
        r, solution = niche(rate, uptake, spacing)
        field = np.asarray(solution["c"])
        edge = exact.zero_order_radius(rate=rate, uptake=uptake)
        label = f"{rate:g}/s, uptake {uptake:g}/um3/s"
        rows.append(Row("R_um", label, float(edge), niche_edge(r, field, edge), 0.02))
        form = {"rate": rate, "uptake": uptake, "diffusivity": DIFFUSIVITY}
        near = np.abs(r - 5.0) < 1.2 * spacing
        value = 1e3 * float(exact.zero_order_niche(5.0, **form))
        rows.append(Row("c_pM", f"{label}, r 5 um", value, value * float((field[near] / exact.zero_order_niche(r[near], **form)).mean()), 0.02))
        middle, mean = radial_profile(field, r, np.linspace(2 * spacing, 1.1 * edge, 30))
        fine = np.linspace(2 * spacing, 1.1 * edge, 200)
        curves.append(Curve("V7 zero-order niche, pM", label, middle, 1e3 * mean, fine, 1e3 * exact.zero_order_niche(fine, **form)))
    return Result(tuple(rows), tuple(curves))
