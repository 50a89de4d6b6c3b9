"""The configurations that come with tmefield, and new ones made from them."""

import json
from importlib import resources
from string import Template

FILL_IN = "FILL IN, with unit"


def template(name: str, **values: str) -> str:
    """The text of a packaged template with its blanks filled; the values are TOML."""
    text = resources.files("tmefield.config").joinpath("templates", f"{name}.toml").read_text(encoding="utf-8")
    return Template(text).substitute(values) if values else text


def quoted(text: str) -> str:
    """Text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def network_config(vessels: str, *, title: str, spacing: str, unit: str | None = None, cells: str | None = None) -> str:
    """A configuration for a network file; `cells` is the text of its [cells] table, assumed densities where None."""
    return template(
        "network",
        title=quoted(title),
        spacing=quoted(spacing),
        vessels=quoted(vessels),
        unit=f"\nunit = {quoted(unit)}" if unit else "",
        cells=template("cells-assumed") if cells is None else cells,
    )


def section_config(cells: str, *, title: str, spacing: str, from_cells: str, **numbers: str | None) -> str:
    """A configuration for a tissue section; of its numbers those that are None are left to be filled in."""
    given = {key: quoted(value or FILL_IN) for key, value in numbers.items()}
    return template("section", title=quoted(title), spacing=quoted(spacing), from_cells=quoted(from_cells), cells=cells, **given)


def cells_table(file: str, *, columns: dict[str, str], pixel_size: str | None, unit: str | None, types: dict[str, str], found: str) -> str:
    """The [cells] table for a file; `found` lists the types in it."""
    scale = f"unit = {quoted(unit)}" if unit else f"pixel_size = {quoted(pixel_size or FILL_IN)}"
    return template(
        "cells-file",
        cells=quoted(file),
        columns=", ".join(f"{key} = {quoted(value)}" for key, value in columns.items()),
        scale=scale,
        found=found,
        types=", ".join(f"{quoted(name)} = {quoted(value)}" for name, value in types.items()),
    )
