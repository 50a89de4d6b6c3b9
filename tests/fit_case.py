"""A small configuration with a fit: secreting cells among others, and data of known numbers."""

from pathlib import Path

import numpy as np

BASE = """
title = "A small fit"
[grid]
spacing = "20 um"
size = ["120 um", "120 um", "120 um"]
[cells]
scatter = { densities = { CD8_T = "3e4 cells/mm3", tumour = "2e5 cells/mm3" }, seed = 3 }
[solver]
precision = "float64"
rtol = 1e-9
[[species]]
id = "IFNg"
"""
FREE = """
[[fit.free]]
name = "IFNg.secretion_by_CD8_T.rate"
start = "1 molecule/cell/s"
[[fit.free]]
name = "IFNg.uptake_by_tumour.receptors"
prior = "library"
"""
POINTS = """
[[fit.data]]
kind = "points"
species = "IFNg"
file = "points.csv"
unit = "pM"
columns = { x = "x", y = "y", z = "z", value = "pM" }
length_unit = "um"
noise = { kind = "lognormal", sigma = 0.05 }
"""
TRUTH = {"IFNg.secretion_by_CD8_T.rate": 9.0, "IFNg.uptake_by_tumour.receptors": 6000.0}
_random = np.random.default_rng(5)
PLACES = _random.uniform(5.0, 115.0, (40, 3))


def prepared(text: str, folder: Path):
    """Inputs and model of a configuration."""
    from tmefield.config.build import build_model
    from tmefield.config.load import parse_config
    from tmefield.config.prepare import prepare

    inputs = prepare(parse_config(text, folder=folder, source="case.toml"))
    return inputs, build_model(inputs)


def write_points(folder: Path) -> None:
    """points.csv: concentrations at `PLACES` of the model with its true numbers."""
    import tmefield as tf

    _, model = prepared(BASE, folder)
    true = tf.with_leaves(model, TRUTH)
    field = tf.solve_steady(true, rtol=1e-10).concentration
    exact = np.asarray(tf.PointSamples("IFNg", PLACES, np.ones(len(PLACES)), tf.Lognormal(0.1)).predict(true, field, {}))
    rows = [",".join(f"{one:.8g}" for one in (*place, 1e3 * value)) for place, value in zip(PLACES, exact, strict=True)]
    (folder / "points.csv").write_text("\n".join(["x,y,z,pM", *rows]) + "\n", encoding="utf-8")
