"""Jobs of a sweep, one after the other in this process: programs that one has compiled serve the next."""

import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..output.lock import BusyError, alone
from .console import Progress, human_seconds
from .guard import BUG, INTERRUPTED, fault, say, understood
from .interrupt import heed
from .sweep_files import DONE, FAILED, record_of, write_record
from .sweep_tasks import Task

if TYPE_CHECKING:
    from ..config.place import Place

NOT_CONVERGED = 3
MAPS = 40_000
"""Memory maps of this process from which on compiled programs are dropped: Linux grants 65,530, and the compiler aborts beyond."""


class Quiet(Progress):
    """Progress inside one job of many: a stage shows on a terminal while it lasts; notes stand in the job's summary."""

    label = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """As `Progress.stage`, without a line that stays."""
        from rich.text import Text  # a name may hold what rich takes for markup

        heed()
        if self._console.is_terminal:
            with self._console.status(Text(f"{self.label}: {name} ...")):
                yield
        else:
            yield
        heed()

    def note(self, text: str) -> None:
        """Nothing."""


def run_tasks(tasks: Sequence[Task], out: Path, progress: Progress, place: "Place | None", *, retry: bool, force: bool) -> None:
    """Each task to its record, with a line of progress; a single one tells its stages. `place` may serve the first of them.

    With `retry` those that failed run again; they start from their beginning, and with `force` all do. Others go on from the checkpoints that they left.

    **Raises** `KeyboardInterrupt`; what the tasks before have written stays.
    """
    inner = Progress() if len(tasks) == 1 else Quiet()
    spent: list[float] = []
    for number, task in enumerate(tasks, start=1):
        if isinstance(inner, Quiet):
            inner.label = f"{number} of {len(tasks)}  {task.job.name}"
        try:
            with alone(out / f".{task.folder.name}.lock"):
                status = record_of(task)["status"]
                if status == DONE or (status == FAILED and not retry):
                    progress.note(f"  {number} of {len(tasks)}  {task.job.name}: {status} in another process meanwhile")
                    continue
                record, place = _done(task, inner, place, fresh=force or status == FAILED)
        except BusyError:
            progress.note(f"  {number} of {len(tasks)}  {task.job.name}: at work in another process")
            continue
        spent.append(record["seconds"])
        progress.note(_line(number, len(tasks), record, spent))
        if record["error"]:
            progress.note("    " + record["error"].replace("\n", "\n    "))
        _spare_maps()


def _done(task: Task, progress: Progress, place: "Place | None", *, fresh: bool) -> tuple[dict[str, Any], "Place | None"]:
    """The record of a job and the place for the next one."""
    from ..config.prepare import prepare

    start, report = time.perf_counter(), None
    error, code = "", 0
    try:
        with task.number_type():
            inputs = prepare(task.loaded, progress.stage, place)
            place = inputs.place
            report = _fit(task, inputs, progress, fresh) if task.fits else _run(task, inputs, progress, fresh)
        if task.fits and not report["converged"]:
            error, code = f"the fit has not converged: {report['reason']}; give it more with fit.max_steps or fit.max_seconds", NOT_CONVERGED
    except typer.Exit as end:
        raise (KeyboardInterrupt if end.exit_code == INTERRUPTED else end) from None
    except Exception as failure:
        told = understood(failure)
        if told is None:
            traceback.print_exc()
            say(fault(failure))
        error, code = told or (f"a fault in tmefield ({type(failure).__name__}: {failure})", BUG)
    return write_record(task, report=report, seconds=time.perf_counter() - start, error=error, exit_code=code), place


def _fit(task: Task, inputs, progress: Progress, fresh: bool) -> dict[str, Any]:
    from .fit import fitted
    from .fit_files import checkpoint_path

    if fresh:
        checkpoint_path(task.folder).unlink(missing_ok=True)
    return fitted(inputs, progress)


def _run(task: Task, inputs, progress: Progress, fresh: bool) -> dict[str, Any]:
    from .run import computed

    return computed(inputs, progress, about=None if task.loaded.config.time is None else _start(task, fresh))


def _start(task: Task, fresh: bool) -> dict[str, Any] | None:
    """What a checkpoint has to know of a run through time that starts afresh; None where one of this very job is there to go on from."""
    from ..errors import FileError
    from .march import checkpoint_of

    checkpoint = checkpoint_of(task.folder)
    if checkpoint.folder.exists() and not fresh:
        try:
            if checkpoint.about().get("job") == task.identity:
                return None
        except FileError:
            pass  # damaged or of another version: the run starts again
    loaded = task.loaded
    return {"config": loaded.resolved(), "inputs": str(loaded.folder.resolve()), "source": loaded.source, "command": "tmefield sweep", "job": task.identity}


def _line(number: int, count: int, record: dict[str, Any], spent: Sequence[float]) -> str:
    line = f"  {number} of {count}  {record['name'][:48]:<48}  {record['status']:<7}{spent[-1]:9.2f} s"
    if number == count:
        return line
    usual = spent[1:] or spent  # the first one compiles
    return f"{line}   about {human_seconds((count - number) * sum(usual) / len(usual))} left"


def _spare_maps() -> None:
    try:
        with open("/proc/self/maps", "rb") as maps:
            many = sum(1 for _ in maps) > MAPS
    except OSError:
        return
    if many:
        import jax

        jax.clear_caches()
