"""Jobs of a sweep: read from a manifest (JSON lines, or a CSV table of parameter sets), or made as a grid of values."""

import csv
import itertools
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import FileError, InputError
from ..tissue.readers.csv_table import DELIMITERS, text_lines
from .problems import did_you_mean, refuse

MAX_BYTES, MAX_JOBS = 100_000_000, 100_000
JSON_LINES, TABLES = (".jsonl", ".ndjson"), (".csv", ".tsv")
KEYS = ("config", "set", "name")
EXAMPLE = '{"config": "case.toml", "set": {"species.IL6.decay": "0.2/h"}}'
LISTED = 8
"""Numbers in a message, after which it says "and more"."""


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    - `where`: its place in messages, "line 3".
    - `config`: a configuration's path, or "demo".
    - `changes`: values by dotted key, as texts that `--set` takes.
    """

    where: str
    config: str
    name: str
    changes: dict[str, str] = field(default_factory=dict)


def read_manifest(path: Path, config: str | None = None) -> list[Job]:
    """The jobs of a manifest; `config` is that of lines that name none. Names in a manifest are seen from its folder.

    **Raises** `FileError` where it cannot be read, `InputError` with every mistake and its line.
    """
    if path.suffix.lower() not in (*JSON_LINES, *TABLES):
        raise InputError(f"{path}: a manifest ends in .jsonl (a job a line) or .csv (a row of values a job); with a configuration give --vary KEY=V1,V2")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES // 10**6} MB; split the sweep")
        lines = text_lines(path, path.read_bytes(), None)
    except OSError as error:
        raise error if isinstance(error, FileError) else FileError(f"{path}: cannot be read: {error.strerror}") from None
    rows = _json_rows(lines) if path.suffix.lower() in JSON_LINES else _table_rows(path, lines)
    jobs: list[Job] = []
    problems: dict[str, list[str]] = {}
    for where, row, wrong in rows:
        mistake = wrong or _mistake(row, config)
        if mistake is None:
            jobs.append(_job(where, row, path.parent, config))
        else:
            problems.setdefault(mistake, []).append(where)
    if problems:
        raise refuse(str(path), [(listed(places), mistake) for mistake, places in problems.items()])
    return _counted(jobs, f"{path}: there is no job in it")


def grid_jobs(config: str, vary: Sequence[str]) -> list[Job]:
    """A job for each combination of values; `vary` are texts KEY=V1,V2,..., of which the last varies fastest.

    **Raises** `InputError` for a text that is none, and a key that stands there twice.
    """
    axes: dict[str, list[str]] = {}
    for text in vary:
        key, equals, values = text.partition("=")
        given = _split(values)
        if not equals or not key.strip() or not all(given):
            raise InputError(f"--vary {text}: expected KEY=V1,V2,..., e.g. --vary 'species.IL6.decay=0.1/h,0.2/h'")
        if key.strip() in axes:
            raise InputError(f"--vary {key.strip()}: stands there twice; give all its values at once")
        axes[key.strip()] = given
    if math.prod(map(len, axes.values())) > MAX_JOBS:
        raise InputError(f"--vary: {math.prod(map(len, axes.values()))} combinations are more than {MAX_JOBS}; take fewer values")
    sets = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [Job(f"job {index}", config, _own_name(config, changes), changes) for index, changes in enumerate(sets)]


def manifest_text(jobs: Sequence[Job], folder: Path) -> str:
    """The jobs as JSON lines for a manifest in `folder`."""
    return "".join(json.dumps({"config": _seen_from(folder, one.config), "set": one.changes, "name": one.name}, ensure_ascii=False) + "\n" for one in jobs)


def _seen_from(folder: Path, config: str) -> str:
    if config == "demo":
        return config
    try:
        return Path(os.path.relpath(config, folder)).as_posix()
    except ValueError:  # another drive
        return Path(config).resolve().as_posix()


def _counted(jobs: list[Job], otherwise: str) -> list[Job]:
    if not jobs:
        raise InputError(otherwise)
    if len(jobs) > MAX_JOBS:
        raise InputError(f"{len(jobs)} jobs are more than {MAX_JOBS}; split the sweep")
    return jobs


def _json_rows(lines: list[str]) -> Iterator[tuple[str, Any, str | None]]:
    """Each line's place, its object, and what is wrong where it has none."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line), None
            except json.JSONDecodeError as error:
                wrong = f"is not JSON (column {error.colno}: {error.msg}); expected a line such as {EXAMPLE}"
                yield f"line {number}", None, wrong


