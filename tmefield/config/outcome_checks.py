"""What is wrong with a configuration of an outcome beyond the form of its tables: names that the library does not know, values, treatments, arms."""

import re

from .. import library, units
from ..errors import InputError
from ..output.outcome_record import occupancy_name
from .drugs import DrugValues, drug_numbers
from .outcome_tables import DepotGiven, DrugGiven, OutcomeConfig, OutcomeTable
from .problems import did_you_mean

CONTROL, TUMOUR, VESSELS = "control", "tumour", "endothelial"
EXHAUSTED, KILLER = "CD8_exhausted", "CD8_T"

Problems = list[tuple[str, str]]


def outcome_problems(config: OutcomeConfig) -> Problems:
    """(key, message) of every mistake."""
    table = config.outcome
    return [*_cytokines(table), *_cells(table), *_place(config), *_edges(table), *_values(table), *treatments_of(table)[1], *_arms(table)]


def _cytokines(table: OutcomeTable) -> Problems:
    found: Problems = []
    for index, name in enumerate(table.cytokines):
        try:
            known = library.species(name)
            if known.id != name:
                found.append((f"outcome.cytokines[{index}]", f"'{name}' is called '{known.id}' here"))
        except InputError as error:
            found.append((f"outcome.cytokines[{index}]", str(error)))
    return found


def _cells(table: OutcomeTable) -> Problems:
    known = (*library.cell_type_ids(), EXHAUSTED)
    found = [(f"outcome.cells.{name}", f"no such population{did_you_mean(name, known)}") for name in table.cells if name not in known]
    if TUMOUR not in table.cells:
        found.append(("outcome.cells", "'tumour' is missing: its outcome is what is asked for"))
    elif units.parse(table.cells[TUMOUR][0], "density") == 0:
        found.append(("outcome.cells.tumour", "there are no tumour cells inside the radius"))
    if EXHAUSTED in table.cells and KILLER not in table.cells:
        found.append((f"outcome.cells.{EXHAUSTED}", f"they come from '{KILLER}', which is not there: add it, or leave them out"))
    return found


def _place(config: OutcomeConfig) -> Problems:
    table, grid = config.outcome, config.grid
    centre, origin, size = ([units.parse(one, "length") for one in three] for three in (table.centre, grid.origin, grid.size))
    outside = [max(low - at, at - low - long, 0.0) for at, low, long in zip(centre, origin, size, strict=True)]
    radius = units.parse(table.radius, "length")
    if sum(one**2 for one in outside) ** 0.5 >= radius:
        return [("outcome.centre", "the tumour lies outside the box of grid.origin and grid.size (lengths in the order z, y, x)")]
    farthest = [max(abs(low - at), abs(low + long - at)) for at, low, long in zip(centre, origin, size, strict=True)]
    if sum(one**2 for one in farthest) ** 0.5 <= radius:
        return [("outcome.radius", f"the tumour of {table.radius} fills the whole box of grid.size: a larger box, or a smaller radius")]
    return []


def _edges(table: OutcomeTable) -> Problems:
    found: Problems = []
    for index, id in enumerate(table.off):
        key = f"outcome.off[{index}]"
        found += _edge(id, key) or [(key, f"{words}, so that there is nothing to switch off: add it, or leave the edge out") for words in _lacking(id, table)]
    return found


def _edge(id: str, key: str) -> Problems:
    try:
        library.edge(id)
    except InputError as error:
        return [(key, str(error))]
    return []


def _answers_to_nothing(id: str, key: str, table: OutcomeTable) -> Problems:
    return [(key, f"{words}: the drug would hold off nothing") for words in _lacking(id, table)]


def _lacking(id: str, table: OutcomeTable) -> list[str]:
    """That a ligand of an edge is not there, if so."""
    lacking = [one for one in library.edge(id).ligands if one not in (*table.cytokines, *table.cells)]
    place = "outcome.cells" if lacking and lacking[0] in library.cell_type_ids() else "outcome.cytokines"
    return [f"{id} answers to {lacking[0]}, which is not among {place}"] if lacking else []


def _values(table: OutcomeTable) -> Problems:
    from ..outcome.life import cells_of_rate

    found: Problems = []
    for key, value in table.values.items():
        try:
            value_of(key, value)
        except InputError as error:
            found.append((f"outcome.values.{key}", str(error)))
        head = key.split(".")[0]
        if head in library.species_ids() and head not in table.cytokines:
            found.append((f"outcome.values.{key}", f"{head} is not among outcome.cytokines: add it, or leave the value out"))
        owners = cells_of_rate(key)
        if owners and not any(one in table.cells for one in owners):
            found.append((f"outcome.values.{key}", f"has no effect without {' or '.join(owners)} in [outcome.cells]: add it, or leave the value out"))
    return found


