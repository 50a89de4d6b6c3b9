"""The figure of this experiment."""

import math
from pathlib import Path

import numpy as np

COLOURS = {"secretion": "#2166ac", "receptors": "#1b7837", "diffusivity": "#b2182b"}
LOOSE = math.log(10) / 1.96  # a factor of ten either way at 95 %
END = 4.0


def draw(found: dict, path: Path) -> None:
    """Standard deviation of the logarithm of each parameter of interest with each candidate; open-ended ones reach the right edge."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [{"candidate": "steady profile alone", "sd_after": found["designs"][0]["sd_before"]}, *found["designs"]]
    figure, axes = plt.subplots(figsize=(9.2, 5.0), layout="constrained")
    height = 0.8 / len(COLOURS)
    for k, (name, colour) in enumerate(COLOURS.items()):
        sds = [row["sd_after"][name] for row in rows]
        open_ended = [sd is None or sd > END for sd in sds]
        at = np.arange(len(rows)) + (k - 1) * height
        axes.barh(at, [END if wide else sd for wide, sd in zip(open_ended, sds, strict=True)], height, color=colour, label=name)
        for y, wide in zip(at, open_ended, strict=True):
            if wide:
                axes.text(END * 0.97, y, "open", ha="right", va="center", fontsize=7, color="white")
    axes.axvline(LOOSE, color="0.3", lw=1, ls="--")
    axes.text(LOOSE * 1.02, -0.62, "a factor of ten either way", fontsize=8, color="0.3", va="bottom")
    axes.set(xscale="log", xlim=(0.05, END), ylim=(len(rows) - 0.4, -1.0), xlabel="standard deviation of the logarithm (1)")
    axes.set_yticks(range(len(rows)), [row["candidate"] for row in rows])
    axes.set_xticks([0.05, 0.1, 0.2, 0.5, 1, 2, 4], ["0.05", "0.1", "0.2", "0.5", "1", "2", "4"])
    axes.set_title("What each further measurement would leave unknown")
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0.0, -0.12), fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
