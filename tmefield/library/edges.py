"""Edges of the regulation network and effects on cells: what a ligand raises or lowers, how much and at which concentration."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from .records import Parameter

KINDS = {
    "secretion": "factor on the secretion of the species `on` by the cells `by`",
    "rate": "factor on another rate or function",
    "response": "share of the greatest response",
    "switch": "share of the greatest rate at which cells change into others",
    "receptor": "competes with the ligand of the edges `on` for their receptor",
}
PLACEHOLDER = "placeholder"
"""The mark of a free parameter without a source of its own."""
HILL_EXPONENT = Parameter(1.0, "1", "number", source="n = 1 in SPQSP and Friedman models", mark="model")


@dataclass(frozen=True)
class Input:
    """One ligand of an edge, a species or a population of cells: `half_maximum` (EC50 or IC50) and Hill `exponent`; `proxy` names the other response to
    which the half maximum belongs.
    """

    species: str
    half_maximum: Parameter
    exponent: Parameter = HILL_EXPONENT
    proxy: str = ""


@dataclass(frozen=True)
class Edge:
    """One edge: factor = basal + (saturated - basal) H on what it acts on, H = c^n/(K^n + c^n), a product over its inputs.

    - `kind`: one of `KINDS`; `on`: what it acts on, for secretion species, for a receptor edges or ligands.
    - `by`: cell types in which it acts, empty for all.
    - `sign`: "+" raises, "-" lowers; with `by_lack` it is the lack of the ligand that does so.
    - `saturated`: E_max, the factor at saturating ligand; `basal`: the factor without.
    - `mark`, `confidence`, `source`: of the edge itself; the values have their own.
    """

    id: str
    kind: str
    sign: str
    inputs: tuple[Input, ...]
    on: tuple[str, ...]
    saturated: Parameter
    basal: Parameter
    mark: str
    source: str
    confidence: str | None = None
    by: tuple[str, ...] = ()
    by_lack: bool = False
    notes: tuple[str, ...] = ()

    @property
    def ligands(self) -> tuple[str, ...]:
        """Species, or populations, that act."""
        return tuple(one.species for one in self.inputs)

    @property
    def values(self) -> dict[str, Parameter]:
        """Every value under its name; with several ligands a half maximum and exponent for each ("half maximum of TNF")."""
        found = {}
        for one in self.inputs:
            of = f" of {one.species}" if len(self.inputs) > 1 else ""
            found |= {f"half maximum{of}": one.half_maximum, f"exponent{of}": one.exponent}
        return found | {"Emax": self.saturated, "basal": self.basal}

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names of the values that have no source of their own."""
        return tuple(name for name, value in self.values.items() if value.mark == PLACEHOLDER)


@dataclass(frozen=True)
class Effect(Edge):
    """An effect on cells or the tumour, an edge on each rate in `on`; `edges`: those of the network that carry its part on secretions and responses."""

    edges: tuple[str, ...] = ()


@runtime_checkable
class Wired(Protocol):
    """What tells where an edge runs: an `Edge`, or one with its values as arrays."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def ligands(self) -> tuple[str, ...]: ...
    @property
    def on(self) -> tuple[str, ...]: ...
    @property
    def by(self) -> tuple[str, ...]: ...


_Edge = TypeVar("_Edge", bound=Wired)


def acting_on(edges: Iterable[_Edge], species: str, cell: str) -> tuple[_Edge, ...]:
    """The edges on the secretion of a species by a cell type."""
    return tuple(one for one in edges if one.kind == "secretion" and species in one.on and (not one.by or cell in one.by))


def competing_with(edges: Iterable[_Edge], other: Wired, ligand: str, cell: str | None = None) -> tuple[_Edge, ...]:
    """The edges that compete with a ligand of `other` for its receptor, in a cell type or in any."""
    rivals = (one for one in edges if one.kind == "receptor" and (other.id in one.on or ligand in one.on))
    return tuple(one for one in rivals if cell is None or not one.by or cell in one.by)


def among(edges: Sequence[_Edge], species: Iterable[str]) -> tuple[tuple[_Edge, ...], tuple[_Edge, ...]]:
    """The edges whose ligands are all among the species, and those on the secretion of one of these species that miss a ligand."""
    known = set(species)
    kept = tuple(one for one in edges if known.issuperset(one.ligands))
    acting = [one for one in edges if one.kind == "secretion" and known.intersection(one.on)]
    rivals = [other for one in acting if known.issuperset(one.ligands) for ligand in one.ligands for other in competing_with(edges, one, ligand)]
    left_out = {one.id: one for one in (*acting, *rivals) if not known.issuperset(one.ligands)}
    return kept, tuple(left_out.values())
