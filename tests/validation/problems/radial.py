"""P4, P8: saturable uptake around a cell and in a spheroid, as radial cones: columns whose volume fraction is the area of a sphere."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import cone
from validation.problems.result import Curve, Result, Row

# Oyler-Yaniv 2017: secretion J and length xi in cell radii, surface value u(1), niche radius (u = 1), both as published in units of EC50 and cell radii.
NICHES = (
    (1.0, 5.0, 0.84765909196, None),
    (10.0, 5.0, 8.8740178883, 4.9500632475),
    (100.0, 5.0, 93.423046196, 16.390469247),
    (1000.0, 5.0, 966.34085733, 40.669188435),
    (10.0, 20.0, 9.637730313, 7.4237249524),
    (100.0, 20.0, 97.658826922, 33.607908413),
)
REACH, CELLS = 161.0, 3200


@cache
def niches(sharp):
    """u'' + 2u'/x = u/(K + u)/xi^2, u'(1) = -J, for all rows at once, one species each; K = 1, or so small that the niche has an edge."""
    grid, area = cone(1.0, REACH, CELLS)
    x, h = grid.centres(2), grid.spacing[2]
    names = [f"n{i}" for i in range(len(NICHES))]
    production = np.zeros((len(names), *grid.shape))
    terms, start = [], []
    for i, (name, (flux, length, _, _)) in enumerate(zip(names, NICHES, strict=True)):
        production[i, 0, 0, 0] = flux / REACH**2 / h
        half_saturation = 1e-5 * (1 + 3 * flux * length**2) ** (2 / 3) / length**2 if sharp else 1.0
        terms.append(tf.ReceptorUptake(name, area * exact.NANOMOLAR / length**2, 1.0, 1.0, half_saturation))
        start.append(_start(x, flux, length))
    model = tf.Model(grid, [tf.Species(name, 1.0) for name in names], [*terms, tf.Linear(production)], volume_fraction=area)
    solution = tf.solve_steady(model, rtol=1e-9, initial=np.stack(start)[:, None, None], max_steps=200)
    return x, [np.asarray(solution[name])[0, 0] for name in names], solution


def _start(x, flux, length):
    """Diffusion without loss out to the radius that zero-order uptake would give."""
    edge = (1 + 3 * flux * length**2) ** (1 / 3)
    return np.maximum(flux * (1 / x - 1 / edge), 0)


def saturable_niche() -> Result:
    """P4: surface concentration, radius where u = 1, and the edge that remains of the niche where uptake saturates at once."""
    x, fields, _ = niches(False)
    _, sharp, _ = niches(True)
    rows, curves = [], []
    for (flux, length, surface, radius), u, edged in zip(NICHES, fields, sharp, strict=True):
        label = f"J {flux:g}, xi {length:g}"
        at_one = u[0] + (u[0] - u[1]) / (1 / x[0] - 1 / x[1]) * (1 - 1 / x[0])  # linear in 1/x up to the surface
        rows.append(Row("u1", label, surface, float(at_one), 0.01))
        if radius is not None:
            rows.append(Row("x_u1", label, radius, float(np.interp(0, -np.log(u), x)), 0.01))
        edge = (1 + 3 * flux * length**2) ** (1 / 3)
        near = (x > 0.85 * edge) & (x < 0.96 * edge)
        roots = np.roots(np.polyfit(x[near] / edge - 1, np.sqrt(edged[near]), 2))
        rows.append(Row("R_sharp", label, float(edge), edge * (1 + float(roots[np.argmin(np.abs(roots))].real)), 0.01))
        exactly = [(1.0, surface)] + ([] if radius is None else [(radius, 1.0)])
        shown = (x < 60) & (u > 1e-3)
        curves.append(Curve("P4 saturable niche, u; lines: field, points: published", label, *np.array(exactly).T, x[shown][::4], u[shown][::4]))
    return Result(tuple(rows), tuple(curves))


# Grimes 2014: um2/s, mmHg, mmHg/s
SPHEROIDS, OXYGEN, SUPPLY, CONSUMPTION = (250.0, 300.0, 400.0, 500.0), 2000.0, 100.0, 7.29e-7 * 3.0318e7


@cache
def spheroids():
    """Oxygen in the four spheroids, one species each, in units of their radius; consumption saturates at 1e-5 of the supply."""
    grid, area = cone(0.0, 1.0, 1000)
    names = [f"s{radius:g}" for radius in SPHEROIDS]
    species = [tf.Species(name, OXYGEN / radius**2) for name, radius in zip(names, SPHEROIDS, strict=True)]
    terms = [tf.ReceptorUptake(name, area * exact.NANOMOLAR * CONSUMPTION, 1.0, 1.0, 1e-5 * SUPPLY) for name in names]
    model = tf.Model(grid, species, terms, walls=tf.Walls(x=(tf.NoFlux(), tf.FixedValue(SUPPLY))), volume_fraction=area)
    solution = tf.solve_steady(model, rtol=1e-9, initial=np.full(model.shape, SUPPLY), max_steps=200)
    return grid.centres(2), [np.asarray(solution[name])[0, 0] for name in names], solution


def spheroid_anoxia() -> Result:
    """P8: radius of the anoxic core and width of the viable rim; the limits where a core begins, for a sphere and a plane."""
    x, fields, _ = spheroids()
    law = {"diffusivity": OXYGEN, "supply": SUPPLY, "consumption": CONSUMPTION}
    rows, curves, cores = [], [], []
    for radius, field in zip(SPHEROIDS, fields, strict=True):
        core = exact.anoxic_radius(radius, **law)
        first = int(np.argmax(field > 4e-3 * SUPPLY))
        used = slice(first, first + max(20, int(0.1 * (1 - core / radius) * x.size)))
        edge = radius * float(np.interp(0, np.polyval(np.polyfit(x[used], np.sqrt(field[used]), 2), x), x))
        cores.append(edge)
        rows += [Row("r_n_um", f"radius {radius:g} um", core, edge, 0.01), Row("viable_rim_um", f"radius {radius:g} um", radius - core, radius - edge, 0.01)]
        curves.append(Curve("P8 oxygen in spheroids, mmHg", f"radius {radius:g} um", radius * x[::25], field[::25], *_profile(radius, core)))
    # The equation of the core solved for the limit: r_l^2 = r0^2 - 3 rn^2 + 2 rn^3/r0, from the core found at 300 um.
    radius, core = 300.0, cores[1]
    limit = np.sqrt(radius**2 - 3 * core**2 + 2 * core**3 / radius)
    exactly = np.sqrt(6 * OXYGEN * SUPPLY / CONSUMPTION)
    rows += [Row("r_l_um", "sphere", exactly, limit, 0.01), Row("planar_limit_um", "plane", exactly / np.sqrt(3), limit / np.sqrt(3), 0.01)]
    return Result(tuple(rows), tuple(curves))


def _profile(radius, core):
    r = np.linspace(core, radius, 200)
    return r, SUPPLY + CONSUMPTION / (6 * OXYGEN) * (r**2 - radius**2 + 2 * core**3 * (1 / r - 1 / radius))
