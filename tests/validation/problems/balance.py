"""P5: interleukin 2 made by a few cells and taken up by the others, well mixed (one voxel). P14: TGF-beta made by Treg and M2 above a baseline."""

from functools import cache

import numpy as np

import exact
import tmefield as tf
from tmefield import units
from tmefield.library import species
from validation.problems.result import Result, Row

ON, OFF, INTERNALISATION, DECAY = 111.6 / 3600, 0.83 / 3600, 4.6e-4, 0.1 / 3600  # 1/(nM s), 1/s, 1/s, 1/s
RATE, PITCH, RADIUS, SECRETING_RECEPTORS = 10.0, 20.0, 5.0, 100.0
FLUID = 1 - 4 / 3 * np.pi * RADIUS**3 / PITCH**3
CONSTANTS = {"KD": OFF / ON, "KM": (OFF + INTERNALISATION) / ON}
SHARES, RECEPTORS = (0.02, 0.05, 0.1), (1000.0, 1500.0, 4000.0)


def expected(share, receptors, constant):
    """The balance per cell solved for c, nM."""
    mean = (1 - share) * receptors + share * SECRETING_RECEPTORS
    lost = DECAY * FLUID * PITCH**3 * exact.NANOMOLAR
    return exact.well_mixed(made=RATE * share, greatest=INTERNALISATION * mean, half_saturation=CONSTANTS[constant], lost=lost)


def solve(share, receptors, constant):
    """The same by `solve_steady` on one voxel of tissue, nM."""
    density = 1 / PITCH**3
    terms = [
        tf.Decay(),
        tf.Secretion("il2", share * density, RATE),
        tf.ReceptorUptake("il2", (1 - share) * density, receptors, INTERNALISATION, CONSTANTS[constant]),
        tf.ReceptorUptake("il2", share * density, SECRETING_RECEPTORS, INTERNALISATION, CONSTANTS[constant]),
    ]
    model = tf.Model(tf.Grid((1, 1, 1), PITCH), [tf.Species("il2", 10.0, DECAY)], terms, volume_fraction=FLUID)
    return float(tf.solve_steady(model, rtol=1e-9)["il2"][0, 0, 0])


@cache
def well_mixed() -> Result:
    """P5: concentration for every share of secreting cells, number of receptors and binding constant, pM."""
    rows = []
    for constant in CONSTANTS:
        for receptors in RECEPTORS:
            for share in SHARES:
                label = f"{constant}, R {receptors:g}, share {share:g}"
                rows.append(Row("c_pM", label, 1e3 * float(expected(share, receptors, constant)), 1e3 * solve(share, receptors, constant), 0.001))
    return Result(tuple(rows))


# Cells per mL.
MAKERS = ({"Treg": 1e6, "M2": 1e7}, {"Treg": 0.0, "M2": 0.0})


def solve_with_baseline(densities, box=(3, 4, 5)):
    """dT/dt = sum of rate x cells - decay (T - baseline) in a box without flux through its walls, values of the library; nM [z, y, x]."""
    record = species("TGFb")
    decay, diffusivity = record.parameters["decay"].internal, record.parameters["diffusivity"].internal
    terms: list[tf.AbstractTerm] = [tf.Decay(), tf.Secretion("TGFb", 1.0, decay * baseline() * units.NANOMOLAR, source="baseline")]
    for cell, density in densities.items():
        entry = record.secretion[cell]
        terms.append(tf.Secretion("TGFb", density * 1e-12, entry.rate.internal, entry.active_fraction.internal, source=cell))
    model = tf.Model(tf.Grid(box, 20.0), [tf.Species("TGFb", diffusivity, decay)], terms)
    return np.asarray(tf.solve_steady(model, rtol=1e-9)["TGFb"])


def baseline():
    """The baseline of the tumour in the published models, nM."""
    (found,) = (one for one in species("TGFb").parameters["plasma_concentration"].alternatives if "baseline" in one.note)
    return units.parse(f"{found.value} {found.unit}", "concentration")


@cache
def tgfb_of_the_models() -> Result:
    """P14: TGF-beta of Treg and M2 above its baseline, pM; the voxel that is farthest off."""
    rows = []
    for densities in MAKERS:
        made = densities["Treg"] * 1.2e-10 + densities["M2"] * 2e-11  # nmol/mL/day, rates as published
        expected = 1e3 * exact.baseline_and_makers(baseline=0.016, made=1e3 * made, decay=14.3)
        found = 1e3 * solve_with_baseline(densities)
        farthest = float(found.flat[np.abs(found - expected).argmax()])
        rows.append(Row("TGFb_pM", f"Treg {densities['Treg']:g}, M2 {densities['M2']:g} per mL", expected, farthest, 0.001))
    return Result(tuple(rows))
