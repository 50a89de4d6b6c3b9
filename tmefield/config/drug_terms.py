"""What drugs of a configuration add to a model, and their endpoints in its result."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..output.fieldset import Variable, variable_name

if TYPE_CHECKING:
    from ..pharmacology.drug import Drug
    from .prepare import Inputs


def _drug(one) -> "Drug":
    from ..pharmacology.drug import Drug

    return Drug(one.name, one.action, one.target, **one.values)


def plasma_courses(inputs: "Inputs") -> dict[str, Any]:
    """The plasma concentration of each species that doses reach; the species' own is what it holds beside them."""
    at_rest = {one.id: one.plasma_concentration for one in inputs.species}
    return {one.carrier: _drug(one).plasma(one.doses, baseline=at_rest[one.carrier]) for one in inputs.drugs if one.doses}


def blockades(inputs: "Inputs") -> dict[str, Any]:
    """For each ligand whose receptor a drug blocks, the blockade."""
    return {str(one.target): _drug(one).blockade() for one in inputs.drugs if one.action == "blocks"}


def blocked(modulations: Any, by_ligand: dict[str, Any]) -> Any:
    """Modulations in which a ligand counts as much as its blocked receptor sees of it."""
    import jax

    from ..terms import Hill

    def changed(node):
        if not isinstance(node, Hill) or node.species not in by_ligand:
            return node
        if node.blockade is not None:
            raise InputError(
                f"{node.blockade.drug} already competes for the receptor of {node.species} in the regulation network, and a drug blocks it too: "
                "switch that edge off (regulation.off), or leave the drug out"
            )
        return Hill(node.species, node.half_maximum, node.exponent, by_ligand[node.species])

    return jax.tree.map(changed, modulations, is_leaf=lambda node: isinstance(node, Hill))


def drug_terms(inputs: "Inputs") -> list:
    """Binding to ligands, loss with the receptor, and injections; the exchange with vessels is that of any species."""
    from ..terms import Injection

    terms: list = []
    for one in inputs.drugs:
        drug = _drug(one)
        terms += drug.terms()
        for each in one.injections:
            terms.append(Injection(one.carrier, inputs.grid, each.position, each.amount, each.radius, each.times, each.duration))
        if one.target_mediated_loss:
            target = next(each for each in inputs.species if each.id == one.target)
            for cell, receptors in target.receptors.items():
                terms.append(drug.target_uptake(inputs.densities[cell], receptors, target.internalisation, sink=cell))
    return terms


def _occupancies(inputs: "Inputs", result) -> dict[str, np.ndarray]:
    """The share of its target that each drug holds, at the last time."""
    names = [one.id for one in inputs.species]

    class Last:
        def __getitem__(self, name: str):
            fields = result.concentration
            return (fields if fields.ndim == 4 else fields[-1])[names.index(name)]

    return {one.name: np.asarray(_drug(one).occupancy(Last())) for one in inputs.drugs if one.action in ("neutralises", "blocks")}


def occupancy_maps(inputs: "Inputs", result) -> dict[str, Variable]:
    """The share of its target that each drug holds, at the last time, as maps of a file."""
    held = {one.name: f"share of {'the receptor of ' if one.action == 'blocks' else ''}{one.target} that {one.name} holds" for one in inputs.drugs}
    return {f"{variable_name(name)}_occupancy": Variable(field, held[name], "1") for name, field in _occupancies(inputs, result).items()}


def drug_summary(inputs: "Inputs", result) -> dict[str, dict]:
    """For each drug the plasma at the times of output (nM) and the mean occupancy of its target at the last, ready for JSON."""
    import jax.numpy as jnp

    steady = result.concentration.ndim == 4
    times = [] if steady else np.asarray(result.times, float).tolist()
    courses, occupied = plasma_courses(inputs), _occupancies(inputs, result)
    report = {}
    for one in inputs.drugs:
        entry: dict[str, Any] = {"action": one.action, "target": one.target}
        if one.carrier in courses:
            # Within a step that ends at the time: what was there before a dose at that very moment.
            course = courses[one.carrier]
            entry["plasma_nM_at_times"] = [float(course.at(jnp.asarray(time), jnp.asarray(time - 1.0))) for time in times]
        elif one.plasma is not None:
            entry["plasma_nM"] = one.plasma
        if one.name in occupied:
            entry["mean_occupancy"] = float(occupied[one.name].mean())
        report[one.name] = entry
    return report