def value_of(key: str, given: str | float) -> float:
    """A value in its internal unit.

    **Raises** `InputError` for an unknown key, a unit that does not fit, and a negative value.
    """
    from ..outcome.values import known_value

    known, kind = known_value(key)
    value = units.parse(given, kind, molecular_weight=None if known is None else known.molecular_weight)
    if value < 0:
        raise InputError(f"must not be negative; got {given!r}")
    return value


def treatments_of(table: OutcomeTable) -> tuple[dict[str, DrugValues], Problems]:
    """The drugs of treatments in numbers, and what is wrong with treatments."""
    drugs: dict[str, DrugValues] = {}
    found: Problems = []
    for name, one in table.treatments.items():
        where = f"outcome.treatments.{name}"
        if name == CONTROL:
            found.append((where, "'control' is the arm without treatment: give the treatment another name"))
        if isinstance(one, DepotGiven):
            if one.depot not in table.cytokines:
                remedy = ": add it" if one.depot in library.species_ids() else did_you_mean(one.depot, table.cytokines)
                found.append((f"{where}.depot", f"{one.depot} is not among outcome.cytokines{remedy}"))
            continue
        try:
            drugs[name] = drug_numbers(one, where, list(table.cytokines), "{target} is not among outcome.cytokines: add it, or leave the treatment out")
            found += _drug(one, drugs[name], where, table)
        except InputError as error:
            found.append(("", str(error)))
    return drugs, [*found, *_twice(drugs), *_treatment_names(table)]


def _treatment_names(table: OutcomeTable) -> Problems:
    """Names that no variable of a file could have, or that another treatment's has."""
    found: Problems = []
    owner: dict[str, str] = {}
    for name in table.treatments:
        try:
            variable = occupancy_name(name)
        except InputError as error:
            found.append((f"outcome.treatments.{name}", str(error)))
            continue
        if owner.setdefault(variable, name) != name:
            found.append((f"outcome.treatments.{name}", f"would have the same variable in files, {variable}, as '{owner[variable]}'; rename one of them"))
    return found


def _drug(one: DrugGiven, numbers: DrugValues, where: str, table: OutcomeTable) -> Problems:
    found: Problems = []
    if VESSELS not in table.cells:
        found.append((where, "a drug reaches the tissue through vessels: add 'endothelial' to [outcome.cells]"))
    for index, id in enumerate(one.releases):
        key = f"{where}.releases[{index}]"
        found += _edge(id, key) or _answers_to_nothing(id, key, table)
    if numbers.action == "none" and not one.releases:
        found.append((where, f'{numbers.name} acts on nothing: name the edges that it holds off, e.g. releases = ["PD_L1-killing"], and its K_D'))
    if numbers.action != "none" and one.releases:
        found.append((f"{where}.releases", f"{numbers.name} {numbers.action} {numbers.target}: 'releases' is for a drug of action 'none'"))
    if one.releases and numbers.action == "none" and "K_D" not in numbers.values:
        found.append((f"{where}.K_D", "is missing: how tightly the drug binds what 'releases' names, e.g. K_D = '29 pM'"))
    return found


def _twice(drugs: dict[str, DrugValues]) -> Problems:
    """Each species is carried, and each receptor blocked, once."""
    found: Problems = []
    for what, key in (("carrier", lambda one: one.carrier), ("receptor", lambda one: one.target if one.action == "blocks" else None)):
        owner: dict[str, str] = {}
        for name, one in drugs.items():
            taken = key(one)
            if taken is not None and owner.setdefault(taken, name) != name:
                words = (
                    f"{taken} is given by '{owner[taken]}' already" if what == "carrier" else f"the receptor of {taken} is blocked by '{owner[taken]}' already"
                )
                found.append((f"outcome.treatments.{name}", f"{words}: one treatment holds all of it"))
    return found


def _arms(table: OutcomeTable) -> Problems:
    found: Problems = []
    for name, doses in table.arms.items():
        where = f"outcome.arms.{name}"
        if name == CONTROL or name in table.treatments:
            found.append((where, "this arm is always there: the control, and each treatment alone in full; give yours another name"))
        unknown = [one for one in doses if one not in table.treatments]
        found += [(f"{where}.{one}", f"no such treatment{did_you_mean(one, table.treatments)}") for one in unknown]
        if not doses:
            found.append((where, "an arm names the treatments that it gives and the dose of each, 0 to 1"))
    files: dict[str, str] = {}
    for name in arm_names(table):
        if files.setdefault(arm_file(name).casefold(), name) != name:
            found.append((f"outcome.arms.{name}", f"would have the same file, {arm_file(name)}, as '{files[arm_file(name).casefold()]}'; rename one of them"))
    return found


def arm_names(table: OutcomeTable) -> tuple[str, ...]:
    """The control, each treatment alone, and the arms of the file."""
    return tuple(dict.fromkeys((CONTROL, *table.treatments, *table.arms)))


def arm_file(name: str) -> str:
    """The name of an arm's file."""
    return f"arm-{re.sub(r'[^A-Za-z0-9+-]+', '_', name).strip('_') or '_'}.nc"
