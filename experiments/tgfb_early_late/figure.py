"""The figure of this experiment."""

from pathlib import Path

import numpy as np

COLOURS = {"sensitive": "#b2182b", "insensitive": "#2166ac"}
EDGES = {"all edges": "all edges", "growth": "without\nTGFb-growth", "CTL and exclusion": "without\nTGFb-CTL and\n-exclusion"}
FLOOR = 0.02


def draw(numbers: dict, path: Path) -> None:
    """Courses of both stages; the effect by edges; the effect by how much TGF-b the tumour makes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.5, 8.2), layout="constrained")
    FigureCanvasAgg(figure)
    (early, late), (edges, scan) = figure.subplots(2, 2)
    for panel, stage in ((early, "early"), (late, "late")):
        _course(panel, numbers["cases"], stage)
    _edges(edges, numbers["cases"])
    _scan(scan, numbers["scan"])
    for letter, panel in zip("abcd", (early, late, edges, scan), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _course(panel, cases: dict, stage: str) -> None:
    for name, colour in COLOURS.items():
        one = cases[f"{stage}, {name}"]["all edges"]
        panel.plot(one["untreated"]["days"], one["untreated"]["volume"], "-", color=colour, lw=2, label=f"{name}, untreated")
        panel.plot(one["treated"]["days"], one["treated"]["volume"], "--", color=colour, lw=2, label=f"{name}, antibody")
    panel.set(yscale="log", xlabel="days from the start of the blockade", ylabel="tumour volume over the start")
    panel.set_title({"early": "early: small, few T cells yet", "late": "late: crowded, T cells held off"}[stage])
    panel.legend(frameon=False, fontsize=9)


def _edges(panel, cases: dict) -> None:
    width, shift = 0.19, {("early", "sensitive"): -1.5, ("early", "insensitive"): -0.5, ("late", "sensitive"): 0.5, ("late", "insensitive"): 1.5}
    for (stage, name), by in shift.items():
        effects = np.array([cases[f"{stage}, {name}"][off]["effect"] for off in EDGES])
        style = {"color": COLOURS[name], "alpha": 0.45 if stage == "early" else 1.0, "label": f"{stage}, {name}"}
        panel.bar(np.arange(len(EDGES)) + by * width, np.log2(np.maximum(effects, FLOOR)), width, **style)
    panel.axhline(0, color="k", lw=0.8)
    panel.set_xticks(range(len(EDGES)), list(EDGES.values()))
    panel.set(ylabel="log2 of volume, treated over untreated", title="above 0 the antibody harms, below it helps")
    panel.legend(frameon=False, fontsize=9, loc="lower right")


def _scan(panel, scan: dict) -> None:
    for key, rows in scan.items():
        stage, name = key.split(", ")
        values = [(row["rate"], max(row["effect"], FLOOR)) for row in rows]
        panel.plot(*zip(*values, strict=True), "o--" if stage == "early" else "o-", color=COLOURS[name], lw=2, ms=5, label=key)
    panel.axhline(1, color="k", lw=0.8)
    panel.set(xscale="log", yscale="log", xlabel="TGF-b secretion, molecules/tumour cell/s", ylabel="volume after 10 days, treated over untreated")
    panel.set_title("by how much TGF-b the tumour makes")
    panel.legend(frameon=False, fontsize=9, handlelength=4)
