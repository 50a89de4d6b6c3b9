"""`tmefield run` of a configuration of an outcome: arm by arm, each kept on disk as soon as it is done, then the page."""

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import typer

from .guard import INTERRUPTED

SUMMARY, PICTURE, PAGE, LOCK = "summary.json", "outcome.png", "outcome.html", ".lock"
OTHER_RUN = "choose another folder with --out, or overwrite with --force"


def run_outcome(loaded, progress, *, json: bool, force: bool) -> None:
    """Every arm that is not on disk yet, the tumours of a cohort, then summary, pictures and page; a report on stdout."""
    from ..output.lock import alone
    from .cohort import check_cohort, computed_cohort
    from .console import print_json
    from .results import check_disk, check_writable

    folder, start = Path(loaded.config.output.folder), time.perf_counter()
    check_writable(folder)
    _check_arms(folder, loaded, force=force)
    check_cohort(folder, loaded, force=force)
    progress.note(loaded.config.title)
    with progress.stage("starting JAX, building the tissue"):
        plan = plan_of(loaded)
    for note in plan.notes:
        progress.note(f"  note: {note}")
    shape = " x ".join(str(n) for n in plan.tissue.grid.shape)
    progress.note(f"  {shape} voxels, {len(plan.tissue.cells)} populations, {len(plan.arms)} arms; the first one compiles, a minute or two")
    folder.mkdir(parents=True, exist_ok=True)
    check_disk(folder, plan.need.disk)
    try:
        with alone(folder / LOCK):
            arms = {name: _arm(plan, name, folder, progress) for name in plan.arms}
            cohort = None if plan.cohort is None else computed_cohort(plan, folder, progress)
            report = _finish(loaded, arms, plan, folder, progress, cohort)
    except KeyboardInterrupt:
        progress.note("tmefield: interrupted; finished arms and tumours are kept: go on with the same command, without --force")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()
    report["seconds"] = round(time.perf_counter() - start, 2)
    print_json(report) if json else _print(report)


def plan_of(loaded):
    """The plan, in the precision that the configuration asks for."""
    import jax

    from ..config.outcome import outcome_plan

    if loaded.config.solver.precision == "float64":
        jax.config.update("jax_enable_x64", True)
    return outcome_plan(loaded)


def _check_arms(folder: Path, loaded, *, force: bool) -> None:
    """Refuse a folder with arms of another configuration; arms of this one are taken as they are. With `force` all arms there are dropped.

    **Raises** `InputError` with the remedy.
    """
    from ..config.outcome import run_key
    from ..errors import InputError

    there = sorted(folder.glob("arm-*.nc")) if folder.is_dir() else []
    if force:
        for path in there:
            path.unlink()
        return
    others = [path.name for path in there if _attribute(path, "run_key") != run_key(loaded)]
    if others:
        raise InputError(f"{folder} already holds {others[0]} of another run; {OTHER_RUN}")


def _attribute(path: Path, name: str) -> str | None:
    """A text of a file, None where it is no file of ours."""
    import netCDF4

    try:
        with netCDF4.Dataset(str(path)) as dataset:
            return str(getattr(dataset, name, None))
    except OSError:
        return None


def _arm(plan, name: str, folder: Path, progress):
    """The fields of an arm: from its file where it was finished before, else computed and written."""
    from ..config.outcome import arm_key
    from ..config.outcome_checks import arm_file
    from ..config.outcome_result import arm_fields
    from ..output.netcdf import read_netcdf, write_netcdf

    path = folder / arm_file(name)
    if path.exists() and _attribute(path, "arm_key") == arm_key(plan.loaded, name):
        progress.note(f"  arm {name}: finished before, kept")
        return read_netcdf(path)
    with progress.stage(f"arm {name}"):
        course, said = _course(plan, name)
        fields = arm_fields(plan, name, course, said, command=" ".join(["tmefield", *sys.argv[1:]]))
    for words in said:
        progress.note(f"  note: {name}: {words}")
    write_netcdf(fields, path)
    return read_netcdf(path)


