"""Slices of an outcome: tumour cells and killing less growth at the end, levels on the day on which the arms differ most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arm_style import ALIKE, in_lines, plain
from .outcome_record import BALANCE, TUMOUR, OutcomeRecord
from .page import INK, Page
from .regulation_picture import spelled
from .scales import Scale, choose_scale, figure, linear_ticks, log_ticks, number
from .sheet import Box
from .slices import COLOURMAP, Plane, draw_scale_bar, planes_through, where_most

_WIDEST, _GAP, _LEFT, _RIGHT = 1.75, 0.18, 1.6, 0.3
_HEADS, _BAR = 0.95, 0.75
_MOST_SPECIES = 6
_PER_MM3, _PER_DAY = 1e9, 86400.0
_SIGNED, _ABSENT = "RdBu", "#e8e8e8"
_TRACE = 1e-3
"""Of the greatest level of a species: how far below it levels are still told apart."""


@dataclass(frozen=True, eq=False)
class Column:
    """One map in every arm of the slices: its cuts, None in an arm that does not hold it, and how they are shown."""

    name: str
    cuts: Sequence[np.ndarray | None]
    scale: Scale
    colours: str


def telling_time(record: OutcomeRecord, arms: Sequence[str]) -> tuple[int, str]:
    """The stored time at which a level in the tumour differs most, by its ratio, between one of the arms and the first, and in words what differs; the last
    time where none does.

    Levels below a thousandth of the greatest of their species count as that. Species that the first arm does not hold, drugs and cytokines that are given
    alone, count where nothing else differs.
    """
    fields = record.arms[arms[0]]
    days = (fields.times - fields.times[0]) / _PER_DAY
    everything = range(len(fields.species))
    held = [index for index in everything if record.holds(arms[0], index)]
    found = _farthest(record, arms, held) or _farthest(record, arms, [index for index in everything if index not in held])
    time, words = found or (days.size - 1, "alike in the tumour in these arms at all stored times")
    end = " (the end)" if time == days.size - 1 else ""
    return time, f"levels on day {days[time]:g}{end}, {words}"


def _farthest(record: OutcomeRecord, arms: Sequence[str], species: Sequence[int]) -> tuple[int, str] | None:
    """The stored time at which one of these species differs most from the first arm, and what differs in words; None where none does."""
    first, *others = arms
    levels = {arm: record.levels(arm) for arm in arms}
    most, found = ALIKE, None
    for index in species:
        trace = _TRACE * max(float(np.nanmax(one[:, index], initial=0.0)) for one in levels.values())
        for arm in others if trace > 0 else ():
            here, there = (np.maximum(levels[one][:, index], trace) for one in (arm, first))
            apart = np.nan_to_num(np.abs(np.log(here / there)))
            time = int(np.argmax(apart))
            if apart[time] > most:
                base = float(levels[first][time, index])
                ratio = f"{figure(float(levels[arm][time, index]) / base)} × {first}" if base > 0 else f"none in {first}"
                name = spelled(record.arms[first].names[index])
                most, found = float(apart[time]), (time, f"when {name} in the tumour differs most between these arms ({arm}: {ratio})")
    return found


class Slices:
    """The slices of some arms, the first of which is the control, laid out on a page of a width."""

    def __init__(self, record: OutcomeRecord, arms: Sequence[str], page_width: float):
        self.record, self.arms, self.plane = record, arms, middle_plane(record)
        self.time, self.words = telling_time(record, arms)
        self.columns = _columns(record, arms, self.plane, self.time)
        self.width = min(_WIDEST, (page_width - _LEFT - _RIGHT) / len(self.columns) - _GAP)
        left, right, bottom, top = self.plane.extent
        self.high = self.width * (top - bottom) / (right - left)

    @property
    def height(self) -> float:
        """Inches from the heading to below the colour bars."""
        return _HEADS + len(self.arms) * (self.high + _GAP) + _BAR

    def draw(self, page: Page, top: float) -> None:
        """The slices below `top`."""
        fields = self.record.arms[self.arms[0]]
        last = (fields.times[-1] - fields.times[0]) / _PER_DAY
        page.text(0.35, top, f"x–y slice at z = {number(round(self.plane.position, 1))} µm", fontsize=11, fontweight="bold")
        page.text(_LEFT, top + 0.35, f"at the end, day {last:g}", fontsize=9.5, color="#555555")
        page.text(_LEFT + 2 * (self.width + _GAP), top + 0.35, self.words, fontsize=9.5, color="#555555")
        for index, column in enumerate(self.columns):
            self._draw_column(page, _LEFT + index * (self.width + _GAP), top + _HEADS, column, first=index == 0)
        for row, arm in enumerate(self.arms):
            y = top + _HEADS + row * (self.high + _GAP) + self.high / 2
            page.text(_LEFT - 0.12, y, in_lines(arm, 18, 4), fontsize=9.5, ha="right")

    def _draw_column(self, page: Page, x: float, y: float, column: Column, *, first: bool) -> None:
        """One map in every arm, and a colour bar below."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm, Normalize

        scale = column.scale
        norm = (LogNorm if scale.log else Normalize)(scale.lower, scale.upper)
        for row, cut in enumerate(column.cuts):
            axes = page.axes(Box(x, y + row * (self.high + _GAP), self.width, self.high))
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if row == 0:
                axes.set_title(plain(column.name), fontsize=9.5, color=INK)
            if cut is None:
                axes.set_facecolor(_ABSENT)
                axes.text(0.5, 0.5, "–", transform=axes.transAxes, ha="center", va="center", fontsize=13, color="#777777")
                continue
            values = np.maximum(cut / scale.factor, scale.lower) if scale.log else cut / scale.factor
            axes.imshow(values, origin="lower", extent=self.plane.extent, cmap=column.colours, norm=norm, interpolation="nearest", aspect="auto")
            if row == 0 and first:
                draw_scale_bar(axes, self.plane)
        bar = page.axes(Box(x + 0.08, y + len(column.cuts) * (self.high + _GAP) - 0.02, self.width - 0.16, 0.1))
        ticks = log_ticks(scale.lower, scale.upper) if scale.log else linear_ticks(scale.lower, scale.upper, 3)
        colour_bar = page.figure.colorbar(ScalarMappable(norm, column.colours), cax=bar, orientation="horizontal", ticks=ticks)
        colour_bar.ax.minorticks_off()
        colour_bar.ax.set_xticklabels([number(tick) for tick in ticks])
        colour_bar.ax.tick_params(length=2, pad=1, labelsize=7.5)
        colour_bar.set_label(scale.unit, labelpad=1, fontsize=8, color=INK)


