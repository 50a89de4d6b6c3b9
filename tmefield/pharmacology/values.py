"""The numbers of a drug as plain values: text parsed, what follows from its size filled in. No JAX."""

from collections.abc import Mapping
from typing import Any

from .. import library
from ..errors import InputError
from ..library.drug_records import ACTIONS, DRUG_PARAMETERS
from ..library.permeability import tissue_diffusivity, two_pore_permeability
from ..units import KINDS
from .amounts import quantity


def drug_values(name: str, action: str, target: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` in internal units, with diffusivity and permeability by molecular weight where the drug is a species of its own and they are not given.

    **Raises** `InputError` for an unknown action or value, and a target that does not fit the action.
    """
    if action not in ACTIONS:
        raise InputError(f"{name}: action must be one of {', '.join(ACTIONS)}; got {action!r}")
    if (action == "none") != (target is None):
        raise InputError(f"{name}: a drug that acts has a target, the ligand that it concerns; one with action 'none' has none")
    unknown = [key for key in given if key not in DRUG_PARAMETERS]
    if unknown:
        raise InputError(f"{name}: unknown value '{unknown[0]}' of a drug; known: {', '.join(DRUG_PARAMETERS)}")
    values = {key: quantity(value, DRUG_PARAMETERS[key], f"{key} of {name}") for key, value in given.items()}
    if "molecular_weight" in values and action != "supplies":
        values.setdefault("diffusivity", tissue_diffusivity(values["molecular_weight"]))
        values.setdefault("permeability", two_pore_permeability(values["molecular_weight"]))
    return values


def needed(name: str, values: Mapping[str, Any], key: str) -> Any:
    """The value of this name.

    **Raises** `InputError` where it is not known, with the way to give it.
    """
    if key not in values:
        if key not in DRUG_PARAMETERS:
            raise InputError(f"{name}: unknown value '{key}' of a drug; known: {', '.join(DRUG_PARAMETERS)}")
        raise InputError(f"{name}: {key} is not known, and the library has no sourced value for it: give it, e.g. {key} = '5 {KINDS[DRUG_PARAMETERS[key]]}'")
    return values[key]


def complex_values(name: str, target: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Molecular weight, diffusivity (by size) and loss of the complex of a drug and its ligand: the loss is the drug's own unless it is given."""
    try:
        ligand = library.species(target).parameters.get("molecular_weight")
    except InputError:
        ligand = None
    weight = needed(name, values, "molecular_weight") + (0.0 if ligand is None else ligand.internal)
    return {"molecular_weight": weight, "diffusivity": tissue_diffusivity(weight), "decay": values.get("complex_decay", values.get("decay", 0.0))}


def complex_name(name: str, target: str) -> str:
    """The species of a drug and its ligand bound to each other."""
    return f"{target}_{name}"
