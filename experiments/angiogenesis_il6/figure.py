"""The figure of this experiment."""

from pathlib import Path

COLOURS = {"none": "0.55", "some": "#762a83"}
SETTINGS = {"chain": ("#762a83", "the chain alone"), "killers": ("#1b7837", "with killers"), "all edges": ("#222222", "all edges")}


def draw(numbers: dict, path: Path) -> None:
    """Vessels and volume in time; what IL-6 does link by link; over how much of it there is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(13.5, 8.2), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.07))
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3)
    whole = numbers["chain"]["links"]
    for panel, key, label in ((panels[0, 0], "endothelial", "vessels over start"), (panels[0, 1], "tumour", "tumour volume over start")):
        _courses(panel, whole, key, label)
    _bars(panels[0, 2], whole)
    for panel in panels[0]:
        panel.set_title("the chain alone")
    rows = {name: numbers[name]["IL6"] for name in SETTINGS if name in numbers}
    for panel, key, label in zip(
        panels[1], ("VEGF_pM", "vessels", "volume"), ("VEGF at the end, pM", "vessels over start", "tumour volume over start"), strict=True
    ):
        for name, found in rows.items():
            colour, said = SETTINGS[name]
            panel.plot([float(row["secretion"].split()[0]) for row in found], [row[key] for row in found], "o-", color=colour, lw=2, label=said)
        panel.set_xscale("symlog", linthresh=0.05, linscale=0.5)
        panel.set_xticks([0, 0.05, 0.5, 5], ["0", "0.05", "0.5", "5"])
        panel.minorticks_off()
        panel.set(xlabel="IL-6 secreted, molecules/cell/s", ylabel=label)
        if key != "vessels":
            panel.set_yscale("log")
            low, high = panel.get_ylim()
            shown = [tick for tick in (20, 50, 100, 200, 500) if low <= tick <= high]
            panel.set_yticks(shown, [f"{tick}" for tick in shown])
            panel.minorticks_off()
        panel.legend(frameon=False, fontsize=9)
    for letter, panel in zip("abcdef", panels.flat, strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _courses(panel, links: dict, key: str, label: str) -> None:
    for name, style, said in (("whole", "-", ""), ("tocilizumab", "--", ", tocilizumab"), ("bevacizumab", ":", ", bevacizumab")):
        for which, colour in COLOURS.items():
            if name == "whole" or which == "some":
                one = links[name][which]
                panel.plot(one["days"], one[key], style, color=colour, lw=2, label=("IL-6" if which == "some" else "no IL-6") + said)
    panel.set(xlabel="day", ylabel=label, ylim=(0, None))
    panel.legend(frameon=False, fontsize=9)


def _bars(panel, links: dict) -> None:
    names = list(links)
    for shift, (key, colour, said) in enumerate((("VEGF_pM", "#e08214", "VEGF"), ("vessels", "#b2182b", "vessels"), ("volume", "#762a83", "volume"))):
        panel.barh(
            [index + 0.26 * (shift - 1) for index in range(len(names))], [100 * (links[name][key] - 1) for name in names], 0.24, color=colour, label=said
        )
    panel.axvline(0, color="0.4", lw=0.8)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.set(xlabel="what IL-6 adds, %")
    panel.legend(frameon=False, fontsize=9, loc="center right", bbox_to_anchor=(1.0, 0.72))
