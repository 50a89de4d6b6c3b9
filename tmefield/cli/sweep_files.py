"""What a sweep keeps on disk: a record in the folder of each job, written last, and the table of all of them."""

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..output.atomic import write_bytes
from .console import finite
from .sweep_tasks import Task

RECORD, RESULTS, TABLE = "job.json", "results.jsonl", "results.csv"
DONE, FAILED, WAITING = "done", "failed", "waiting"
_OF_SPECIES = ("mean_nM", "min_nM", "max_nM", "highest_nM", "highest_at_s", "error_nM", "relaxation_time_s", "backward_error", "budget_defect")
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def record_of(task: Task) -> dict[str, Any]:
    """What is known of a job: its record where that belongs to this very job, else that it is waiting."""
    try:
        known = json.loads((task.folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if isinstance(known, dict) and known.get("inputs_sha256") == task.identity:
        return {**known, **_about(task)}
    return {**_about(task), "status": WAITING}


def write_record(task: Task, *, report: dict[str, Any] | None, seconds: float, error: str = "", exit_code: int = 0) -> dict[str, Any]:
    """Keep how a job ended; returns the record. It is written whole or not at all, after all else: where it says "done", the results are there."""
    from ..config.versions import versions

    record = {
        **_about(task),
        "status": FAILED if exit_code else DONE,
        "numbers": key_numbers(report) if report else {},
        "seconds": round(seconds, 3),
        "exit_code": exit_code,
        "error": error,
        "config_sha256": task.loaded.sha256(),
        "inputs_sha256": task.identity,
        "version": versions()["tmefield"],
    }
    task.folder.mkdir(parents=True, exist_ok=True)
    write_bytes(task.folder / RECORD, iter([(json.dumps(finite(record), indent=1, ensure_ascii=False) + "\n").encode()]))
    return record


def write_results(out: Path, records: Sequence[dict[str, Any]]) -> list[Path]:
    """The table of all jobs as JSON lines and as CSV; returns both paths."""
    out.mkdir(parents=True, exist_ok=True)
    lines = ("".join(json.dumps(finite(one), ensure_ascii=False) + "\n" for one in records)).encode()
    return [write_bytes(out / RESULTS, iter([lines])), write_bytes(out / TABLE, iter([_table(records).encode()]))]


def _about(task: Task) -> dict[str, Any]:
    own = {"index": task.index, "name": task.job.name, "command": "fit" if task.fits else "run", "config": task.job.config}
    return {**own, "set": dict(task.job.changes), "folder": task.folder.name}


def key_numbers(report: dict[str, Any]) -> dict[str, float | str | None]:
    """The numbers of a summary by which jobs are compared, under names such as IFNg.mean_nM."""
    if "parameters" in report:
        return _of_fit(report)
    found = {f"{name}.{key}": one[key] for name, one in report["species"].items() for key in _OF_SPECIES if key in one}
    readouts = report.get("readouts", {})
    found |= {f"{name}.mean": one["mean"] for name, one in readouts.get("responses", {}).items()}
    for kind in ("balance", "niches"):
        for cell, one in readouts.get(kind, {}).items():
            found |= {f"{kind}.{cell}.{key}": value for key, value in one.items() if isinstance(value, (int, float))}
    for tissue, one in readouts.get("assay", {}).items():
        found |= {f"assay.{tissue}.{species}.{key}": value for species, values in one.items() for key, value in values.items()}
    found |= {f"{name}.mean_occupancy": one["mean_occupancy"] for name, one in report.get("drugs", {}).items() if "mean_occupancy" in one}
    return found


def _of_fit(report: dict[str, Any]) -> dict[str, float | str | None]:
    found = {}
    for name, one in report["parameters"].items():
        unit = f" [{one['unit']}]" if one["unit"] else ""
        found |= {f"{name}{unit}": one["value"], f"{name}.low{unit}": one["low"], f"{name}.high{unit}": one["high"], f"{name}.status": one["status"]}
    return {**found, "chi2": report["chi2"], "degrees_of_freedom": report["degrees_of_freedom"], "steps": report["steps"]}


def _table(records: Sequence[dict[str, Any]]) -> str:
    """A row a job. Values of one key that all have the same unit are numbers under "key [unit]", others stand as they were given."""
    keys = list(dict.fromkeys(key for one in records for key in one["set"]))
    numbers = list(dict.fromkeys(key for one in records for key in one.get("numbers", {})))
    columns = [_column(key, [one["set"].get(key, "") for one in records]) for key in keys]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "name", "status", *(head for head, _ in columns), *numbers, "seconds", "folder", "config", "error"])
    for place, one in enumerate(records):
        values = [values[place] for _, values in columns]
        measured = [one.get("numbers", {}).get(key) for key in numbers]
        ends = [one.get("seconds"), one["folder"], one["config"], " ".join(one.get("error", "").split())]
        writer.writerow(["" if cell is None else cell for cell in (one["index"], one["name"], one["status"], *values, *measured, *ends)])
    return text.getvalue()


def _column(key: str, texts: list[str]) -> tuple[str, list[str]]:
    parts = [_NUMBER.fullmatch(text) for text in texts]
    units = {part[2] for part, text in zip(parts, texts, strict=True) if part and text}
    if len(units) != 1 or any(text and not part for part, text in zip(parts, texts, strict=True)):
        return key, texts
    unit = units.pop()
    return f"{key} [{unit}]" if unit else key, ["" if part is None else part[1] for part in parts]
