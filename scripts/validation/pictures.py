"""The pictures of the validation run."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

LOGARITHMIC = {"V1": "xy", "V2": "x", "V3": "y", "V5": "", "V6": "y", "V7": "y", "P4": "xy", "P1": "x"}
COLOURS = ("#1b6ca8", "#c8553d", "#3f7d20", "#7b4fa3", "#b8860b", "#333333")


def profiles(curves: list, path: Path) -> None:
    """One panel per case: what was found as points, the closed form as a line."""
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    columns = min(3, len(panels)) if len(panels) != 4 else 2
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.2 * columns, 3.3 * rows), squeeze=False, layout="constrained")
    for axis in axes.ravel()[len(panels) :]:
        axis.axis("off")
    for axis, panel in zip(axes.ravel(), panels, strict=False):
        published = "points: published" in panel
        for curve, colour in zip([c for c in curves if c.panel == panel], COLOURS, strict=False):
            axis.plot(curve.exact_x, curve.exact, color=colour, linewidth=1)
            axis.plot(curve.x, curve.found, "o", color=colour, markersize=5 if published else 3, label=curve.label)
        _dress(axis, panel)
    _save(figure, path)


def _dress(axis, panel: str) -> None:
    which = LOGARITHMIC.get(panel.split()[0], "")
    axis.set_title(panel, fontsize=9)
    if "x" in which:
        axis.set_xscale("log")
    if "y" in which:
        axis.set_yscale("log")
        low, high = axis.get_ylim()
        axis.set_ylim(max(low, 1e-7 * high), high)
    axis.set_xlabel("time, s" if "against s" in panel else "distance, cell radii" if panel.startswith("P4") else "distance, um", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.legend(fontsize=7, frameon=False)


def orders(lines: list, path: Path) -> None:
    """Errors against voxel size and time step, with a line of second order."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for axis, unit in zip(axes, dict.fromkeys(line[0] for line in lines), strict=True):
        own = [line for line in lines if line[0] == unit]
        for index, (_, label, sizes, error) in enumerate(own):
            axis.loglog(sizes, error, "o-", color=plt.get_cmap("turbo")((index + 0.5) / len(own)), markersize=3, linewidth=0.8, label=label)
        sizes, lowest = own[0][2], min(line[3][-1] for line in own)
        axis.loglog(sizes, 0.5 * lowest * (np.asarray(sizes) / sizes[-1]) ** 2, "k--", linewidth=1.2, label="second order")
        axis.set_xlabel(unit)
        axis.set_ylabel("root mean square error, nM" if axis is axes[0] else "largest error, nM")
        axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, path)


def placements(rows: list[dict], path: Path) -> None:
    """The cell-resolved mean over the balance, for every setting and both grids."""
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    settings = list(dict.fromkeys((row["constant"], row["receptors"]) for row in rows))
    for (constant, receptors), colour in zip(settings, COLOURS, strict=False):
        for spacing, marker, shift in ((2.5, "s", -0.0008), (1.25, "o", 0.0008)):
            own = [row for row in rows if (row["constant"], row["receptors"], row["spacing"]) == (constant, receptors, spacing)]
            places, means, spreads = zip(*((row["share"] + shift, row["mean"], row["spread"]) for row in own), strict=True)
            label = f"{constant}, {receptors:g} receptors, h = {spacing:g} um"
            axis.errorbar(places, means, spreads, fmt=marker, color=colour, markersize=4, capsize=3, label=label, mfc="white" if spacing == 2.5 else colour)
    axis.axhline(1, color="k", linewidth=0.7)
    axis.set_xlabel("share of secreting cells")
    axis.set_ylabel("mean over the fluid / well-mixed balance")
    axis.legend(fontsize=7, frameon=False)
    _save(figure, path)


def _save(figure, path: Path) -> None:
    figure.savefig(path, dpi=80)
    plt.close(figure)
