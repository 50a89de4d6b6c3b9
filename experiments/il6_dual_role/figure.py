"""The figure of this experiment."""

from pathlib import Path

import numpy as np

LINES = {
    "all edges": ("#222222", "o-", 2.2, "all edges"),
    "IL6-entry off": ("#b2182b", "s--", 1.6, "IL6-entry off"),
    "IL6-growth and -angiogenesis off": ("#2166ac", "^--", 1.6, "IL6-growth, -angiogenesis off"),
}


def draw(numbers: dict, chosen: tuple[str, str], path: Path) -> None:
    """The ratio over the duration and what carries it; tumour and T cells in time; where in the scans the sign turns."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(13.5, 8.2), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.07))
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3)
    _durations(panels[0, 0], numbers)
    _courses(panels[0, 1], numbers["courses"], chosen, "tumour", "tumour cells over start")
    _courses(panels[0, 2], numbers["courses"], chosen, "CD8_T", "CD8 T cells over start")
    if "scan" in numbers:
        scan = numbers["scan"]
        _entry(panels[1, 0], scan["entry"], chosen)
        _pairs(panels[1, 1], [row["dose"] * 86400 for row in scan["dose"]], scan["dose"], chosen, "IL-6 made in all, nM")
        own = [float(row["secretion"].split()[0]) for row in scan["secretion"]]
        _pairs(panels[1, 2], own, scan["secretion"], chosen, "IL-6 by tumour cells and macrophages themselves,\nmolecules/cell/s")
    for letter, panel in zip("abcdef", panels.flat, strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _durations(panel, numbers: dict) -> None:
    for name, (colour, style, width, label) in LINES.items():
        days = [float(key) for key in numbers[name]]
        panel.plot(days, list(numbers[name].values()), style, color=colour, lw=width, ms=5, label=label)
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", yscale="log", xlabel="duration of the course, day (same dose)", ylabel="tumour volume over untreated")
    panel.set_xticks(days, [f"{day:g}" for day in days], minor=False)
    _plain(panel)
    panel.minorticks_off()
    panel.legend(frameon=False, fontsize=9)


def _plain(panel) -> None:
    ticks = [0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0]
    low, high = panel.get_ylim()
    panel.set_yticks([tick for tick in ticks if low <= tick <= high], [f"{tick:g}" for tick in ticks if low <= tick <= high])


def _courses(panel, courses: dict, chosen: tuple[str, str], key: str, label: str) -> None:
    short, long = chosen
    for name, colour, said in (("none", "0.55", "none"), (short, "#1b7837", f"{short} days"), (long, "#762a83", f"{long} days")):
        panel.plot(courses[name]["days"], courses[name][key], color=colour, lw=2, label=said)
    panel.set(xlabel="day", ylabel=label, ylim=(0, None))
    panel.legend(frameon=False, title="IL-6 for", fontsize=9)


def _entry(panel, rows: list[dict], chosen: tuple[str, str]) -> None:
    halves, most = list(dict.fromkeys(row["half_maximum"] for row in rows)), list(dict.fromkeys(row["saturated"] for row in rows))
    shown = np.zeros((len(halves), len(most)))
    for row in rows:
        at = halves.index(row["half_maximum"]), most.index(row["saturated"])
        turns = row["short"] < 1 < row["long"]
        shown[at] = 1.0 if turns else 0.0
        panel.text(at[1], at[0], f"{row['short']:.2f}\n{row['long']:.2f}", ha="center", va="center", fontsize=11)
    from matplotlib.colors import ListedColormap

    panel.imshow(shown, origin="lower", cmap=ListedColormap(["#eeeeee", "#b8e0c0"]), vmin=0, vmax=1, aspect="auto")
    panel.set_xticks(range(len(most)), [f"{one:g}" for one in most])
    panel.set_yticks(range(len(halves)), [one.split()[0] for one in halves])
    panel.set(xlabel="IL6-entry: factor at saturation", ylabel="IL6-entry: half maximum, pM")
    panel.set_title(f"over untreated: {chosen[0]} d above, {chosen[1]} d below;\ngreen: the sign turns", fontsize=9.5)


def _pairs(panel, at: list[float], rows: list[dict], chosen: tuple[str, str], label: str) -> None:
    panel.plot(at, [row["short"] for row in rows], "o-", color="#1b7837", lw=2, label=f"{chosen[0]} days")
    panel.plot(at, [row["long"] for row in rows], "o-", color="#762a83", lw=2, label=f"{chosen[1]} days")
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", xlabel=label, ylabel="tumour volume over untreated")
    panel.set_xticks(at, [f"{one:.3g}" for one in at])
    panel.minorticks_off()
    panel.legend(frameon=False, title="IL-6 for", fontsize=9)
