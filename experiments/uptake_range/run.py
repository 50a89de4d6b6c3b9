"""How far a cytokine reaches from one producer, by the density of its consumers; see README.md."""

import argparse
import json
from pathlib import Path

import numpy as np

import tmefield as tf

DIFFUSIVITY, DECAY = 40.0, 6.5e-5
RECEPTORS, INTERNALISATION, HALF_SATURATION = 1e4, 2e-4, 0.05  # K_M = (k_off + k_endo)/k_on, nM
RATE, CELL_RADIUS = 10.0, 5.0
CONSUMERS = {"dense": (5e-4, 180.0), "sparse": (5e-5, 480.0)}  # cells/um3 and reach of the box, um


def solve(density: float, reach: float, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the producer and concentration (nM) in an eighth of the space around it."""
    cells = round(reach / spacing)
    grid = tf.Grid((cells,) * 3, spacing)
    z, y, x = grid.coordinates()
    r = np.sqrt(z**2 + y**2 + x**2)
    producer = np.exp(-0.5 * (r / CELL_RADIUS) ** 2)  # a soft cell: the field beyond it is that of a point
    producer /= 8 * producer.sum() * grid.voxel_volume
    terms = [
        tf.Decay(),
        tf.Secretion("IFNg", producer, RATE, source="producer"),
        tf.ReceptorUptake("IFNg", density, RECEPTORS, INTERNALISATION, HALF_SATURATION, sink="consumers"),
    ]
    solution = tf.solve_steady(tf.Model(grid, [tf.Species("IFNg", DIFFUSIVITY, DECAY, molecular_weight=34.0)], terms))
    return r.ravel(), np.asarray(solution["IFNg"], float).ravel()


def fitted_range(r: np.ndarray, c: np.ndarray) -> float:
    """The decay length of r c between 20 and 100 um, um."""
    between = (r > 20) & (r < 100)
    slope = np.polyfit(r[between], np.log(r[between] * c[between]), 1)[0]
    return -1 / slope


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run both densities, print the ranges and, with --out, write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for ranges.json")
    options = parser.parse_args(arguments)
    ranges = {}
    for name, (density, reach) in CONSUMERS.items():
        ranges[name] = fitted_range(*solve(density, reach, reach / (48 if options.quick else 96)))
        print(f"{name}: consumers {density:g} /um3, range {ranges[name]:.1f} um (by decay alone {np.sqrt(DIFFUSIVITY / DECAY):.0f} um)")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "ranges.json").write_text(json.dumps(ranges, indent=1) + "\n")
    return ranges


if __name__ == "__main__":
    main()
