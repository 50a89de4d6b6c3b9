"""A fit as one self-contained web page: the picture, the tables, and in words what the data determine and what would help."""

import os
from collections.abc import Iterable
from pathlib import Path

from .fit_record import Estimate, FitRecord
from .fit_report import known_range
from .html_page import escaped, image, sentences, table, write_page
from .scales import figure


def fit_page(record: FitRecord, picture: str | os.PathLike, path: str | os.PathLike) -> Path:
    """Write the page with the PNG of `fit_report` in it; returns the path.

    Every text is escaped; the page's policy allows neither scripts nor anything from elsewhere.

    **Raises** `FileError` if it cannot be written.
    """
    steps = f"converged after {record.steps} steps" if record.converged else record.outcome
    body = [
        f"<h1>{escaped(record.title)}</h1>",
        f'<p class="sub">{escaped(steps)}; chi² {record.chi2:.4g} for {record.freedom} degrees of freedom</p>',
        sentences("warn", "Warnings", [one for one in record.warnings if one not in (*record.undetermined, *record.suggestions)]),
        sentences("warn", "Not determined by the data", record.undetermined),
        sentences("help", "What would help", record.suggestions),
        image(picture, "Data with fitted curves, residuals, spectrum of the information and estimates"),
        "<h2>Estimates</h2>",
        _estimates(record.estimates),
        "<h2>Data</h2>",
        table(
            ["observation", "unit", "data", "below detection", "chi²"],
            [[one.name, one.unit, str(len(one.data)), str(int(sum(one.censored))), f"{one.chi2:.4g}"] for one in record.data],
            numbers=(2, 3, 4),
        ),
        "<h2>Directions of the parameters, from best to least determined</h2>",
        '<p class="sub">Components of unit length in the logarithms of the parameters (in logit or units of the start where a parameter is no rate).</p>',
        _directions(record),
        sentences("", "Notes on the model", record.notes),
        sentences("", "Sources", record.sources),
    ]
    return write_page(record.title, body, path)


def _estimates(estimates: Iterable[Estimate]) -> str:
    rows = []
    for number, one in enumerate(estimates, start=1):
        interval = "none" if one.low is None or one.high is None else f"{figure(one.low)} to {figure(one.high)}"
        known = "none" if one.known is None else figure(one.known) + known_range(one)
        name = one.name + (f" = {', '.join(one.tied)}" if one.tied else "")
        cells = [f"#{number}", name, figure(one.value), interval, one.unit, one.status, figure(one.start), known, one.source]
        rows.append(cells)
    return table(["", "parameter", "estimate", "95 % interval", "unit", "status", "start", "library (range)", "source"], rows, numbers=(2, 3, 6, 7))


def _directions(record: FitRecord) -> str:
    rows = []
    for k, value in enumerate(record.eigenvalues):
        width = f"{value**-0.5:.3g}" if value > 0 else "no limit"
        rows.append([width, "yes" if value >= record.threshold else "no", *(f"{share:+.2f}" for share in record.directions[:, k])])
    return table(["standard deviation", "determined", *(one.name for one in record.estimates)], rows, numbers=tuple(range(2 + len(record.estimates))))
