"""Drugs of a configuration in numbers: what they are, what is given and when, and the species that carry them. No JAX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import library, units
from ..errors import InputError
from ..pharmacology.amounts import dose_amount
from ..pharmacology.doses import Dose
from ..pharmacology.values import complex_name, complex_values, drug_values, needed
from .drug_tables import VALUES, DoseTable, DrugNumbers, DrugTable, InjectionTable, Repeated
from .parameters import SpeciesValues, species_id
from .schema import Config


@dataclass(frozen=True)
class InjectionValues:
    """A needle: nmol in a ball (um) around z, y, x (um), at `times` for `duration` each (s)."""

    amount: float
    position: tuple[float, ...]
    radius: float
    times: tuple[float, ...]
    duration: float


@dataclass(frozen=True)
class DrugValues:
    """One drug: its name, what it does to which ligand, numbers in internal units (`library.drug_records.DRUG_PARAMETERS`), and what is given.

    `plasma` is a held concentration (nM), None where doses make it.
    """

    name: str
    action: str
    target: str | None
    values: dict[str, Any]
    doses: tuple[Dose, ...]
    injections: tuple[InjectionValues, ...]
    plasma: float | None
    target_mediated_loss: bool

    @property
    def carrier(self) -> str:
        """The species that carries it."""
        return str(self.target) if self.action == "supplies" else self.name

    @property
    def needles(self) -> list[float]:
        """When each injection begins, s."""
        return [at for one in self.injections for at in one.times]


def drugs_of(config: Config, species: Sequence[SpeciesValues], *, vessels: bool) -> tuple[DrugValues, ...]:
    """The drugs of a configuration.

    **Raises** `InputError` with key and remedy: for a drug that the library does not have and that is not described, a target that is not among the species,
    a dose without unit, body weight or conversion, doses without [time] or vessels, a number that the library does not have.
    """
    found: list[DrugValues] = []
    for index, table in enumerate(config.drugs):
        where = f"drugs[{index}] ({table.id})"
        one = _resolve(table, where, config, [each.id for each in species], vessels=vessels)
        if one.name in {each.id for each in species} and one.action != "supplies":
            raise InputError(f"{where}: there is a species of that name; rename one of them")
        if any(each.carrier == one.carrier for each in found):
            raise InputError(f"{where}: {one.carrier} is given twice; put all doses and injections into one table")
        if one.action == "blocks" and any(each.action == "blocks" and each.target == one.target for each in found):
            raise InputError(f"{where}: the receptor of {one.target} is blocked by another drug already; one at a time")
        found.append(one)
    return tuple(found)


def _resolve(table: DrugTable, where: str, config: Config, present: list[str], *, vessels: bool) -> DrugValues:
    """A drug of `[[drugs]]`."""
    add = 'add [[species]] id = "{target}", or take the drug along with action = "none"'
    one = drug_numbers(table, where, present, f"{{target}} is not among the species: {add}")
    body = _body(table, one.values)
    injections = _each(table.injections, lambda needle, key: [_injection(needle, key, body)], f"{where}.injections")
    if (one.doses or injections) and config.time is None:
        raise InputError(f"{where}: doses and injections make a course in time: add [time], or give plasma_concentration, at which the plasma is held")
    if (one.doses or table.plasma_concentration is not None) and not vessels:
        raise InputError(f"{where}: from the plasma a drug reaches the tissue through vessels: add [vessels], or give injections")
    if table.target_mediated_loss and one.action != "blocks":
        raise InputError(f"{where}.target_mediated_loss: only a drug that blocks a receptor is taken up with it; this one has action '{one.action}'")
    return replace(one, injections=tuple(injections), target_mediated_loss=table.target_mediated_loss)


def drug_numbers(table: DrugNumbers, where: str, present: list[str], absent: str) -> DrugValues:
    """What a drug is, and its doses.

    - `present`: species that it may act on; `absent`: what to say of another one, with {target} for its name.

    **Raises** `InputError` with key and remedy.
    """
    record = _record(table, where)
    name = record.id if record else table.id
    action = table.action or (record.action if record else "none")
    target = table.target or (record.target if record and action != "none" else None)
    target = None if target is None else species_id(target)
    if target is not None and target not in present:
        raise InputError(f"{where}.target: {absent.format(target=target)}")
    given = {key: getattr(table, key) for key in VALUES if getattr(table, key) is not None}
    weight = given.get("molecular_weight", record.parameters["molecular_weight"].internal if record else None)
    weight = units.parse(weight, "molecular_weight") if isinstance(weight, str) else weight
    if "K_D" in given:
        given["K_D"] = units.parse(given["K_D"], "concentration", key=f"{where}.K_D", molecular_weight=weight)
    known = {key: one.internal for key, one in record.parameters.items() if key in VALUES} if record else {}
    values = drug_values(where, action, target, {**known, **given})
    body = _body(table, values)
    doses = _each(table.doses, lambda dose, key: _doses(dose, key, body), f"{where}.doses")
    _check_complete(where, action, values, doses)
    plasma = table.plasma_concentration
    held = None if plasma is None else units.parse(plasma, "concentration", key=f"{where}.plasma_concentration", molecular_weight=weight)
    return DrugValues(name, action, target, values, tuple(doses), (), held, target_mediated_loss=False)


def _body(table: DrugNumbers, values: dict[str, Any]) -> dict[str, Any]:
    """What turns a dose into nmol."""
    body_weight = None if table.body_weight is None else units.parse(table.body_weight, "mass")
    body = {"molecular_weight": values["molecular_weight"], "mass_per_unit": values.get("mass_per_IU")}
    return {**body, "body_weight": body_weight, "body_surface": table.body_surface}


def _record(table: DrugNumbers, where: str) -> library.DrugRecord | None:
    try:
        return library.drug(table.id)
    except InputError as error:
        if table.action is None or table.molecular_weight is None:
            key = type(table).model_fields["id"].alias or "id"
            raise InputError(f"{where}.{key}: {error} (a drug of your own needs action, molecular_weight and, where it acts, target)") from None
    return None


def _check_complete(where: str, action: str, values: dict[str, Any], doses: list[Dose]) -> None:
    """Every number that will be needed is there."""
    keys = {"neutralises": ["K_D", "k_on"], "blocks": ["K_D"]}.get(action, [])
    keys += ["volume", "clearance"] if doses else []
    keys += ["intercompartmental_clearance"] if doses and "peripheral_volume" in values else []
    keys += ["absorption_rate", "bioavailability"] if any(dose.route != "iv" for dose in doses) else []
    for key in keys:
        needed(where, values, key)


def _each(tables: Sequence[Any], make: Callable[[Any, str], list], where: str) -> list:
    return [one for index, table in enumerate(tables) for one in make(table, f"{where}[{index}]")]


def _doses(table: DoseTable, where: str, body: dict[str, Any]) -> list[Dose]:
    amount = dose_amount(table.amount, key=f"{where}.amount", **body)
    try:
        dose = Dose(amount, table.at, table.route, 0.0 if table.duration is None else table.duration)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return [dose] if table.every is None else dose.repeated(str(table.every), table.count)


def _injection(table: InjectionTable, where: str, body: dict[str, Any]) -> InjectionValues:
    amount = dose_amount(table.amount, key=f"{where}.amount", **body)
    position = tuple(units.parse(one, "length", key=f"{where}.position") for one in table.position)
    return InjectionValues(amount, position, units.parse(table.radius, "length"), _times(table), units.parse(table.duration, "time"))


def _times(table: Repeated) -> tuple[float, ...]:
    start, interval = units.parse(table.at, "time"), 0.0 if table.every is None else units.parse(table.every, "time")
    return tuple(start + i * interval for i in range(table.count))


def with_drugs(species: tuple[SpeciesValues, ...], drugs: tuple[DrugValues, ...]) -> tuple[SpeciesValues, ...]:
    """The species, followed by those of drugs and of their complexes; a ligand that is given as a drug keeps its place."""
    held = {one.carrier: one for one in drugs if one.action == "supplies" and one.plasma is not None}
    own = [replace(one, plasma_concentration=held[one.id].plasma) if one.id in held else one for one in species]
    for drug in drugs:
        if drug.action == "supplies":
            continue
        named = library.drug(drug.name).name if drug.name in library.drug_ids() else drug.name
        own.append(_antibody(drug.name, named.split(",")[0], drug.values, drug.plasma or 0.0, drug.values["permeability"]))
        if drug.action == "neutralises":
            bound = complex_values(drug.name, str(drug.target), drug.values)
            own.append(_antibody(complex_name(drug.name, str(drug.target)), f"{drug.target} bound to {drug.name}", bound, 0.0, 0.0))
    return tuple(own)


def _antibody(name: str, shown: str, values: dict[str, Any], plasma: float, permeability: float) -> SpeciesValues:
    weight, diffusivity, decay = values["molecular_weight"], values["diffusivity"], values.get("decay", 0.0)
    return SpeciesValues(name, shown, "antibody", weight, diffusivity, decay, plasma, permeability, {}, {}, 0.0, 1.0)


def drug_notes(config: Config, drugs: tuple[DrugValues, ...]) -> list[str]:
    """What is given in words, and how much of it lies beyond the end of the run."""
    notes = []
    for one in drugs:
        verb = {"neutralises": f"neutralises {one.target}", "blocks": f"blocks the receptor of {one.target}", "supplies": f"is given as {one.target}"}
        given = [_counted(len(one.doses), "dose")] * bool(one.doses) + [_counted(len(one.needles), "injection")] * bool(one.needles)
        given += [] if one.plasma is None else [f"plasma held at {one.plasma:.4g} nM"]
        notes.append(f"{one.name} {verb.get(one.action, 'is carried and cleared only')}; {', '.join(given)}")
        if config.time is not None:
            notes += beyond(one, config.time.times[-1] if config.time.times else config.time.end, "[time]")
    return notes


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def beyond(drug: DrugValues, end: Any, lengthen: str) -> list[str]:
    """Doses and injections that the run does not live to see: those at its end change no output either; `lengthen` is the key that would help."""
    notes = []
    for what, times in (("dose", [dose.at for dose in drug.doses]), ("injection", drug.needles)):
        late = sum(at >= units.parse(end, "time") for at in times)
        if late:
            none = ", none within it" if late == len(times) else ""
            notes.append(
                f"{drug.name}: {late} of {_counted(len(times), what)} at or beyond the end of the run ({end}){none}, without effect; lengthen {lengthen}"
            )
    return notes
