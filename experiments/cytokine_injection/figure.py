"""The figure of this experiment."""

from pathlib import Path

import numpy as np

ROUTES = {"needle": ("#b2182b", "5 kIU into the tumour"), "clinical": ("#2166ac", "42 MIU into a vein"), "vein": ("#67a9cf", "5 kIU into a vein")}
FLOOR = 1e-2  # pM, below which nothing is drawn


def draw(numbers: dict, shown: dict, hours: np.ndarray, times: tuple[float, ...], level: float, radius: float, ball: float, path: Path) -> None:
    """The tumour through time; profiles around the needle; the plasma through time; where the cytokine went."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(11.5, 8.4), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.06))
    FigureCanvasAgg(figure)
    (tumour, profiles), (plasma, fates) = figure.subplots(2, 2)
    _tumour(tumour, shown, hours, level)
    _profiles(profiles, shown["needle"], times, level, radius, ball)
    for name, (colour, label) in ROUTES.items():
        plasma.plot(hours, _pM(shown[name]["plasma"]), color=colour, lw=1.8, label=label)
    plasma.set(yscale="log", xlim=(0, 12), ylim=(FLOOR, 1e6), xlabel="hours", ylabel="IL-2 in the plasma, pM", title="plasma")
    plasma.legend(frameon=False, fontsize=9)
    _fates(fates, numbers["routes"])
    for letter, panel in zip("abcd", (tumour, profiles, plasma, fates), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _pM(values) -> np.ndarray:
    return np.maximum(1e3 * np.asarray(values), 0.1 * FLOOR)


def _half(panel, level: float, where: float) -> None:
    panel.axhline(1e3 * level, color="0.4", lw=1, ls=":")
    panel.text(where, 1.2e3 * level, "EC50", ha="right", va="bottom", fontsize=9, color="0.4")


def _tumour(panel, shown: dict, hours: np.ndarray, level: float) -> None:
    for name, (colour, label) in ROUTES.items():
        panel.plot(hours, _pM(shown[name]["centre"]), color=colour, lw=1.8, label=f"{label}: centre")
        panel.plot(hours, _pM(shown[name]["rim"]), color=colour, lw=1.8, ls="--", label=f"{label}: rim")
    _half(panel, level, 11.9)
    panel.set(yscale="log", xlim=(0, 12), ylim=(FLOOR, 1e10), xlabel="hours", ylabel="IL-2 in the tumour, pM", title="tumour")
    panel.legend(frameon=False, fontsize=8.5, loc="upper right")


def _profiles(panel, told: dict, times: tuple[float, ...], level: float, radius: float, ball: float) -> None:
    r = np.asarray(told["r_um"]) / 1e3
    for shade, time, c in zip(np.linspace(1.0, 0.35, len(times)), times, told["profiles_nM"], strict=True):
        colour = tuple(1 - shade * (1 - np.array([0xB2, 0x18, 0x2B]) / 255))
        panel.plot(r, _pM(c), color=colour, lw=1.8, label=f"{time / 60:g} min" if time < 3600 else f"{time / 3600:g} h")
    panel.axvspan(0, ball / 1e3, color="0.92", zorder=0)
    panel.axvline(radius / 1e3, color="0.5", lw=1, ls="--")
    panel.text(radius / 1e3 + 0.06, 2e7, "tumour's edge", va="top", fontsize=9, color="0.4")
    panel.text(0.08, 2e7, "injected ball", va="top", fontsize=9, color="0.4")
    _half(panel, level, float(r[-1]))
    panel.set(yscale="log", xlim=(0, float(r[-1])), ylim=(FLOOR, 3e7), xlabel="distance from the needle, mm", ylabel="IL-2, pM", title="around the needle")
    panel.legend(frameon=False, fontsize=9, loc="upper right", bbox_to_anchor=(1.0, 0.92))


def _fates(panel, routes: dict) -> None:
    """Of the dose into the tumour: who took it; of a dose into a vein: what the same tissue got of it."""
    needle, clinical = routes["needle"], routes["clinical"]
    names = [name for name in needle["fate_nmol"] if name not in ("defect", "left")]
    places = np.arange(len(names))
    for shift, route, key in ((0.18, needle, "needle"), (-0.18, clinical, "clinical")):
        shares = [max(route["fate_nmol"][name], 0) / route["dose_nmol"] for name in names]
        panel.barh(places + shift, np.maximum(shares, 1e-12), height=0.34, color=ROUTES[key][0], label=ROUTES[key][1])
    panel.set(xscale="log", xlim=(1e-7, 2), yticks=places, yticklabels=names, xlabel="share of the dose", title="what this tissue does with the dose")
    panel.invert_yaxis()
    panel.legend(frameon=False, fontsize=9, loc="center right")
