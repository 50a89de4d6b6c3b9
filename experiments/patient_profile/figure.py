"""The picture of the patient's profile: the section and its fields, levels by region, the ranking with the cells in place and dealt out."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from section import Case

import tmefield as tf

SHOWN = ("IFNg", "IL6", "TGFb")
COLOURS = {
    "tumour": "0.75",
    "CAF": "tab:brown",
    "macrophage": "tab:orange",
    "CD8_T": "tab:blue",
    "CD4_T": "tab:cyan",
    "Treg": "tab:red",
    "endothelial": "black",
}
PLACES = {"nest": "C0", "margin": "C1", "stroma": "C2"}


def draw(case: Case, numbers: dict[str, Any], courses: dict[str, tf.PopulationCourse], path: Path) -> None:
    """`courses`: of the control of a member, by placement."""
    figure = plt.figure(figsize=(17, 13), constrained_layout=True)
    rows = figure.subfigures(3, 1, height_ratios=(1, 1, 1.05))
    for row, (name, course) in zip(rows, courses.items(), strict=False):
        row.suptitle("Cells in place" if name == "placed" else "The same cells dealt out again over the same places", fontsize=13)
        _fields(row, case if name == "placed" else None, course, courses)
    profile, ranks = rows[2].subplots(1, 2, width_ratios=(1.25, 1))
    _profile(profile, numbers)
    _ranking(ranks, numbers)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _fields(row, case: Case | None, course: tf.PopulationCourse, courses: dict[str, tf.PopulationCourse]) -> None:
    axes = row.subplots(1, 1 + len(SHOWN))
    ny, nx = course.tissue.model.grid.shape[1:]
    hy, hx = course.tissue.model.grid.spacing[1:]
    extent = (0, nx * hx, ny * hy, 0)
    if case is not None:
        groups = {"Macrophage": "macrophage", **case.stands_for}
        for name, colour in COLOURS.items():
            chosen = np.array([groups.get(one) == name for one in case.cells.types])
            axes[0].scatter(*case.cells.positions[chosen, :2].T, s=2, color=colour, label=name, linewidths=0)
        axes[0].set(xlim=extent[:2], ylim=extent[2:], aspect="equal", title="cells of the table")
        axes[0].legend(fontsize=7, markerscale=4, loc="upper right")
    else:
        image = axes[0].imshow(1e9 * np.asarray(course["tumour"][0, 0]), extent=extent, cmap="Greys")
        axes[0].set_title("tumour cells/mm3")
        plt.colorbar(image, ax=axes[0], shrink=0.8)
    for one, name in zip(axes[1:], SHOWN, strict=True):
        weight = {species.name: float(species.molecular_weight) for species in course.tissue.model.species}[name]
        scale = 1e3 * weight  # pg/mL of 1 nM
        both = [scale * np.asarray(other[name][0]) for other in courses.values()]
        low, high = min(float(b.min()) for b in both), max(float(b.max()) for b in both)
        image = one.imshow(scale * np.asarray(course[name][0, 0]), extent=extent, vmin=low, vmax=high, cmap="viridis")
        one.set_title(f"{name}, pg/mL")
        plt.colorbar(image, ax=one, shrink=0.8)
    for one in axes:
        one.set(xlabel="x, um", ylabel="y, um" if one is axes[0] else "")


def _profile(axes, numbers: dict[str, Any]) -> None:
    species = list(dict.fromkeys(key.split(": ")[1] for key in numbers["profile"]))
    for index, (place, colour) in enumerate(PLACES.items()):
        for at, name in enumerate(species):
            low, middle, high = numbers["profile"][f"{place}: {name}"]
            x = at + 0.22 * (index - 1)
            axes.plot([x, x], [low, high], color=colour)
            axes.plot(x, middle, "o", color=colour, label=place if at == 0 else None)
    axes.set(yscale="log", ylabel="interstitial fluid, pg/mL: median, 5 to 95 % of members", title="Profile by region of the section")
    axes.set_xticks(range(len(species)), species)
    axes.legend()


def _ranking(axes, numbers: dict[str, Any]) -> None:
    arms = [one["arm"] for one in numbers["ranking"]["placed"]]
    for shift, (name, colour, words) in zip((-0.13, 0.13), (("placed", "C0", "cells in place"), ("shuffled", "C3", "cells dealt out")), strict=True):
        for one in numbers["ranking"][name]:
            at = arms.index(one["arm"]) + shift
            axes.plot(one["interval"], [at, at], color=colour)
            axes.plot(one["mean_log_ratio"], at, "o", color=colour, label=words if at == shift else None)
            axes.annotate(f"best for {one['best_share']:.0%}", (one["interval"][1], at), textcoords="offset points", xytext=(5, -3), fontsize=8, color=colour)
    axes.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(arms)), arms)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(xlabel="ln(volume/that of the control), mean over members and 95 %", title=f"Ranking: {numbers['verdict']}")
    axes.legend(loc="lower left")