def _table_rows(path: Path, lines: list[str]) -> Iterator[tuple[str, Any, str | None]]:
    """As `_json_rows`: a column a key, an empty field leaves the configuration's own value."""
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise FileError(f"{path}: the table is empty; expected a header line of keys and a job a line")
    delimiter = max(DELIMITERS, key=lines[start].count)
    reader = csv.reader(lines[start:], delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        if not all(header) or len(set(header)) < len(header):
            raise InputError(f"{path}: the header has an empty or a doubled name; each column is a key such as species.IL6.decay, 'name' or 'config'")
        for fields in reader:
            where = f"line {start + reader.line_num}"
            values = {key: value.strip() for key, value in zip(header, fields, strict=False) if value.strip()}
            if len(fields) > len(header):
                yield where, None, f"{len(fields)} fields under {len(header)} names; quote values that hold a '{delimiter}'"
            elif values:
                own = {key: values.pop(key) for key in ("name", "config") if key in values}
                yield where, {**own, "set": values}, None
    except csv.Error as error:
        raise FileError(f"{path}, line {start + reader.line_num}: {error}; is a quotation mark left open?") from None


def _mistake(row: Any, config: str | None) -> str | None:
    """What is wrong with a job as it was read, or None."""
    if not isinstance(row, dict):
        return f"expected an object such as {EXAMPLE}; got {row!r:.60}"
    for key in row:
        if key not in KEYS:
            hint = ' (values to change go under "set")' if "." in key else did_you_mean(key, KEYS)
            return f"unknown key '{key}'{hint}"
    given = row.get("config", config)
    if given is None:
        return "'config' is missing: name the configuration here, or for all jobs with --config case.toml"
    if not isinstance(given, str) or not (given == "demo" or given.lower().endswith(".toml")):
        return f"config: expected a configuration (.toml) or 'demo'; got {given!r:.60}"
    if not isinstance(row.get("name", ""), str):
        return f"name: expected text; got {row['name']!r:.60}"
    changes = row.get("set", {})
    if not isinstance(changes, dict):
        return f'set: expected an object such as {{"species.IL6.decay": "0.2/h"}}; got {changes!r:.60}'
    empty = [key for key, value in changes.items() if not key.strip() or value is None or value == ""]
    return f"set.{empty[0]}: has no value; give one, or leave the key out" if empty else None


def _job(where: str, row: dict[str, Any], folder: Path, config: str | None) -> Job:
    changes = {key: value if isinstance(value, str) else _toml(value) for key, value in row.get("set", {}).items()}
    own = row.get("config")
    path = own if own == "demo" else str(config) if own is None else str(folder / own)
    return Job(where, path, row.get("name") or _own_name(path, changes), changes)


def _toml(value: Any) -> str:
    """A value of JSON as one of TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _own_name(config: str, changes: dict[str, str]) -> str:
    """The last two parts of each key and its value, as in "IL6.decay=0.2/h"; without changes that of the configuration."""
    return ", ".join(f"{'.'.join(key.split('.')[-2:])}={value}" for key, value in changes.items()) or Path(config).stem


def _split(text: str) -> list[str]:
    """At commas that stand outside quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for one in text:
        if quote:
            quote = "" if one == quote else quote
        elif one in "\"'":
            quote = one
        else:
            depth += (one in "[{") - (one in "]}")
        if one == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += one
    return [part.strip() for part in parts]


def listed(places: Sequence[str]) -> str:
    """Places such as "line 2", "line 3", "line 4", "line 7" as "lines 2 to 4 and 7"."""
    word = places[0].split()[0]
    numbers = [int(one.split()[1]) for one in places]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [one for run in runs for one in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    rest = len(words) - LISTED
    parts = words if rest <= 1 else [*words[:LISTED], "more"]
    return f"{word}{'s' if len(numbers) > 1 else ''} " + (" and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0])
