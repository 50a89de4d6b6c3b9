"""The figure of this experiment."""

from pathlib import Path

import numpy as np

COLOURS = {"kept": "#b2182b", "washout": "#2166ac", "fast": "#1b7837"}
SAID = {"kept": "complexes kept", "washout": "cleared at 5.1e-5 /s (washout of IgG)", "fast": "cleared at 1e-3 /s"}


def draw(numbers: dict, place, last: dict, path: Path) -> None:
    """Dose-response by what becomes of complexes and by the walls; by region; the field where complexes are kept; two doses through time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(11.5, 8.6), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.06))
    FigureCanvasAgg(figure)
    (doses, regions), (field, course) = figure.subplots(2, 2)
    _doses(doses, numbers["cases"])
    _regions(regions, numbers["cases"])
    _field(figure, field, place, last)
    _course(course, numbers["schedule"])
    for letter, panel in zip("abcd", (doses, regions, field, course), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        if panel is not field:
            panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _curve(rows: list[dict], key: str) -> tuple[list[float], list[float]]:
    return [row["plasma_nM"] for row in rows], [row[key] for row in rows]


def _doses(panel, cases: dict) -> None:
    for name, colour in COLOURS.items():
        panel.plot(*_curve(cases[f"{name}, P x 1"], "free_mean"), "o-", color=colour, lw=2, ms=5, label=SAID[name])
        panel.plot(*_curve(cases[f"{name}, P x 1"], "well_mixed"), ":", color=colour, lw=1.5)
    for factor, style in (("0.1", "--"), ("10", "-.")):
        panel.plot(*_curve(cases[f"washout, P x {factor}"], "free_mean"), style, color=COLOURS["washout"], lw=1.4, label=f"washout, walls' P times {factor}")
    panel.plot([], [], ":", color="0.3", lw=1.5, label="well mixed, closed form")
    panel.set(xscale="log", ylim=(0, 1.08), xlabel="antibody in the plasma, nM", ylabel="free TGF-beta over baseline", title="mean of the tumour")
    panel.legend(frameon=False, fontsize=8.5, loc="lower left")


def _regions(panel, cases: dict) -> None:
    for name in ("kept", "washout"):
        for region, style in (("near", "-"), ("far", "--")):
            panel.plot(*_curve(cases[f"{name}, P x 1"], f"free_{region}"), style, marker="o", ms=4, lw=1.8, color=COLOURS[name])
        panel.plot([], [], color=COLOURS[name], lw=2, label={"kept": "complexes kept", "washout": "cleared by washout"}[name])
    panel.plot([], [], "-", color="0.3", label="within 25 um of a vessel")
    panel.plot([], [], "--", color="0.3", label="beyond 75 um (the core)")
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", ylim=(0, None), xlabel="antibody in the plasma, nM", ylabel="free TGF-beta over baseline", title="by region")
    panel.legend(frameon=False, fontsize=9, loc="upper left")


def _field(figure, panel, place, last: dict) -> None:
    grid, inside = place.vessels.grid, place.regions["mean"][1]
    ratio = np.asarray(last["kept, P x 1"]["TGFb"])[1] / np.maximum(np.asarray(last["none"]["TGFb"])[1], 1e-12)
    shown = np.where(inside, np.log2(np.maximum(ratio, 1e-3)), np.nan)
    top = float(np.nanmax(np.abs(shown)))
    extent = (0, grid.extent[2], 0, grid.extent[1])
    image = panel.imshow(shown, origin="lower", extent=extent, cmap="RdBu_r", vmin=-top, vmax=top)
    panel.set(title="complexes kept, highest dose: a slice", xlabel="x, um", ylabel="y, um", xlim=(0, 500), ylim=(0, 500))
    figure.colorbar(image, ax=panel, label="log2 of free TGF-beta over baseline", shrink=0.9)


def _course(panel, told: dict) -> None:
    panel.plot(told["days"], told["free"], "o-", color="#542788", lw=1.8, ms=3.5)
    panel.set(xlabel="days (15 mg/kg on days 0 and 28)", ylim=(0, 1.05), xlim=(-1, max(told["days"]) + 1), title="two doses, complexes cleared by washout")
    panel.set_ylabel("free TGF-beta over baseline, mean", color="#542788")
    beside = panel.twinx()
    beside.plot(told["plasma_days"], told["plasma_nM"], color="0.55", lw=1.3, label="plasma")
    beside.plot(told["days"], told["antibody_nM"], color="0.55", lw=1.3, ls="--", label="tumour")
    beside.set(ylim=(0, None), ylabel="antibody, nM")
    beside.yaxis.label.set_color("0.4")
    beside.spines[["top"]].set_visible(False)
    beside.legend(frameon=False, fontsize=9, loc="lower right")
