"""An outcome as one self-contained web page: the picture, the arms in their order, and what was noted."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .arm_style import ALIKE
from .html_page import escaped, image, sentences, table, write_page
from .outcome_record import ENDPOINTS, SIZES, OutcomeRecord
from .scales import figure

RESEARCH = (
    "A research model, not clinical advice. Which rates and factors have a source and which are placeholders: "
    "<code>tmefield info populations</code>, <code>tmefield info effects</code>, <code>tmefield info network</code>."
)

HELD = "target held"
ARM_WORDS = (
    f"{HELD}: share of its target that each treatment holds, mean over the tumour cells and the course. Cleared: less than one tumour cell is left in the box; "
    "how much less does not rank."
)
EDGE_HEADS = ("edge", "acts on", "ligand", "level", "half maximum", "factor", "range", "values")
EDGE_WORDS = (
    "level: mean over the tumour cells; factor: mean over the tumour cells of what the edge multiplies the rate by; range: the factor with nothing and with "
    "all of the ligand, the edge that has gone farthest through it first; values: mark of the edge in the library, and which of its values have no source."
)


def outcome_page(
    record: OutcomeRecord, picture: str | os.PathLike, path: str | os.PathLike, edges: Sequence[Sequence[str]], cohort: Sequence[str] = ()
) -> Path:
    """Write the page with the PNG of `outcome_picture` in it; returns the path. `edges`: a row for every edge that acts, as under `EDGE_HEADS`; `cohort`:
    the part on the cohort of which this is the typical tumour (`cohort_part`).

    Every text is escaped; the page's policy allows neither scripts nor anything from elsewhere.

    **Raises** `FileError` if it cannot be written.
    """
    first = next(iter(record.arms.values()))
    days = f"{(first.times[-1] - first.times[0]) / 86400.0:g} days"
    told = f"{len(record.arms)} arms over {days}; the smallest tumour at the end: {record.smallest}"
    heads, meant = [one.short for one in ENDPOINTS.values()], "; ".join(f"{one.short.split(',')[0]}: {one.words}" for one in ENDPOINTS.values())
    rows = []
    for arm, place in record.places("growth_ratio").items():
        ends = [shown(key, record.endpoint(arm, key), cleared=record.cleared(arm)) for key in ENDPOINTS]
        rows.append([str(place), arm, *ends, held_words(record.occupancy(arm))])
    orders = [[one.words, record.order(key)] for key, one in ENDPOINTS.items()]
    body = [
        f"<h1>{escaped(record.title)}</h1>",
        *([*cohort, "<h2>The typical tumour of the cohort</h2>"] if cohort else []),
        f'<p class="sub">{escaped(told)}</p>',
        image(picture, "Tumour volume by arm, levels in the tumour and populations through time, slices of concentrations and of killing less growth"),
        "<h2>Arms, the smallest tumour first</h2>",
        table(["", "arm", *heads, HELD], rows, numbers=tuple(range(2, 2 + len(ENDPOINTS)))),
        f'<p class="sub">{escaped(meant)}. {ARM_WORDS}</p>',
        "<h2>The order of the arms by each endpoint, the tumour that is held best first</h2>",
        table(["endpoint", "arms"], orders, numbers=()),
        f'<p class="sub">= : within {100 * ALIKE:g} % of each other, or without the endpoint in both.</p>',
        "<h2>What acts in the untreated tumour at the start, and how strongly</h2>",
        table(EDGE_HEADS, edges, numbers=(3, 4, 5, 6)),
        f'<p class="sub">{EDGE_WORDS}</p>',
        sentences("warn", "Notes", record.notes),
        f'<p class="sub">{RESEARCH}</p>',
    ]
    return write_page(record.title, body, path)


def held_words(occupancy: Mapping[str, float]) -> str:
    """How much of its target each treatment of an arm holds."""
    return ", ".join(f"{name} {100 * share:.3g} %" for name, share in occupancy.items())


def shown(key: str, value: float, *, cleared: bool) -> str:
    """An endpoint as a person writes it; of a tumour that is cleared no size."""
    if cleared and key in SIZES:
        return "cleared"
    return "not reached" if math.isinf(value) else "none" if math.isnan(value) else figure(value)
