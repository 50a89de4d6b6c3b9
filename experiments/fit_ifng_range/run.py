"""The range of interferon gamma from marker images, with gain, offset and spillover unknown; see README.md."""

import argparse
import json
import tomllib
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from figure import draw

import tmefield as tf
from tmefield import units
from tmefield.units import NANOMOLAR

SPACING, DEPTH = 6.0, 60.0  # um: voxels, and the depth of the box around the plane of the section
PRODUCERS, MARGIN = 1.2e-4, 30.0  # per um2 of the plane; um kept free along the edges
CELL_DISTANCE = 11.0  # um: least distance of the centres of cells
TRUTH = {"gain": 100.0, "offset": 4.0, "spillover": 0.1}
CONTACT, NOISE, LIMIT = 16.0, 0.2, 3.0  # um; standard deviation of the logarithm of an intensity; of detection, in intensities
RESPONDERS = 0.6  # share of the cells that have the receptor for the marker's response
FOLDER = Path(__file__).resolve().parent
KINDS = {"diffusivity": "diffusivity", "decay": "rate", "receptors": "count", "k_on": "on_rate", "k_off": "rate", "k_endo": "rate"}
KINDS |= {"secretion": "secretion", "cell_radius": "length", "EC50": "concentration"}


def parameters() -> dict[str, float]:
    """Those of the experiment ifng_range with its dense consumers, in internal units."""
    cases = tomllib.loads((FOLDER.parent / "ifng_range" / "parameters.toml").read_text(encoding="utf-8"))
    consumers = units.parse(cases["one_producer"]["dense"]["consumers"], "density")
    return {name: units.parse(text, KINDS[name]) for name, text in cases["parameters"].items()} | {"consumers": consumers}


def decay_length(p: dict[str, float], receptors: float) -> float:
    """Sqrt(D/(k + n R k_endo/K_M)), um: of low concentrations."""
    half = (p["k_off"] + p["k_endo"]) / p["k_on"]
    return float(np.sqrt(p["diffusivity"] / (p["decay"] + p["consumers"] * receptors * p["k_endo"] / (NANOMOLAR * half))))


