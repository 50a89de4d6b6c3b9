"""The figure of this experiment."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

COLOURS = {"exact": "0.3", "noise": "#2166ac", "no_tracer": "#b2182b", "steady": "#b2182b", "fixed": "0.3", "course": "#2166ac"}
LABELS = {
    "exact": "no noise",
    "noise": "10 % noise",
    "no_tracer": "10 % noise, no IgG",
    "steady": "steady profile",
    "fixed": "the same, D known",
    "course": "three times after the onset",
}


def draw(fits: Mapping, spectra: Mapping, truth: Mapping[str, float], path: Path) -> None:
    """Left: estimates over the truth with their intervals; right: the standard deviation along each combination of parameters."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained")
    places = np.arange(len(truth))
    for shift, (case, fit) in zip((-0.2, 0.0, 0.2), fits.items(), strict=True):
        for place, name in zip(places, truth, strict=True):
            one = fit.intervals[name]
            if one.low is None:
                left.annotate("undetermined", (place + shift, 1.0), rotation=90, ha="center", va="center", fontsize=9, color=COLOURS[case])
                continue
            ends = np.array([[one.value - one.low], [one.high - one.value]]) / truth[name]
            left.errorbar(place + shift, one.value / truth[name], ends, fmt="o", ms=4, color=COLOURS[case], capsize=3)
        left.plot([], [], "o", color=COLOURS[case], label=LABELS[case])
    left.axhline(1, color="0.6", lw=1, zorder=0)
    left.set(yscale="log", xlim=(-0.5, len(truth) - 0.4), ylim=(0.4, 2.5), ylabel="estimate over truth, with 95 % interval", title="From ten times off")
    left.set_yticks([0.5, 0.7, 1, 1.5, 2], ["0.5", "0.7", "1", "1.5", "2"])
    left.minorticks_off()
    left.set_xticks(places, [name.replace("_", "\n") for name in truth])
    left.legend(frameon=False, fontsize=9, loc="upper left", ncols=3, columnspacing=1.0, handletextpad=0.2)
    for case, one in spectra.items():
        # The length that round-off gives a null direction says nothing: it is cut off.
        deviations = np.minimum(1 / np.sqrt(np.maximum(one.eigenvalues, 1e-300)), 1e3)
        right.plot(np.arange(1, len(deviations) + 1), deviations, "o-", color=COLOURS[case], label=LABELS[case])
    right.axhline(np.log(10) / 1.96, color="0.6", lw=1, ls="--")
    right.text(1, np.log(10) / 1.96 * 1.15, "a factor of ten either way at 95 %", fontsize=9, color="0.3", va="bottom")
    right.set(
        yscale="log", xlabel="combination of q, k, V_max, P and D", ylabel="standard deviation of its logarithm", title="What interferon gamma alone can say"
    )
    right.set_xticks(np.arange(1, 6))
    right.set_ylim(top=3e3)
    right.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0.0, 0.9))
    figure.savefig(path, dpi=150)
    plt.close(figure)
