#!/usr/bin/env python3
"""Measures of generated vessel networks against the ranges they are to lie in, and of real networks where their files are at hand.

Prints tables in Markdown; `--write` also puts them into docs/vessel-beds.md. Returns 1 where a mean lies outside its range.
The real networks are looked for in the folder named by TMEFIELD_DATA, else in ../shared/data beside the repository.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tmefield.vessels.metrics import NetworkMetrics
from tmefield.vessels.network import VesselNetwork

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "vessel-beds.md"
BEGIN, END = "<!-- printed by scripts/vessel_metrics.py: begin -->", "<!-- printed by scripts/vessel_metrics.py: end -->"
EDGE = 500.0  # um, of the box of generated networks
HOST_EDGE, TUMOUR_RADIUS = 800.0, 250.0  # um
SHELLS = ((0.0, 0.5), (0.5, 0.8), (0.8, 1.0), (1.2, 1.4))
COLUMNS = {
    "volume_fraction": "volume fraction, %",
    "surface_density": "wall per volume, 1/cm",
    "length_density": "length per volume, mm/mm3",
    "distance_mean": "distance to wall, mean, um",
    "distance_p95": "distance to wall, 95 %, um",
    "branch_length": "branch length, um",
    "tortuosity": "tortuosity",
    "diameter_mean": "diameter, mean by length, um",
    "diameter_median": "diameter, median, um",
    "diameter_cv": "diameter, sd/mean",
    "three_share": "share of branchings that join three",
    "components": "connected parts",
    "perfused_fraction": "perfused share of length",
    "loops": "loops",
    "fractal_dimension": "fractal dimension (x, y)",
}
BANDS: dict[str, dict[str, tuple[float, float]]] = {
    "normal": {
        "volume_fraction": (1.0, 2.5),
        "surface_density": (70, 130),
        "length_density": (400, 1000),
        "distance_mean": (14, 25),
        "distance_p95": (28, 50),
        "branch_length": (35, 75),
        "tortuosity": (1.03, 1.2),
        "three_share": (0.9, 1),
        "components": (1, 1),
        "perfused_fraction": (0.95, 1),
    },
    "tumour": {
        "volume_fraction": (1.2, 4.5),
        "surface_density": (35, 75),
        "length_density": (90, 220),
        "distance_mean": (30, 60),
        "distance_p95": (75, 145),
        "branch_length": (70, 130),
        "tortuosity": (1.1, 1.35),
        "diameter_median": (9, 16),
        "diameter_cv": (0.35, np.inf),
        "components": (1, 1),
        "perfused_fraction": (0.8, 1),
    },
}
REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "rat cortex": ("secomb_rat_brain/network.dat", {}),
    "mouse cortex": (
        "dumux_mousecortex_200um.dgf",
        {"unit": "m", "vertex_parameters": ("pressure",), "segment_parameters": ("radius",)},
    ),
    "tumour R3230Ac": ("secomb_R3230Ac_tumour1998/network.dat", {}),
}


def generated(preset: str, seeds: Iterable[int], **options: Any) -> list[NetworkMetrics]:
    """The measures of one network a seed, in a cube of 500 um."""
    box = (np.zeros(3), np.full(3, EDGE))
    return [VesselNetwork.generate(box, preset=preset, seed=seed, **options).metrics() for seed in seeds]


def verdicts(preset: str, found: list[NetworkMetrics]) -> dict[str, tuple[float, float, bool | None]]:
    """Mean, standard deviation, and whether the mean lies in its range (None where there is none), of every measure."""
    rows = {}
    for name in COLUMNS:
        values = np.array([getattr(one, name) for one in found], dtype=float)
        low, high = BANDS[preset].get(name, (np.nan, np.nan))
        rows[name] = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, None if np.isnan(low) else bool(low <= values.mean() <= high)
    return rows


def _generated_table(preset: str, rows: dict[str, tuple[float, float, bool | None]], number: int, seconds: float) -> list[str]:
    lines = [f"**{preset}**, {number} seeds, cube of {EDGE:g} um ({seconds:.1f} s in all):", "", "| | mean | sd | range | verdict |", "|---|---|---|---|---|"]
    for name, title in COLUMNS.items():
        mean, deviation, passed = rows[name]
        low, high = BANDS[preset].get(name, (0, 0))
        asked = "" if passed is None else f"at least {low:g}" if np.isinf(high) else f"{low:g}" if low == high else f"{low:g}-{high:g}"
        lines.append(f"| {title} | {mean:.4g} | {deviation:.2g} | {asked} | {'' if passed is None else 'in' if passed else 'OUT'} |")
    return [*lines, ""]


def _hosted_table(number: int) -> list[str]:
    """Vessels by their distance from the centre of a tumour in a host."""
    low, high, radius = np.zeros(3), np.full(3, HOST_EDGE), TUMOUR_RADIUS
    length, width = np.zeros((number, len(SHELLS))), np.zeros((number, len(SHELLS)))
    for row in range(number):
        network = VesselNetwork.generate((low, high), tumour=((low + high) / 2, radius), seed=row + 1)
        away = np.linalg.norm(network.nodes[network.edges].mean(axis=1) - HOST_EDGE / 2, axis=1) / radius
        for column, (begin, end) in enumerate(SHELLS):
            inside = (away >= begin) & (away < end)
            length[row, column] = 1e6 * network.lengths[inside].sum() / (4 / 3 * np.pi * radius**3 * (end**3 - begin**3))
            width[row, column] = 2 * np.median(network.radius[inside]) if inside.any() else np.nan
    lines = [f"**a tumour of radius {radius:g} um in its host**, {number} seeds, cube of {HOST_EDGE:g} um, vessels by distance from the centre:", ""]
    lines += ["| of the radius | length per volume, mm/mm3 | sd | diameter, median, um |", "|---|---|---|---|"]
    for column, (begin, end) in enumerate(SHELLS):
        of = length[:, column]
        lines.append(f"| {begin:g}-{end:g} | {of.mean():.0f} | {of.std(ddof=1) if number > 1 else 0:.0f} | {np.nanmean(width[:, column]):.1f} |")
    return [*lines, ""]


def _real_table(folder: Path) -> list[str]:
    found = {name: VesselNetwork.read(folder / "network" / file, **options).metrics() for name, (file, options) in REAL.items()}
    lines = [
        "**real networks**, each in the box that its file states (mouse: none, the box around its nodes, a cube of 200 um):",
        "",
        "| | " + " | ".join(found) + " |",
        "|---" * (len(found) + 1) + "|",
    ]
    for name, title in COLUMNS.items():
        values = [getattr(one, name) for one in found.values()]
        if name != "perfused_fraction":  # flows in files are relative or of another source
            lines.append(f"| {title} | " + " | ".join(f"{value:.4g}" for value in values) + " |")
    return [*lines, ""]


def _data_folder() -> Path | None:
    named = os.environ.get("TMEFIELD_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def main() -> int:
    """Print the tables; 1 where a mean lies outside its range."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="networks of each preset (10)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/vessel-beds.md")
    arguments = parser.parse_args()
    lines, outside = [], 0
    for preset in BANDS:
        begin = time.perf_counter()
        rows = verdicts(preset, generated(preset, range(1, arguments.seeds + 1)))
        outside += sum(passed is False for _, _, passed in rows.values())
        lines += _generated_table(preset, rows, arguments.seeds, time.perf_counter() - begin)
    lines += _hosted_table(arguments.seeds)
    folder = _data_folder()
    lines += _real_table(folder) if folder is not None else ["Real networks were not measured: their files are not at hand (TMEFIELD_DATA).", ""]
    print("\n".join(lines))
    if arguments.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(before + "\n".join([BEGIN, "", *lines]) + "\n" + END + rest.split(END)[1], encoding="utf-8")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