def tissue(p: dict[str, float], side: float, seed: int) -> tuple[tf.Model, np.ndarray, np.ndarray]:
    """A box with producers in its middle plane; the places of the consumers seen in the section, and of the producers."""
    rng = np.random.default_rng(seed)
    grid = tf.Grid((round(DEPTH / SPACING) | 1, round(side / SPACING), round(side / SPACING)), SPACING)
    size = np.array(grid.extent)[::-1]
    producers = rng.uniform(MARGIN, size[:2] - MARGIN, (round(PRODUCERS * size[0] * size[1]), 2))
    density = np.zeros(grid.shape)
    for x, y in producers:
        density[grid.shape[0] // 2, int(y / SPACING), int(x / SPACING)] += 1 / grid.voxel_volume
    terms = [
        tf.Decay(),
        tf.Secretion("IFNg", density, p["secretion"]),
        tf.ReceptorUptake.from_binding("IFNg", p["consumers"], p["receptors"], p["k_on"], p["k_off"], p["k_endo"]),
    ]
    model = tf.Model(grid, [tf.Species("IFNg", p["diffusivity"], p["decay"], 34.0)], terms)
    return model, _cells(rng, size), producers


def _cells(rng: np.random.Generator, size: np.ndarray) -> np.ndarray:
    """Cells at random in the middle plane, no two too close."""
    kept: list[np.ndarray] = []
    for one in rng.uniform(0, size[:2], (round(6 * size[0] * size[1] / CELL_DISTANCE**2), 2)):
        if not kept or np.min(np.sum((np.array(kept) - one) ** 2, axis=1)) > CELL_DISTANCE**2:
            kept.append(one)
    return np.column_stack([kept, np.full(len(kept), size[2] / 2)])


def observe(p: dict[str, float], model: tf.Model, cells: np.ndarray, seed: int) -> tuple[tf.MarkerIntensity, tf.MarkerIntensity]:
    """A noisy image of the response: as it is, and as one reads it who does not know of spillover."""
    responds = np.random.default_rng(seed).uniform(size=len(cells)) < RESPONDERS
    noise, camera = tf.Lognormal(NOISE, limit=LIMIT), {"gain": "gain", "offset": "offset", "responds": responds, "name": "pSTAT1"}
    blank = tf.MarkerIntensity("IFNg", cells, np.full(len(cells), 2 * LIMIT), noise, p["EC50"], spillover="spillover", contact=CONTACT, **camera)
    exact = blank.predict(model, tf.solve_steady(model).concentration, {name: jnp.asarray(value) for name, value in TRUTH.items()})
    data = np.asarray(noise.sample(jax.random.key(seed), exact))
    whole = tf.MarkerIntensity("IFNg", cells, data, noise, p["EC50"], spillover="spillover", contact=CONTACT, **camera)
    return whole, tf.MarkerIntensity("IFNg", cells, data, noise, p["EC50"], **camera)


def free(p: dict[str, float], *without: str) -> list[tf.FreeParameter]:
    """Rates start three times off, those of the camera at plain guesses."""
    every = {
        "IFNg.uptake.receptors": tf.FreeParameter("IFNg.uptake.receptors", p["receptors"] / 3, unit="molecules/cell"),
        "IFNg.secretion.rate": tf.FreeParameter("IFNg.secretion.rate", 3 * p["secretion"], unit="molecules/cell/s"),
        "gain": tf.FreeParameter("gain", 50.0, unit="1"),
        "offset": tf.FreeParameter("offset", 2.0, unit="1"),
        "spillover": tf.FreeParameter("spillover", 0.3, transform="logit", unit="1"),
    }
    return [one for name, one in every.items() if name not in without]


def main() -> None:
    """Make the images, fit with and without spillover, write numbers, figure and fields."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="an image of 240 um in place of 480")
    parser.add_argument("--out", type=Path, default=Path("fit_ifng_range"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", UserWarning)  # what they say stands in the numbers
    p = parameters()
    model, cells, producers = tissue(p, 240.0 if chosen.quick else 480.0, seed=0)
    seen, dry = observe(p, model, cells, seed=1)
    full, ignored = tf.fit(model, free(p), [seen]), tf.fit(model, free(p, "spillover"), [dry])
    scale = tf.identifiability(tf.make_problem(model, [*free(p), *_transport(p)], [seen]), dict(full.values))
    numbers = {
        "cells": int(seen.data.size),
        "below_detection": float(np.mean(np.asarray(seen.data) <= LIMIT)),
        "true_length_um": decay_length(p, p["receptors"]),
        "fitted": _length(p, full),
        "spillover_ignored": _length(p, ignored),
        "parameters": {name: one.summary() for name, one in full.intervals.items()},
        "parameters_spillover_ignored": {name: one.summary() for name, one in ignored.intervals.items()},
        "chi2_per_freedom": {"fitted": full.chi2 / full.freedom, "spillover_ignored": ignored.chi2 / ignored.freedom},
        "with_transport_free": {"words": scale.words(), "suggestions": scale.suggestions()},
    }
    (chosen.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    tf.solve_steady(full.models()[None]).to_netcdf(chosen.out / "estimate.nc")
    draw(numbers, seen, producers, full, chosen.out / "fit_ifng_range.png")
    print(f"{numbers['cells']} cells, {100 * numbers['below_detection']:.0f} % below detection; true length {numbers['true_length_um']:.2f} um")
    for case in ("fitted", "spillover_ignored"):
        one, chi2 = numbers[case], numbers["chi2_per_freedom"][case]
        print(f"{case}: {one['length_um']:.2f} um ({one['low_um']:.1f} to {one['high_um']:.1f}), chi^2 {chi2:.2f} per degree of freedom")
    for said in scale.words():
        print(f"diffusivity and decay free as well: {said}")


def _transport(p: dict[str, float]) -> list[tf.FreeParameter]:
    return [tf.FreeParameter("IFNg.diffusivity", p["diffusivity"], unit="um2/s"), tf.FreeParameter("IFNg.decay", p["decay"], unit="1/s")]


def _length(p: dict[str, float], fit: tf.Fit) -> dict[str, float]:
    """The decay length of the fitted receptors, with its interval."""
    one = fit.intervals["IFNg.uptake.receptors"]
    assert one.low is not None and one.high is not None, one.status
    return {"length_um": decay_length(p, one.value), "low_um": decay_length(p, one.high), "high_um": decay_length(p, one.low)}


if __name__ == "__main__":
    main()
