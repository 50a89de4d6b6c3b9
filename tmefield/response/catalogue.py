"""Which responses there are, and from which records of the library each is made."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from .. import library
from ..errors import InputError
from ..library import Edge, Input, Parameter
from ..library.edges import KINDS, PLACEHOLDER

LOW = ("low", "low-med")
_WHOLE = Parameter(1.0, "1", "number", source=f"by definition: {KINDS['response']}", mark="computed")
_NONE = replace(_WHOLE, value=0.0)

# Response, what it is in words, cells in which it is read, ligand, name of its EC50 among the parameters of the species.
_BY_SPECIES = (
    ("pSTAT1", "phosphorylated STAT1, share of its maximum", (), "IFNg", "EC50"),
    ("pSTAT3", "phosphorylated STAT3, share of its maximum", (), "IL6", "EC50"),
    ("pSMAD2", "phosphorylated SMAD2, share of its maximum", (), "TGFb", "EC50"),
    ("pSTAT5", "phosphorylated STAT5 of T cells, share of its maximum", (), "IL2", "EC50"),
    ("angiogenesis", "angiogenic drive, share of its maximum", ("endothelial",), "VEGF", "EC50"),
)
# Those that are the Hill function of an edge or effect; its Emax, often a placeholder, is not used.
_BY_EDGE = (
    ("MHC_I", "MHC-I of tumour cells, share of its rise", "IFNg-MHC_I"),
    ("PD_L1", "PD-L1 of tumour cells, share of its maximum", "IFNg-PD_L1"),
    ("EMT", "drive of the epithelial-mesenchymal transition, share of its maximum", "TGFb-EMT"),
    ("proliferation", "proliferation drive of tumour cells by IL-6, share of its maximum", "IL6-growth"),
)
KILLING = {"CD8_T": ("IFNg-killing", "IL10-CTL", "TGFb-CTL"), "NK": ("IFNg-killing", "IL10-NK", "TGFb-NK")}
"""The effects of the library whose factors make up the cytotoxic function of each killer."""
_FUNCTIONS = (("CD8_function", "CD8_T", "cytotoxic function of CD8 T cells"), ("NK_function", "NK", "cytotoxic function of NK cells"))
# A half maximum that the library holds for other responses than the one it serves here.
_PROXIES = {"pSMAD2": "CAF and collagen"}


@dataclass(frozen=True)
class Definition:
    """A response: the product of the factors of its edges.

    - `name`: as asked for and written; `words`: what it is.
    - `cells`: cell types in which it is read; empty for all.
    - `edges`: records of the library, each with values, sources and marks.
    """

    name: str
    words: str
    cells: tuple[str, ...]
    edges: tuple[Edge, ...]

    @property
    def ligands(self) -> tuple[str, ...]:
        """Species that it depends on."""
        return tuple(dict.fromkeys(ligand for edge in self.edges for ligand in edge.ligands))

    @property
    def formula(self) -> str:
        """The product of its factors with the values in them; H(c; EC50, n) = c^n/(EC50^n + c^n)."""
        return " * ".join(_formula(edge) for edge in self.edges)

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources of its values, each once."""
        return tuple(dict.fromkeys(one.half_maximum.source for edge in self.edges for one in edge.inputs))

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know of its values: placeholders, proxies, low confidence."""
        return tuple(note for edge in self.edges for note in _doubts(edge))


def response_names() -> tuple[str, ...]:
    """Names of all responses."""
    return tuple(_catalogue())


def definition(name: str) -> Definition:
    """The response of this name.

    **Raises** `InputError` with the name that may have been meant.
    """
    known = _catalogue()
    if name not in known:
        folded = {one.casefold(): one for one in known}
        near = difflib.get_close_matches(name.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
        raise InputError(f"unknown response '{name}'; " + (f"did you mean '{folded[near[0]]}'?" if near else f"known: {', '.join(known)}"))
    return known[name]


def definitions(species: Iterable[str], names: Sequence[str] | None = None) -> tuple[Definition, ...]:
    """The responses asked for, cut down to the ligands that are among the species; without `names` every one that has a ligand there.

    **Raises** `InputError` for an unknown name, and for a response asked for by name none of whose ligands is there.
    """
    present = tuple(species)
    found = []
    for one in [definition(name) for name in (response_names() if names is None else names)]:
        kept = tuple(edge for edge in one.edges if set(edge.ligands) <= set(present))
        if kept:
            found.append(replace(one, edges=kept))
        elif names is not None:
            raise InputError(f"response {one.name} needs {' or '.join(one.ligands)}; the fields have {', '.join(present) or 'no species'}")
    return tuple(found)


def left_out(one: Definition) -> tuple[str, ...]:
    """Ligands of the whole response that a definition cut down to the species of a model lacks; their factors count as 1."""
    return tuple(ligand for ligand in definition(one.name).ligands if ligand not in one.ligands)


@lru_cache
def _catalogue() -> dict[str, Definition]:
    found = [Definition(name, words, cells, (_of_species(name, ligand, key),)) for name, words, cells, ligand, key in _BY_SPECIES]
    found += [Definition(name, words, library_edge(id).by, (_as_share(library_edge(id)),)) for name, words, id in _BY_EDGE]
    found += [Definition(name, words, (cell,), killing_effects(cell)) for name, cell, words in _FUNCTIONS]
    order = ("pSTAT1", "pSTAT3", "pSMAD2", "pSTAT5", "MHC_I", "PD_L1", "CD8_function", "NK_function", "EMT", "proliferation", "angiogenesis")
    return dict(sorted(((one.name, one) for one in found), key=lambda entry: order.index(entry[0])))


def killing_effects(cell: str) -> tuple[Edge, ...]:
    """The effects on the cytotoxic function of a killer, "CD8_T" or "NK".

    **Raises** `InputError` for another cell type.
    """
    if cell not in KILLING:
        raise InputError(f"no cytotoxic function of '{cell}'; choose {' or '.join(KILLING)}")
    return tuple(library_edge(id) for id in KILLING[cell])


def library_edge(id: str) -> Edge:
    """The edge or effect of this id."""
    return next(one for one in (*library.edges(), *library.effects()) if one.id == id)


def _of_species(name: str, ligand: str, key: str) -> Edge:
    value = library.species(ligand).parameters[key]
    given = Input(ligand, value, proxy=_PROXIES.get(name, ""))
    return Edge(name, "response", "+", (given,), (name,), _WHOLE, _NONE, value.mark, value.source, value.confidence)


def _formula(edge: Edge) -> str:
    """In words of the formula: H(c; EC50, n), or the factor made of it."""
    parts = []
    for one in edge.inputs:
        power = "" if one.exponent.internal == 1 else f", n = {one.exponent.internal:g}"
        parts.append(f"H({one.species}; {1e3 * one.half_maximum.internal:.4g} pM{power})")
    share, low, high = " ".join(parts), edge.basal.internal, edge.saturated.internal
    if (low, high) == (0, 1):
        return share
    if (low, high) == (1, 0):
        return f"(1 - {share})"
    return f"({low:g} {'+' if high > low else '-'} {abs(high - low):g} {share})"


def _as_share(edge: Edge) -> Edge:
    return replace(edge, saturated=_WHOLE, basal=_NONE)


def _doubts(edge: Edge) -> list[str]:
    said = []
    for one in edge.inputs:
        if one.proxy:
            said.append(f"{edge.id}: the half maximum of {one.species} belongs to {one.proxy}, which stands for it")
        if one.half_maximum.confidence in LOW:
            said.append(f"{edge.id}: the half maximum of {one.species} has confidence {one.half_maximum.confidence}")
        if one.half_maximum.mark == PLACEHOLDER:
            said.append(f"{edge.id}: the half maximum of {one.species} is a placeholder without a source")
    if edge.saturated.mark == PLACEHOLDER:
        said.append(f"{edge.id}: the factor {edge.saturated.value:g} at saturating {' and '.join(edge.ligands)} is a placeholder without a source")
    return [*said, *(f"{edge.id}: {note}" for note in edge.notes)]
