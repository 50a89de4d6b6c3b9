"""The figure of this experiment."""

from pathlib import Path

import numpy as np

COLOURS, MARKERS = ("#4393c3", "#b2182b", "#f4a582"), "osD"
TITLES = {"local": "a tumour with places", "mixed": "the same cells, evenly spread"}


def draw(numbers: dict, path: Path) -> None:
    """Final volumes in the plane of both secretions, in a tumour and mixed, with the boundary of each; three courses."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.05])
    for panel, name in ((left, "local"), (middle, "mixed")):
        image = _plane(panel, numbers, name)
    figure.colorbar(image, ax=middle, label="log10 of the final volume over the start", extend="both")
    _courses(right, numbers["examples"])
    for letter, panel in zip("abc", (left, middle, right), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
    figure.savefig(path, dpi=120)


def _plane(panel, numbers: dict, name: str):
    factors, rates = np.array(numbers["factors"]), np.array(numbers["rates"])
    ratio = np.log10(np.maximum(numbers["planes"][name]["ratio"], 1e-6))
    image = panel.pcolormesh(factors, rates, ratio, cmap="RdBu_r", vmin=-2, vmax=2, shading="nearest")
    for which, style in (("local", "-"), ("mixed", "--")):
        cleared = np.array(numbers["planes"][which]["cleared"], float)
        if 0 < cleared.mean() < 1:
            panel.contour(factors, rates, cleared, levels=[0.5], colors="k", linestyles=[style], linewidths=2 if which == name else 1.2)
        panel.plot([], [], style, color="k", label={"local": "boundary with places", "mixed": "boundary mixed"}[which])
    for marker, one in zip(MARKERS, numbers["examples"].values(), strict=True):
        panel.plot(*one["at"], marker, color="w", mec="k", ms=8)
    panel.set(xscale="log", yscale="log", xlabel="IFN-g secretion of CTL over the library's", title=TITLES[name])
    panel.set_ylabel("TGF-b secretion, molecules/tumour cell/s")
    if name == "mixed":
        panel.legend(fontsize=8.5, loc="lower right", framealpha=0.9)
    return image


def _courses(panel, examples: dict) -> None:
    for one, colour, marker in zip(examples.values(), COLOURS, MARKERS, strict=True):
        for place, style in (("local", "-"), ("mixed", "--")):
            panel.plot(one[place]["days"], np.maximum(one[place]["volume"], 1e-12), style, color=colour, lw=2)
        panel.plot([], [], f"{marker}-", color=colour, mec="k", mfc="w", label=f"IFN-g x {one['at'][0]:g}, TGF-b {one['at'][1]:g}/s")
    panel.plot([], [], "-", color="0.3", label="with places")
    panel.plot([], [], "--", color="0.3", label="mixed")
    panel.axhline(1, color="0.8", lw=0.8, zorder=0)
    panel.set(yscale="log", ylim=(1e-3, 1000), xlabel="days", ylabel="tumour volume over the start", title="three courses")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=8.5, loc="upper right", ncols=2)
