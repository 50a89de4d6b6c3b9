"""The figure of this experiment."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

COURSE, STEADY = "#2166ac", "#b2182b"


def draw(seen, fit, steady, truth: Mapping[str, float], path: Path) -> None:
    """Left: the profiles with the fit; right: estimates over the truth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained")
    middles, rows = np.asarray(seen.middles), len(seen.times)
    data, read = (1e3 * np.reshape(one, (rows, -1)) for one in (np.asarray(seen.data), fit.predictions[seen.name]))
    for shade, time, measured, fitted in zip(np.linspace(0.35, 1, rows), seen.times, data, read, strict=True):
        colour = tuple(1 - shade * (1 - np.array([0x21, 0x66, 0xAC]) / 255))
        left.errorbar(middles, measured, float(seen.noise.sigma) * measured, fmt="o", ms=4, color=colour, capsize=2)
        left.plot(middles, fitted, color=colour, lw=1.8, label=f"{time / 60:g} min")
    left.set(yscale="log", xlabel="distance from the middle of the nest, um", ylabel="IFN-gamma, pM", title="After the stimulus: data and fit")
    left.legend(frameon=False, fontsize=9)
    for place, name in enumerate(truth):
        one = fit.intervals[name]
        ends = np.array([[one.value - one.low], [one.high - one.value]]) / truth[name]
        right.errorbar(place - 0.1, one.value / truth[name], ends, fmt="o", ms=4, color=COURSE, capsize=3)
        if name in steady.undetermined_parameters():
            right.annotate("undetermined", (place + 0.15, 1.0), rotation=90, ha="center", va="center", fontsize=9, color=STEADY)
    right.plot([], [], "o", color=COURSE, label="four times")
    right.plot([], [], "s", color=STEADY, label="settled profile alone")
    right.axhline(1, color="0.6", lw=1, zorder=0)
    right.set(xlim=(-0.5, len(truth) - 0.4), ylim=(0.5, 2), yscale="log", ylabel="estimate over truth, with 95 % interval", title="What each can tell")
    right.set_yticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    right.minorticks_off()
    right.set_xticks(range(len(truth)), ["secretion", "receptors", "diffusivity"])
    right.legend(frameon=False, fontsize=9, loc="upper left")
    figure.savefig(path, dpi=150)
    plt.close(figure)
