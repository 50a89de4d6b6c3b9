"""One page on an outcome: tumour volume by arm, the arms in their order, levels in the tumour and populations through time, and slices."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arm_style import alike, arm_styles, draw_legend, in_lines, legend_height, plain, title
from .outcome_record import OutcomeRecord
from .outcome_slices import Slices
from .page import INK, Page, write_picture
from .regulation_picture import spelled
from .scales import choose_scale, figure, number
from .sheet import Box

_WIDTH, _HEAD, _LEFT, _RIGHT = 14.0, 1.0, 0.85, 0.3
_TOP, _ABOVE, _BELOW = 2.9, 0.45, 0.7
_SMALL, _IN_A_ROW, _SMALL_GAP, _SMALL_DOWN, _SMALL_HEAD = 1.35, 5, 0.75, 0.65, 0.55
_MOST_LINES, _MOST_ROWS, _MOST_LEVELS = 12, 4, 10
_FEW_TIMES = 40
_PER_DAY = 86400.0
Curves = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Panel:
    """A small panel: its title, by arm the days and the values, whether its axis is logarithmic and from where, and whether the values are few."""

    name: str
    curves: Curves
    log_from: float = 0.0
    dots: bool = False


def outcome_picture(record: OutcomeRecord, path: str | os.PathLike) -> Path:
    """Draw an outcome as a PNG; returns the path.

    Lines are arms, in one colour throughout (`arm_styles`). Slices are x-y through the most of the tumour, of the control and the arms that hold the tumour
    best, each column on one scale: cells at the end, levels on the day on which they differ most between the arms (`telling_time`), "–" where an arm does not
    hold a drug. Blue in the map of killing less growth: more tumour cells are killed there than made.

    **Raises** `FileError` if the file cannot be written.
    """
    return write_picture(lambda: _draw(record), path)


def _draw(record: OutcomeRecord) -> Page:
    arms = _shown(record, _MOST_LINES)
    style = arm_styles(list(record.arms), arms)
    legend = _legend(record, arms)
    slices = Slices(record, _shown(record, _MOST_ROWS), _WIDTH)
    levels, cells = _levels(record, arms), _populations(record, arms)
    volumes_at = _HEAD + legend_height(legend, _WIDTH - 0.7) + _ABOVE
    levels_at = volumes_at + _TOP + _BELOW
    cells_at = levels_at + _panels_height(levels)
    slices_at = cells_at + _panels_height(cells) + 0.1
    page = Page(_WIDTH, slices_at + slices.height)
    _draw_head(page, record)
    draw_legend(page, _HEAD, style, legend, _WIDTH - 0.7)
    _draw_volumes(page.axes(Box(_LEFT, volumes_at, 6.6, _TOP)), record, style)
    _draw_ranking(page.axes(Box(10.1, volumes_at, _WIDTH - 10.1 - 0.75, _TOP)), record, style)
    dots = "; dots: stored days" if any(one.dots for one in levels) else ""
    _draw_panels(page, levels_at, f"free levels through time (d), mean over the tumour's cells{dots}", levels, style)
    _draw_panels(page, cells_at, "cells in the box through time (d)", cells, style)
    slices.draw(page, slices_at)
    hidden = len(record.arms) - len(arms)
    if hidden:
        words = f"not shown: {hidden} further arms; all are in summary.json and the files of the arms"
        page.text(0.35, page.height - 0.12, words, fontsize=8.5, color="#777777")
    return page


def _shown(record: OutcomeRecord, most: int) -> list[str]:
    """The first arm (the control) and those that hold the tumour best."""
    first = next(iter(record.arms))
    kept = [first, *(arm for arm in record.ranking("growth_ratio") if arm != first)][:most]
    return [arm for arm in record.arms if arm in kept]


def _legend(record: OutcomeRecord, arms: Sequence[str]) -> list[str]:
    """The name of each arm, and of which other one it has the volume throughout and at the end."""
    same, place = alike({arm: record.volume(arm) for arm in arms}), record.places("growth_ratio")
    return [arm if arm not in same or place[arm] != place[same[arm]] else f"{arm} (volume = {same[arm]})" for arm in arms]


def _draw_head(page: Page, record: OutcomeRecord) -> None:
    fields = next(iter(record.arms.values()))
    grid = fields.grid
    box = " × ".join(number(round(one, 1)) for one in grid.extent[::-1])
    arms = f"{len(record.arms)} arm{'s' * (len(record.arms) > 1)}"
    page.text(0.35, 0.35, record.title[:100], fontsize=16, fontweight="bold")
    words = f"{box} µm, {arms} over {(fields.times[-1] - fields.times[0]) / _PER_DAY:g} days   ·   smallest tumour at the end: {record.smallest}"
    page.text(0.35, 0.72, words, fontsize=10.5, color="#555555")


def _draw_volumes(axes: Any, record: OutcomeRecord, style: Mapping[str, dict]) -> None:
    for arm, line in style.items():
        axes.plot(record.days(arm), record.volume(arm), **line)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, record.days(next(iter(style)))[-1])
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
    axes.set_xlabel("time (d)", color=INK)
    axes.set_ylabel("tumour volume (mm³)", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)
    title(axes, "tumour volume by arm")


def _draw_ranking(axes: Any, record: OutcomeRecord, style: Mapping[str, dict]) -> None:
    ranked = [arm for arm in record.ranking("growth_ratio") if arm in style]
    values = [record.endpoint(arm, "growth_ratio") for arm in ranked]
    axes.barh(np.arange(len(ranked)), values, height=0.62, color=[style[arm]["color"] for arm in ranked])
    for place, (arm, value) in enumerate(zip(ranked, values, strict=True)):
        words = "cleared" if record.cleared(arm) else figure(value)
        axes.annotate(words, (value, place), (3, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    axes.axvline(1, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_yticks(np.arange(len(ranked)), [plain(in_lines(arm, 24, 2)) for arm in ranked], fontsize=9 if len(ranked) < 9 else 7.5)
    axes.set_ylim(max(len(ranked) - 0.4, 2.6), -0.6)
    axes.set_xlim(0, 1.12 * max(*values, 1.0))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("volume at the end over that at the start (1: no change)", color=INK)
    title(axes, "arms, the smallest tumour first")


def _levels(record: OutcomeRecord, arms: Sequence[str]) -> list[Panel]:
    """Each species in the arms that hold it, in a unit that suits."""
    fields = record.arms[arms[0]]
    days = {arm: (record.arms[arm].times - fields.times[0]) / _PER_DAY for arm in arms}
    levels = {arm: record.levels(arm) for arm in arms}
    panels = []
    for index, name in enumerate(fields.names):
        held = {arm: levels[arm][:, index] for arm in arms if record.holds(arm, index)}
        if not held:
            continue
        scale = choose_scale(np.concatenate(list(held.values())))
        curves = {arm: (days[arm], one / scale.factor) for arm, one in held.items()}
        panels.append(Panel(f"{spelled(name)} ({scale.unit})", curves, scale.lower if scale.log else 0.0, dots=fields.times.size <= _FEW_TIMES))
    return panels[:_MOST_LEVELS]


def _populations(record: OutcomeRecord, arms: Sequence[str]) -> list[Panel]:
    return [Panel(spelled(name), {arm: (record.days(arm), record.cells(arm, name)) for arm in arms}) for name in record.populations]


def _panels_height(panels: Sequence[Panel]) -> float:
    return _SMALL_HEAD + -(-len(panels) // _IN_A_ROW) * (_SMALL + _SMALL_DOWN)


def _draw_panels(page: Page, top: float, heading: str, panels: Sequence[Panel], style: Mapping[str, dict]) -> None:
    page.text(0.35, top, heading, fontsize=11, fontweight="bold")
    width = (_WIDTH - _LEFT - _RIGHT + _SMALL_GAP) / _IN_A_ROW - _SMALL_GAP
    for index, panel in enumerate(panels):
        row, column = divmod(index, _IN_A_ROW)
        axes = page.axes(Box(_LEFT + column * (width + _SMALL_GAP), top + _SMALL_HEAD + row * (_SMALL + _SMALL_DOWN), width, _SMALL))
        _draw_panel(axes, panel, style)


def _draw_panel(axes: Any, panel: Panel, style: Mapping[str, dict]) -> None:
    for arm, (days, values) in panel.curves.items():
        marks = {"marker": "o", "markersize": 2.6, "markeredgewidth": 0} if panel.dots else {}
        axes.plot(days, np.maximum(values, panel.log_from), **{**style[arm], "linewidth": 0.7 * style[arm]["linewidth"], **marks})
    most = max(float(np.nanmax(values, initial=0.0)) for _, values in panel.curves.values())
    if panel.log_from > 0:
        axes.set_yscale("log")
        axes.set_ylim(0.8 * panel.log_from, 1.5 * max(most, panel.log_from))
    else:
        axes.set_ylim(0, 1.1 * most if most > 0 else 1)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
        axes.yaxis.get_offset_text().set_fontsize(8)
    axes.set_xlim(0, max(float(days[-1]) for days, _ in panel.curves.values()))
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_title(plain(panel.name), loc="right", fontsize=9.5, color=INK)
    if 1 < len(panel.curves) == 1 + len(alike({arm: values for arm, (_, values) in panel.curves.items()})):
        whose = "in all arms" if len(panel.curves) == len(style) else "in the arms with it"
        axes.text(0.5, 0.06, f"the same {whose}", transform=axes.transAxes, ha="center", fontsize=8, color="#777777")
