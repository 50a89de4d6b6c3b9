"""The figure of this experiment."""

from pathlib import Path

import numpy as np

SHOWN = {
    "dense": ("dense vessels", "#08519c"),
    "medium": ("medium vessels", "#3182bd"),
    "sparse": ("sparse vessels", "#9ecae1"),
    "decay_alone": ("medium, IL-10 decays alone", "#e08214"),
    "uptake_alone": ("medium, uptake alone", "#b2182b"),
}


def draw(found: dict, path: Path) -> None:
    """Left: signal against the dose, with the closed form; middle: function of CD8 T cells; right: antibody and signal against the distance to the vessels."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14.0, 4.6), layout="constrained")
    doses = np.array(found["doses"][1:])
    for name, (label, colour) in SHOWN.items():
        case = found["cases"][name]
        label += f", {case['wall_area_1_cm']:.0f} /cm" if "vessels" in label else ""
        left.plot(doses, case["signal"][1:], "o-", color=colour, lw=1.8, ms=4, label=label)
        left.plot(doses, case["closed"][1:], "--", color="0.2", lw=0.9)
        middle.plot(doses, case["function"][1:], "o-", color=colour, lw=1.8, ms=4)
        middle.axhline(case["function"][0], color=colour, lw=0.8, ls=":")
    left.plot([], [], "--", color="0.2", lw=0.9, label="closed form at the mean a of the tissue")
    left.set(xscale="log", yscale="log", ylim=(1e-4, 2), ylabel="signal c/(1 + a) against none")
    left.set_title("What the receptors see of IL-10", fontsize=11)
    left.legend(frameon=False, fontsize=8, loc="lower left")
    middle.set(xscale="log", ylim=(0, 1.02), ylabel="function of CD8 T cells, 1 without IL-10")
    middle.set_title("Function regained (dotted: without antibody)", fontsize=11)
    for axes in (left, middle):
        axes.set_xlabel("a = A/K_d in plasma")
    for name, label, style in (("sparse", "D of the library, 24 um2/s", "-"), ("slow_antibody", "D at its lower end, 5 um2/s", "--")):
        shown = found["cases"][name]["profile_10"]
        d = shown["distance_um"]
        right.plot(d, shown["signal"], style, color="#b2182b", lw=1.8, label=f"signal, {label}")
        right.plot(d, shown["a_over_plasma"], style, color="#08519c", lw=1.8, label=f"antibody over plasma, {label}")
    right.set(ylim=(0, 1), xlim=(0, None), xlabel="distance to the nearest vessel wall, um", ylabel="share")
    right.set_title("Sparse vessels, a = 10 in plasma", fontsize=11)
    right.legend(frameon=False, fontsize=8, loc="upper left")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)
