"""One page on a cohort: outcomes by arm, the ranking with its uncertainty, what drives it, and what each level at the start goes with."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .arm_style import arm_styles, draw_legend, in_lines, legend_height, plain, title
from .cohort_record import CONTROL, CohortRecord, level_words
from .page import COLOURS, INK, Page, write_picture
from .scales import linear_ticks, log_ticks
from .sheet import Box

_WIDTH, _HEAD, _LEFT, _RIGHT = 14.0, 1.0, 0.85, 0.35
_TOP, _ABOVE, _BELOW = 3.0, 0.4, 0.75
_NAMES, _ROW, _BAR = 2.4, 0.27, 0.3
_CAUTION, _NAMED = 0.3, 0.95
_MOST_ARMS, _MOST_COLUMNS, _MOST_DRIVERS, _MOST_LEVELS = 12, 5, 14, 24
LONGER = 1.2**3
"""Volume at which diameters are 20 % longer."""


def cohort_picture(record: CohortRecord, path: str | os.PathLike) -> Path:
    """Draw a cohort as a PNG; returns the path.

    Whiskers are central 95 % by drawing tumours (of drivers: samples) again. An interval that does not touch the dotted line is drawn full, any other pale.

    **Raises** `FileError` if the file cannot be written.
    """
    return write_picture(lambda: _draw(record), path)


def _draw(record: CohortRecord) -> Page:
    drivers, levels = list(record.drivers)[:_MOST_DRIVERS], record.levels[:_MOST_LEVELS]
    predicted = [name for name, one in record.predictions.items() if not isinstance(one, str)]
    columns = [CONTROL, *record.treated][:_MOST_COLUMNS]
    arms = [CONTROL, *record.treated][:_MOST_ARMS]
    style = arm_styles([CONTROL, *(arm for arm in record.growth if arm != CONTROL)], arms)
    top = _HEAD + (_CAUTION if record.caution else 0.0)
    volumes_at = top + legend_height(list(style), _WIDTH - 0.7) + _ABOVE
    beside_at = volumes_at + _TOP + _BELOW + _ABOVE
    beside = max(_BAR * len(drivers), _BAR * len(predicted), 1.2) if drivers or predicted else 0.0
    slopes_at = (beside_at + beside + _BELOW if beside else beside_at - _ABOVE) + _NAMED
    page = Page(_WIDTH, slopes_at + _ROW * max(len(levels), 3) + _BELOW)
    _draw_head(page, record)
    draw_legend(page, top, style, list(style), _WIDTH - 0.7)
    _draw_volumes(page.axes(Box(_LEFT, volumes_at, 6.0, _TOP)), record, style)
    _draw_ranking(page.axes(Box(9.3, volumes_at, _WIDTH - 9.3 - 0.4, _TOP)), record, style)
    if drivers:
        more = f" (first {len(drivers)} of {len(record.drivers)})" if len(record.drivers) > len(drivers) else ""
        _heading(page, 0.35, beside_at, f"what drives the volume in the arm {_short(record.drivers_of, 30)}{more}")
        _draw_drivers(page.axes(Box(_LEFT + _NAMES, beside_at, 3.5, beside)), record, drivers)
    if beside and record.predictions:
        _heading(page, 7.7, beside_at, "what the profile at the start tells")
        if predicted:
            _draw_predictions(page.axes(Box(10.3, beside_at, _WIDTH - 10.3 - 0.4, beside)), record, predicted)
        else:
            page.text(7.7, beside_at + 0.2, "not computed; why is told in outcome.html", fontsize=9.5, color="#777777")
    _draw_slopes(page, slopes_at, record, levels, {arm: style[arm] for arm in columns})
    hidden = max(len(record.growth) - len(arms), 0)
    if hidden or len(record.treated) + 1 > len(columns):
        page.text(0.35, page.height - 0.12, "not all arms are shown; the others are in the tables and in cohort.csv", fontsize=8.5, color="#777777")
    return page


def _draw_head(page: Page, record: CohortRecord) -> None:
    best = record.ranks[0].arm
    page.text(0.35, 0.35, f"{record.tumours} tumours in {len(record.growth)} arm{'s' * (len(record.growth) > 1)}", fontsize=16, fontweight="bold")
    words = f"mean over the tumours, the smallest at the end: {best}   ·   whiskers: central 95 % by drawing tumours again"
    page.text(0.35, 0.72, words, fontsize=10.5, color="#555555")
    if record.caution:
        page.text(0.35, 1.0, record.caution, fontsize=10.5, color="#b2182b")


def _heading(page: Page, x: float, below: float, words: str) -> None:
    """Over axes and the names to their left."""
    page.text(x, below - 0.2, words, fontsize=11, fontweight="bold")


def _short(words: str, most: int) -> str:
    return plain(words if len(words) <= most else words[: most - 1] + "…")


def _draw_volumes(axes: Any, record: CohortRecord, style: Mapping[str, dict]) -> None:
    """For each arm, the share of tumours that end below a volume, over the volumes that there are."""
    shown = np.concatenate([record.growth[arm] for arm in style])
    low, high = float(min(shown.min(), LONGER)), float(max(shown.max(), LONGER))
    margin = max(high / low, 1.5) ** 0.04
    for arm, line in style.items():
        column = np.sort(record.growth[arm])
        # From the left edge at 0 to the right edge at 1.
        axes.step([low / margin, *column, high * margin], [0, *(np.arange(1, len(column) + 1) / len(column)), 1], where="post", **line)
    axes.axvline(LONGER, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(low / margin, high * margin)
    ticks = log_ticks(low / margin, high * margin) or linear_ticks(low, high, 3)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(f"volume at the end over that at the start (dashed: {LONGER:.2f}, diameters 20 % longer)", color=INK)
    axes.set_ylabel("share of tumours at or below", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)
    title(axes, "outcome by arm")


def _draw_ranking(axes: Any, record: CohortRecord, style: Mapping[str, dict]) -> None:
    ranks, clear = [one for one in record.ranks if one.arm in style], {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for place, one in enumerate(ranks):
        _whisker(axes, place, one.mean_log_ratio, one.interval, style[one.arm]["color"], sure=True)
        words = f"best for {100 * one.best_share:.0f} %"
        if one.arm != CONTROL:
            words += f", better than the control for {100 * one.better_share:.0f} %"
        axes.annotate(
            words, (1.0, place), (0, 8), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", fontsize=8, color="#555555", bbox=clear
        )
    axes.set_yticks(np.arange(len(ranks)), [plain(in_lines(one.arm, 24, 2)) for one in ranks], fontsize=9 if len(ranks) < 9 else 7.5)
    axes.set_ylim(max(len(ranks) - 0.5, 2.5), -0.6)
    axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("mean of ln(volume/volume of the control); left: smaller", color=INK)
    title(axes, "arms over the cohort, the smallest tumours first")


def _draw_drivers(axes: Any, record: CohortRecord, drivers: Sequence[Any]) -> None:
    for place, one in enumerate(drivers):
        _whisker(axes, place - 0.14, one.total, one.total_interval, COLOURS[0], sure=True, label="total" if place == 0 else None)
        _whisker(axes, place + 0.14, one.first, one.first_interval, COLOURS[1], sure=True, label="by itself" if place == 0 else None)
    axes.set_yticks(np.arange(len(drivers)), [_short(one.key, 30) for one in drivers], fontsize=8.5)
    axes.set_ylim(len(drivers) - 0.4, -0.6)
    axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
    axes.set_xlabel(f"share of the variance of ln(volume); {record.samples} samples", color=INK)
    axes.legend(fontsize=8.5, frameon=False, loc="lower right")
    _limit(axes, [one.total_interval for one in drivers] + [one.first_interval for one in drivers], (-0.2, 1.2))


def _draw_predictions(axes: Any, record: CohortRecord, names: list[str]) -> None:
    for place, name in enumerate(names):
        one: Any = record.predictions[name]
        _whisker(axes, place, one.auc, one.interval, COLOURS[0], sure=True)
        axes.plot([one.by_chance], [place], "|", color=COLOURS[4], markersize=12)
    axes.set_yticks(np.arange(len(names)), [plain(in_lines(name, 34, 2)) for name in names], fontsize=8.5)
    axes.set_ylim(max(len(names) - 0.4, 2.4), -0.6)
    axes.set_xlim(0.2, 1.0)
    axes.axvline(0.5, color="#777777", linewidth=0.8, linestyle=":")
    axes.set_xlabel("area under the ROC curve (red: 97.5 % by chance)", color=INK)


def _draw_slopes(page: Page, top: float, record: CohortRecord, levels: Sequence[str], style: Mapping[str, dict]) -> None:
    """A column of whiskers for what a level goes with untreated, and one for each treatment."""
    if not levels or not record.treated:
        page.text(0.35, top, "profile at the start against outcome: nothing to tell where there is no treatment or no level differs", fontsize=10)
        return
    words = "profile at the start against outcome: change per e-fold more of a level (pale: the interval holds zero; whiskers far wider than most are cut off)"
    page.text(0.35, top - 0.7, words, fontsize=11, fontweight="bold")
    gap = 0.2
    width = (_WIDTH - _LEFT - _NAMES + 0.55 - _RIGHT + gap) / len(style) - gap
    for index, arm in enumerate(style):
        axes = page.axes(Box(_LEFT + _NAMES - 0.55 + index * (width + gap), top, width, _ROW * max(len(levels), 3)))
        known = [record.slope(level, record.treated[0] if arm == CONTROL else arm) for level in levels]
        told = [(one.prognostic, one.prognostic_interval) if arm == CONTROL else (one.predictive, one.predictive_interval) for one in known]
        for place, (value, interval) in enumerate(told):
            _whisker(axes, place, value, interval, style[arm]["color"], sure=interval[0] * interval[1] > 0)
        axes.set_yticks(np.arange(len(levels)), [_short(level_words(level), 26) for level in levels] if index == 0 else [], fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(max(len(levels) - 0.4, 2.6), -0.6)
        axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
        axes.set_title(plain("untreated" if arm == CONTROL else in_lines(arm, 26, 2)), fontsize=9, color=INK)
        words = "prognostic: of ln(volume)" if arm == CONTROL else "predictive: of ln(volume/untreated)\nleft: works better"
        axes.set_xlabel(words, fontsize=8.5, color=INK)
        whiskers = [interval for _, interval in told]
        _limit(axes, whiskers, _usual(whiskers))


def _whisker(axes: Any, place: float, value: float, interval: Sequence[float], colour: str, *, sure: bool, label: str | None = None) -> None:
    pale = 1.0 if sure else 0.35
    if all(math.isfinite(one) for one in interval):
        axes.plot(interval, [place, place], color=colour, alpha=pale, linewidth=1.8, solid_capstyle="butt")
    if math.isfinite(value):
        axes.plot([value], [place], "o", color=colour, alpha=pale, markersize=4.5, label=label)


def _limit(axes: Any, intervals: Sequence[Sequence[float]], held: tuple[float, float]) -> None:
    """Limits of x around zero and all whiskers, within `held`."""
    ends = [end for one in intervals for end in one if math.isfinite(end)]
    low, high = max(min([0.0, *ends]), held[0]), min(max([0.0, *ends]), held[1])
    margin = 0.06 * max(high - low, 1e-6)
    axes.set_xlim(low - margin, high + margin)


def _usual(intervals: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Six times the median length of whiskers to each side: a level that hardly differs has one so wide that all others would be dots."""
    lengths = [one[1] - one[0] for one in intervals if all(math.isfinite(end) for end in one)]
    reach = 6 * float(np.median(lengths)) if lengths else math.inf
    return (-reach, reach) if reach > 0 else (-math.inf, math.inf)
