"""The figure of this experiment."""

from pathlib import Path

import numpy as np

DENSE, SPARSE = "#b2182b", "#2166ac"


def draw(single: dict, bands: dict, p: dict[str, float], path: Path) -> None:
    """Left: one producer, with the length over which r c falls by e; right: the band at each time, with EC50."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained")
    for name, colour, spaced in (("dense", DENSE, 12.6), ("sparse", SPARSE, 27.0)):
        r, c = single[name]["r_um"], 1e3 * single[name]["c_nM"]
        order = np.argsort(r)
        seen = order[(r[order] > p["cell_radius"]) & (r[order] < 150)]
        label = f"consumers {spaced:g} um apart: range {single[name]['range_um']:.1f} um"
        left.plot(r[seen], c[seen], ".", ms=2, color=colour, rasterized=True)
        left.plot([], [], color=colour, lw=2, label=label)
    left.set(yscale="log", xlim=(0, 150), ylim=(1e-3, 20), xlabel="distance from the cell, um", ylabel="IFN-gamma, pM", title="One producer, steady")
    left.legend(frameon=False, fontsize=9, loc="upper right")
    many = bands["sparse"]
    beyond = many["x_um"] - 250.0
    shades = np.linspace(0.35, 1.0, len(many["times_h"]))
    for shade, time, c, reach in zip(shades, many["times_h"], many["c_nM"][1:], many["fronts_um"], strict=True):
        colour = tuple(1 - shade * (1 - np.array([0x21, 0x66, 0xAC]) / 255))
        right.plot(beyond, 1e3 * c, color=colour, lw=1.8, label=f"{time:g} h: {reach:.0f} um")
    right.plot(beyond, 1e3 * bands["dense"]["c_nM"][-1], color=DENSE, lw=1.8, label=f"24 h, dense consumers: {bands['dense']['fronts_um'][-1]:.0f} um")
    right.axhline(1e3 * p["EC50"], color="0.3", lw=1, ls="--")
    right.text(1480, 1.15e3 * p["EC50"], "EC50", ha="right", va="bottom", fontsize=9, color="0.3")
    right.axvspan(-250, 0, color="0.92", zorder=0)
    right.text(-125, 4e3, "producers", ha="center", va="top", fontsize=9, color="0.3")
    right.set(yscale="log", xlim=(-250, 1500), ylim=(0.3, 5e3), xlabel="distance beyond the band's edge, um", ylabel="IFN-gamma, pM")
    right.set_title("A band of producers, from zero: time and front at EC50")
    right.legend(frameon=False, fontsize=9, loc="upper right")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
