"""What the numbers of a model are: their units, and the value of the library that each of them stands for."""

import re
from dataclasses import dataclass

from .. import library
from ..errors import InputError
from ..library import Parameter
from ..output.fieldset import variable_name

# The kind of quantity (`units.KINDS`) of a leaf by the last part of its name; what is not here has no unit.
_KINDS = {
    "diffusivity": "diffusivity",
    "decay": "rate",
    "rate": "secretion",
    "density": "density",
    "receptors": "count",
    "internalisation": "rate",
    "half_saturation": "concentration",
    "half_maximum": "concentration",
    "dissociation_constant": "concentration",
    "permeability": "permeability",
    "plasma_concentration": "concentration",
    "transfer": "permeability",
    "outside": "concentration",
    "on_rate": "on_rate",
    "off_rate": "rate",
    "cell_radius": "length",
    "area": "surface_density",
    "path": "length",
}
_IN_FILES = {
    "diffusivity": "um2 s-1",
    "rate": "s-1",
    "secretion": "s-1",
    "density": "um-3",
    "count": "1",
    "concentration": "nmol L-1",
    "permeability": "um s-1",
    "on_rate": "nmol-1 L s-1",
    "length": "um",
    "surface_density": "um-1",
}
_OF_SPECIES = {"diffusivity": "diffusivity", "decay": "decay"}
_OF_TERMS = {"permeability": "permeability", "plasma_concentration": "plasma_concentration", "internalisation": "k_endo"}
_BY_CELL = re.compile(r"(?P<species>[^.]+)\.(?P<what>secretion|uptake)_by_(?P<cell>[^.]+)\.(?P<last>[^.]+)")


@dataclass(frozen=True)
class Meaning:
    """What a number of a model is.

    - `kind`: one of `units.KINDS`; "number" where it has no unit. `unit`: in internal units, for people; `file_unit`: as udunits reads it.
    - `known`: the library's entry; None where it has none.
    - `scalar`: the name that it has among the parameters in a file of results; None where it is not among them.
    """

    kind: str
    unit: str
    file_unit: str
    known: Parameter | None
    scalar: str | None


def meaning(name: str) -> Meaning:
    """What the leaf of this name is (`tmefield.leaf_names`)."""
    from .. import units

    species, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    kind = _KINDS.get(last, "number")
    if kind == "secretion" and not any(word in name for word in (".secretion", ".consumption")):
        kind = "rate"
    unit = "" if kind == "number" else units.KINDS[kind]
    return Meaning(kind, unit, _IN_FILES.get(kind, "1"), _known(species, rest, name, last), _scalar(species, rest, name, last))


def _known(species: str, rest: str, name: str, last: str) -> Parameter | None:
    try:
        record = library.species(species)
    except InputError:
        return None
    if record.id != species:
        return None
    if rest in _OF_SPECIES:
        return record.parameters.get(_OF_SPECIES[rest])
    cell = _BY_CELL.fullmatch(name)
    if cell and cell["what"] == "secretion" and cell["cell"] in record.secretion and last in ("rate", "active_fraction"):
        return getattr(record.secretion[cell["cell"]], last)
    if cell and cell["what"] == "uptake" and last == "receptors":
        return record.receptors.get(cell["cell"])
    return record.parameters.get(_OF_TERMS[last]) if last in _OF_TERMS and rest.count(".") == 1 else None


def _scalar(species: str, rest: str, name: str, last: str) -> str | None:
    own = variable_name(species)
    if rest in _OF_SPECIES:
        return f"{own}_{rest}"
    cell = _BY_CELL.fullmatch(name)
    if cell and cell["what"] == "secretion" and last in ("rate", "active_fraction"):
        return f"{own}_secretion_{variable_name(cell['cell'])}"
    if cell and cell["what"] == "uptake" and last == "receptors":
        return f"{own}_receptors_{variable_name(cell['cell'])}"
    named = {"permeability": "permeability", "plasma_concentration": "plasma", "internalisation": "internalisation", "half_saturation": "half_saturation"}
    return f"{own}_{named[last]}" if rest.count(".") == 1 and last in named else None
