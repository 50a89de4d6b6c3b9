"""V10, V10s: an antibody in excess against the ligand, uniform and around a point source, and a drug against the receptor."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from validation.problems.geometry import cone, source_in_cone
from validation.problems.result import Curve, Result, Row

DECAY, ON, OFF = 1.65e-4, 1e-3, 1e-4  # of the ligand, 1/s; 1/(nM s); 1/s
DOSES, CLEARANCES = (10.0, 100.0, 667.0), (0.0, 1e-6, 1.65e-4)
TINY = tf.Grid((1, 1, 2), 10.0)


def with_antibody(grid, dose, clearance, production, **more):
    """Free ligand and complexes with an antibody of the concentration `dose`, which the ligand does not change."""
    species = [tf.Species("free", 26.0, DECAY), tf.Species("complex", 10.0, clearance)]
    bound = [tf.Conversion("free", "complex", ON * dose, label="binding"), tf.Conversion("complex", "free", OFF, label="release")]
    return tf.Model(grid, species, [tf.Decay(), tf.Linear(production, species="free"), *bound], **more)


def uniform_blockade() -> Result:
    """V10: free and total ligand over the level without antibody; ligand and signal with a drug against the receptor."""
    rows, supply = [], 1e-5
    without = supply / DECAY
    for dose in DOSES:
        for clearance in CLEARANCES:
            solution = tf.solve_steady(with_antibody(TINY, dose, clearance, supply), rtol=1e-10)
            free, complexes = (float(np.mean(solution[name])) / without for name in ("free", "complex"))
            bound = ON * dose
            expected = DECAY * (clearance + OFF) / (DECAY * (clearance + OFF) + bound * clearance)
            where = f"antibody {dose:g} nM, clearance {clearance:g}/s"
            rows.append(Row("free_over_c0", where, expected, free, 1e-3))
            rows.append(Row("total_over_c0", where, expected * (1 + bound / (clearance + OFF)), free + complexes, 1e-3))
    return Result((*rows, *receptor_blockade()))


def exchange(dose, clearance):
    """The matrix M of lap c = M c for free ligand and complexes, 1/um2."""
    return np.array([[(DECAY + ON * dose) / 26.0, -OFF / 26.0], [-ON * dose / 10.0, (clearance + OFF) / 10.0]])


@cache
def blockade_around_a_point() -> Result:
    """V10s: free ligand and complexes around a point source, along a radial cone of six of the longer lengths."""
    dose, clearance, rate = 10.0, 1e-6, 1.0
    grid, area = cone(0.0, 12000.0, 12000)
    solution = tf.solve_steady(with_antibody(grid, dose, clearance, source_in_cone(grid, rate), volume_fraction=area), rtol=1e-9)
    r = grid.centres(2)
    fields = {name: 1e3 * np.asarray(solution[name])[0, 0] for name in ("free", "complex")}
    law = {"exchange": exchange(dose, clearance), "diffusivity": 26.0, "rate": rate}
    rows, curves = [], []
    for place in (20.0, 50.0, 200.0):
        for name, value in zip(fields, exact.two_yukawa(place, **law), strict=True):
            found = float(np.exp(np.interp(place, r, np.log(fields[name]))))
            rows.append(Row(f"{name}_pM", f"r {place:g} um", float(1e3 * value), found, 0.01))
    fine = np.geomspace(5, 3000, 100)
    shown = np.unique(np.searchsorted(r, np.geomspace(6, 3000, 40)))
    for name, line in zip(fields, exact.two_yukawa(fine, **law), strict=True):
        curves.append(Curve("V10s around a source with an antibody, pM", name, r[shown], fields[name][shown], fine, 1e3 * line))
    return Result(tuple(rows), tuple(curves))


# Uptake far from saturated, kappa, against all other loss k; the drug A over its K_d.
UPTAKE, OTHER_LOSS, DOSE = 1e-3, 1e-4, 100.0


def receptor_blockade() -> list[Row]:
    """Ligand and signal where a drug competes for the receptor, with and without another way out for the ligand."""
    rows = []
    for lost in (OTHER_LOSS, 0.0):
        found = [_blocked(lost, dose) for dose in (0.0, DOSE)]
        ratio, signal = found[1][0] / found[0][0], found[1][1] / found[0][1]
        expected = (UPTAKE + lost) / (UPTAKE / (1 + DOSE) + lost)
        where = f"other loss {lost / UPTAKE:g} of the uptake"
        rows += [Row("c_over_c0", where, expected, ratio, 1e-3), Row("signal", where, expected / (1 + DOSE), signal, 1e-3)]
    return rows


def _blocked(lost, dose):
    """Concentration of the ligand, and the response of receptors that are far from full."""
    block, half = tf.Blockade("drug", 1.0), 1.0
    uptake = tf.ReceptorUptake("ligand", 1e-4, UPTAKE * half * exact.NANOMOLAR / 1e-4, 1.0, half, blockade=block)
    species = [tf.Species("ligand", 40.0, lost), tf.Species("drug", 10.0, 1e-5)]
    model = tf.Model(TINY, species, [tf.Decay(), uptake, tf.Linear(1e-9, species="ligand"), tf.Linear(1e-5 * dose, species="drug")])
    solution = tf.solve_steady(model, rtol=1e-10)
    concentration = {name: solution[name] for name in ("ligand", "drug")}
    return float(np.mean(solution["ligand"])), float(np.mean(tf.Hill("ligand", half, blockade=block)(concentration)))
