"""V15, V15s, V16: latent ligand stored in the matrix, and ligand that binds to it."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import cone, corner_source, open_walls, radius_from_corner, source_in_cone
from validation.problems.result import Curve, Result, Row

SUPPLY, DEPOSITION, ACTIVATION, LATENT_LOSS, ACTIVE_LOSS = 1e-5, 1e-4, 1e-5, 5e-5, 1e-3


def latent_chain(grid, supply, dtype=None, activation=ACTIVATION, volume_fraction=1.0):
    """Latent L diffuses and is deposited, the store M stands still, both become active A; without activation the store loses as much."""
    species = [tf.Species("L", 10.0, LATENT_LOSS), tf.Species("M", immobile=True), tf.Species("A", 26.0, ACTIVE_LOSS)]
    chain = [tf.Conversion("L", "M", DEPOSITION), *(tf.Conversion(one, "A", activation, label="activation") for one in ("L", "M"))]
    return tf.Model(grid, species, [tf.Decay(), tf.Linear(supply, species="L"), *chain], dtype=dtype, volume_fraction=volume_fraction)


def activated(solution):
    """The flux of activation out of the budget, per volume of tissue, nM/s."""
    grid = solution.model.grid
    return float(solution.budget.made["activation"][2]) / (exact.NANOMOLAR * grid.voxel_volume * grid.size)


def latent_store(dtype=None) -> Result:
    """V15: the uniform steady state, and the flux of activation out of the budget."""
    solution = tf.solve_steady(latent_chain(tf.Grid((2, 3, 4), 10.0), SUPPLY, dtype), rtol=1e-9 if dtype is None else 1e-6)
    found = [float(np.mean(solution[name])) for name in ("L", "M", "A")] + [activated(solution)]
    expected = {"L_nM": 0.0625, "M_nM": 0.625, "A_nM": 0.006875, "active_flux_nM_s": 6.875e-6}
    rows = [Row(name, "uniform", value, one, 1e-3) for (name, value), one in zip(expected.items(), found, strict=True)]
    spread = max(float(np.ptp(np.asarray(solution[name]))) / float(np.mean(solution[name])) for name in ("L", "M", "A"))
    return Result((*rows, Row("uniformity", "uniform", 1.0, 1.0 + spread, 1e-3)))


@cache
def latent_point() -> Result:
    """V15s: latent and active ligand around a point that secretes one latent molecule a second, along a radial cone."""
    grid, area = cone(0.0, 3000.0, 3000)
    solution = tf.solve_steady(latent_chain(grid, source_in_cone(grid, 1.0), volume_fraction=area), rtol=1e-9)
    r = grid.centres(2)
    fields = {name: 1e3 * np.asarray(solution[name])[0, 0] for name in ("L", "A")}
    loss = DEPOSITION + ACTIVATION + LATENT_LOSS
    rates = {"exchange": [[loss / 10.0, 0.0], [-(DEPOSITION + ACTIVATION) / 26.0, ACTIVE_LOSS / 26.0]], "diffusivity": 10.0, "rate": 1.0}
    rows, curves = [], []
    for place in (20.0, 50.0, 200.0):
        latent, active = exact.two_yukawa(place, **rates)
        found = {name: float(np.exp(np.interp(place, r, np.log(field)))) for name, field in fields.items()}
        rows += [Row(f"{name}_pM", f"r {place:g} um", float(1e3 * one), found[name], 0.01) for name, one in (("L", latent), ("A", active))]
        share = found["A"] / (found["L"] + found["A"])
        rows.append(Row("active_share_of_soluble", f"r {place:g} um", float(active / (latent + active)), share, 0.01))
    fine = np.geomspace(5, 600, 100)
    shown = (r > 5) & (r < 600)
    for name, line in zip(("L", "A"), exact.two_yukawa(fine, **rates), strict=True):
        curves.append(Curve("V15s around a latent source, pM", name, r[shown][::20], fields[name][shown][::20], fine, 1e3 * line))
    return Result(tuple(rows), tuple(curves))


RATE, DIFFUSIVITY, DECAY, PLACE, RETARDATIONS, MOMENTS = 10.0, 10.0, 1e-3, 50.0, (1.0, 5.0), (300.0, 1500.0, 7500.0)


@cache
def bound_onset(spacing=6.0, cells=40):
    """An eighth of a point source switched on at t = 0, one species for each retardation; the last entry of the fields is the steady one."""
    grid = tf.Grid((cells,) * 3, 1.0)
    diffusivity = DIFFUSIVITY / spacing**2
    walls = open_walls(grid, diffusivity * spacing, np.sqrt(DECAY / DIFFUSIVITY), spacing)
    species = [tf.Species(f"r{r:g}", diffusivity, DECAY, retardation=r) for r in RETARDATIONS]
    model = tf.Model(grid, species, [tf.Decay(), tf.Linear(corner_source(grid, RATE, spacing))], walls=walls)
    trajectory = tf.evolve(model, 0.0, (0.0, *MOMENTS), method="tr-bdf2", fixed_steps=10, rtol=1e-5)
    steady = tf.solve_steady(model, rtol=1e-8)
    return spacing * radius_from_corner(grid), [(np.asarray(trajectory[one.name])[1:], np.asarray(steady[one.name])) for one in species]


def matrix_binding() -> Result:
    """V16: share of the steady field reached at 50 um, with and without binding."""
    r, fields = bound_onset()
    near = np.abs(r - PLACE) < 6.0
    medium = {"rate": RATE, "diffusivity": DIFFUSIVITY, "decay": DECAY}
    rows, curves = [], []
    for retardation, (series, steady) in zip(RETARDATIONS, fields, strict=True):
        shares = []
        for time, field in zip(MOMENTS, series, strict=True):

            def form(d, time=time, retardation=retardation):
                return exact.transient_point_source(d, time / retardation, **medium) / exact.point_source(d, **medium)

            value = float(form(PLACE))
            shares.append(value * float((field[near] / steady[near] / form(r[near])).mean()))
            rows.append(Row("fraction_of_steady", f"retardation {retardation:g}, {time:g} s", value, shares[-1], 0.01))
        fine = np.geomspace(100, 1e4, 100)
        line = exact.transient_point_source(PLACE, fine / retardation, **medium) / exact.point_source(PLACE, **medium)
        curves.append(Curve("V16 share of steady at 50 um against s", f"retardation {retardation:g}", np.array(MOMENTS), np.array(shares), fine, line))
    return Result(tuple(rows), tuple(curves))
