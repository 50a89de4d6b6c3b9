"""A line per step of a fit, with how long it may still take."""

import math
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .console import human_seconds
from .interrupt import heed

if TYPE_CHECKING:
    from .console import Progress

SETTLED = 1e-4
"""Fall of the loss in a step, as a share of it, below which a fit is about to end."""


class Steps:
    """Prints where a fit stands after each step; `last` is the number of the last one."""

    def __init__(self, progress: "Progress", max_steps: int, max_seconds: float | None):
        self._progress, self._max_steps, self._max_seconds = progress, max_steps, max_seconds
        self._began: float | None = None
        self._first = 0
        self.last = 0

    def __call__(self, now: Any) -> None:
        """Called by the fit with its `Progress`."""
        self.last = now.step
        line = f"  step {now.step:<4} loss {now.loss:<12.6g} gradient {now.gradient:<9.2g} {now.seconds:8.1f} s"
        if self._began is None:  # the first step compiles: it says nothing of the others
            self._began, self._first = time.monotonic(), now.step
        else:
            per_step = (time.monotonic() - self._began) / (now.step - self._first)
            left, most = seconds_left(now.history, per_step, self._max_steps, self._max_seconds, now.seconds)
            converged = "converged" if len(now.losses) == 1 else "the best start has converged"
            line += f"   {converged}" if now.converged else f"   about {human_seconds(left)} left, at most {human_seconds(most)}"
        self._progress.note(line)
        heed()


def seconds_left(history: tuple[float, ...], per_step: float, max_steps: int, max_seconds: float | None, spent: float) -> tuple[float, float]:
    """Seconds that a fit may still take, and the most that its limits allow: steps until the loss, falling as in the last steps, settles.

    Falls of the loss that shrink by the same factor from step to step reach `SETTLED` of the loss after ln(SETTLED/fall)/ln(factor) more steps; where they do
    not shrink, the limits are all that is known.
    """
    steps = most = float(max_steps - len(history))
    falls = [a - b for a, b in pairwise(history)]
    share = falls[-1] / history[-1] if falls and history[-1] > 0 else 1.0
    if share <= SETTLED:
        steps = min(steps, 1.0)
    elif len(falls) >= 2 and falls[-1] < falls[-2]:
        steps = min(steps, 1.0 + math.log(SETTLED / share) / math.log(falls[-1] / falls[-2]))
    limit = most * per_step if max_seconds is None else max(min(most * per_step, max_seconds - spent), 0.0)
    return min(steps * per_step, limit), limit
