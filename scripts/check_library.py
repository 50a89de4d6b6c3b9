#!/usr/bin/env python3
"""Checks the tables of species, cell types, drugs, edges, effects and conflicts: units, sources, marks, distributions,
and the numbers that follow from a formula.

Prints every problem and returns 1 where there is one. Used by the tests; run it after every change of a table.
"""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from tmefield.errors import TmefieldError
from tmefield.library import (
    CellTypeRecord,
    DrugRecord,
    Edge,
    Effect,
    Parameter,
    SpeciesRecord,
    cell_type,
    cell_type_ids,
    drug,
    drug_ids,
    edges,
    effects,
    species,
    species_ids,
)
from tmefield.library.conflicts import conflicts, read_conflicts
from tmefield.library.drug_records import read_drug
from tmefield.library.edge_reading import read_edges, read_effects
from tmefield.library.permeability import tissue_diffusivity, two_pore_permeability
from tmefield.library.plausibility import check_mean, check_secretion
from tmefield.library.population_records import read_population_rates
from tmefield.library.reading import read_cell_type, read_sources, read_species
from tmefield.units import to_internal

# Tables give three significant digits.
ROUNDING = 0.006
# What edges name beside the species and cells of the library.
OUTSIDE_SPECIES = {"CXCL9", "CXCL10"}
OUTSIDE_CELLS = {"Th", "MDSC", "myeloid", "qPSC"}


def problems(folder: Path) -> list[str]:
    """What is wrong in the tables under `folder`, a line each."""
    found = []
    sources = read_sources(folder / "sources.toml")
    for kind, ids in (("species", species_ids()), ("cells", cell_type_ids()), ("drugs", drug_ids())):
        files = {path.stem: path for path in (folder / kind).glob("*.toml")}
        found += [f"{kind}/{name}.toml: not among the ids of tmefield.library" for name in sorted(set(files) - set(ids))]
        found += [f"{kind}/{name}.toml: missing" for name in sorted(set(ids) - set(files))]
        for name in sorted(set(files) & set(ids)):
            try:
                record = _read(kind, files[name], sources)
            except TmefieldError as error:
                found.append(str(error))
                continue
            found += [f"{kind}/{name}.toml: {problem}" for problem in _record_problems(record)]
    found += _refused(read_conflicts, folder / "conflicts.toml", folder / "sources.toml")
    return [*found, *network_problems(folder), *_population_problems(folder)]


def _population_problems(folder: Path) -> list[str]:
    try:
        rates = read_population_rates(folder / "populations.toml", read_sources(folder / "sources.toml"))
    except TmefieldError as error:
        return [str(error)]
    return [f"populations.toml: {one.id}: {problem}" for one in rates.values() for problem in _parameter_problems(one.value)]


def network_problems(folder: Path) -> list[str]:
    """What is wrong in the tables of edges and effects under `folder`, a line each."""
    sources = read_sources(folder / "sources.toml")
    records: dict[str, Edge] = {}
    found = []
    for file, read in (("network.toml", read_edges), ("effects.toml", read_effects)):
        try:
            rows = read(folder / file, sources, cell_type_ids())
        except TmefieldError as error:
            found.append(str(error))
            continue
        found += [f"{file}: {one.id}: the id is that of another edge" for one in rows if one.id in records]
        records |= {one.id: one for one in rows}
    for one in records.values():
        found += [f"{one.id}: {problem}" for problem in _edge_problems(one, records)]
    return found


def _edge_problems(edge: Edge, records: dict[str, Edge]) -> Iterator[str]:
    for name, parameter in edge.values.items():
        yield from (f"{name}: {problem}" for problem in _parameter_problems(parameter))
    substances, cells = OUTSIDE_SPECIES.union(species_ids()), OUTSIDE_CELLS.union(cell_type_ids())
    secreted = edge.on if edge.kind == "secretion" else ()
    yield from (f"'{name}' is no species of the library" for name in secreted if name not in substances)
    yield from (f"'{name}' is no species of the library" for name in edge.ligands if name not in substances | cells)
    switching = [name for change in edge.on for name in change.split("->")] if edge.kind == "switch" else []
    yield from (f"'{name}' is no cell type of the library" for name in (*edge.by, *switching) if name not in cells)
    if edge.kind == "receptor":
        yield from (f"'{name}' is no edge and no ligand" for name in edge.on if name not in records and name not in substances)
    if isinstance(edge, Effect):
        yield from (f"'{name}' is no edge of network.toml" for name in edge.edges if name not in records or isinstance(records[name], Effect))


