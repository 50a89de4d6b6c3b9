"""`tmefield sweep`: many runs or fits from one manifest, each in a folder of its own."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from .guard import INTERRUPTED, say
from .source import JsonOption

if TYPE_CHECKING:
    from ..config.manifest import Job
    from .console import Progress
    from .sweep_tasks import Task

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A manifest (.jsonl, .csv), or a configuration (.toml, 'demo') with --vary or --draw.")]
VaryOption = Annotated[
    list[str] | None,
    typer.Option("--vary", metavar="KEY=V1,V2,...", help="Values of one key, e.g. --vary 'species.IL6.decay=0.1/h,0.2/h'; several make a grid."),
]
DrawOption = Annotated[
    list[str] | None,
    typer.Option("--draw", metavar="KEY", help="Draw this value from the library's range, e.g. --draw species.IL6.diffusivity; with --samples."),
]
SamplesOption = Annotated[int | None, typer.Option("--samples", metavar="N", help="Number of jobs with drawn values.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of the draws.")]
ConfigOption = Annotated[str | None, typer.Option("--config", help="The configuration of jobs that name none, such as the rows of a CSV table.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one value in every job that does not give its own.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results, with one for each job in it.")]
IndexOption = Annotated[str | None, typer.Option("--index", metavar="I or I/N", help="Only job number I (from 0), or of each N jobs number I.")]
WriteOption = Annotated[Path | None, typer.Option("--write", metavar="FILE", help="Write the jobs as a manifest (.jsonl) and stop.")]
CollectOption = Annotated[bool, typer.Option("--collect", help="Run nothing; put together the table of what is there.")]
RetryOption = Annotated[bool, typer.Option("--retry", help="Run jobs that failed again, from their beginning.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite results of other jobs in these folders.")]
SHOWN, COLUMNS = 40, 5


def sweep(
    source: SourceArgument,
    vary: VaryOption = None,
    draw: DrawOption = None,
    samples: SamplesOption = None,
    seed: SeedOption = 0,
    config: ConfigOption = None,
    overrides: SetOption = None,
    out: OutOption = Path("tmefield-sweep"),
    index: IndexOption = None,
    write: WriteOption = None,
    collect: CollectOption = False,
    retry: RetryOption = False,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Run many configurations or parameter sets one after the other; the same command goes on where it stopped.

    Each job is a run, or a fit where its configuration has a [fit] table. All are checked before the first starts; one that fails does not stop the others.
    """
    from .console import Progress
    from .sweep_files import record_of, write_results
    from .sweep_tasks import load_tasks

    if collect and index is not None:
        raise InputError("--collect is for the whole sweep; leave --index out")
    jobs = _with_common(_jobs(source, config, vary or [], draw or [], samples, seed), overrides or [])
    if write is not None:
        _write(jobs, write, source, force=force)
        return
    start = time.perf_counter()
    tasks = load_tasks(jobs, share(index, len(jobs)), out, source)
    stopped = not collect and _work(tasks, out, source, Progress(), retry=retry, force=force)
    records = [record_of(task) for task in tasks]
    files = write_results(out, records) if index is None else []
    if stopped:
        done = sum(one["status"] == "done" for one in records)
        say(f"interrupted; {done} of {len(records)} jobs are done, the same command goes on")
        raise typer.Exit(INTERRUPTED)
    _report(records, files, time.perf_counter() - start, json=json)
    code = max((one.get("exit_code", 0) for one in records), default=0)
    if code:
        raise typer.Exit(code)


def _jobs(source: str, config: str | None, vary: list[str], draw: list[str], samples: int | None, seed: int) -> list["Job"]:
    """The jobs of a manifest, of a grid of values, or with drawn values."""
    from ..config.draws import drawn_jobs
    from ..config.manifest import grid_jobs, read_manifest

    if source != "demo" and not source.lower().endswith(".toml"):
        if vary or draw or samples is not None:
            raise InputError(f"--vary, --draw and --samples go with a configuration (.toml), not with the manifest {source}")
        return read_manifest(Path(source), config)
    if config is not None:
        raise InputError("--config is for a manifest; the configuration is given already")
    if vary and (draw or samples is not None):
        raise InputError("--vary makes a grid and --draw samples; choose one of them")
    if bool(draw) != (samples is not None):
        raise InputError("--draw KEY and --samples N go together")
    if draw and samples is not None:
        return drawn_jobs(source, draw, samples, seed)
    if not vary:
        raise InputError(f"{source}: a sweep of one configuration needs --vary KEY=V1,V2,... (or is it 'tmefield run {source}' that you want?)")
    return grid_jobs(source, vary)


