"""One page on a fit: data with the fitted curves and their bands, residuals, the spectrum of the information, the estimates beside the library."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from .fit_record import Estimate, FitRecord, FittedData
from .page import COLOURS, INK, Page, write_picture
from .scales import choose_scale, figure
from .sheet import Box

_PALE, _RED = "#777777", "#b2182b"
_WIDTH, _HEAD, _PANEL, _ROW = 13.0, 1.0, 2.55, 0.27
_ABOVE, _BELOW = 0.42, 0.62
_MOST_PANELS, _MOST_ROWS, _MOST_PARTS = 9, 30, 3
_WITHIN_95 = 1.96
_STATUS_INK = {"fitted": INK, "prior": "#8a6d00", "undetermined": _RED, "at bound": _RED}


def fit_report(record: FitRecord, path: str | os.PathLike) -> Path:
    """Draw a fit as a PNG; returns the path.

    Data that lie along a distance or a time are drawn against it with the fitted curve and its 95 % band (of the prediction, not of a datum); others against
    their predictions. Error bars are one standard deviation of the noise; triangles lie at or below the limit of detection. The spectrum shows the standard
    deviation of each direction of parameters, 1/sqrt(eigenvalue). The table's bars are 95 % intervals as factors of the library's value, or of the start.

    **Raises** `FileError` if the file cannot be written.
    """
    return write_picture(lambda: _draw(record), path)


def _draw(record: FitRecord) -> Page:
    shown = record.data[:_MOST_PANELS]
    columns = 2 if len(shown) in (2, 4) else min(3, len(shown))
    rows = -(-len(shown) // columns)
    estimates = record.estimates[:_MOST_ROWS]
    band = _ABOVE + _PANEL + _BELOW
    table_at = _HEAD + (rows + 1) * band
    page = Page(_WIDTH, table_at + 0.55 + _ROW * len(estimates) + 0.75)
    _draw_head(page, record)
    width = (_WIDTH - 0.35) / columns
    for index, one in enumerate(shown):
        row, column = divmod(index, columns)
        box = Box(0.35 + column * width + 0.5, _HEAD + row * band + _ABOVE, width - 0.9, _PANEL)
        _draw_data(page.axes(box), one, index)
    below = _HEAD + rows * band + _ABOVE
    _draw_residuals(page.axes(Box(0.8, below, 6.2, _PANEL)), record)
    _draw_spectrum(page.axes(Box(9.6, below, _WIDTH - 9.6 - 0.3, _PANEL)), record)
    _draw_table(page, table_at, estimates)
    hidden = (len(record.data) - len(shown), len(record.estimates) - len(estimates))
    if any(hidden):
        page.text(
            0.35, page.height - 0.2, f"not shown: {hidden[0]} observations, {hidden[1]} parameters; all are in fit.nc and fit.json", fontsize=8.5, color=_PALE
        )
    return page


def _draw_head(page: Page, record: FitRecord) -> None:
    page.text(0.35, 0.35, record.title[:100], fontsize=16, fontweight="bold")
    many, known = len(record.undetermined), what_is_known(record)
    settled = record.converged and not many and not any(one.status == "undetermined" for one in record.estimates)
    steps = f"{record.outcome}" if not record.converged else f"converged after {record.steps} steps"
    words = f"{steps}   ·   χ² {record.chi2:.4g} for {record.freedom} degrees of freedom   ·   {known}"
    page.text(0.35, 0.72, words, fontsize=10.5, color="#555555" if settled else _RED)


def what_is_known(record: FitRecord) -> str:
    """How far the data determine the parameters, in a few words."""
    many, wide = len(record.undetermined), sum(one.status == "undetermined" for one in record.estimates)
    if many:
        return f"{many} of {len(record.eigenvalues)} directions not determined by the data"
    # The curvature bounds every direction, but some parameter can go a factor of ten and fit as well.
    return "the data determine every direction" if not wide else f"{wide} of {len(record.estimates)} parameters not determined"


def _draw_data(axes: Any, one: FittedData, index: int) -> None:
    factor, unit = _unit(one)
    data, predicted, noise, sd = (np.asarray(values, float) / factor for values in (one.data, one.predicted, one.noise_sd, one.sd))
    below = np.asarray(one.censored, bool)
    axes.set_title(one.name.replace("$", r"\$")[:60], color=INK, loc="left", fontweight="bold")
    if one.x is None:
        _draw_against_prediction(axes, (data, predicted, noise, sd), below, unit, COLOURS[index % len(COLOURS)])
        return
    name, _, x_unit = one.x_name.partition(", ")
    x, x_unit = _readable(np.asarray(one.x, float), x_unit)
    curve = np.zeros(data.size, int) if one.curve is None else np.asarray(one.curve)
    for number in range(int(curve.max()) + 1):
        mine, colour = curve == number, COLOURS[(index + number) % len(COLOURS)]
        order = np.flatnonzero(mine)[np.argsort(x[mine])]
        axes.fill_between(
            x[order], np.maximum(predicted - _WITHIN_95 * sd, 0)[order], (predicted + _WITHIN_95 * sd)[order], color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(x[order], predicted[order], color=colour, linewidth=1.8, label=one.curves[number] if number < len(one.curves) else None)
        seen, hidden = order[~below[order]], order[below[order]]
        axes.errorbar(x[seen], data[seen], yerr=noise[seen], fmt="o", markersize=4.5, color=colour, markeredgecolor="white", markeredgewidth=0.5, elinewidth=1)
        axes.plot(x[hidden], data[hidden], linestyle="", marker="v", markersize=5.5, color=colour, markerfacecolor="none")
    if len(one.curves) > 1 or (one.curves and one.curves[0]):
        axes.legend(fontsize=8, frameon=False, handlelength=1.4, ncols=2 if len(one.curves) > 3 else 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{name} ({_micro(x_unit)})", color=INK)
    axes.set_ylabel(f"{_ylabel(one)} ({unit})", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)


def _draw_against_prediction(axes: Any, values: tuple[np.ndarray, ...], below: np.ndarray, unit: str, colour: str) -> None:
    data, predicted, noise, sd = values
    both = np.concatenate([data, predicted])
    low, high = float(both.min()), float(both.max())
    log = low > 0 and high / low > 20
    # Bars count, unless one that says next to nothing would squeeze the data.
    ends = np.concatenate([data - noise, data + noise, predicted - _WITHIN_95 * sd, predicted + _WITHIN_95 * sd])
    low, high = (low / 1.4, high * 1.4) if log else (max(0.0, 0.95 * float(ends.min())), min(1.05 * float(ends.max()), 3 * high) or 1.0)
    axes.plot([low, high], [low, high], color=_PALE, linewidth=1, linestyle="--", zorder=1)
    style = {"markersize": 4.5, "color": colour, "markeredgecolor": "white", "markeredgewidth": 0.5}
    lower = np.minimum(noise, 0.98 * data)[~below] if log else noise[~below]
    axes.errorbar(predicted[~below], data[~below], yerr=[lower, noise[~below]], xerr=_WITHIN_95 * sd[~below], fmt="o", elinewidth=0.7, alpha=0.85, **style)
    axes.plot(predicted[below], data[below], linestyle="", marker="v", markersize=5, color=colour, markerfacecolor="none")
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_xlabel(f"predicted, with 95 % interval ({unit})", color=INK)
    axes.set_ylabel(f"measured ({unit})", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)


def _draw_residuals(axes: Any, record: FitRecord) -> None:
    start = 0
    for number, one in enumerate(record.data):
        residual, below = -np.asarray(one.residual, float), np.asarray(one.censored, bool)
        place, colour = start + 1 + np.arange(residual.size), COLOURS[number % len(COLOURS)]
        axes.plot(place[~below], residual[~below], "o", markersize=4, color=colour, label=one.name.replace("$", r"\$")[:32] if number < len(COLOURS) else None)
        axes.plot(place[below], residual[below], "v", markersize=5, color=colour, markerfacecolor="none")
        start += residual.size
    axes.axhline(0, color=INK, linewidth=0.8)
    for level in (-_WITHIN_95, _WITHIN_95):
        axes.axhline(level, color=_PALE, linewidth=0.8, linestyle="--")
    reach = max(3.0, 1.25 * max(abs(limit) for limit in axes.get_ylim()))
    axes.set_ylim(-reach, reach * (1 + 0.28 * -(-min(len(record.data), len(COLOURS)) // 3) * (len(record.data) > 1)))  # room for the legend
    axes.set_xlim(0.5, start + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title("residuals (measured less predicted), 95 % dashed", color=INK, loc="left", fontweight="bold")
    axes.set_xlabel("number of the datum", color=INK)
    axes.set_ylabel("standard deviations of the noise", color=INK)
    if len(record.data) > 1:
        axes.legend(fontsize=8, frameon=False, ncols=3, loc="upper right", borderaxespad=0.0, handletextpad=0.2, columnspacing=1.0)


def _draw_spectrum(axes: Any, record: FitRecord) -> None:
    """Standard deviation of each direction on a logarithmic scale; beyond 1e6 the bar ends in the frame."""
    widths = 1 / np.sqrt(np.maximum(np.asarray(record.eigenvalues, float), 1e-300))
    limit = 1 / np.sqrt(record.threshold)
    left = min(10 ** np.floor(np.log10(widths.min())) / 3, limit / 10)
    right = min(max(3 * widths.max(), 30 * limit), 1e4 * limit)
    place = np.arange(widths.size)
    axes.barh(place, np.minimum(widths, right) - left, left=left, height=0.62, color=[COLOURS[0] if one <= limit else _RED for one in widths])
    axes.axvline(limit, color=INK, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.set_ylim(max(widths.size - 0.4, 2.6), -0.6)
    axes.set_yticks(place, [_combination(record.directions[:, k]) for k in place], fontsize=8 if widths.size <= 10 else 6)
    axes.tick_params(axis="y", length=0)
    axes.set_title("what the data determine; red: not", color=INK, loc="left", fontweight="bold")
    axes.set_xlabel("s.d. of ln(parameters) along the direction", color=INK)


def _combination(direction: np.ndarray) -> str:
    """The parameters of a direction by their numbers in the table, those of the greatest components first."""
    size = np.abs(direction).max()
    parts = [k for k in np.argsort(-np.abs(direction)) if abs(direction[k]) > 0.1 * size]
    text = " ".join(f"{'+' if direction[k] > 0 else '−'}{abs(direction[k]):.2f}·#{k + 1}" for k in parts[:_MOST_PARTS])
    return text + (" …" if len(parts) > _MOST_PARTS else "")


def _draw_table(page: Page, top: float, estimates: tuple[Estimate, ...]) -> None:
    places = {"parameter": 0.35, "estimate": 4.35, "95 % interval": 5.15, "unit": 6.75, "status": 7.95, "library (range)": 9.0}
    for words, x in places.items():
        page.text(x, top + 0.25, words, fontsize=9.5, fontweight="bold")
    for index, one in enumerate(estimates):
        y = top + 0.55 + _ROW * index
        name = f"#{index + 1}  {one.name}" + (f" ({len(one.tied)} tied)" if one.tied else "")
        interval = "none" if one.low is None or one.high is None else f"{figure(one.low)} to {figure(one.high)}"
        cells = (name, figure(one.value), interval, _micro(one.unit), one.status, _library(one))
        for x, words in zip(places.values(), cells, strict=True):
            size = min(9.0, 9.0 * 52 / max(len(words), 52)) if x == places["parameter"] else 9.0
            page.text(x, y, words, fontsize=size, color=_STATUS_INK[one.status] if words == one.status else INK)
    axes = page.axes(Box(11.2, top + 0.55 - 0.5 * _ROW, _WIDTH - 11.2 - 0.3, _ROW * len(estimates)))
    _draw_intervals(axes, estimates)


def _draw_intervals(axes: Any, estimates: tuple[Estimate, ...]) -> None:
    reach = 10.0
    for place, one in enumerate(estimates):
        centre = one.known if one.known is not None and one.known > 0 else one.start
        if not (centre > 0 and one.value > 0):
            continue
        if one.known_low is not None and one.known_high is not None:
            ends = np.maximum([one.known_low, one.known_high], 1e-3 * centre) / centre
            axes.plot(ends, [place, place], color="#c9c9c9", linewidth=7, solid_capstyle="butt")
            reach = max(reach, *(1.5 * ends), *(1.5 / ends))
        reach = max(reach, 1.5 * one.value / centre, 1.5 * centre / one.value) if one.low is not None else reach
        if one.low is not None and one.high is not None and one.low > 0:
            axes.plot([one.low / centre, one.high / centre], [place, place], color=COLOURS[0], linewidth=1.8)
    reach = min(reach, 1e4)
    for place, one in enumerate(estimates):
        centre = one.known if one.known is not None and one.known > 0 else one.start
        if centre > 0 and one.value > 0:
            at = one.value / centre
            beyond = "<" if at < 1 / reach else ">" if at > reach else "o"
            axes.plot(min(max(at, 1 / reach), reach), place, beyond, color=COLOURS[0] if one.low is not None else _RED, markersize=4.5, clip_on=False)
    axes.axvline(1, color=_PALE, linewidth=0.8, linestyle="--", zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(1 / reach, reach)
    axes.set_ylim(len(estimates) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("factor of library (grey) or start", color=INK, fontsize=8.5)
    axes.minorticks_off()


def _library(one: Estimate) -> str:
    return "none" if one.known is None else figure(one.known) + known_range(one)


def known_range(one: Estimate) -> str:
    """The library's range in brackets, or nothing."""
    return "" if one.known_low is None or one.known_high is None else f" ({figure(one.known_low)} to {figure(one.known_high)})"


def _unit(one: FittedData) -> tuple[float, str]:
    """Divide by the factor to get the unit that suits the data."""
    if one.unit != "nM":
        return 1.0, one.unit if one.unit != "1" else "share"
    scale = choose_scale(np.concatenate([np.asarray(one.data, float), np.asarray(one.predicted, float)]))
    return scale.factor, scale.unit


def _ylabel(one: FittedData) -> str:
    return {"nM": "concentration", "pg/mL": "concentration"}.get(one.unit, "response")


def _readable(x: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    if unit == "s":
        for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
            if x.max() >= 2 * size:
                return x / size, name
    return x, unit


def _micro(unit: str) -> str:
    return unit.replace("um", "µm").replace("molecule/cell/s", "mol./cell/s").replace("molecule/cell", "per cell")
