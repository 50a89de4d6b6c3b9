"""A picture of a run: how far each row is from its target, and the cost of a voxel against the size."""

import matplotlib.pyplot as plt
from rows import TARGETS, Measured

COLOURS = {"stretch": "#1b7837", "reach": "#7fbf7b", "missed": "#c0504d", "-": "#999999"}


def draw(rows: dict[str, Measured], verdicts: dict[str, str], path: str, title: str) -> None:
    """Write the picture to `path`."""
    cost = rows.get("linear-cost")
    if cost is None or not cost.numbers:
        figure, axes = plt.subplots(figsize=(8, 6), layout="constrained")
        _margins(axes, rows, verdicts)
    else:
        figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6), width_ratios=(3, 2), layout="constrained")
        _margins(left, rows, verdicts)
        _cost(right, cost)
    figure.suptitle(title, fontsize=9)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _margins(axes, rows: dict[str, Measured], verdicts: dict[str, str]) -> None:
    names = []
    for name, row in reversed(rows.items()):
        target, value = TARGETS[name], row.value
        if not value or not target.reach:
            continue
        margin = value / target.reach if target.greater_is_better else target.reach / value
        axes.barh(len(names), margin - 1, left=1, color=COLOURS[verdicts[name]])
        axes.text(max(margin, 1) * 1.06, len(names), f"{value:.3g} {target.unit}", va="center", fontsize=8)
        if target.stretch:
            goal = target.stretch / target.reach if target.greater_is_better else target.reach / target.stretch
            axes.plot([goal, goal], [len(names) - 0.4, len(names) + 0.4], color="black", linewidth=1)
        names.append(name)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("times better than the reach target (black mark: stretch target)")


def _cost(axes, row: Measured) -> None:
    cost = row.numbers["nanoseconds_per_voxel"]
    sizes = [int(name) for name in cost]
    axes.plot(sizes, list(cost.values()), "o-")
    for size, value in zip(sizes, cost.values(), strict=True):
        axes.annotate(f"{row.numbers['iterations'][str(size)]} it.", (size, value), textcoords="offset points", xytext=(0, 6), fontsize=8, ha="center")
    axes.set_xscale("log", base=2)
    axes.set_ylim(bottom=0)
    axes.set_xticks(sizes, [f"{size}^3" for size in sizes])
    axes.set_ylabel("steady solve, ns per voxel (case A, float32)")
