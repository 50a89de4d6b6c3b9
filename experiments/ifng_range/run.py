"""Interferon gamma reaches 35 um from one cell and 900 um from a band of cells, with the same parameters; see README.md."""

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

import tmefield as tf
from tmefield import units

FOLDER = Path(__file__).parent
KINDS = {"diffusivity": "diffusivity", "decay": "rate", "receptors": "count", "k_on": "on_rate", "k_off": "rate", "k_endo": "rate"}
KINDS |= {"secretion": "secretion", "cell_radius": "length", "EC50": "concentration"}


def read() -> tuple[dict[str, float], dict[str, Any]]:
    """The parameters in internal units, and the cases as they stand in the file."""
    cases = tomllib.loads((FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    return {name: units.parse(text, KINDS[name]) for name, text in cases.pop("parameters").items()}, cases


def model(p: dict[str, float], grid: tf.Grid, producers, consumers: float) -> tf.Model:
    """Producers at a density per um3, consumers everywhere; producers do not consume."""
    terms = [
        tf.Decay(),
        tf.Secretion("IFNg", producers, p["secretion"], source="producers"),
        tf.ReceptorUptake.from_binding("IFNg", consumers, p["receptors"], p["k_on"], p["k_off"], p["k_endo"], sink="consumers"),
    ]
    return tf.Model(grid, [tf.Species("IFNg", p["diffusivity"], p["decay"], molecular_weight=34.0)], terms)


def ball(grid: tf.Grid, radius: float, samples: int = 8) -> np.ndarray:
    """Share of each voxel inside a ball around the corner at the origin, by sampling."""
    offsets = (np.arange(samples) + 0.5) / samples - 0.5
    near = int(np.ceil(radius / grid.spacing[0])) + 1
    share = np.zeros(grid.shape)
    squares = [(grid.centres(axis)[:near, None] + offsets * grid.spacing[axis]) ** 2 for axis in range(3)]
    r2 = squares[0][:, None, None, :, None, None] + squares[1][None, :, None, None, :, None] + squares[2][None, None, :, None, None, :]
    share[:near, :near, :near] = (r2 < radius**2).mean(axis=(3, 4, 5))
    return share


def one_producer(p: dict[str, float], case: dict[str, str], voxels: int) -> tuple[tf.Solution, dict]:
    """A steady eighth of the space around one cell: range by the slope of ln(r c) from 20 to 100 um, and the concentration at the cell's surface."""
    grid = tf.Grid((voxels,) * 3, units.parse(case["reach"], "length") / voxels)
    producer = ball(grid, p["cell_radius"])
    producer /= 8 * producer.sum() * grid.voxel_volume
    solution = tf.solve_steady(model(p, grid, producer, units.parse(case["consumers"], "density")))
    z, y, x = grid.coordinates()
    r, c = np.sqrt(z**2 + y**2 + x**2).ravel(), np.asarray(solution["IFNg"], float).ravel()
    between = (r > 20) & (r < 100)
    slope, start = np.polyfit(r[between], np.log(r[between] * c[between]), 1)
    radius = p["cell_radius"]
    return solution, {"range_um": -1 / slope, "surface_pM": 1e3 * np.exp(start + slope * radius) / radius, "r_um": r, "c_nM": c}


def band(p: dict[str, float], cases: dict[str, Any], consumers: str, voxels: int):
    """A transient in one dimension; how far beyond the band's edge c reaches EC50, at each time."""
    reach, half_width = (units.parse(cases[key], "length") for key in ("reach", "half_width"))
    times = [0.0, *(units.parse(text, "time") for text in cases["times"])]
    grid = tf.Grid((1, 1, voxels), (10.0, 10.0, reach / voxels))
    x = grid.centres(2)
    inside = np.clip((half_width - x) / grid.spacing[2] + 0.5, 0, 1)
    producers = units.parse(cases["producers"], "density") * inside[None, None, :]
    start = np.zeros((1, *grid.shape))
    run = tf.evolve(model(p, grid, producers, units.parse(consumers, "density")), start, times, rtol=1e-4)
    c = np.asarray(run.concentration, float)[:, 0, 0, 0]
    return run, {"times_h": [time / 3600 for time in times[1:]], "fronts_um": [front(x, one, p["EC50"]) - half_width for one in c[1:]], "x_um": x, "c_nM": c}


def front(x: np.ndarray, c: np.ndarray, level: float) -> float:
    """Where the falling profile passes `level`, um."""
    below = int(np.argmax(c < level))
    a, b = np.log(c[below - 1 : below + 1])
    return float(x[below - 1] + (x[below] - x[below - 1]) * (a - np.log(level)) / (a - b))


def measure(single: dict, bands: dict) -> dict:
    """The numbers that expected.toml holds."""
    many = bands["sparse"]
    half, edge = many["c_nM"][-1][0], np.interp(250.0, many["x_um"], many["c_nM"][-1])
    return {
        "dense_range_um": single["dense"]["range_um"],
        "dense_surface_pM": single["dense"]["surface_pM"],
        "sparse_range_um": single["sparse"]["range_um"],
        "band_fronts_um": many["fronts_um"],
        "band_centre_nM": float(half),
        "band_edge_nM": float(edge),
        "beyond_800_um_pM": 1e3 * float(np.interp(1050.0, many["x_um"], many["c_nM"][-1])),
        "band_in_dense_front_um": bands["dense"]["fronts_um"][-1],
    }


def main(arguments: list[str] | None = None) -> dict:
    """Solve the four cases, print the numbers and, with --out, write numbers.json, ifng_range.png and the fields as NetCDF."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarser voxels")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args(arguments)
    p, cases = read()
    solved = {name: one_producer(p, case, 72 if options.quick else 120) for name, case in cases["one_producer"].items()}
    ran = {name: band(p, cases["band"], cases["band"][name]["consumers"], 1000 if options.quick else 2000) for name in ("sparse", "dense")}
    single, bands = ({name: told for name, (_, told) in each.items()} for each in (solved, ran))
    found = measure(single, bands)
    for name, value in found.items():
        print(f"{name}: {', '.join(f'{one:.4g}' for one in np.atleast_1d(value))}")
    if options.out:
        from figure import draw

        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n")
        draw(single, bands, p, options.out / "ifng_range.png")
        for name, (solution, _) in solved.items():
            solution.to_netcdf(options.out / f"one_producer_{name}.nc")
        for name, (run, _) in ran.items():
            run.to_netcdf(options.out / f"band_{name}.nc")
    return found


if __name__ == "__main__":
    main()
