"""Every validation case in one command: `python scripts/validation/run.py [section ...] [--placements 10]`.

Prints (case, quantity, expected, found, error, tolerance), writes docs/images/validation.json and one picture per section, and puts the measured
table into docs/validation.md. Sections: steady, saturable, transient, gradients, order, cells; all of them where none is named. The cases are those of
the tests: tests/validation/problems. Needs about 2 GB of memory; `cells` takes most of the time.
"""

import argparse
import datetime
import json
import platform
import sys
import time
import warnings
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests"), str(Path(__file__).resolve().parent)]

import pictures  # noqa: E402
import tables  # noqa: E402

from validation.problems import il2_lattice, manufactured, march, registry  # noqa: E402

IMAGES = REPOSITORY / "docs" / "images"
RESULTS = IMAGES / "validation.json"
ORDER_TOLERANCE = 0.1


def closed_forms(section: str) -> dict:
    """The rows of every case of a group, and its picture."""
    results = {case: solve() for case, solve in registry.GROUPS[section].items()}
    rows = [
        {"case": case, "quantity": r.quantity, "where": r.where, "expected": r.expected, "found": r.found, "error": r.error, "tolerance": r.tolerance}
        for case, result in results.items()
        for r in result.rows
    ]
    curves = [curve for result in results.values() for curve in result.curves]
    if curves:
        pictures.profiles(curves, IMAGES / f"validation-{section}.png")
    return {"rows": rows}


def order(_: argparse.Namespace) -> dict:
    """Observed orders in space and time."""
    space = {str(c): manufactured.errors_on_all_grids(c) for c in manufactured.COMBINATIONS}
    times = {(method, problem): march.errors(method, problem) for method in march.METHODS for problem in march.PROBLEMS}
    rows, lines = [], []
    for (wall, varying, saturable), (sizes, error) in zip(manufactured.COMBINATIONS, space.values(), strict=True):
        where = f"{wall}, {'varying' if varying else 'constant'} D, {'saturable' if saturable else 'linear'} loss"
        rows.append(_order_row("space", where, sizes, error))
        lines.append(("voxel size, um", where, sizes, error))
    for (method, problem), (steps, error) in times.items():
        sizes = march.DURATION / np.array(steps)
        rows.append(_order_row("time", f"{method}, {problem}", sizes, error))
        lines.append(("time step, s", f"{method}, {problem}", sizes, error))
    pictures.orders(lines, IMAGES / "validation-order.png")
    return {"rows": rows}


def _order_row(what: str, where: str, sizes: np.ndarray, error: np.ndarray) -> dict:
    found = manufactured.order(sizes, error)
    row = {"case": "order", "quantity": what, "where": where, "expected": 2.0, "found": found, "error": abs(found - 2) / 2, "tolerance": ORDER_TOLERANCE / 2}
    return {**row, "sizes": [float(size) for size in sizes], "errors": [float(one) for one in error]}


def cells(arguments: argparse.Namespace) -> dict:
    """The cell-resolved mean of interleukin 2 over the well-mixed balance: mean and spread over random placements, on two grids."""
    found = []
    for constant, receptors, share in il2_lattice.SETTINGS:
        for spacing in (2.5, 1.25):
            mean, spread = il2_lattice.placements(spacing, constant, receptors, share, arguments.placements)
            one = {"constant": constant, "receptors": receptors, "share": share, "spacing": spacing, "mean": mean, "spread": spread}
            found.append({**one, "placements": arguments.placements})
            print(f"cells  {constant} R {receptors:g} share {share:g} h {spacing:g} um: {mean:.4f} +- {spread:.4f}", flush=True)
    pictures.placements(found, IMAGES / "validation-cells.png")
    return {"rows": [], "placements": found}


SECTIONS = {section: (lambda _, section=section: closed_forms(section)) for section in registry.GROUPS} | {"order": order, "cells": cells}


def main() -> int:
    """Run the sections asked for; 1 where a value lies outside its tolerance."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--placements", type=int, default=10, help="random placements of the secreting cells (10)")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    warnings.simplefilter("error", UserWarning)  # a solve that does not converge is no validation
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    wrong = 0
    for name in arguments.sections or SECTIONS:
        start = time.perf_counter()
        result = SECTIONS[name](arguments)
        wrong += tables.show(result["rows"])
        machine = f"{platform.machine()}, jax {jax.__version__} on {jax.devices()[0].platform}, float64"
        results[name] = {**result, "date": datetime.date.today().isoformat(), "machine": machine, "seconds": round(time.perf_counter() - start, 1)}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    tables.into_page(REPOSITORY / "docs" / "validation.md", results)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