def middle_plane(record: OutcomeRecord) -> Plane:
    """The x-y plane with the most of the tumour at the start; of several, that nearest the middle."""
    fields = next(iter(record.arms.values()))
    return planes_through(fields.grid, where_most(np.asarray(fields.cell_density[TUMOUR], np.float64)))[0]


def _columns(record: OutcomeRecord, arms: Sequence[str], plane: Plane, time: int) -> list[Column]:
    """Tumour cells, killing less growth, and the first species, which are the cytokines."""
    fields = [record.arms[arm] for arm in arms]
    tumour = [plane.cut(_PER_MM3 * np.asarray(one.cell_density[TUMOUR][-1], np.float64)) for one in fields]
    net = [plane.cut(_PER_MM3 * _PER_DAY * np.asarray(one.maps[BALANCE].values, np.float64)) for one in fields]
    found = [
        Column("tumour cells", tumour, *_of_cells(np.stack(tumour))),
        Column("killing − growth", net, *_of_balance(np.stack(net))),
    ]
    for index in range(len(fields[0].species))[:_MOST_SPECIES]:
        held = [record.holds(arm, index) for arm in arms]
        cuts = [plane.cut(np.asarray(one.concentration[time, index], np.float64)) if here else None for one, here in zip(fields, held, strict=True)]
        known = [cut for cut in cuts if cut is not None]
        if known:
            found.append(Column(spelled(fields[0].names[index]), cuts, choose_scale(np.stack(known)), COLOURMAP))
    return found


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
