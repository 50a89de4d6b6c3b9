"""What the pSTAT3 of a real stained section says about who secretes interleukin 6, and whether it says anything; see README.md."""

import argparse
import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from figure import draw
from scipy.spatial import KDTree
from section import FIBROBLASTS, MACROPHAGES, SHARED, SIDE, Table, model, rate, read, value

import tmefield as tf
from tmefield.fitting.descent import descend
from tmefield.library.prior import Prior

MARKER, SIGMA = "PSTAT3", 0.5  # standard deviation of ln intensity about a prediction; intervals are scaled to what it turns out to be
RATIO, RECEPTORS = "IL6.secretion_by_CAF.rate", "IL6.uptake.receptors"
OTHERS = ("CD21", "CD57", "CD15", "CD20", "PERK", "HLADR")  # markers that no interleukin 6 drives in macrophages; PERK and HLADR it may
WITHIN_95 = 1.96
NEAR = 30.0  # um, for the correlation of neighbours


def observation(table: Table, cells: np.ndarray, marker: str, image: str | None = None) -> tf.MarkerIntensity:
    """The marker of these cells; one sigma each, so that a block can count several times or not at all."""
    data = table.marker(marker)[cells]
    noise = tf.Lognormal(np.full(len(data), SIGMA))
    return tf.MarkerIntensity("IL6", table.positions[cells], data, noise, value("EC50"), gain="gain", offset="offset", image=image, name=image)


def free(level: float) -> list[tf.FreeParameter]:
    """Secretion by fibroblasts (that of tumour cells is held, so this is their ratio), receptors (the range), gain and offset; `level` is a usual intensity.

    Priors are wide (ASSUMED): the library's ratio within a factor of a hundred at 95 %, its receptors and an offset of a third of the level within ten.
    """
    ratio, ten = math.log(100) / WITHIN_95, math.log(10) / WITHIN_95
    return [
        tf.FreeParameter(RATIO, rate("CAF"), prior=Prior("lognormal", rate("CAF"), ratio), unit="molecules/cell/s"),
        tf.FreeParameter(RECEPTORS, 3000.0, prior=Prior("lognormal", 3000.0, ten), unit="molecules/cell"),
        tf.FreeParameter("gain", 1e4 * level, unit="1"),
        tf.FreeParameter("offset", level / 3, prior=Prior("lognormal", level / 3, ten), unit="1"),
    ]


def resampled(fit: tf.Fit, blocks: np.ndarray, members: int) -> np.ndarray:
    """The ratio in fits to blocks drawn with replacement [members]: cells of one block are alike, so blocks and not cells are what there are several of."""
    random, names = np.random.default_rng(0), np.unique(blocks)
    found = []
    for _ in range(members):
        times = np.bincount(random.choice(len(names), len(names)), minlength=len(names))[np.searchsorted(names, blocks)]
        sigma = SIGMA / np.sqrt(np.maximum(times, 1))
        problem = eqx.tree_at(lambda one: one.observations[0].noise.sigma, fit.problem, jnp.asarray(sigma))
        point = descend(replace(problem, counted=jnp.asarray(times > 0)), fit.problem.parameters.start())
        found.append(float(fit.problem.parameters.values(point.z)[RATIO]) / rate("tumour"))
    return np.array(found)


def neighbours(residuals: np.ndarray, positions: np.ndarray) -> float:
    """Mean product of the standardised residuals of two cells less than `NEAR` apart."""
    pairs = KDTree(positions[:, :2]).query_pairs(NEAR, output_type="ndarray")
    standard = (residuals - residuals.mean()) / residuals.std()
    return float((standard[pairs[:, 0]] * standard[pairs[:, 1]]).mean())


def held_out(table: Table, sensors: np.ndarray, spacing: float, permutations: int, others: tuple[str, ...]) -> dict:
    """Blocks left out one by one: scores beside the three nulls, and the share of the squared error of one level for all that the model saves, by marker."""
    names = {f"block {k}": sensors & (table.blocks == k) for k in range(SIDE**2)}
    names = {name: cells for name, cells in names.items() if cells.any()}
    whole = model(table, spacing)
    distance = KDTree(table.positions[table.are(FIBROBLASTS)]).query(table.positions)[0]

    def permuted(random: np.random.Generator) -> dict[str, tf.Model]:
        kinds, rest = table.phenotypes.copy(), np.flatnonzero(~sensors)
        kinds[rest] = kinds[random.permutation(rest)]
        return dict.fromkeys(names, model(table, spacing, kinds))

    def seen(marker: str) -> list[tf.MarkerIntensity]:
        return [observation(table, cells, marker, name) for name, cells in names.items()]

    def level(marker: str) -> float:
        return float(np.median(table.marker(marker)[sensors]))

    models = dict.fromkeys(names, whole)
    distances = {name: distance[cells] for name, cells in names.items()}
    own = tf.cross_validate(models, free(level(MARKER)), seen(MARKER), distances=distances, permuted=permuted, permutations=permutations)
    nulls = {null: dict(zip(("difference", "error"), own.difference(null), strict=True)) | {"better": own.better_than(null)} for null in list(own.scores)[1:]}
    saved = {MARKER: 1 - own.score() / own.score("well-mixed")}
    for marker in others:
        other = tf.cross_validate(models, free(level(marker)), seen(marker))
        saved[marker] = 1 - other.score() / other.score("well-mixed")
    return {"score": own.score(), "nulls": nulls, "sentences": own.sentences(), "saved": saved, "converged": list(own.converged)}


