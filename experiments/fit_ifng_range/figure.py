"""The figure of this experiment."""

from pathlib import Path

import numpy as np

TICKS = (3, 5, 10, 20, 50)


def draw(numbers: dict, seen, producers: np.ndarray, fit, path: Path) -> None:
    """Left: one image with its producers; middle: intensities against the distance to the nearest producer, with the fit; right: the lengths."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained", width_ratios=(1.15, 1.15, 0.8))
    places, data = np.asarray(seen.positions), np.asarray(seen.data)
    cells = left.scatter(places[:, 0], places[:, 1], c=np.maximum(data, 1), s=11, cmap="viridis", norm="log", rasterized=True)
    left.plot(producers[:, 0], producers[:, 1], "*", ms=9, color="#d6604d", mec="white", mew=0.5, label="producers")
    left.set(xlabel="x, um", ylabel="y, um", aspect="equal", title="One image")
    left.legend(loc="upper right", fontsize=9)
    bar = figure.colorbar(cells, ax=left, label="marker intensity", shrink=0.9)
    bar.set_ticks(list(TICKS), labels=[f"{tick:g}" for tick in TICKS])
    bar.minorticks_off()
    shown = np.asarray(seen.responds)
    nearest = np.sqrt(((places[:, None, :2] - producers[None]) ** 2).sum(axis=2)).min(axis=1)
    other = nearest[~shown], data[~shown]
    nearest, data = nearest[shown], data[shown]
    middle.plot(nearest, data, ".", ms=3, color="0.65", rasterized=True, label="cells that respond")
    middle.plot(*other, ".", ms=3, color="#fdae61", rasterized=True, label="cells that do not")
    edges = np.arange(0, np.quantile(nearest, 0.995), 8.0)
    which = np.digitize(nearest, edges)
    read = fit.predictions[seen.name][shown]
    bins = [k for k in range(1, len(edges)) if (which == k).sum() > 2]
    at = [edges[k - 1] + 4.0 for k in bins]
    middle.plot(at, [np.exp(np.log(data[which == k]).mean()) for k in bins], "o", color="k", ms=5, label="mean of cells")
    middle.plot(at, [np.exp(np.log(read[which == k]).mean()) for k in bins], "-", color="#2166ac", lw=2, label="fit")
    middle.axhline(float(seen.noise.limit), color="0.3", lw=1, ls="--")
    middle.text(edges[-1], 1.04 * float(seen.noise.limit), "detection limit", ha="right", va="bottom", fontsize=9, color="0.3")
    middle.set(yscale="log", xlabel="distance to the nearest producer in the plane, um", ylabel="marker intensity", title="The same cells")
    middle.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    middle.minorticks_off()
    middle.legend(frameon=False, fontsize=9)
    for place, case in enumerate(("fitted", "spillover_ignored")):
        one = numbers[case]
        ends = [[one["length_um"] - one["low_um"]], [one["high_um"] - one["length_um"]]]
        right.errorbar(place, one["length_um"], ends, fmt="o", capsize=4, color=("#2166ac", "#b2182b")[place])
    right.axhline(numbers["true_length_um"], color="0.4", lw=1)
    right.axhspan(30, 40, color="0.93", zorder=0)
    right.text(1.45, numbers["true_length_um"], "truth", ha="right", va="bottom", fontsize=9, color="0.3")
    right.set_xticks([0, 1], ["spillover\nfitted", "spillover\nignored"])
    right.set(xlim=(-0.5, 1.5), ylabel="decay length, um, with 95 % interval", title="Range")
    figure.savefig(path, dpi=150)
    plt.close(figure)
