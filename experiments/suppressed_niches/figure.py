"""The figure of this experiment."""

from pathlib import Path

import numpy as np

PARTS = {
    "by_IL10": ("IL-10 alone", "#2166ac"),
    "by_TGFb": ("TGF-b alone", "#b2182b"),
    "by_either": ("each alone", "#542788"),
    "by_together": ("only together", "#e08214"),
}
TITLES = {"library": "the library's values", "local": "the local ends of its ranges"}
ROWS = {
    "{}": "all cells",
    "{}_no_Treg": "no Tregs",
    "{}_no_CAF": "no fibroblasts",
    "{}_no_M2": "no M2",
    "{}_Treg_IL10": "Tregs secrete IL-10",
    "{}_M2_x0.8": "M2 x 0.8",
    "{}_M2_x1.2": "M2 x 1.2",
    "{}_active_0.3": "30 % of TGF-b active",
    "{}_active_1": "all TGF-b active",
    "{} TGFb x0.1 IL10 x1": "IC50 of TGF-b / 10",
    "{} TGFb x10 IL10 x1": "IC50 of TGF-b x 10",
    "{} TGFb x1 IL10 x0.1": "IC50 of IL-10 / 10",
    "{} TGFb x1 IL10 x10": "IC50 of IL-10 x 10",
}


def draw(found: dict, functions: dict[str, np.ndarray], network, grid, nest: float, path: Path) -> None:
    """Above: function of CD8 T cells in the middle slice, niches outlined, vessels near it; below: what share of the tissue is below half, and why."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10.5, 9.6), layout="constrained", height_ratios=[1.15, 1])
    for column, name in enumerate(functions):
        image = _slice(axes[0, column], functions[name], network, grid, nest)
        axes[0, column].set_title(f"CD8 function with {TITLES[name]}", fontsize=11)
        _bars(axes[1, column], found["cases"] | found["IC50"], name, labels=column == 0)
    axes[0, 0].set_ylabel("y, um")
    figure.colorbar(image, ax=axes[0, :], label="function of CD8 T cells, 1 without IL-10 and TGF-b", shrink=0.75)
    handles, labels = axes[1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _slice(axes, function: np.ndarray, network, grid, nest: float):
    """The middle slice; line: half function, the outline of the niches; black: vessels within 20 um of it; dashed: the nest."""
    z = grid.shape[0] // 2
    x, y = grid.centres(2), grid.centres(1)
    shown = axes.pcolormesh(x, y, function[z], cmap="RdYlBu", vmin=0.4, vmax=0.6, shading="nearest", rasterized=True)
    if function[z].min() < 0.5 < function[z].max():
        axes.contour(x, y, function[z], levels=[0.5], colors="black", linewidths=1.5)
    ends = network.nodes[network.edges]
    for segment, radius in zip(ends, network.radius, strict=True):
        if np.abs(segment[:, 2] - grid.centres(0)[z]).min() < 20:
            axes.plot(segment[:, 0], segment[:, 1], color="0.25", lw=0.25 * radius, solid_capstyle="round", alpha=0.8)
    angle = np.linspace(0, 2 * np.pi, 200)
    size = [grid.shape[axis] * grid.spacing[axis] for axis in (2, 1)]
    axes.plot(size[0] / 2 + nest * np.cos(angle), size[1] / 2 + nest * np.sin(angle), ls="--", lw=1, color="0.2")
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]), aspect="equal", xlabel="x, um")
    return shown


def _bars(axes, cases: dict, name: str, *, labels: bool) -> None:
    """Shares of the tissue below half function, stacked by what does it; the dot: share of the CD8 T cells in it."""
    for row, key in enumerate(ROWS):
        case, left = cases[key.format(name)], 0.0
        for part, (label, colour) in PARTS.items():
            width = 100 * case[part]
            axes.barh(row, width, left=left, color=colour, height=0.7, label=label if row == 0 else None)
            left += width
        axes.plot(100 * case["CD8_inside"], row, "o", color="black", ms=4, clip_on=False, zorder=3)
    axes.set(yticks=range(len(ROWS)), xlim=(0, 100), xlabel="tissue below half function, % (dot: of the CD8 T cells)")
    axes.set_yticklabels(ROWS.values() if labels else [])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
