"""One page on a cohort: outcomes by arm, the ranking with its uncertainty, what drives it, and what each level at the start goes with."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .cohort_record import CONTROL, CohortRecord, level_words
from .page import COLOURS, INK, Page, write_picture
from .sheet import Box

_WIDTH, _HEAD, _LEFT, _RIGHT = 14.0, 1.0, 0.85, 0.35
_TOP, _ABOVE, _BELOW = 3.0, 0.4, 0.75
_NAMES, _ROW, _BAR = 2.2, 0.27, 0.3
_MOST_ARMS, _MOST_COLUMNS, _MOST_DRIVERS, _MOST_LEVELS = 12, 5, 14, 24
_LEAST = 1e-3
"""Of the volume at the start: what is less is shown as that."""
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
    beside = max(_BAR * len(drivers), _BAR * len(predicted), 1.2) if drivers or predicted else 0.0
    slopes_at = _HEAD + _ABOVE + _TOP + _BELOW + (beside + _ABOVE + _BELOW + 0.1 if beside else 0.0)
    page = Page(_WIDTH, slopes_at + _ABOVE + 0.25 + _ROW * max(len(levels), 3) + _BELOW)
    _draw_head(page, record)
    arms = [CONTROL, *record.treated][:_MOST_ARMS]
    colours = {arm: "#777777" if arm == CONTROL else COLOURS[(index - 1) % len(COLOURS)] for index, arm in enumerate(arms)}
    _draw_volumes(page.axes(Box(_LEFT, _HEAD + _ABOVE, 6.0, _TOP)), record, colours)
    _draw_ranking(page.axes(Box(9.1, _HEAD + _ABOVE, _WIDTH - 9.1 - 0.4, _TOP)), record, colours)
    middle = _HEAD + _ABOVE + _TOP + _BELOW + _ABOVE
    if drivers:
        _draw_drivers(page.axes(Box(_LEFT + _NAMES, middle, 3.5, beside)), record, drivers)
    if predicted:
        _draw_predictions(page.axes(Box(9.7, middle, _WIDTH - 9.7 - 0.4, beside)), record, predicted)
    _draw_slopes(page, slopes_at + _ABOVE + 0.25, record, levels, columns)
    hidden = max(len(record.growth) - len(arms), 0)
    if hidden or len(record.treated) + 1 > len(columns):
        page.text(0.35, page.height - 0.15, "not all arms are shown; the others are in the tables and in cohort.csv", fontsize=8.5, color="#777777")
    return page


def _draw_head(page: Page, record: CohortRecord) -> None:
    best = record.ranks[0].arm
    page.text(0.35, 0.35, f"{record.tumours} tumours in {len(record.growth)} arm{'s' * (len(record.growth) > 1)}", fontsize=16, fontweight="bold")
    words = f"mean over the tumours, the smallest at the end: {best}   ·   whiskers: central 95 % by drawing tumours again"
    page.text(0.35, 0.72, words, fontsize=10.5, color="#555555")


def _plain(words: str) -> str:
    return words.replace("$", r"\$")


def _short(words: str, most: int) -> str:
    return _plain(words if len(words) <= most else words[: most - 1] + "…")


def _title(axes: Any, words: str) -> None:
    axes.set_title(_plain(words), color=INK, loc="left", fontweight="bold")


def _draw_volumes(axes: Any, record: CohortRecord, colours: dict[str, str]) -> None:
    """For each arm, the share of tumours that end below a volume."""
    for arm, colour in colours.items():
        column = np.sort(np.maximum(record.growth[arm], _LEAST))
        axes.step([_LEAST, *column, column[-1]], [0, *(np.arange(len(column)) / len(column)), 1], where="post", color=colour, label=_plain(arm), linewidth=1.8)
    axes.axvline(LONGER, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0.7 * _LEAST)
    axes.set_xlabel(f"volume at the end over that at the start ({_LEAST:g}: or less; dashed: {LONGER:.2f}, diameters 20 % longer)", color=INK)
    axes.set_ylabel("share of tumours below", color=INK)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.legend(fontsize=8.5, frameon=False, loc="upper left", ncols=1 if len(colours) < 7 else 2)
    _title(axes, "outcome by arm")


def _draw_ranking(axes: Any, record: CohortRecord, colours: dict[str, str]) -> None:
    ranks = [one for one in record.ranks if one.arm in colours]
    for place, one in enumerate(ranks):
        _whisker(axes, place, one.mean_log_ratio, one.interval, colours[one.arm], sure=True)
        words = f"best for {100 * one.best_share:.0f} %"
        if one.arm != CONTROL:
            words += f", better than the control for {100 * one.better_share:.0f} %"
        axes.annotate(words, (1.0, place), (0, 8), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", fontsize=8, color="#555555")
    axes.set_yticks(np.arange(len(ranks)), [_short(one.arm, 28) for one in ranks], fontsize=9 if len(ranks) < 9 else 7.5)
    axes.set_ylim(max(len(ranks) - 0.5, 2.5), -0.6)
    axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("mean of ln(volume/volume of the control); left: smaller", color=INK)
    _title(axes, "arms over the cohort, the smallest tumours first")


def _draw_drivers(axes: Any, record: CohortRecord, drivers: Sequence[Any]) -> None:
    for place, one in enumerate(drivers):
        _whisker(axes, place - 0.14, one.total, one.total_interval, COLOURS[0], sure=True, label="total" if place == 0 else None)
        _whisker(axes, place + 0.14, one.first, one.first_interval, COLOURS[1], sure=True, label="by itself" if place == 0 else None)
    axes.set_yticks(np.arange(len(drivers)), [_short(one.key, 30) for one in drivers], fontsize=8.5)
    axes.set_ylim(len(drivers) - 0.4, -0.6)
    axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
    axes.set_xlabel(f"share of the variance of ln(volume); {record.samples} samples", color=INK)
    axes.legend(fontsize=8.5, frameon=False, loc="lower right")
    more = len(record.drivers) - len(drivers)
    _title(axes, f"what drives the volume in the arm {_short(record.drivers_of, 24)}" + (f" (first {len(drivers)} of {len(drivers) + more})" if more else ""))
    _limit(axes, [one.total_interval for one in drivers] + [one.first_interval for one in drivers], (-0.2, 1.2))


def _draw_predictions(axes: Any, record: CohortRecord, names: list[str]) -> None:
    for place, name in enumerate(names):
        one: Any = record.predictions[name]
        _whisker(axes, place, one.auc, one.interval, COLOURS[0], sure=True)
        axes.plot([one.by_chance], [place], "|", color=COLOURS[4], markersize=12)
    axes.set_yticks(np.arange(len(names)), [_short(name, 34) for name in names], fontsize=8.5)
    axes.set_ylim(max(len(names) - 0.4, 2.4), -0.6)
    axes.set_xlim(0.2, 1.0)
    axes.axvline(0.5, color="#777777", linewidth=0.8, linestyle=":")
    axes.set_xlabel("area under the ROC curve (red: 97.5 % by chance)", color=INK)
    _title(axes, "what the profile at the start tells")


def _draw_slopes(page: Page, top: float, record: CohortRecord, levels: Sequence[str], columns: list[str]) -> None:
    """A column of whiskers for what a level goes with untreated, and one for each treatment."""
    if not levels or not record.treated:
        page.text(0.35, top, "profile at the start against outcome: nothing to tell where there is no treatment or no level differs", fontsize=10)
        return
    words = "profile at the start against outcome: change per e-fold more of a level (pale: the interval holds zero; whiskers far wider than most are cut off)"
    page.text(0.35, top - 0.5, words, fontsize=11, fontweight="bold")
    gap = 0.2
    width = (_WIDTH - _LEFT - _NAMES + 0.55 - _RIGHT + gap) / len(columns) - gap
    for index, arm in enumerate(columns):
        axes = page.axes(Box(_LEFT + _NAMES - 0.55 + index * (width + gap), top, width, _ROW * max(len(levels), 3)))
        known = [record.slope(level, record.treated[0] if arm == CONTROL else arm) for level in levels]
        told = [(one.prognostic, one.prognostic_interval) if arm == CONTROL else (one.predictive, one.predictive_interval) for one in known]
        for place, (value, interval) in enumerate(told):
            _whisker(axes, place, value, interval, INK if arm == CONTROL else COLOURS[(index - 1) % len(COLOURS)], sure=interval[0] * interval[1] > 0)
        axes.set_yticks(np.arange(len(levels)), [_short(level_words(level), 26) for level in levels] if index == 0 else [], fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(max(len(levels) - 0.4, 2.6), -0.6)
        axes.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
        axes.set_title(_short("untreated: ln(volume)" if arm == CONTROL else f"{arm}: ln(volume/untreated)", 38), fontsize=9, color=INK)
        axes.set_xlabel("prognostic" if arm == CONTROL else "predictive; left: works better", fontsize=8.5, color=INK)
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
