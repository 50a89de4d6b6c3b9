"""The figure of this experiment."""

from pathlib import Path

import numpy as np

ON, OFF = "#b2182b", "0.55"


def draw(numbers: dict, path: Path) -> None:
    """Effects of the arms by set; excess by set; its mean by what is off; where there is one (not with --quick), the scan over secretion."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    whole = bool(numbers["scan"])
    figure = Figure(figsize=(11.5, 8.2) if whole else (16.5, 4.4), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.06))
    FigureCanvasAgg(figure)
    panels = figure.subplots(*((2, 2) if whole else (1, 3))).ravel()
    _effects(panels[0], numbers["tumours"]["all edges"])
    _sets(panels[1], numbers["tumours"])
    _edges(panels[2], numbers["edges"])
    if whole:
        _scan(panels[3], numbers["scan"])
    for letter, panel in zip("abcd", panels, strict=False):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _effects(panel, rows: list[dict]) -> None:
    a, b, both = (np.array([row[key] for row in rows]) for key in ("E_TGFb", "E_PD1", "E_both"))
    for index, values in enumerate((a, b, a + b - a * b, both)):
        panel.plot(np.full(values.size, index) + np.linspace(-0.15, 0.15, values.size), values, "o", ms=4, color=ON if index == 3 else "#2166ac", alpha=0.6)
        panel.plot([index - 0.25, index + 0.25], [values.mean()] * 2, "k", lw=2)
    panel.set_xticks(range(4), ["anti-TGFb", "anti-PD1", "both, if\nindependent", "both"])
    panel.set(ylabel="E, share of the control's volume spared", title="tumours, and their mean")


def _sets(panel, sets: dict) -> None:
    order = np.argsort([row["excess"] for row in sets["all edges"]])
    for name, colour in (("all edges", ON), ("both off", OFF)):
        panel.plot(np.arange(1, order.size + 1), np.array([row["excess"] for row in sets[name]])[order], "o", ms=5, color=colour, label=name)
    panel.axhline(0, color="0.7", lw=0.8, zorder=0)
    panel.set(xlabel="tumour, by its excess", ylabel="Bliss excess", title="each tumour")
    panel.legend(frameon=False, loc="upper left")


def _bar(panel, where: float, found: dict, colour: str, label: str | None = None) -> None:
    low, high = found["interval"]
    panel.errorbar([where], [found["mean"]], [[found["mean"] - low], [high - found["mean"]]], fmt="o", ms=6, capsize=4, color=colour, label=label)


def _edges(panel, edges: dict) -> None:
    for index, (name, found) in enumerate(edges.items()):
        _bar(panel, index, found, OFF if name.startswith("both") else ON)
    panel.axhline(0, color="0.7", lw=0.8, zorder=0)
    panel.set_xticks(range(len(edges)), [name.replace(" off", "\noff").replace("both and ", "both and\n") for name in edges])
    panel.set(ylabel="mean Bliss excess, 95 %", title="which edges carry it", xlim=(-0.5, len(edges) - 0.5))


def _scan(panel, scan: dict) -> None:
    for index, found in enumerate(scan.values()):
        for shift, name, colour in ((-0.08, "all edges", ON), (0.08, "both off", OFF)):
            _bar(panel, index + shift, found[name], colour, name if index == 0 else None)
    panel.axhline(0, color="0.7", lw=0.8, zorder=0)
    told = [f"{level}/s\n({found['all edges']['TGFb_pM_median']:.0f} pM)" for level, found in scan.items()]
    panel.set_xticks(range(len(scan)), told)
    panel.set(
        ylabel="mean Bliss excess, 95 %", xlabel="TGF-b secreted by a tumour cell (median level in the tumour)", title="half of the tumours, by secretion"
    )
    panel.set_xlim(-0.5, len(scan) - 0.5)
    panel.legend(frameon=False, loc="upper left")
