"""Jobs of a sweep as tasks with a folder each: checked together before the first of them starts."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.manifest import Job, listed
from ..errors import FileError, InputError, TmefieldError
from .source import load_input

if TYPE_CHECKING:
    from ..config.load import Loaded
    from ..config.place import Place
    from ..config.prepare import Inputs

SLUG = 60
"""Characters of a job's name that its folder bears."""


@dataclass(frozen=True)
class Task:
    """A job with its number.

    - `loaded`: its configuration, with a folder of its own for results.
    - `identity`: SHA-256 of the configuration without that folder, and of the files that it names.
    """

    index: int
    job: Job
    loaded: "Loaded"
    identity: str

    @property
    def folder(self) -> Path:
        """Where its results go."""
        return Path(self.loaded.config.output.folder)

    @property
    def fits(self) -> bool:
        """Whether it is a fit; a run otherwise."""
        return self.loaded.config.fit is not None

    def number_type(self) -> AbstractContextManager:
        """The number type of JAX that a command of its own would have, whatever ran before in this process."""
        import jax

        return jax.enable_x64(self.fits or self.loaded.config.solver.precision != "float32")


def load_tasks(jobs: Sequence[Job], indices: Iterable[int], out: Path, source: str) -> list[Task]:
    """The jobs numbered `indices`, each configuration read and checked.

    **Raises** `InputError` (`FileError` where only files are at fault) with every mistake and the jobs that have it.
    """
    hashes: dict[Path, str] = {}
    problems, tasks = _Problems(source), []
    for index in indices:
        with problems.of(jobs[index]):
            tasks.append(_load(index, jobs[index], out, hashes))
    problems.refuse()
    return tasks


def check_tasks(tasks: Sequence[Task], source: str, *, force: bool) -> "tuple[list[str], Place | None]":
    """Everything that the tasks would read and check, without solving.

    **Returns** what they assume, each note once and with its jobs where not all have it; and the place of the last one.

    **Raises** as `load_tasks`.
    """
    problems, place = _Problems(source), None
    noted: dict[str, list[str]] = {}
    for task in tasks:
        with problems.of(task.job):
            inputs = _checked(task, place, force=force)
            place = inputs.place
            for note in inputs.notes:
                noted.setdefault(note, []).append(task.job.where)
    problems.refuse()
    return [note if len(where) == len(tasks) else f"{listed(where)}: {note}" for note, where in noted.items()], place


def _load(index: int, job: Job, out: Path, hashes: dict[Path, str]) -> Task:
    loaded = load_input(job.config, [f"{key}={value}" for key, value in job.changes.items()])
    slug = re.sub(r"[^A-Za-z0-9_.+=-]+", "_", job.name)[:SLUG].strip("._-")
    output = loaded.config.output.model_copy(update={"folder": str(out / (f"{index:04d}-{slug}" if slug else f"{index:04d}"))})
    own = replace(loaded, config=loaded.config.model_copy(update={"output": output}))
    return Task(index, job, own, _identity(own, hashes))


def _identity(loaded: "Loaded", hashes: dict[Path, str]) -> str:
    from ..config.inputs import check_files, locate, named_files

    check_files(loaded)
    fit = loaded.config.fit
    files = [*named_files(loaded).values(), *(locate(loaded, table.file) for table in (fit.data if fit else ()))]
    resolved = json.loads(loaded.resolved())
    del resolved["output"]["folder"]
    return hashlib.sha256(json.dumps([resolved, [_hash_of(path, hashes) for path in files]], sort_keys=True).encode()).hexdigest()


def _hash_of(path: Path, hashes: dict[Path, str]) -> str:
    if path not in hashes:
        try:
            with open(path, "rb") as stream:
                hashes[path] = hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            raise FileError(f"{path}: no such file (a relative name is seen from the folder of the configuration)") from None
    return hashes[path]


def _checked(task: Task, known: "Place | None", *, force: bool) -> "Inputs":
    from ..config.prepare import prepare
    from ..config.timing import schedule
    from .fit_files import check_fit_folder
    from .results import check_folder, check_writable

    check_writable(task.folder)
    if not force:
        (check_fit_folder if task.fits else check_folder)(task.loaded, force=False)
    inputs = prepare(task.loaded, known=known)
    schedule(inputs)
    if task.fits:
        from .fit import model_and_plan

        with task.number_type():
            model_and_plan(inputs)
    return inputs


class _Problems:
    """What is wrong with jobs, told together: each mistake once, with the jobs that have it."""

    def __init__(self, source: str):
        self._source = source
        self._found: dict[str, list[str]] = {}
        self._kinds: set[type[TmefieldError]] = set()

    @contextmanager
    def of(self, job: Job) -> Iterator[None]:
        """Keeps an error of the block as one of this job."""
        try:
            yield
        except TmefieldError as error:
            self._found.setdefault(str(error).removeprefix("--set "), []).append(job.where)
            self._kinds.add(type(error))

    def refuse(self) -> None:
        """Raise what was found, as the kind of error that all of it is."""
        if not self._found:
            return
        kind = self._kinds.pop() if len(self._kinds) == 1 else InputError
        count = len({where for places in self._found.values() for where in places})
        lines = [f"{listed(places)}: {text}".replace("\n", "\n  ") for text, places in self._found.items()]
        raise kind("\n  ".join([f"{self._source}: {count} {'job' if count == 1 else 'jobs'} cannot run, so none was started", *lines]))
