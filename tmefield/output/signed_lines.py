"""Curved lines that end in an arrowhead (raises) or a bar (lowers), on axes measured in inches."""

from itertools import pairwise
from typing import Any

import numpy as np

RAISES, LOWERS = "#0a6fb0", "#c8501e"
_HEAD_LENGTH, _HEAD_WIDTH, _BAR = 0.1, 0.085, 0.12
_DASHES = (0, (3.6, 2.2))
_STEPS = 200


def draw_signed_line(axes, control: np.ndarray, *, raises: bool, dashed: bool, start_box: Any = None, end_box: Any = None, gap: float = 0.03) -> None:
    """A Bezier curve of control points [point, 2], cut where it leaves one box and enters the other (x, y, width, height), with its end shape there."""
    colour = RAISES if raises else LOWERS
    curve = _bezier(control)
    curve = curve[_first_outside(curve, start_box, 0.0) : len(curve) - _first_outside(curve[::-1], end_box, gap)]
    tip, before = curve[-1], curve[max(len(curve) - 8, 0)]
    along = (tip - before) / np.hypot(*(tip - before))
    across = np.array([-along[1], along[0]])
    if raises:
        foot = tip - _HEAD_LENGTH * along
        curve = curve[np.linalg.norm(curve - tip, axis=1) > 0.8 * _HEAD_LENGTH]
        axes.fill(*np.array([tip, foot + across * _HEAD_WIDTH / 2, foot - across * _HEAD_WIDTH / 2]).T, color=colour, lw=0, zorder=5)
    else:
        axes.plot(*np.array([tip + across * _BAR / 2, tip - across * _BAR / 2]).T, color=colour, lw=1.8, solid_capstyle="butt", zorder=5)
    axes.plot(*curve.T, color=colour, lw=1.15, ls=_DASHES if dashed else "-", solid_capstyle="butt", dash_capstyle="butt", zorder=2)


def _bezier(control: np.ndarray) -> np.ndarray:
    """Points [step, 2] on the curve, by de Casteljau."""
    t = np.linspace(0, 1, _STEPS + 1)[:, None]
    points = [np.broadcast_to(one, (len(t), 2)) for one in np.asarray(control, float)]
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in pairwise(points)]
    return points[0]


def _first_outside(curve: np.ndarray, box: Any, gap: float) -> int:
    if box is None:
        return 0
    low, high = np.array(box[:2]) - gap, np.array(box[:2]) + np.array(box[2:]) + gap
    outside = ((curve < low) | (curve > high)).any(axis=1)
    return int(np.argmax(outside))
