"""Onset after a stimulus: secretion, uptake and diffusivity from profiles at four times, and what the settled profile alone could say; see README.md."""

import argparse
import json
import warnings
from pathlib import Path

import jax
import numpy as np
from figure import draw

import tmefield as tf

TRUTH = {"IFNg.secretion_by_T.rate": 5.0, "IFNg.uptake_by_tumour.receptors": 3000.0, "IFNg.diffusivity": 40.0}
UNITS = {"IFNg.secretion_by_T.rate": "molecules/cell/s", "IFNg.uptake_by_tumour.receptors": "molecules/cell", "IFNg.diffusivity": "um2/s"}
DECAY, INTERNALISATION, HALF_SATURATION = 6.5e-5, 2e-4, 0.05  # 1/s, 1/s, nM
SIDE, NEST = 400.0, 60.0  # um: the box, and the radius of the nest of T cells in its middle
T_CELLS, TUMOUR = 2e-4, 3e-4  # cells/um3, in the nest and outside it
EDGES = np.array([0.0, 60.0, 90.0, 120.0, 150.0, 190.0])  # um from the middle
TIMES = (120.0, 600.0, 1800.0, 7200.0)  # s after the stimulus
SIGMA, WRONG = 0.1, 5.0


def model(voxels: int) -> tf.Model:
    """A nest of T cells, all of which begin to secrete at time 0, in tumour cells that take up what they secrete."""
    grid = tf.Grid((voxels,) * 3, SIDE / voxels)
    inside = distance(grid) < NEST
    terms = [
        tf.Decay(),
        tf.Secretion("IFNg", T_CELLS * inside, TRUTH["IFNg.secretion_by_T.rate"], source="T"),
        tf.ReceptorUptake("IFNg", TUMOUR * ~inside, TRUTH["IFNg.uptake_by_tumour.receptors"], INTERNALISATION, HALF_SATURATION, sink="tumour"),
    ]
    return tf.Model(grid, [tf.Species("IFNg", TRUTH["IFNg.diffusivity"], DECAY, 34.0)], terms)


def distance(grid: tf.Grid) -> np.ndarray:
    """From the middle of the box, um."""
    z, y, x = grid.coordinates()
    return np.sqrt((z - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2 + (x - SIDE / 2) ** 2)


def measure(true: tf.Model, key: jax.Array, times: tuple[float, ...] | None) -> tf.DistanceProfile:
    """A radial profile with noise; at steady state without times."""
    noise, bins = tf.Lognormal(SIGMA), len(EDGES) - 1
    fields = tf.solve_steady(true).concentration[None] if times is None else tf.evolve(true, 0.0, [0.0, *times], rtol=1e-4).concentration[1:]
    blank = tf.DistanceProfile("IFNg", distance(true.grid), EDGES, np.ones(bins * len(fields)), noise, times=times)
    exact = np.concatenate([np.asarray(blank.predict(true, one, {})) for one in fields])
    data = np.asarray(noise.sample(key, jax.numpy.asarray(exact)))
    return tf.DistanceProfile("IFNg", distance(true.grid), EDGES, data, noise, times=times, name="course" if times else "steady")


def main() -> None:
    """Measure, fit, write numbers, figure and fields."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="16^3 voxels in place of 32^3")
    parser.add_argument("--out", type=Path, default=Path("fit_time_course"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", UserWarning)  # what they say stands in the numbers
    true = model(16 if chosen.quick else 32)
    seen = measure(true, jax.random.key(0), TIMES)
    free = [tf.FreeParameter(name, value * WRONG ** (-1) ** i, unit=UNITS[name]) for i, (name, value) in enumerate(TRUTH.items())]
    fit = tf.fit(true, free, [seen])
    # What the settled profile would say where the fit ended; no data are needed for that.
    steady = tf.identifiability(tf.make_problem(true, free, [measure(true, jax.random.key(1), None)]), fit.values)
    numbers = {
        "parameters": {name: one.summary() for name, one in fit.intervals.items()},
        "steps": fit.progress.step,
        "chi2_per_freedom": fit.chi2 / fit.freedom,
        "said": list(fit.warnings),
        "steady": {"undetermined": list(steady.undetermined_parameters()), "words": steady.words(), "suggestions": steady.suggestions()},
    }
    (chosen.out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    tf.evolve(fit.models()[None], 0.0, [0.0, *TIMES]).to_netcdf(chosen.out / "estimate.nc")
    draw(seen, fit, steady, TRUTH, chosen.out / "fit_time_course.png")
    for name, one in fit.intervals.items():
        interval = one.status if one.low is None or one.high is None else f"{one.low:.3g} to {one.high:.3g}"
        print(f"{name:<34} {one.value:.3g} ({interval}), truth {TRUTH[name]:g}")
    for said in steady.words():
        print(f"the settled profile alone: {said}")


if __name__ == "__main__":
    main()
