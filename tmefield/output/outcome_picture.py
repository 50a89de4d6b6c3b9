"""One page on an outcome: tumour volume by arm, the arms in their order, populations through time, and slices of every field at the end."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from .outcome_record import BALANCE, TUMOUR, OutcomeRecord
from .page import COLOURS, INK, Page, write_picture
from .regulation_picture import spelled
from .scales import Scale, choose_scale, figure, linear_ticks, log_ticks, number
from .sheet import Box
from .slices import COLOURMAP, Plane, draw_scale_bar, planes_through

_WIDTH, _HEAD, _LEFT, _RIGHT = 14.0, 1.0, 0.85, 0.3
_TOP, _ABOVE, _BELOW = 2.9, 0.4, 0.65
_SMALL, _IN_A_ROW, _SMALL_GAP, _SMALL_DOWN = 1.35, 5, 0.75, 0.65
_SLICE, _SLICE_GAP, _SLICE_LEFT = 1.75, 0.18, 1.55
_MOST_LINES, _MOST_ROWS, _MOST_SPECIES = 12, 4, 6
_DASHES = ("-", "--")
_PER_MM3, _PER_DAY = 1e9, 86400.0
_SIGNED = "RdBu"


def outcome_picture(record: OutcomeRecord, path: str | os.PathLike) -> Path:
    """Draw an outcome as a PNG; returns the path.

    Lines are arms, in one colour throughout. Slices are x-y through the most of the tumour at the end, of the control and the arms that hold the tumour best,
    each column on one scale. Blue in the map of killing less growth: more tumour cells are killed there than made.

    **Raises** `FileError` if the file cannot be written.
    """
    return write_picture(lambda: _draw(record), path)


def _draw(record: OutcomeRecord) -> Page:
    arms, rows = _shown(record, _MOST_LINES), _shown(record, _MOST_ROWS)
    small = -(-len(record.populations) // _IN_A_ROW)
    populations_at = _HEAD + _ABOVE + _TOP + _BELOW
    slices_at = populations_at + 0.5 + small * (_SMALL + _SMALL_DOWN) + 0.1
    plane = _plane(record)
    columns = 2 + len(_columns_of(record))
    width = min(_SLICE, (_WIDTH - _SLICE_LEFT - _RIGHT) / columns - _SLICE_GAP)
    high = width * (plane.extent[3] - plane.extent[2]) / (plane.extent[1] - plane.extent[0])
    page = Page(_WIDTH, slices_at + 0.6 + len(rows) * (high + _SLICE_GAP) + 0.75)
    _draw_head(page, record)
    style = {arm: {"color": COLOURS[k % len(COLOURS)], "linestyle": _DASHES[k // len(COLOURS) % 2], "linewidth": 1.8} for k, arm in enumerate(arms)}
    _draw_volumes(page.axes(Box(_LEFT, _HEAD + _ABOVE, 6.6, _TOP)), record, style)
    _draw_ranking(page.axes(Box(10.1, _HEAD + _ABOVE, _WIDTH - 10.1 - 0.75, _TOP)), record, style)
    _draw_populations(page, populations_at, record, style)
    _draw_slices(page, slices_at, record, rows, (plane, width, high))
    hidden = len(record.arms) - len(arms)
    if hidden:
        page.text(
            0.35, page.height - 0.15, f"not shown: {hidden} further arms; all are in summary.json and the files of the arms", fontsize=8.5, color="#777777"
        )
    return page


def _shown(record: OutcomeRecord, most: int) -> list[str]:
    """The first arm (the control) and those that hold the tumour best."""
    first = next(iter(record.arms))
    kept = [first, *(arm for arm in record.ranking("growth_ratio") if arm != first)][:most]
    return [arm for arm in record.arms if arm in kept]


def _columns_of(record: OutcomeRecord) -> list[int]:
    """Numbers of the species that have a column: the first ones, which are the cytokines."""
    return list(range(len(next(iter(record.arms.values())).species)))[:_MOST_SPECIES]


def _plane(record: OutcomeRecord) -> Plane:
    """The x-y plane with the most of the tumour at the start; of several, that nearest the middle."""
    fields = next(iter(record.arms.values()))
    held = np.asarray(fields.cell_density[TUMOUR][0], np.float64).sum(axis=(1, 2))
    most = np.flatnonzero(held >= 0.999 * held.max())
    z = int(most[np.argmin(np.abs(most - (held.size - 1) / 2))])
    return planes_through(fields.grid, (z, 0, 0))[0]


def _draw_head(page: Page, record: OutcomeRecord) -> None:
    fields = next(iter(record.arms.values()))
    grid = fields.grid
    box = " × ".join(number(round(one, 1)) for one in grid.extent[::-1])
    arms = f"{len(record.arms)} arm{'s' * (len(record.arms) > 1)}"
    best = record.ranking("growth_ratio")[0]
    page.text(0.35, 0.35, record.title[:100], fontsize=16, fontweight="bold")
    words = f"{box} µm, {arms} over {(fields.times[-1] - fields.times[0]) / _PER_DAY:g} days   ·   smallest tumour at the end: {best}"
    page.text(0.35, 0.72, words, fontsize=10.5, color="#555555")


def _plain(words: str) -> str:
    return words.replace("$", r"\$")


def _title(axes: Any, words: str) -> None:
    axes.set_title(_plain(words), color=INK, loc="left", fontweight="bold")


def _draw_volumes(axes: Any, record: OutcomeRecord, style: dict[str, dict]) -> None:
    for arm, line in style.items():
        axes.plot(record.days(arm), record.volume(arm), label=_plain(arm), **line)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, record.days(next(iter(style)))[-1])
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
    axes.set_xlabel("time (d)", color=INK)
    axes.set_ylabel("tumour volume (mm³)", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.legend(fontsize=8.5, frameon=False, loc="best", ncols=1 if len(style) < 7 else 2)
    _title(axes, "tumour volume by arm")


def _draw_ranking(axes: Any, record: OutcomeRecord, style: dict[str, dict]) -> None:
    ranked = [arm for arm in record.ranking("growth_ratio") if arm in style]
    values = [record.endpoint(arm, "growth_ratio") for arm in ranked]
    axes.barh(np.arange(len(ranked)), values, height=0.62, color=[style[arm]["color"] for arm in ranked])
    for place, value in enumerate(values):
        axes.annotate(figure(value), (value, place), (3, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    axes.axvline(1, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_yticks(np.arange(len(ranked)), [_plain(arm if len(arm) <= 28 else arm[:27] + "…") for arm in ranked], fontsize=9 if len(ranked) < 9 else 7.5)
    axes.set_ylim(max(len(ranked) - 0.4, 2.6), -0.6)
    axes.set_xlim(0, 1.12 * max(*values, 1.0))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("volume at the end over that at the start (1: no change)", color=INK)
    _title(axes, "arms, the smallest tumour first")


def _draw_populations(page: Page, top: float, record: OutcomeRecord, style: dict[str, dict]) -> None:
    page.text(0.35, top, "cells in the box through time (d)", fontsize=11, fontweight="bold")
    width = (_WIDTH - _LEFT - _RIGHT + _SMALL_GAP) / _IN_A_ROW - _SMALL_GAP
    for index, name in enumerate(record.populations):
        row, column = divmod(index, _IN_A_ROW)
        axes = page.axes(Box(_LEFT + column * (width + _SMALL_GAP), top + 0.5 + row * (_SMALL + _SMALL_DOWN), width, _SMALL))
        for arm, line in style.items():
            axes.plot(record.days(arm), record.cells(arm, name), **{**line, "linewidth": 1.4})
        most = max(float(record.cells(arm, name).max()) for arm in style)
        axes.set_ylim(0, 1.1 * most if most > 0 else 1)
        axes.set_xlim(0, record.days(next(iter(style)))[-1])
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
        axes.yaxis.get_offset_text().set_fontsize(8)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.set_title(_plain(spelled(name)), loc="right", fontsize=9.5, color=INK)


def _draw_slices(page: Page, top: float, record: OutcomeRecord, arms: list[str], size: tuple[Plane, float, float]) -> None:
    plane, width, high = size
    fields = [record.arms[arm] for arm in arms]
    day = (fields[0].times[-1] - fields[0].times[0]) / _PER_DAY
    page.text(0.35, top, f"x–y slice at z = {number(round(plane.position, 1))} µm on day {day:g}", fontsize=11, fontweight="bold")
    maps: list[tuple[str, list[np.ndarray], Any]] = [("tumour cells", [_PER_MM3 * _last(one.cell_density[TUMOUR]) for one in fields], _of_cells)]
    maps += [("killing − growth", [_PER_MM3 * _PER_DAY * one.maps[BALANCE].values for one in fields], _of_balance)]
    maps += [(spelled(fields[0].names[k]), [one.concentration[-1, k] for one in fields], _of_species) for k in _columns_of(record)]
    for column, (name, values, how) in enumerate(maps):
        x = _SLICE_LEFT + column * (width + _SLICE_GAP)
        cuts = [plane.cut(np.asarray(one, np.float64)) for one in values]
        scale, colours = how(np.stack(cuts))
        _draw_column(page, (x, top + 0.6), (name, cuts, scale, colours), size)
    for row, arm in enumerate(arms):
        words = arm if len(arm) <= 20 else arm[:19] + "…"
        y = top + 0.6 + row * (high + _SLICE_GAP) + high / 2
        page.text(_SLICE_LEFT - 0.12, y, words, fontsize=9.5, ha="right")


def _draw_column(page: Page, corner: tuple[float, float], what: tuple[str, list[np.ndarray], Scale, str], size: tuple[Plane, float, float]) -> None:
    """One map in every arm, and a colour bar below."""
    from matplotlib.colors import LogNorm, Normalize

    (x, y), (name, cuts, scale, colours), (plane, width, high) = corner, what, size
    norm = (LogNorm if scale.log else Normalize)(scale.lower, scale.upper)
    drawn: Any = None
    for row, cut in enumerate(cuts):
        axes = page.axes(Box(x, y + row * (high + _SLICE_GAP), width, high))
        values = np.maximum(cut / scale.factor, scale.lower) if scale.log else cut / scale.factor
        drawn = axes.imshow(values, origin="lower", extent=plane.extent, cmap=colours, norm=norm, interpolation="nearest", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        if row == 0:
            axes.set_title(_plain(name), fontsize=9.5, color=INK)
            if name == "tumour cells":
                draw_scale_bar(axes, plane)
    bar = page.axes(Box(x + 0.08, y + len(cuts) * (high + _SLICE_GAP) - 0.02, width - 0.16, 0.1))
    ticks = log_ticks(scale.lower, scale.upper) if scale.log else linear_ticks(scale.lower, scale.upper, 3)
    colour_bar = page.figure.colorbar(drawn, cax=bar, orientation="horizontal", ticks=ticks)
    colour_bar.ax.minorticks_off()
    colour_bar.ax.set_xticklabels([number(tick) for tick in ticks])
    colour_bar.ax.tick_params(length=2, pad=1, labelsize=7.5)
    colour_bar.set_label(scale.unit, labelpad=1, fontsize=8, color=INK)


def _last(density: np.ndarray) -> np.ndarray:
    return np.asarray(density[-1], np.float64)


def _of_species(values: np.ndarray) -> tuple[Scale, str]:
    return choose_scale(values), COLOURMAP


def _of_cells(values: np.ndarray) -> tuple[Scale, str]:
    found = choose_scale(1e-3 * values)
    return Scale(1e3 * found.factor, f"{_thousands(found.factor)}/mm³", found.lower, found.upper, found.log), "viridis"


def _of_balance(values: np.ndarray) -> tuple[Scale, str]:
    """Alike below zero and above it."""
    found = choose_scale(1e-3 * np.abs(values))
    return Scale(1e3 * found.factor, f"{_thousands(found.factor)}/mm³/d", -found.upper, found.upper, log=False), _SIGNED


def _thousands(factor: float) -> str:
    """The factor of a scale, times a thousand, as a power of ten."""
    power = round(np.log10(factor)) + 3
    return "cells" if power == 0 else f"10$^{{{power}}}$ cells"
