"""The picture of the experiment: pressure in a slice, and pressure, solutes and the fluid from vessels against the distance from the centre."""

from pathlib import Path

import numpy as np

COLOURS = {"before": "#c0392b", "after": "#1f6fb2"}
MMHG, RADIUS, PLASMA = 133.322, 700.0, 100.0
SHELL = 25.0  # um


def profile(distance: np.ndarray, field: np.ndarray, chosen: np.ndarray, width: float) -> tuple[np.ndarray, ...]:
    """Middle of each interval of distance, with the mean of the field in it, and its 10th and 90th percentile."""
    place = (distance[chosen] // width).astype(int)
    values, full = field[chosen], np.flatnonzero(np.bincount(place) > 3)
    groups = [values[place == one] for one in full]
    levels = np.array([[group.mean(), *np.percentile(group, (10, 90))] for group in groups])
    return (full + 0.5) * width, *levels.T


def draw(outcomes: dict, path: Path) -> None:
    """Write the figure for the outcomes "before" and "after"."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.6, 7.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(wspace=0.06, hspace=0.04)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.08, 1))
    panels = upper.subplots(1, 3, width_ratios=(1, 1, 1.15))
    _slices(upper, panels[:2], outcomes)
    _pressures(panels[2], outcomes)
    left, middle, right = lower.subplots(1, 3, width_ratios=(1, 1, 1.15))
    _radial(left, outcomes, "antibody", "antibody, 150 kDa")
    _radial(middle, outcomes, "cytokine", "cytokine, 20 kDa")
    _filtration(right, outcomes)
    for panel, letter in zip((*panels, left, middle, right), "abcdef", strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        if panel not in panels[:2]:
            panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _slices(figure, panels, outcomes: dict) -> None:
    grid = outcomes["before"].fluid.grid
    top = max(np.asarray(one.fluid.pressure).max() for one in outcomes.values()) / MMHG
    angle = np.linspace(0, np.pi / 2, 100)
    for panel, (name, outcome) in zip(panels, outcomes.items(), strict=True):
        pressure = np.where(outcome.tissue, np.asarray(outcome.fluid.pressure) / MMHG, np.nan)[0]
        image = panel.imshow(pressure, origin="lower", extent=(0, grid.extent[2], 0, grid.extent[1]), vmin=0, vmax=top, cmap="magma", interpolation="bilinear")
        panel.plot(RADIUS * np.cos(angle), RADIUS * np.sin(angle), color="white", lw=1.2, ls="--")
        panel.set(title=f"{name} normalisation", xlabel="x, µm", ylabel="y, µm" if name == "before" else "", xticks=(0, 500, 1000), yticks=(0, 500, 1000))
    figure.colorbar(image, ax=panels, shrink=0.85, pad=0.02, label="interstitial pressure, mmHg")


def _pressures(panel, outcomes: dict) -> None:
    for name, outcome in outcomes.items():
        _band(panel, name, outcome, outcome.fluid.pressure / MMHG)
    _rim(panel)
    panel.set(title="pressure", xlabel="distance from the centre, µm", ylabel="mmHg", xlim=(0, 1000), ylim=(0, None))
    panel.legend(frameon=False, loc="lower left")


def _radial(panel, outcomes: dict, species: str, title: str) -> None:
    for name, outcome in outcomes.items():
        _band(panel, name, outcome, outcome.solution[species] / PLASMA)
    _rim(panel)
    panel.set(title=title, xlabel="distance from the centre, µm", ylabel="of the plasma's concentration", xlim=(0, 1000), ylim=(0, 1))


def _rim(panel) -> None:
    panel.axvline(RADIUS, color="0.5", lw=1, ls="--")
    panel.text(RADIUS + 12, 0.97, "rim", color="0.4", transform=panel.get_xaxis_transform(), va="top", fontsize=9)


def _band(panel, name: str, outcome, field) -> None:
    """Mean of each shell, and between which values eight of ten voxels lie."""
    r, mean, low, high = profile(outcome.radius, np.asarray(field), outcome.tissue & (outcome.radius < 1000), SHELL)
    panel.fill_between(r, low, high, color=COLOURS[name], alpha=0.15, lw=0)
    panel.plot(r, mean, color=COLOURS[name], lw=2, label=name)


def _filtration(panel, outcomes: dict) -> None:
    for name, outcome in outcomes.items():
        r, mean, *_ = profile(outcome.radius, 1e3 * np.asarray(outcome.fluid.source), outcome.radius < 1000, 2 * SHELL)
        panel.plot(r, mean, color=COLOURS[name], lw=2)
    _rim(panel)
    panel.axhline(0, color="0.7", lw=0.8)
    panel.set(title="fluid from vessels", xlabel="distance from the centre, µm", ylabel="volume per volume of tissue, 1/1000 s", xlim=(0, 1000))
