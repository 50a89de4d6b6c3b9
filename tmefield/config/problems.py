"""Every mistake of a configuration at once, each with its key and what to do."""

import difflib
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from ..errors import InputError
from .outcome_tables import OUTCOME_TABLES
from .schema import TABLES as FIELD_TABLES
from .schema import Config
from .table import Table

TABLES: dict[str, type[Table]] = {**FIELD_TABLES, **OUTCOME_TABLES}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The ending "; did you mean 'x'?" for the known name nearest to this one, else a list of what is known."""
    names = list(known)
    near = difflib.get_close_matches(name.casefold(), [one.casefold() for one in names], n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{next(one for one in names if one.casefold() == near[0])}'?"
    return f"; known here: {', '.join(names)}" if names else ""


def from_validation(error: ValidationError, root: type[Table] = Config) -> list[tuple[str, str]]:
    """(key, message) of every mistake that pydantic found in the tables of `root`, in its order."""
    all_found = error.errors(include_url=False)
    return [(key_path(found["loc"]), _message(found, root)) for found in all_found if not _follows(found, all_found)]


def _follows(found: Any, others: list[Any]) -> bool:
    """Whether a list counts as too short only because items of it are wrong."""
    loc = found["loc"]
    return found["type"] == "too_short" and any(one["loc"][: len(loc)] == loc and len(one["loc"]) > len(loc) for one in others)


def refuse(source: str, problems: list[tuple[str, str]]) -> InputError:
    """One error that lists all problems of a configuration."""
    lines = [f"{key}: {text}" if key else text for key, text in problems]
    if len(lines) == 1:
        return InputError(f"{source}: {lines[0]}")
    return InputError("\n  ".join([f"{source}: {len(lines)} mistakes", *lines]))


def key_path(loc: tuple[Any, ...]) -> str:
    """Where something stands, as a person writes it: species[2].secretion.CD8_T.rate."""
    path = ""
    for part in loc:
        if part in TABLES or (isinstance(part, str) and (":" in part or part == "[key]")):
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _message(found: Any, root: type[Table]) -> str:
    kind, loc = found["type"], found["loc"]
    if kind == "extra_forbidden":
        table = table_at(loc, root)
        return "unknown key" + (did_you_mean(str(loc[-1]), [field.alias or name for name, field in table.model_fields.items()]) if table else "")
    if kind == "missing":
        return f"is missing: expected {_list_of(loc[:-1], root)}" if isinstance(loc[-1], int) else "is missing; it has no default"
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"expected a table; got {found['input']!r:.60}"
    if kind in _LISTS:
        return f"expected {_list_of(loc, root)}; got {found['input']!r:.60}"
    text = found["msg"][0].lower() + found["msg"][1:]
    return text if kind == "which" else f"{text}; got {found['input']!r:.60}"


_LISTS = ("tuple_type", "list_type", "too_short", "too_long")


def _list_of(loc: tuple[Any, ...], root: type[Table]) -> str:
    """What a list at `loc` holds, in words of TOML: pydantic's "tuple" is a word of Python."""
    least, most, fixed = _lengths(_annotation_at(loc, root))
    if fixed is not None:
        return f"a list of {fixed} values in brackets"
    limits = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
    limit = " and ".join(one for one in limits if one)
    return f"a list in brackets{f' of {limit}' if limit else ''}, e.g. [..., ...]"


def _annotation_at(loc: tuple[Any, ...], root: type[Table]) -> Any:
    """The annotation of what stands at `loc`, with the metadata of a field behind it; None where it cannot be told."""
    here: Any = root
    for part in loc:
        flat = _flat(here)
        table = next((one for one in flat if isinstance(one, type) and issubclass(one, Table)), None)
        if part in TABLES:
            here = TABLES[part]
        elif table is not None and part in table.model_fields:
            field = table.model_fields[part]
            here = (field.annotation, *field.metadata)
        elif isinstance(part, int):
            here = next((get_args(one)[0] for one in flat if get_origin(one) is tuple), None)
        else:  # a key of a table of the file's own names
            here = next((get_args(one)[1] for one in flat if get_origin(one) is dict), None)
    return here


def _flat(annotation: Any) -> list[Any]:
    """The alternatives and metadata of an annotation, without the wrappers around them."""
    if isinstance(annotation, tuple):
        return [one for part in annotation for one in _flat(part)]
    wrapped = get_origin(annotation) not in (None, dict, tuple)
    return [one for part in get_args(annotation) for one in _flat(part)] if wrapped else [annotation]


def _lengths(annotation: Any) -> tuple[int | None, int | None, int | None]:
    """The least and greatest length of a list, or the one that it has to have."""
    flat = _flat(annotation)
    for one in flat:
        inner = get_args(one)
        if get_origin(one) is tuple and Ellipsis not in inner:
            return None, None, len(inner)
    least, most = (next((getattr(one, key) for one in flat if hasattr(one, key)), None) for key in ("min_length", "max_length"))
    return least, most, None


def table_at(loc: tuple[Any, ...], root: type[Table] = Config) -> type[Table] | None:
    """The table to which the last key of `loc` belongs."""
    table: type[Table] | None = root
    for part in loc[:-1]:
        if part in TABLES:
            table = TABLES[part]
        elif table is not None and part in table.model_fields:
            table = _inner_table(table.model_fields[part].annotation)
    return table


def _inner_table(annotation: Any) -> type[Table] | None:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    for part in get_args(annotation):
        found = _inner_table(part)
        if found is not None:
            return found
    return None