def _with_common(jobs: list["Job"], overrides: list[str]) -> list["Job"]:
    """The jobs with the values that --set gives to all that have none of their own."""
    common = {}
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise InputError(f"--set {text}: expected KEY=VALUE, e.g. --set output.png=false")
        common[key.strip()] = value.strip()
    return [replace(one, changes={**common, **one.changes}) for one in jobs]


def _write(jobs: list["Job"], target: Path, source: str, *, force: bool) -> None:
    from ..config.manifest import JSON_LINES, manifest_text
    from ..output.atomic import write_bytes
    from .sweep_tasks import load_tasks
    from .targets import checked_target

    if target.suffix.lower() not in JSON_LINES:
        raise InputError(f"{target}: a manifest that is written ends in .jsonl; write {target.with_suffix('.jsonl')}")
    checked_target(target, force=force)
    load_tasks(jobs, range(len(jobs)), target.parent, source)
    write_bytes(target, iter([manifest_text(jobs, target.parent).encode()]))
    print(f"wrote {target}: {_count(len(jobs))}\nnext: tmefield sweep {target}")


def _work(tasks: Sequence["Task"], out: Path, source: str, progress: "Progress", *, retry: bool, force: bool) -> bool:
    """Check and run what is not done yet; whether it was interrupted."""
    from .sweep_files import DONE, FAILED, record_of
    from .sweep_tasks import check_tasks
    from .sweep_work import run_tasks

    before = [record_of(task) for task in tasks]
    open_ones = [task for task, one in zip(tasks, before, strict=True) if one["status"] != DONE and (retry or one["status"] != FAILED)]
    failed = [] if retry else [one for one in before if one["status"] == FAILED]
    done = sum(one["status"] == DONE for one in before)
    progress.note(f"{source}: {_count(len(tasks))}, results in {out}")
    if done:
        progress.note(f"  {done} done already")
    if failed:
        progress.note(f"  {len(failed)} failed before; --retry runs them again:")
    for one in failed:
        progress.note(f"    {one['name']}: {one['error'].splitlines()[0]}")
    if not open_ones:
        return False
    with progress.stage(f"checking {_count(len(open_ones))}"):
        notes, place = check_tasks(open_ones, source, force=force)
    for note in notes if len(open_ones) > 1 else ():  # a single job tells its own
        progress.note(f"  note: {note}")
    out.mkdir(parents=True, exist_ok=True)
    try:
        run_tasks(open_ones, out, progress, place, retry=retry, force=force)
    except KeyboardInterrupt:
        return True
    return False


def _report(records: Sequence[dict[str, Any]], files: Sequence[Path], seconds: float, *, json: bool) -> None:
    from .console import human_seconds, print_json, table
    from .sweep_files import DONE, FAILED, WAITING

    counts = {status: sum(one["status"] == status for one in records) for status in (DONE, FAILED, WAITING)}
    if json:
        print_json({**counts, "jobs": list(records), "files": [str(path) for path in files], "seconds": round(seconds, 2)})
        return
    heads = list(dict.fromkeys(key for one in records for key in one.get("numbers", {}) if _is_first(key)))[:COLUMNS]
    rows = []
    for one in records[:SHOWN]:
        numbers = [one.get("numbers", {}).get(key) for key in heads]
        spent = "" if one.get("seconds") is None else human_seconds(one["seconds"])
        rows.append([str(one["index"]), one["name"][:60], one["status"], *("" if value is None else f"{value:.4g}" for value in numbers), spent])
    print(table(["job", "name", "status", *heads, "time"], rows, text=(1, 2)))
    if len(records) > SHOWN:
        print(f"and {len(records) - SHOWN} more")
    print(", ".join(f"{number} {status}" for status, number in counts.items() if number) + f"; {human_seconds(seconds)}")
    for path in files:
        print(f"  {path}")


def _is_first(key: str) -> bool:
    """Whether a number is shown in the terminal: means of species and estimates of a fit."""
    return key.endswith(".mean_nM") or (key.endswith("]") and ".low [" not in key and ".high [" not in key)


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def share(text: str | None, count: int) -> list[int]:
    """The numbers of the jobs that --index asks for.

    **Raises** `InputError` for a text that is neither I nor I/N, and a number that there is not.
    """
    if text is None:
        return list(range(count))
    first, slash, parts = text.partition("/")
    if not first.isdecimal() or (slash and not parts.isdecimal()):
        raise InputError(f"--index {text}: expected the number of a job, or I/N for every N-th from I on; e.g. --index 3 or --index 0/4")
    number = int(first)
    if slash:
        if number >= int(parts):
            raise InputError(f"--index {text}: shares of {parts} are numbered from 0 to {int(parts) - 1}")
        return list(range(number, count, int(parts)))
    if number >= count:
        raise InputError(f"--index {text}: there {'is one job, number 0' if count == 1 else f'are {count} jobs, numbered from 0 to {count - 1}'}")
    return [number]
