"""The cohort of an outcome: tumour by tumour, each kept on disk as soon as it is done, then what drives the volume."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..outcome.records import read_records
from .interrupt import heed

if TYPE_CHECKING:
    from ..output.cohort_record import CohortRecord

RECORDS, TABLE, PICTURE = "records.jsonl", "cohort.csv", "cohort.png"
DRIVERS = "drivers-*.jsonl"
TOLD = 10
"""How often a long series says where it is."""


@dataclass
class Computed:
    """A cohort evaluated, and the files that were written of it."""

    record: "CohortRecord"
    files: list[Path]


def check_cohort(folder: Path, loaded, *, force: bool) -> None:
    """Refuse a folder with tumours of another configuration; those of this one are taken as they are. With `force` all records there are dropped.

    **Raises** `InputError` with the remedy.
    """
    from ..config.outcome import cohort_key
    from ..errors import InputError
    from .outcome import OTHER_RUN

    there = [path for path in (folder / RECORDS, *sorted(folder.glob(DRIVERS))) if path.exists()]
    if force:
        for path in (*there, folder / TABLE, folder / PICTURE):
            path.unlink(missing_ok=True)
        return
    key = None if loaded.config.cohort is None else cohort_key(loaded)
    for path in there:
        if any(one.get("key") != key for one in read_records(path).values()):
            raise InputError(f"{folder} already holds {path.name} of another run; {OTHER_RUN}")


def computed_cohort(plan, folder: Path, progress) -> Computed:
    """Every tumour and every sample of the drivers that is not on disk yet, evaluated; the table is written.

    **Raises** `NumericsError` where too few tumours are left to evaluate.
    """
    from ..config.cohort_result import cohort_csv, cohort_record
    from ..config.outcome_checks import arm_file
    from ..outcome.cohort import run_cohort
    from ..outcome.drivers import volume_drivers
    from ..outcome.endpoints import density_profile
    from ..output.atomic import write_bytes

    cohort = plan.cohort
    times, table = [float(plan.times[0]), float(plan.times[-1])], cohort.table
    how = {"key": cohort.key, "stages": cohort.stages, "step": plan.step, "rtol": plan.rtol}
    with _quietly():
        told = _Told(progress, "tumours", folder / RECORDS)
        records = run_cohort(cohort.patients(), plan.arms, times, results=folder / RECORDS, measured=density_profile, told=told, **how)
        files, drivers, samples = [folder / RECORDS], [], []
        if table.drivers:
            arm = table.drivers_of
            files.append(folder / DRIVERS.replace("*", f"{Path(arm_file(arm)).stem.removeprefix('arm-')}-{table.drivers}"))
            told = _Told(progress, "runs for what drives the volume", files[-1])
            drivers, samples = volume_drivers(
                cohort.tissue, cohort.priors, arm, plan.arms[arm], times, table.drivers, seed=table.seed, results=files[-1], told=told, **how
            )
    write_bytes(folder / TABLE, iter([cohort_csv(records)]))
    with progress.stage("evaluating the cohort"):
        record = cohort_record(cohort, records, drivers, samples)
    for note in record.notes:
        progress.note(f"  note: {note}")
    return Computed(record, [folder / TABLE, *files])


@contextmanager
def _quietly() -> Iterator[None]:
    """Warnings on single courses unheard: records hold what they say, and the notes count it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


class _Told:
    """Says now and then how many of a series are done, and how long the rest takes at the pace of those that were not found in its file."""

    def __init__(self, progress, what: str, file: Path):
        self._progress, self._what, self._said = progress, what, 0
        self._known = len(read_records(file)) if file.exists() else 0  # they are made one after the other: the first ones of the series
        self._began: float | None = None

    def __call__(self, done: int, whole: int) -> None:
        from .console import human_seconds

        heed()
        if done <= self._known:
            if done in (self._known, whole):
                self._progress.note(f"  {done} of {whole} {self._what}: finished before, kept")
            return
        if self._began is None:
            self._began, self._first = time.monotonic(), done  # the first one compiles: it says nothing of the others
        if done == whole or done * TOLD // whole > self._said:
            self._said = done * TOLD // whole
            left = ""
            if self._first < done < whole:
                seconds = (time.monotonic() - self._began) / (done - self._first) * (whole - done)
                left = f", about {human_seconds(seconds)} left"
            self._progress.note(f"  {done} of {whole} {self._what}{left}")


def part_of_page(cohort: Computed, folder: Path) -> list[str]:
    """The picture of the cohort written, and the part of the page that holds it."""
    from ..output.cohort_page import cohort_part
    from ..output.cohort_picture import cohort_picture

    return cohort_part(cohort.record, cohort_picture(cohort.record, folder / PICTURE))


def print_cohort(report: dict) -> None:
    """The ranking of the arms over the cohort."""
    from ..output.cohort_page import with_interval
    from .console import table

    rows = []
    for place, one in enumerate(report["ranking"], start=1):
        shares = [one["best_share"], *([] if one["arm"] not in report["responds"] else [one["better_share"], report["responds"][one["arm"]]])]
        shown = [f"{100 * share:.0f} %" for share in shares]
        rows.append([str(place), one["arm"], with_interval(one["mean_log_ratio"], one["interval"]), *shown, *[""] * (3 - len(shown))])
    print(f"over {report['tumours']} tumours, those above being of the typical one:")
    print(table(["", "arm", "ln(volume/control), 95 %", "best", "better", "responds"], rows, text=(0, 1)))
    if report["caution"]:
        print(report["caution"])