def _read(kind: str, path: Path, sources: dict[str, str]) -> SpeciesRecord | CellTypeRecord | DrugRecord:
    if kind == "drugs":
        return read_drug(path, sources)
    return read_species(path, sources, cell_type_ids()) if kind == "species" else read_cell_type(path, sources)


def _record_problems(record: SpeciesRecord | CellTypeRecord | DrugRecord) -> Iterator[str]:
    if isinstance(record, DrugRecord):
        for alias in record.aliases:
            if drug(alias).id != record.id:
                yield f"alias '{alias}' belongs to {drug(alias).id} as well"
        for key, parameter in record.parameters.items():
            yield from (f"{key}: {problem}" for problem in _parameter_problems(parameter))
        yield from _size_laws(record)
        return
    if isinstance(record, CellTypeRecord):
        for alias in record.aliases:
            if cell_type(alias).id != record.id:
                yield f"alias '{alias}' belongs to {cell_type(alias).id} as well"
        return
    for alias in record.aliases:
        if species(alias).id != record.id:
            yield f"alias '{alias}' belongs to {species(alias).id} as well"
    for key, parameter in _every(record):
        yield from (f"{key}: {problem}" for problem in _parameter_problems(parameter))
    yield from _derived(record)
    yield from _secretion(record)
    plasma = record.parameters.get("plasma_concentration")
    if plasma is not None:
        yield from _refused(check_mean, plasma.internal, record.species_class, where="plasma_concentration")


def _every(record: SpeciesRecord) -> Iterator[tuple[str, Parameter]]:
    yield from record.parameters.items()
    yield from ((f"receptors.{cell}", parameter) for cell, parameter in record.receptors.items())
    for cell, entry in record.secretion.items():
        yield f"secretion.{cell}.rate", entry.rate
        yield f"secretion.{cell}.active_fraction", entry.active_fraction


def _parameter_problems(parameter: Parameter) -> Iterator[str]:
    if parameter.value < 0:
        yield f"{parameter.value:g} is negative"
    if (parameter.range is not None) != (parameter.prior() is not None) and parameter.kind != "diffusivity":
        yield "has a range without a distribution, or a distribution without a range"
    if "geometric mean of the range" in parameter.note:
        if parameter.range is None:
            yield "is the mean of a range that is not given"
        elif abs(parameter.value / math.sqrt(math.prod(parameter.range)) - 1) > ROUNDING:
            yield f"{parameter.value:g} is not the geometric mean of {parameter.range}"


def _derived(record: SpeciesRecord) -> Iterator[str]:
    """Diffusivity and permeability of proteins against the laws from which they are computed."""
    missing = sorted({"molecular_weight", "diffusivity", "decay", "permeability"} - set(record.parameters))
    if missing:
        yield f"parameters {', '.join(missing)} missing"
    elif record.species_class != "oxygen":
        yield from _size_laws(record)


def _size_laws(record: SpeciesRecord | DrugRecord) -> Iterator[str]:
    weight = record.parameters["molecular_weight"].internal
    laws = {"diffusivity": tissue_diffusivity(weight), "permeability": two_pore_permeability(weight)}
    for key, expected in laws.items():
        if key in record.parameters and abs(record.parameters[key].internal / expected - 1) > ROUNDING:
            yield f"{key}: {record.parameters[key].internal:.4g} in the table, {expected:.4g} by the law for {weight:g} kDa"


def _secretion(record: SpeciesRecord) -> Iterator[str]:
    for cell, entry in record.secretion.items():
        if not 0 < entry.active_fraction.internal <= 1:
            yield f"secretion.{cell}.active_fraction: {entry.active_fraction.internal:g} is no fraction"
        rates = [entry.rate.internal, *(to_internal(one.value, one.unit, "secretion", entry.rate.molecular_weight) for one in entry.rate.alternatives)]
        for rate in rates:
            yield from _refused(check_secretion, rate, where=f"secretion.{cell}.rate")


def _refused(check, *arguments, **keywords) -> Iterator[str]:
    try:
        check(*arguments, **keywords)
    except TmefieldError as error:
        yield str(error)


def main() -> int:
    """Check the tables of this repository."""
    found = problems(Path(__file__).resolve().parent.parent / "tmefield" / "library")
    tables = f"{len(species_ids())} species, {len(cell_type_ids())} cell types, {len(edges())} edges, {len(effects())} effects"
    counts = f"{tables}, {len(drug_ids())} drugs and {len(conflicts())} conflicts"
    print("\n".join(found) or f"library: {counts}, every value with unit, source and mark, every range with a distribution")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
