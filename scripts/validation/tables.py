"""The tables of the validation run: on the terminal, and in the page of the documentation."""

from pathlib import Path

from validation.problems.registry import TITLES

BEGIN, END = "<!-- measured by scripts/validation/run.py: begin -->", "<!-- measured by scripts/validation/run.py: end -->"


def show(rows: list[dict]) -> int:
    """Print the rows; how many lie outside their tolerance."""
    wrong = [row for row in rows if not row["error"] <= row["tolerance"]]
    for row in rows:
        mark = "" if row not in wrong else "  OUTSIDE"
        place = f"{row['case']:6s}{row['quantity']:20s}{row['where']:46s}"
        print(f"{place}{row['expected']:>13.7g}{row['found']:>13.7g}{row['error']:>9.1e}{row['tolerance']:>9.1e}{mark}", flush=True)
    return len(wrong)


def into_page(page: Path, results: dict) -> None:
    """Replace what stands between the two marks of the page."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    parts = [_closed_forms(results), _orders(results), _placements(results)]
    page.write_text(f"{head}{BEGIN}\n{''.join(part for part in parts if part)}{END}{tail}", encoding="utf-8")


def _measured(result: dict) -> str:
    return f"{result['date']}, {result['machine']}"


def _closed_forms(results: dict) -> str:
    lines = []
    for section in ("steady", "saturable", "transient", "gradients"):
        if section not in results:
            continue
        lines.append(f"\n**{section.capitalize()}** ({_measured(results[section])}):\n")
        if section != "gradients":
            lines.append(f"![{section} cases against their closed forms](images/validation-{section}.png)\n")
        lines.append("| case | | values | greatest error | of the value | expected | found | tolerance |\n|---|---|---|---|---|---|---|---|")
        rows = results[section]["rows"]
        for case in dict.fromkeys(row["case"] for row in rows):
            own = [row for row in rows if row["case"] == case]
            worst = max(own, key=lambda row: row["error"] / row["tolerance"])
            place = f"{worst['quantity']}, {worst['where']}"
            share = f"{100 * worst['error']:.2g} %"
            bound = f"{100 * worst['tolerance']:g} %"
            lines.append(f"| {case} | {TITLES[case]} | {len(own)} | {share} | {place} | {worst['expected']:.6g} | {worst['found']:.6g} | {bound} |")
    return "\n".join(lines) + "\n"


def _orders(results: dict) -> str:
    if "order" not in results:
        return ""
    lines = [f"\n**Order of accuracy** ({_measured(results['order'])}):\n", "![errors against voxel size and time step](images/validation-order.png)\n"]
    lines.append("| | least order | greatest order | demanded |\n|---|---|---|---|")
    for what, label in (("space", "space, 16 manufactured fields on four grids"), ("time", "time, three problems with four numbers of steps")):
        found = [row["found"] for row in results["order"]["rows"] if row["quantity"] == what]
        lines.append(f"| {label} | {min(found):.3f} | {max(found):.3f} | 2.0 +- 0.1 |")
    return "\n".join(lines) + "\n"


def _placements(results: dict) -> str:
    if "cells" not in results:
        return ""
    rows = results["cells"]["placements"]
    lines = [f"\n**Cells of 5 um on a lattice of 20 um** (P5 resolved; {_measured(results['cells'])}): mean of interleukin 2 over the fluid,"]
    lines.append(f"divided by the well-mixed balance; mean and standard deviation over {rows[0]['placements']} random placements of the secreting cells.\n")
    lines.append("![cell-resolved mean over the well-mixed balance](images/validation-cells.png)\n")
    lines.append("| constant | receptors | secreting share | h = 2.5 um | h = 1.25 um |\n|---|---|---|---|---|")
    for coarse, fine in zip(rows[::2], rows[1::2], strict=True):
        values = " | ".join(f"{one['mean']:.3f} +- {one['spread']:.3f}" for one in (coarse, fine))
        lines.append(f"| {coarse['constant']} | {coarse['receptors']:g} | {coarse['share']:g} | {values} |")
    return "\n".join(lines) + "\n"
