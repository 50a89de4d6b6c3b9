"""A fit as one self-contained web page: the picture, the tables, and in words what the data determine and what would help."""

import base64
import html
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from .atomic import write_bytes
from .fit_record import Estimate, FitRecord
from .fit_report import known_range
from .scales import figure

# Nothing is fetched and nothing runs: pictures are in the page, styles too, and there are no scripts.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CSS = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
img { width: 100%; height: auto; border: 1px solid #ddd; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; } th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.warn { background: #fdf0ef; border-left: 4px solid #b2182b; padding: .4rem 1rem; }
.help { background: #eef4fb; border-left: 4px solid #2c6fbb; padding: .4rem 1rem; }
.sub { color: #555; } .source { font-size: .8rem; color: #555; max-width: 22rem; overflow-wrap: anywhere; } .undetermined, .at.bound { color: #b2182b; }
"""


def fit_page(record: FitRecord, picture: str | os.PathLike, path: str | os.PathLike) -> Path:
    """Write the page with the PNG of `fit_report` in it; returns the path.

    Every text is escaped; the page's policy allows neither scripts nor anything from elsewhere.

    **Raises** `FileError` if it cannot be written.
    """
    image = base64.b64encode(Path(picture).read_bytes()).decode("ascii")
    steps = f"converged after {record.steps} steps" if record.converged else record.outcome
    body = [
        f"<h1>{_text(record.title)}</h1>",
        f'<p class="sub">{_text(steps)}; chi² {record.chi2:.4g} for {record.freedom} degrees of freedom</p>',
        _sentences("warn", "Warnings", [one for one in record.warnings if one not in (*record.undetermined, *record.suggestions)]),
        _sentences("warn", "Not determined by the data", record.undetermined),
        _sentences("help", "What would help", record.suggestions),
        f'<img alt="Data with fitted curves, residuals, spectrum of the information and estimates" src="data:image/png;base64,{image}">',
        "<h2>Estimates</h2>",
        _estimates(record.estimates),
        "<h2>Data</h2>",
        _table(
            ["observation", "unit", "data", "below detection", "chi²"],
            [[one.name, one.unit, str(len(one.data)), str(int(sum(one.censored))), f"{one.chi2:.4g}"] for one in record.data],
            numbers=(2, 3, 4),
        ),
        "<h2>Directions of the parameters, from best to least determined</h2>",
        '<p class="sub">Components of unit length in the logarithms of the parameters (in logit or units of the start where a parameter is no rate).</p>',
        _directions(record),
        _sentences("", "Notes on the model", record.notes),
        _sentences("", "Sources", record.sources),
    ]
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
    head += f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_text(record.title)}</title><style>{_CSS}</style>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(part for part in body if part) + "\n</body></html>\n"
    return write_bytes(path, iter([page.encode("utf-8")]))


def _estimates(estimates: Iterable[Estimate]) -> str:
    rows = []
    for number, one in enumerate(estimates, start=1):
        interval = "none" if one.low is None or one.high is None else f"{figure(one.low)} to {figure(one.high)}"
        known = "none" if one.known is None else figure(one.known) + known_range(one)
        name = one.name + (f" = {', '.join(one.tied)}" if one.tied else "")
        cells = [f"#{number}", name, figure(one.value), interval, one.unit, one.status, figure(one.start), known, one.source]
        rows.append(cells)
    return _table(["", "parameter", "estimate", "95 % interval", "unit", "status", "start", "library (range)", "source"], rows, numbers=(2, 3, 6, 7))


def _directions(record: FitRecord) -> str:
    rows = []
    for k, value in enumerate(record.eigenvalues):
        width = f"{value**-0.5:.3g}" if value > 0 else "no limit"
        rows.append([width, "yes" if value >= record.threshold else "no", *(f"{share:+.2f}" for share in record.directions[:, k])])
    return _table(["standard deviation", "determined", *(one.name for one in record.estimates)], rows, numbers=tuple(range(2 + len(record.estimates))))


def _sentences(kind: str, title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return (
        f"<h2>{_text(title)}</h2><div" + (f' class="{kind}"' if kind else "") + "><ul>" + "".join(f"<li>{_text(one)}</li>" for one in sentences) + "</ul></div>"
    )


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: tuple[int, ...]) -> str:
    def cell(tag: str, index: int, words: str) -> str:
        kind = (
            "n" if index in numbers else "source" if headers[index] == "source" and tag == "td" else words if headers[index] == "status" and tag == "td" else ""
        )
        return f"<{tag}{f' class={chr(34)}{_text(kind)}{chr(34)}' if kind else ''}>{_text(words)}</{tag}>"

    lines = ["".join(cell(tag, index, words) for index, words in enumerate(row)) for tag, row in [("th", headers), *(("td", row) for row in rows)]]
    return '<div class="wide"><table>' + "".join(f"<tr>{line}</tr>" for line in lines) + "</table></div>"


def _text(words: str) -> str:
    return html.escape(str(words), quote=True)
