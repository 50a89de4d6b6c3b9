"""Which of the library's values a run uses, where they come from and how sure they are."""

from .. import library
from ..errors import InputError
from ..library import Parameter
from .parameters import SpeciesValues, cell_id, takes_up
from .schema import Config, SpeciesTable

_LOW = ("low", "low-med")


def library_values(config: Config, species: tuple[SpeciesValues, ...], *, vessels: bool) -> dict[str, dict[str, Parameter]]:
    """For each species the values that the run takes from the library, by name: those that the configuration gives itself are left out.

    Names are those of `library.SpeciesRecord.parameters`, and "secretion by CELL", "active fraction of CELL" and "receptors of CELL". Plasma and
    permeability count where there are `vessels`.
    """
    return {one.id: _used(config, table, one, vessels) for one, table in zip(species, config.species, strict=False)}  # those of drugs have no table


def _used(config: Config, table: SpeciesTable, one: SpeciesValues, vessels: bool) -> dict[str, Parameter]:
    try:
        record = library.species(one.id)
    except InputError:
        return {}
    keys = ["molecular_weight", "diffusivity", "decay"]
    if vessels:
        section = config.section is not None and config.section.permeability != "library"
        keys += ["plasma_concentration", *([] if section else ["permeability"])]
    keys = [key for key in keys if getattr(table, key) is None]
    if one.receptors:
        keys += [] if table.half_saturation is not None else ["K_D", "k_on"]
        keys += [] if table.internalisation is not None else ["k_endo"]
    used = {key: record.parameters[key] for key in keys if key in record.parameters}
    own = {cell_id(name) for name in table.secretion}
    for cell in one.secretion:
        if cell in record.secretion and cell not in own:
            used |= {f"secretion by {cell}": record.secretion[cell].rate, f"active fraction of {cell}": record.secretion[cell].active_fraction}
    own = {cell_id(name) for name in table.receptors}
    return used | {f"receptors of {cell}": record.receptors[cell] for cell in one.receptors if cell in record.receptors and cell not in own}


def doubtful(config: Config, species: tuple[SpeciesValues, ...], *, vessels: bool) -> list[str]:
    """For each species the library's values of low confidence that the run uses, with how low, in words."""
    notes = []
    for name, used in library_values(config, species, vessels=vessels).items():
        low = [f"{key} ({parameter.confidence})" for key, parameter in used.items() if parameter.confidence in _LOW]
        if low:
            notes.append(f"{name}: of low confidence: {', '.join(low)} (tmefield info {name})")
    return notes


def not_taken_up(config: Config, species: tuple[SpeciesValues, ...]) -> list[str]:
    """Proteins of the library that no cell takes up because the library lacks receptors or binding constants, in words."""
    notes = []
    for one, table in zip(species, config.species, strict=True):
        try:
            record = library.species(one.id)
        except InputError:
            continue
        if one.species_class == "oxygen" or not table.uptake or one.receptors or (record.receptors and takes_up(table, record)):
            continue
        lacks = "binding constants" if record.receptors else "receptor counts"
        wants = "half_saturation and internalisation" if record.receptors else "receptors, half_saturation and internalisation"
        notes.append(f"{one.id}: no cell takes it up: the library has no {lacks} for it; give {wants} to change that")
    return notes
