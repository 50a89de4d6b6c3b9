"""The picture of a signed network: species around a circle acting on each other's secretion, and species facing what they do to cells."""

import math
import os
import re
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import atomic_path
from .signed_graph import Arc, SignedGraph, facing_orders, round_order
from .signed_lines import draw_signed_line

_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9, "text.usetex": False}
_INK, _SOFT, _BOX, _FILL = "#222222", "#5b5b5b", "#8a8a8a", "#f4f4f1"
_SPELLED = {"IFNg": "IFN-γ", "TGFb": "TGF-β", "O2": "O₂"}
# Inches: the circle (half axes), its panel, the columns, heights of a line.
_HALF_WIDTH, _HALF_HEIGHT, _ROUND_WIDTH = 3.3, 3.15, 9.0
_COLUMNS_WIDTH, _LEFT, _RIGHT = 5.6, 1.15, 3.35
_HIGH, _TOP, _BOTTOM = 7.0, 0.75, 0.85
_BEND, _STRONGER_BEND = 0.3, 0.52
_PORT, _ROUND_PORT, _ROOM = 0.075, 0.16, 0.12  # between two lines at one node; length of a box for each line


def draw_regulation(graph: SignedGraph, path: str | os.PathLike) -> Path:
    """Draw a PNG of the graph; returns the path.

    Blue lines with an arrowhead raise, orange lines with a bar lower; dashed where how much has no source. Left the action on secretion, with the cells
    that secrete each species below its name; right the action on cells, responses and rates.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        width, height = _ROUND_WIDTH + _COLUMNS_WIDTH, _HIGH + _TOP + _BOTTOM
        figure = Figure(figsize=(width, height), dpi=200, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
        axes.set_axis_off()
        _round(axes, graph)
        _columns(axes, graph)
        _legend(axes, graph)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png")
    return Path(path)


def spelled(name: str) -> str:
    """A name as papers write it: IL-12, IFN-γ, M2 → M1."""
    text = _SPELLED.get(name, re.sub(r"^IL(\d+)b?$", lambda match: f"IL-{match[1]}{'β' if name.endswith('b') else ''}", name))
    return text.replace("->", " → ").replace("_", " ").replace("TGF-beta", "TGF-β").replace("alpha", "α").replace("NF-kB", "NF-κB")


def _round(axes, graph: SignedGraph) -> None:
    _title(axes, 0.35, "a", "Action on secretion")
    groups = _alike(graph.between)
    arcs = _merged([replace(one, source=groups[one.source], target=groups[one.target]) for one in graph.between])
    order = round_order([*dict.fromkeys(groups.values())], [(one.source, one.target) for one in arcs])
    lacking = {one.source for one in arcs if one.by_lack}
    centre = (_ROUND_WIDTH / 2, _BOTTOM + _HIGH / 2)
    boxes = {}
    for index, name in enumerate(order):
        angle = math.pi / 2 - 2 * math.pi * index / len(order)
        place = (centre[0] + _HALF_WIDTH * math.cos(angle), centre[1] + _HALF_HEIGHT * math.sin(angle))
        makers = dict.fromkeys(cell for one, group in groups.items() if group == name for cell in graph.makers.get(one, ()))
        lines = sum(name in (one.source, one.target) for one in arcs)
        room = (_ROOM * lines * abs(math.sin(angle)), _ROOM * lines * abs(math.cos(angle)))
        boxes[name] = _box(axes, place, _group_name(name, lacking), ", ".join(spelled(cell) for cell in makers), room)
    returned = [one for one in arcs if any(one.source == b.target and one.target == b.source and order.index(b.source) < order.index(one.source) for b in arcs)]
    for one in arcs:
        if one.source == one.target:
            _loop(axes, boxes[one.source], centre, one)
            continue
        ends = [_round_port(one, name, arcs, order, returned, boxes[name]) for name in (one.source, one.target)]
        middle = (ends[0] + ends[1]) / 2
        control = np.array([ends[0], middle + (_STRONGER_BEND if one in returned else _BEND) * (np.array(centre) - middle), ends[1]])
        draw_signed_line(axes, control, raises=one.raises, dashed=one.free, start_box=boxes[one.source], end_box=boxes[one.target])


def _round_port(one: Arc, name: str, arcs: list[Arc], order: list[str], returned: list[Arc], box: tuple[float, float, float, float]) -> np.ndarray:
    """Where a line starts or ends inside the box of a node: side by side along the circle, in the order of where they lead, so that none cross there."""

    def rank(other: Arc) -> tuple[int, bool]:
        steps = (order.index(other.target if other.source == name else other.source) - order.index(name)) % len(order)
        return steps, (other in returned) == (2 * steps < len(order))

    beside = sorted((other for other in arcs if name in (other.source, other.target) and other.source != other.target), key=rank)
    angle = math.pi / 2 - 2 * math.pi * order.index(name) / len(order)
    clockwise = np.array([math.sin(angle), -math.cos(angle)])
    room = 0.8 * min(side / max(abs(part), 1e-9) for side, part in zip(box[2:], clockwise, strict=True))
    offset = ((len(beside) - 1) / 2 - beside.index(one)) * min(_ROUND_PORT, room / len(beside))
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]) + offset * clockwise


def _merged(arcs: list[Arc]) -> list[Arc]:
    """One line where several do the same; its strength is free where that of all is."""
    found: dict[tuple[str, str, bool], Arc] = {}
    for one in arcs:
        key = one.source, one.target, one.raises
        found[key] = replace(one, free=one.free and (key not in found or found[key].free))
    return [*found.values()]


def _alike(arcs: tuple[Arc, ...]) -> dict[str, str]:
    """Species that nothing tells apart in this graph under one name, parted by slashes."""
    names = [*dict.fromkeys(name for one in arcs for name in (one.source, one.target))]
    known: dict[frozenset, str] = {}
    for name in names:
        does = frozenset((one.target if one.source == name else "", one.source if one.target == name else "", one) for one in arcs if one.source == name)
        gets = frozenset((one.source, one.raises, one.free) for one in arcs if one.target == name)
        key = gets if not does else frozenset([name])
        known[key] = f"{known[key]}/{name}" if key in known else name
    return {name: group for group in known.values() for name in group.split("/")}


def _group_name(group: str, lacking: set[str]) -> str:
    if group in lacking:
        return f"low {spelled(group)}"
    first, *others = group.split("/")
    stem = re.sub(r"\d+$", "", first)
    return "/".join([spelled(first), *(one.removeprefix(stem) if one.startswith(stem) else spelled(one) for one in others)])


def _columns(axes, graph: SignedGraph) -> None:
    _title(axes, _ROUND_WIDTH + 0.25, "b", "Action on cells, responses and rates")
    arcs = _merged([*graph.on_cells])
    left, right = facing_orders([(one.source, one.target) for one in arcs])
    x = (_ROUND_WIDTH + _LEFT, _ROUND_WIDTH + _RIGHT)
    heights = [{name: _BOTTOM + _HIGH * (1 - (index + 0.5) / len(side)) for index, name in enumerate(side)} for side in (left, right)]
    together = {one.target for one in arcs if one.together}
    lacking = {one.source for one in arcs if one.by_lack}
    for name in left:
        axes.text(x[0] - 0.1, heights[0][name], _group_name(name, lacking), ha="right", va="center", weight="bold", color=_INK)
    for name in right:
        axes.text(x[1] + 0.14, heights[1][name], spelled(name) + (" (AND)" if name in together else ""), ha="left", va="center", color=_INK)
    for one in arcs:
        start = heights[0][one.source] + _port(one, [other for other in arcs if other.source == one.source], lambda other: heights[1][other.target], _PORT / 2)
        end = heights[1][one.target] + _port(one, [other for other in arcs if other.target == one.target], lambda other: heights[0][other.source], _PORT)
        _curve(axes, (x[0], start), (x[1], end), one)


def _port(one: Arc, beside: list[Arc], height, step: float) -> float:
    """How far from the middle of its node the line starts or ends, so that lines at one node stay apart and do not cross there."""
    ranked = sorted(beside, key=height)
    return (ranked.index(one) - (len(ranked) - 1) / 2) * step


def _box(axes, place: tuple[float, float], name: str, makers: str, room: tuple[float, float]) -> tuple[float, float, float, float]:
    """A named box around a place, at least `room` wide and high for the lines that meet it; returns its lower left corner, width and height."""
    from matplotlib.patches import FancyBboxPatch

    lines = textwrap.wrap(makers, 18)
    width = max(0.16 + 0.09 * len(name), 0.16 + 0.062 * max((len(line) for line in lines), default=0), 0.62, room[0])
    written = 0.27 + 0.125 * len(lines)
    height = max(written, room[1])
    corner = (place[0] - width / 2, place[1] - height / 2)
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle="round,pad=0.02,rounding_size=0.09", fc=_FILL, ec=_BOX, lw=0.8, zorder=3))
    top = place[1] + written / 2
    axes.text(place[0], top - 0.135, name, ha="center", va="center", weight="bold", color=_INK, zorder=4)
    for index, line in enumerate(lines):
        axes.text(place[0], top - 0.295 - 0.125 * index, line, ha="center", va="center", fontsize=6.6, color=_SOFT, zorder=4)
    return (corner[0] - 0.02, corner[1] - 0.02, width + 0.04, height + 0.04)


def _loop(axes, box, centre: tuple[float, float], one: Arc) -> None:
    """From a box to itself, on its side away from the centre."""
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    side = 1 if x >= centre[0] else -1
    edge = x + side * box[2] / 2
    control = np.array([(edge, y + 0.12), (edge + side * 0.6, y + 0.34), (edge + side * 0.6, y - 0.34), (edge, y - 0.12)])
    draw_signed_line(axes, control, raises=one.raises, dashed=one.free, end_box=box)


def _curve(axes, start: tuple[float, float], end: tuple[float, float], one: Arc) -> None:
    reach = 0.45 * (end[0] - start[0])
    control = np.array([start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end])
    draw_signed_line(axes, control, raises=one.raises, dashed=one.free)


def _title(axes, x: float, letter: str, text: str) -> None:
    y = _BOTTOM + _HIGH + 0.45
    axes.text(x, y, letter, weight="bold", fontsize=13, va="center", color=_INK)
    axes.text(x + 0.3, y, text, fontsize=11, va="center", color=_INK)


def _legend(axes, graph: SignedGraph) -> None:
    x, y = 0.4, 0.5
    for raises, free in ((True, False), (False, False), (True, True), (False, True)):
        text = ("raises" if raises else "lowers") + (", strength a placeholder" if free else "")
        _curve(axes, (x, y), (x + 0.5, y), Arc("", "", raises, free))
        axes.text(x + 0.62, y, text, va="center", color=_INK, fontsize=8.5)
        x += 1.0 + 0.068 * len(text)
    axes.text(0.4, 0.2, ". ".join(["Small letters: cells that secrete it", *map(_spelled_words, graph.notes)]) + ".", va="center", color=_SOFT, fontsize=8)


def _spelled_words(text: str) -> str:
    return " ".join(spelled(word) for word in text.split())
