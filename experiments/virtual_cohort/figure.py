"""The picture of the virtual cohort."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

COLOURS = {"control": "black"} | {arm: f"C{index}" for index, arm in enumerate(("anti-PD1", "anti-TGFb", "anti-IL6R"))}


def draw(numbers: dict[str, Any], columns: dict[str, np.ndarray], path: Path) -> None:
    """Volumes by arm; areas under the curve; prognostic beside predictive slopes of the cytokines."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.8), constrained_layout=True, width_ratios=(1, 1, 1.4))
    _volumes(left, numbers, columns)
    _areas(middle, numbers)
    _slopes(right, numbers)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _volumes(axes, numbers: dict[str, Any], columns: dict[str, np.ndarray]) -> None:
    names = [one["arm"] for one in numbers["ranking"]]
    for name in names:
        column = np.sort(np.maximum(columns[f"{name}: growth_ratio"], columns[f"{name}: one_cell"]))
        axes.plot(column, (np.arange(len(column)) + 0.5) / len(column), label=name, color=COLOURS[name])
    axes.axvline(1.2**3, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xscale="log", xlabel="tumour volume at the end / at the start (at least one cell)", ylabel="share of tumours below", title="Outcome by arm")
    axes.legend(title="best first", fontsize=8)


def _areas(axes, numbers: dict[str, Any]) -> None:
    shown = {name: one for name, one in numbers["auc"].items() if one is not None}
    for index, one in enumerate(shown.values()):
        low, high = one["interval"]
        axes.plot([low, high], [index, index], color="C0")
        axes.plot(one["auc"], index, "o", color="C0")
        axes.plot(one["by_chance"], index, "|", color="C3", markersize=14)
    axes.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0.3, 1.0), xlabel="AUC on tumours left out (red: 97.5 % by chance)", title="What the profile at the start tells")
    axes.set_yticks(range(len(shown)), [name.replace(", ", ",\n") for name in shown], fontsize=8)
    axes.invert_yaxis()


def _slopes(axes, numbers: dict[str, Any]) -> None:
    rows = [one for one in numbers["slopes"] if one["level"].endswith("_pg_per_mL")]
    levels, arms = list(dict.fromkeys(one["level"] for one in rows)), list(dict.fromkeys(one["arm"] for one in rows))
    for place, level in enumerate(levels):
        here = {one["arm"]: one for one in rows if one["level"] == level}
        shown = [("prognostic (untreated)", COLOURS["control"], next(iter(here.values())), "prognostic")]
        shown += [(f"predictive, {arm}", COLOURS[arm], here[arm], "predictive") for arm in arms]
        for index, (label, colour, one, kind) in enumerate(shown):
            at = place + 0.18 * (index - 0.5 * (len(shown) - 1))
            axes.plot(one[f"{kind}_interval"], [at, at], color=colour)
            axes.plot(one[kind], at, "o", color=colour, markersize=4, label=label if place == 0 else None)
    axes.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(levels)), [level.removesuffix("_pg_per_mL") for level in levels])
    axes.invert_yaxis()
    axes.set(xlabel="change of ln(volume), or of ln(treated/untreated), per e-fold more", title="Prognostic and predictive, 95 %")
    axes.legend(fontsize=8)