def _course(plan, name: str):
    """The course of an arm from nothing but cells, and the warnings on it.

    **Raises** `NumericsError` where no steady state was found among the cells.
    """
    import jax

    from ..errors import NumericsError
    from ..populations.march import evolve_populations
    from ..status import Status

    tissue = plan.tissue
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        how = {"step": plan.step, "rtol": plan.rtol, "stages": plan.stages}
        course = jax.block_until_ready(evolve_populations(tissue.model(plan.arms[name]), dict(tissue.cells), plan.times, **how))
    failed = [
        f"{one}: {Status(int(code)).explanation}"
        for one, code in zip(course.tissue.model.names, course.status, strict=True)
        if int(code) != int(Status.CONVERGED)
    ]
    if failed:
        told = "\n  ".join(failed)
        raise NumericsError(f"arm '{name}': the cytokines among the cells were not found; take a shorter outcome.step, or check values and doses\n  {told}")
    return course, [str(one.message) for one in caught if one.category is UserWarning]


def _finish(loaded, arms: dict, plan, folder: Path, progress, cohort) -> dict:
    """Summary, pictures and page of all arms and, where there is one, of the cohort."""
    import json

    from ..config.cohort_result import cohort_summary
    from ..config.outcome_checks import CONTROL, arm_file
    from ..config.outcome_edges import edge_strengths, edges_told, strength_rows, unheard_notes
    from ..config.outcome_result import outcome_summary
    from ..output.atomic import write_bytes
    from ..output.outcome_page import outcome_page
    from ..output.outcome_picture import outcome_picture
    from ..output.outcome_record import OutcomeRecord
    from .cohort import PICTURE as COHORT_PICTURE
    from .cohort import part_of_page
    from .console import finite

    said = [f"{name}: {note}" for name, fields in arms.items() for note in fields.attributes["notes"].split("\n") if note not in ("none", *plan.notes)]
    acting = edge_strengths(plan, arms[CONTROL])
    edges, unheard = edges_told(plan, acting), unheard_notes(acting)
    record = OutcomeRecord(loaded.config.title, arms, (*plan.notes, *unheard, *said))
    shown = record if cohort is None else replace(record, title=f"{record.title}: the typical tumour of the cohort")
    for words in unheard:
        progress.note(f"  note: {words}")
    report = outcome_summary(loaded, record) | {"edges": edges} | ({} if cohort is None else {"cohort": cohort_summary(cohort.record)})
    written = [folder / arm_file(name) for name in arms] + ([] if cohort is None else cohort.files)
    with progress.stage("writing"):
        if loaded.config.output.png:
            part = [] if cohort is None else part_of_page(cohort, folder)
            written += [] if cohort is None else [folder / COHORT_PICTURE]
            written += [outcome_picture(shown, folder / PICTURE), outcome_page(record, folder / PICTURE, folder / PAGE, strength_rows(edges), part)]
        whole = {**report, "config": json.loads(loaded.resolved())}
        written.append(write_bytes(folder / SUMMARY, iter([(json.dumps(finite(whole), indent=1) + "\n").encode()])))
    return {**report, "files": [str(path) for path in written]}


def _print(report: dict) -> None:
    from ..output.outcome_page import HELD, held_words, shown
    from ..output.outcome_record import ENDPOINTS
    from .cohort import print_cohort
    from .console import table

    rows = []
    for arm in report["ranking"]["growth_ratio"]:
        ends = report["arms"][arm]
        rows.append([str(ends["place"]), arm, *(shown(key, ends[key], cleared=ends["cleared"]) for key in ENDPOINTS), held_words(ends["occupancy"])])
    print(table(["", "arm", *(one.short for one in ENDPOINTS.values()), HELD], rows, text=(0, 1, 2 + len(ENDPOINTS))))
    if "cohort" in report:
        print_cohort(report["cohort"])
    print(f"done in {report['seconds']:.1f} s")
    for path in report["files"]:
        print(f"  {path}")
