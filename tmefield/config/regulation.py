"""The edges of a run: those of the library that are on and those of the configuration, as far as the species and cells are there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .. import library, units
from ..errors import InputError
from ..library.edges import HILL_EXPONENT, PLACEHOLDER, acting_on, among, competing_with
from ..library.naming import plain
from .parameters import SpeciesValues, check_cell, species_id
from .problems import did_you_mean
from .regulation_tables import EdgeTable, RegulationTable
from .schema import Config

_PLACEHOLDER_SOURCE = "no sourced value; by convention 2 where the edge raises and 0 where it lowers"


@dataclass(frozen=True)
class Regulation:
    """What regulates the secretions of a run.

    - `edges`: those that act on a secretion by cells that are there.
    - `left_out`: those that would, but for a ligand that is not among the species.
    - `notes`: edges, placeholders and what was left out, to be told to the person.
    """

    edges: tuple[library.Edge, ...] = ()
    left_out: tuple[library.Edge, ...] = ()
    notes: tuple[str, ...] = ()


def regulation_problems(table: RegulationTable, species: Sequence[str]) -> list[tuple[str, str]]:
    """(key, message) of every edge that is not known or cannot be switched off, and every species of an edge that the configuration does not have."""
    problems = []
    own = {plain(_id_of(one)) for one in table.edge}
    for index, name in enumerate(table.off):
        try:
            theirs = [name] if plain(name) in own else sorted(one for one in _switched(name) if plain(one) in own)
        except InputError as error:
            problems.append((f"regulation.off[{index}]", str(error)))
            continue
        if theirs:
            said = f"{', '.join(theirs)} is an edge of this configuration, and 'off' switches edges of the library: remove its [[regulation.edge]] as well"
            problems.append((f"regulation.off[{index}]", said))
    declared = [species_id(one) for one in species]
    for index, edge in enumerate(table.edge):
        for key, names in (("from", edge.ligands), ("on", edge.on)):
            unknown = [name for name in names if species_id(name) not in declared]
            problems += [(f"regulation.edge[{index}].{key}", _undeclared(name, declared)) for name in unknown]
    return problems


def _undeclared(name: str, declared: list[str]) -> str:
    return f"'{name}' is not among the species of this configuration (mend the name, or add it under [[species]]){did_you_mean(name, declared)}"


def regulation_of(config: Config, species: tuple[SpeciesValues, ...], present: Collection[str]) -> Regulation:
    """The edges that act on what these cells secrete of these species.

    **Raises** `InputError` for an edge by cells that are neither present nor in the library.
    """
    own = [_own_edge(table, f"regulation.edge[{index}]", species, present) for index, table in enumerate(config.regulation.edge)]
    replaced = {one.id for one in own}
    edges = [*(one for one in _library_edges(config) if one.id not in replaced), *own]
    kept, lost = among(edges, [one.id for one in species])
    acting: dict[str, library.Edge] = {}
    for one in species:
        for cell in one.secretion:
            for edge in acting_on(edges, one.id, cell):
                acting[edge.id] = edge
                if edge in kept:  # what misses a ligand has no receptor to compete for
                    acting |= {rival.id: rival for ligand in edge.ligands for rival in competing_with(edges, edge, ligand, cell)}
    used = tuple(one for one in kept if one.id in acting)
    left_out = tuple(one for one in lost if one.id in acting)
    return Regulation(used, left_out, tuple(_notes(config, used, left_out, own)))


def _library_edges(config: Config) -> list[library.Edge]:
    if config.regulation.edges == "none":
        return []
    off = {id for name in config.regulation.off for id in _switched(name)}
    return [one for one in library.edges() if one.id not in off]


def _switched(name: str) -> set[str]:
    """Ids of what goes when an edge or effect of the library is switched off.

    **Raises** `InputError` for an unknown one.
    """
    edge = library.edge(name)
    return {edge.id, *(edge.edges if isinstance(edge, library.Effect) else ())}


def _id_of(table: EdgeTable) -> str:
    return table.id or f"{'_'.join(map(species_id, table.ligands))}-{'_'.join(map(species_id, table.on))}"


def _own_edge(table: EdgeTable, where: str, species: tuple[SpeciesValues, ...], present: Collection[str]) -> library.Edge:
    """A table of the configuration in the form of the library's edges."""
    weights = {one.id: one.molecular_weight for one in species}
    ligands, on = [species_id(name) for name in table.ligands], [species_id(name) for name in table.on]
    halves = table.half_maximum * len(ligands) if len(table.half_maximum) == 1 else table.half_maximum
    exponent = library.Parameter(table.exponent, "1", "number", source=table.source, mark="configuration") if table.exponent != 1 else HILL_EXPONENT
    inputs = []
    for ligand, text in zip(ligands, halves, strict=True):
        value = units.parse(text, "concentration", key=f"{where}.half_maximum", molecular_weight=weights[ligand])
        inputs.append(library.Input(ligand, library.Parameter(value, "nM", "concentration", source=table.source, mark="configuration"), exponent))
    if table.Emax is None:
        emax, mark, source = 2.0 if table.sign == "+" else 0.0, PLACEHOLDER, _PLACEHOLDER_SOURCE
    else:
        emax, mark, source = table.Emax, "configuration", table.source
    return library.Edge(
        id=_id_of(table),
        kind="secretion",
        sign="+" if emax > table.basal else "-",
        inputs=tuple(inputs),
        on=tuple(on),
        saturated=library.Parameter(emax, "1", "number", source=source, mark=mark),
        basal=library.Parameter(table.basal, "1", "number", source=table.source, mark="configuration"),
        mark="configuration",
        source=table.source,
        by=tuple(check_cell(name, f"{where}.by", present) for name in table.by),
    )


def _notes(config: Config, used: tuple[library.Edge, ...], left_out: tuple[library.Edge, ...], own: list[library.Edge]) -> list[str]:
    if config.regulation.edges == "none" and not own:
        return []
    if used:
        notes = [f"regulation: edges that act on secretion: {', '.join(one.id for one in used)}"]
    else:
        notes = ["regulation: no edge acts on any secretion here"]
    free = [f"{one.id} ({', '.join(one.placeholders)})" for one in used if one.placeholders]
    if free:
        notes.append(f"regulation with placeholders, free parameters without a sourced value: {'; '.join(free)}")
    if left_out:
        modelled = {species_id(one.id) for one in config.species}
        listed = (f"{one.id} ({', '.join(ligand for ligand in one.ligands if ligand not in modelled)})" for one in left_out)
        notes.append(f"regulation left out, since a ligand is not among the species: {', '.join(listed)}")
    idle = [one.id for one in own if one not in used]
    if idle:
        notes.append(f"regulation: edges of this configuration that act on nothing, since no cell there secretes the species: {', '.join(idle)}")
    return notes
