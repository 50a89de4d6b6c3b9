"""The figure of this experiment."""

from pathlib import Path

import numpy as np
from section import FIBROBLASTS, TUMOUR

BLUE, RED = "#2166ac", "#b2182b"


def draw(numbers: dict, table, sensors: np.ndarray, fit, draws: np.ndarray, path: Path) -> None:
    """The section with its sensors; intensities against predictions; the ratio; how well other markers are predicted by the same model."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(17, 4.2), layout="constrained", width_ratios=(1.3, 1, 0.9, 0.9))
    place, against, ratio, markers = axes
    (data,), (read,) = ([np.asarray(one.data) for one in fit.problem.observations], fit.predictions.values())
    for kinds, colour, name in ((TUMOUR, "0.85", "tumour cells"), (FIBROBLASTS, "#fdae61", "fibroblasts")):
        place.plot(*table.positions[table.are(kinds)][:, :2].T, ".", ms=3, color=colour, label=name, rasterized=True)
    cells = place.scatter(*table.positions[sensors][:, :2].T, c=data, s=16, cmap="viridis", norm="log", label="macrophages", rasterized=True)
    bar = figure.colorbar(cells, ax=place, label="pSTAT3 of macrophages, above the floor", shrink=0.9)
    bar.set_ticks([20, 50, 100, 200, 500], labels=["20", "50", "100", "200", "500"])
    bar.minorticks_off()
    place.set(xlabel="x, um", ylabel="y, um", aspect="equal", title="The section")
    place.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3, fontsize=8, frameon=False, columnspacing=0.8, handletextpad=0.1)
    against.loglog(read, data, ".", color=BLUE, ms=5, alpha=0.6)
    ends = [min(read.min(), data.min()), max(read.max(), data.max())]
    against.plot(ends, ends, color="0.5", lw=1)
    against.set_xticks([50, 100, 200, 500], labels=["50", "100", "200", "500"])
    against.set_yticks([50, 100, 200, 500], labels=["50", "100", "200", "500"])
    against.minorticks_off()
    against.set(xlabel="fitted intensity", ylabel="intensity", title=f"Explained: {100 * numbers['explained']:.0f} % of the variance of ln")
    ratio.hist(np.log10(draws), bins=np.linspace(-2, 3, 26), color="0.75")
    for value, colour, name in ((numbers["ratio"]["value"], BLUE, "fit"), (numbers["ratio"]["library"], RED, "library")):
        ratio.axvline(np.log10(value), color=colour, lw=2, label=name)
    ratio.set_xticks(range(-2, 4), ["0.01", "0.1", "1", "10", "100", "1000"])
    ratio.set(xlabel="secretion, fibroblast over tumour cell", ylabel="fits to blocks drawn again", title="The ratio")
    ratio.legend(frameon=False, fontsize=9)
    saved = sorted(numbers["held_out"]["saved"].items(), key=lambda one: one[1])
    markers.barh([name for name, _ in saved], [share for _, share in saved], color=[BLUE if name == "PSTAT3" else "0.75" for name, _ in saved])
    markers.axvline(0, color="0.3", lw=1)
    markers.set(xlabel="squared error saved on blocks left out", title="The same model, other markers")
    figure.savefig(path, dpi=150)
    plt.close(figure)
