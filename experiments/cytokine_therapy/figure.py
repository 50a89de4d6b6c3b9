"""The figure of this experiment."""

from pathlib import Path

import numpy as np

RED, BLUE, GREY, GREEN = "#b2182b", "#2166ac", "0.55", "#1b7837"
MECHANISMS = {"all edges": (RED, "-"), "IL10-CTL off": (GREEN, "--"), "no IL-10 from Treg": (BLUE, ":"), "no TGF-b from Treg": (GREY, "--")}
BRAKES = {"library's 0": RED, "all edges": BLUE, "PD_L1-killing off": GREY}


def draw(numbers: dict, path: Path) -> None:
    """T cells and tumour by dose; vein and depot; interferon gamma and its brake; arms ranked; what decides whether the high dose helps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(14.5, 8.6), layout=ConstrainedLayoutEngine(wspace=0.05, hspace=0.06))
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3)
    (cells, tumour, route), (brake, ranks, decides) = panels
    _cells(cells, numbers["doses"]["all edges"])
    _tumour(tumour, numbers["doses"])
    _route(route, numbers["routes"])
    _brake(brake, numbers["interferon"]["brakes"])
    _ranks(ranks, numbers["ranking"])
    _decides(decides, numbers["ranking"])
    for letter, panel in zip("abcdef", panels.ravel(), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _column(rows: list[dict], key: str) -> np.ndarray:
    return np.array([row[key] for row in rows])


def _cells(panel, rows: list[dict]) -> None:
    given = rows[1:]
    dose = _column(given, "dose")
    for key, colour, label in (("Treg", BLUE, "Treg"), ("CD8_T", RED, "CD8 T"), ("Treg_to_CD8", "k", "Treg/CD8")):
        panel.plot(dose, _column(given, f"{key}_first"), "o--", ms=4, color=colour, alpha=0.6)
        panel.plot(dose, _column(given, f"{key}_second"), "o-", ms=4, color=colour, label=label)
    panel.set(xscale="log", yscale="log", xlabel="IL-2 into a vein, MIU/m2/d", ylabel="over the control", title="T cells, day 15.5 (dashed: day 5)")
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.legend(frameon=False)


def _tumour(panel, doses: dict) -> None:
    for name, (colour, style) in MECHANISMS.items():
        rows = doses[name][1:]
        panel.plot(_column(rows, "dose"), 1 - _column(rows, "spared"), "o", ls=style, ms=4, color=colour, label=name)
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", xlabel="IL-2 into a vein, MIU/m2/d", ylabel="volume over that without IL-2", title="tumour, and what carries the harm")
    panel.legend(frameon=False)


def _route(panel, routes: dict) -> None:
    for name, colour in (("depot", RED), ("vein", BLUE)):
        rows = [row for row in routes[name] if row["dose"] > 0]
        panel.plot(_column(rows, "area_nM_h"), _column(rows, "spared"), "o-", ms=4, color=colour, label=f"into the {'tumour' if name == 'depot' else name}")
    pair = routes["compared"]
    for name, told in (("depot", "A"), ("vein, same amount", "same amount as A "), ("vein, same area", "  same area as A")):
        where = pair[name]["area_nM_h"], pair[name]["spared"]
        panel.plot(*where, "o", ms=10, mfc="none", mec="k")
        beside = {"depot": (-16, 0, "center"), "vein, same amount": (-8, 0, "right"), "vein, same area": (6, 6, "left")}[name]
        panel.annotate(told, where, beside[:2], textcoords="offset points", ha=beside[2], va="center", fontsize=9)
    panel.axhline(0, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", xlabel="area under the plasma curve, nM h", ylabel="E, share of the control's volume spared", title="where IL-2 is given")
    panel.legend(frameon=False)


def _brake(panel, brakes: dict) -> None:
    labels = {"library's 0": "floor 0 (library)", "all edges": "floor 0.5", "PD_L1-killing off": "edge off"}
    for name, colour in BRAKES.items():
        for which, style in (("alone", "o-"), ("with anti-PD1", "s--")):
            rows = brakes[name][which]
            dose = np.maximum(_column(rows, "dose"), 0.03)
            panel.plot(dose, _column(rows, "growth"), style, ms=4, color=colour, alpha=0.8, label=labels[name] if which == "alone" else None)
    panel.plot([], [], "s--", color="k", label="with anti-PD1 (the three coincide)")
    panel.axhline(1, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", yscale="log", xlabel="IFN-g depot (leftmost: none)", ylabel="volume over that at the start", title="IFN-g and its brake, PD-L1")
    panel.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.57))


def _ranks(panel, ranking: dict) -> None:
    ranks = ranking["ranks"][::-1]
    for index, rank in enumerate(ranks):
        low, high = rank["interval"]
        middle = rank["mean_log_ratio"]
        panel.errorbar([middle], [index], xerr=[[middle - low], [high - middle]], fmt="o", capsize=3, color=RED if "+" in rank["arm"] else BLUE)
    panel.axvline(0, color="0.7", lw=0.8, zorder=0)
    panel.set_yticks(range(len(ranks)), [f"{rank['arm']} ({100 * ranking['shrinks'][rank['arm']]:.0f} %)" for rank in ranks], fontsize=8)
    panel.set(xlabel="mean ln(volume/control), 95 %", title=f"{ranking['tumours']} tumours (share that shrinks)")


def _decides(panel, ranking: dict) -> None:
    growth, drawn = ranking["growth"], ranking["drawn"]
    ratio = np.array(drawn["CTL_proliferation"]) / np.array(drawn["Treg_proliferation"])
    for name, colour in (("IL-2 low", GREY), ("IL-2 high", BLUE), ("IL-2 high + anti-IL10R", RED)):
        effect = np.log(np.array(growth[name]) / np.array(growth["control"]))
        panel.plot(ratio, effect, "o", ms=5, color=colour, alpha=0.8, label=name)
    panel.axhline(0, color="0.7", lw=0.8, zorder=0)
    panel.set(xscale="log", xlabel="division of CD8 T over that of Treg at saturating IL-2", ylabel="ln(volume/control)", title="each tumour")
    panel.set_yscale("symlog", linthresh=1)
    panel.set_yticks([-10, -3, -1, -0.3, 0, 0.3, 1], ["-10", "-3", "-1", "-0.3", "0", "0.3", "1"])
    panel.yaxis.minorticks_off()
    panel.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    panel.xaxis.minorticks_off()
    panel.legend(frameon=False, fontsize=8)