def main() -> None:
    """Read, fit, resample, leave out; write numbers, figure and field."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED, help="the table of the section (.h5ad)")
    parser.add_argument("--quick", action="store_true", help="voxels of 20 um in place of 10, fewer draws, no other markers")
    parser.add_argument("--out", type=Path, default=Path("fit_section"))
    chosen = parser.parse_args()
    table = read(chosen.data)
    chosen.out.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore", UserWarning)  # what they say stands in the numbers
    spacing = 20.0 if chosen.quick else 10.0
    sensors = table.are(MACROPHAGES)
    seen = observation(table, sensors, MARKER)
    level = float(np.median(np.asarray(seen.data)))
    fit = tf.fit(model(table, spacing), free(level), [seen], rescale=True)
    ratio, unit = fit.intervals[RATIO], rate("tumour")
    draws = resampled(fit, table.blocks[sensors], 10 if chosen.quick else 200)
    logs, residuals = np.log(np.asarray(seen.data)), fit.residuals[seen.name]
    everything = [
        *free(level),
        tf.FreeParameter("IL6.secretion_by_tumour.rate", unit, unit="molecules/cell/s"),
        tf.FreeParameter("IL6.diffusivity", value("diffusivity"), unit="um2/s"),
        tf.FreeParameter("IL6.decay", value("decay"), unit="1/s"),
    ]
    start = dict(fit.values) | {one.name: float(one.start) for one in everything[4:]}
    unknown = tf.identifiability(tf.make_problem(model(table, spacing), everything, [seen]), start)
    low, high = np.percentile(draws, [2.5, 97.5])
    numbers = {
        "cells": len(table.phenotypes),
        "sensors": int(sensors.sum()),
        "ratio": {
            "value": ratio.value / unit,
            "low": None if ratio.low is None else ratio.low / unit,
            "high": None if ratio.high is None else ratio.high / unit,
            "status": ratio.status,
            "library": rate("CAF") / unit,
        },
        "ratio_by_blocks": {"low": float(low), "median": float(np.median(draws)), "high": float(high), "draws": len(draws)},
        "parameters": {name: one.summary() for name, one in fit.intervals.items()},
        "explained": float(1 - (SIGMA * residuals).var() / logs.var()),
        "neighbours": {"data": neighbours(logs, table.positions[sensors]), "residuals": neighbours(residuals, table.positions[sensors])},
        "said": list(fit.warnings),
        "cannot_tell": {"undetermined": list(unknown.undetermined_parameters()), "words": unknown.words(), "suggestions": unknown.suggestions()},
        "held_out": held_out(table, sensors, spacing, 1 if chosen.quick else 5, () if chosen.quick else OTHERS),
    }
    (chosen.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    tf.solve_steady(fit.models()[None]).to_netcdf(chosen.out / "estimate.nc")
    draw(numbers, table, sensors, fit, draws, chosen.out / "fit_section.png")
    report(numbers)


def report(numbers: dict) -> None:
    """What it comes to, in lines."""
    ratio, blocks, out = numbers["ratio"], numbers["ratio_by_blocks"], numbers["held_out"]
    own = ratio["status"] if ratio["low"] is None else f"{ratio['low']:.3g} to {ratio['high']:.3g}"
    print(f"secretion of a fibroblast over that of a tumour cell: {ratio['value']:.3g} (cells independent: {own}; library {ratio['library']:.2g})")
    print(f"blocks drawn again: {blocks['low']:.3g} to {blocks['high']:.3g}; neighbours' residuals correlate by {numbers['neighbours']['residuals']:.2f}")
    print(*out["sentences"], sep="\n")
    print("squared error saved on blocks left out: " + ", ".join(f"{name} {share:.2f}" for name, share in out["saved"].items()))
    print(*(f"with all rates free: {one}" for one in numbers["cannot_tell"]["words"]), sep="\n")


if __name__ == "__main__":
    main()
