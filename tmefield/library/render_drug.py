"""A drug of the library as plain text."""

from .drug_records import ACTIONS, DrugRecord
from .render import References, _row, _title, note_lines, parameter_lines, source_lines, wrapped

_NAMES = {
    "molecular_weight": "molecular weight",
    "decay": "washout from tissue",
    "permeability": "vessel permeability",
    "K_D": "K_D",
    "k_on": "k_on",
    "complex_decay": "loss of the complex",
    "volume": "volume (central)",
    "peripheral_volume": "peripheral volume",
    "intercompartmental_clearance": "exchange of the two Q",
    "absorption_rate": "absorption k_a",
    "mass_per_IU": "mass of 1 IU",
    "half_life": "half-life in plasma",
}
PLASMA = ("volume", "clearance")


def render_drug(record: DrugRecord) -> str:
    """Target, values, schedule and sources of a drug, and what has to be given to use it."""
    references = References()
    of = f" {record.target}" if record.target else ""
    lines = [*_title(record.id, record.name, "drug", record.aliases), *wrapped(f"{record.action}{of}: {ACTIONS[record.action]}", "  ", "  ")]
    lines += [*wrapped(f"binds {record.binds}", "  ", "  "), ""]
    for key, parameter in record.parameters.items():
        lines += parameter_lines(_NAMES.get(key, key), parameter, references)
    if record.schedule is not None:
        one = record.schedule
        mark = f"{one.mark}, confidence {one.confidence}" if one.confidence else one.mark
        lines += _row("usual schedule", "", f"{one.text}; {mark} {references.cite(one.source)}")
    needed = missing_for_use(record)
    if needed:
        lines += ["", *wrapped(f"No sourced value, to be given by you where a run needs it: {', '.join(needed)}.", "  ", "  ")]
    return "\n".join([*lines, *note_lines(record.notes), *source_lines(references)])


def missing_for_use(record: DrugRecord) -> tuple[str, ...]:
    """Parameters that doses or the action of this drug take, and the library does not have."""
    acting = {"neutralises": ("K_D", "k_on"), "blocks": ("K_D",)}.get(record.action, ())
    return tuple(key for key in (*PLASMA, *acting) if key not in record.parameters)
