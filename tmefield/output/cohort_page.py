"""The part of an outcome's web page on its cohort: picture, ranking, drivers, what the profile tells."""

import math
import os
from collections.abc import Sequence

from .cohort_record import CONTROL, CohortRecord, level_words
from .html_page import escaped, image, sentences, table
from .scales import figure


def cohort_part(record: CohortRecord, picture: str | os.PathLike) -> list[str]:
    """Pieces of HTML, the picture (a PNG of `cohort_picture`) within."""
    return [
        f"<h2>The cohort: {record.tumours} tumours in {len(record.growth)} arms</h2>",
        *([f'<p class="warn">{escaped(record.caution)}.</p>'] if record.caution else []),
        image(picture, "Outcomes by arm, ranking of the arms, what drives the volume, and what each level of the profile at the start goes with"),
        "<h2>Arms over the cohort, the smallest tumours first</h2>",
        _ranking(record),
        '<p class="sub">ln(volume/control): mean over the tumours and its central 95 % by drawing tumours again; best: share of tumours for which the arm'
        f" is the best, of those with several best ones for each; responds: share with less than {record.response:g} of the untreated volume. A tumour of less"
        " than one cell is cleared and counts as one cell.</p>",
        *_drivers(record),
        *_predictions(record),
        *_slopes(record),
        sentences("warn", "Notes on the cohort", record.notes),
    ]


def _ranking(record: CohortRecord) -> str:
    rows = []
    for place, one in enumerate(record.ranks, start=1):
        share = "" if one.arm == CONTROL else _percent(record.responds[one.arm])
        better = "" if one.arm == CONTROL else _percent(one.better_share)
        rows.append([str(place), one.arm, with_interval(one.mean_log_ratio, one.interval), _percent(one.best_share), better, share])
    return table(["", "arm", "ln(volume/control), 95 %", "best", "better than the control", "responds"], rows, numbers=(2, 3, 4, 5))


def _drivers(record: CohortRecord) -> list[str]:
    if not record.drivers:
        return []
    rows = [[one.key, with_interval(one.total, one.total_interval), with_interval(one.first, one.first_interval)] for one in record.drivers]
    return [
        f"<h2>What drives the volume in the arm {escaped(record.drivers_of)}</h2>",
        table(["value", "total share, 95 %", "share by itself, 95 %"], rows, numbers=(1, 2)),
        f'<p class="sub">Sobol indices of ln(volume at the end over that at the start) by {record.samples} samples; few samples make wide intervals.</p>',
    ]


def _predictions(record: CohortRecord) -> list[str]:
    rows = []
    for name, one in record.predictions.items():
        if isinstance(one, str):
            rows.append([name, one, "", ""])
        else:
            rows.append([name, with_interval(one.auc, one.interval), figure(one.by_chance), f"{one.positives} of {one.patients}"])
    if not rows:
        return []
    return [
        "<h2>What the profile at the start tells</h2>",
        table(["outcome", "area under the ROC curve, 95 %", "97.5 % by chance", "tumours with it"], rows, numbers=(2, 3)),
        '<p class="sub">Logistic regression on the logarithms of all levels, on tumours that were left out; 0.5 tells nothing.</p>',
    ]


def _slopes(record: CohortRecord) -> list[str]:
    if not record.slopes:
        return []
    first = record.treated[0]
    rows = []
    for level in record.levels:
        here = record.slope(level, first)
        told = [(one.predictive, one.predictive_interval) for one in (record.slope(level, arm) for arm in record.treated)]
        rows.append([level_words(level), with_interval(here.prognostic, here.prognostic_interval), *(with_interval(*one) for one in told)])
    heads = ["level at the start", "prognostic: ln(volume) untreated", *(f"predictive: ln({arm}/untreated)" for arm in record.treated)]
    return [
        "<h2>Profile at the start against outcome</h2>",
        table(heads, rows, numbers=tuple(range(1, len(heads)))),
        '<p class="sub">Change per e-fold more of the level and its central 95 %. Prognostic: of the volume without treatment. Predictive: of what a'
        " treatment makes of it; below zero it works better where there is more. Each level by itself, whatever goes with it: levels that differ together share"
        " a slope. Cells are counted as densities among the tumour's cells, not as shares of all cells, which add up to one and would move where another"
        " population differs. The tumours stand one by one in cohort.csv.</p>",
    ]


def with_interval(value: float, interval: Sequence[float]) -> str:
    """A value with its interval as a person writes it: +0.20 (+0.07 to +0.34)."""
    return "none" if math.isnan(value) else f"{value:+.3g} ({interval[0]:+.3g} to {interval[1]:+.3g})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
