"""What a file of a vessel network holds."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FileError, InputError, TmefieldError
from .description import Description, in_file_units, with_notes

if TYPE_CHECKING:
    from ..vessels.network import VesselNetwork


_SHARES_A_PLACE = 1.0
"""A network smaller than this in its own unit is in mm or m: what is told of points at the same place would be wrong."""

_WRITTEN = {"segment_parameters": "segment_parameters = ['radius']", "default_radius": "default_radius = '1 um'", "repair": "repair = true"}
"""The assumptions as a configuration writes them."""


def describe_network(
    path: Path, unit: str | None, pixel_size: float | None, radius_field: str | None = None, default_radius: float | None = None
) -> Description:
    """The report of a network; where it leaves the unit, the radii or more open it is shown under assumptions that are named.

    **Raises** `FileError` or `InputError` where no such assumption makes it readable.
    """
    from ..vessels.network import VesselNetwork

    scale: dict[str, Any] = {"scale": pixel_size} if pixel_size is not None else {"unit": unit} if unit is not None else {}
    given: dict[str, Any] = {key: value for key, value in (("radius_field", radius_field), ("default_radius", default_radius)) if value is not None}
    try:
        return _description(VesselNetwork.read(path, **scale, **given), [], unit_known=True)
    except (FileError, InputError) as error:
        first = error
    reasons = [str(first).removeprefix(f"{path}: ")]
    read = _first_that_reads(path, scale or {"unit": "um"}, given, reasons)
    if read is None:
        raise first
    network, options = read
    notes = [*reasons]
    unit_known = bool(scale) or "unit" not in options
    if not unit_known:
        notes.append("shown in the unit of the file: give --unit um, mm or m, or --pixel-size '2 um'")
    assumed = [_WRITTEN[key] for key in options if key in _WRITTEN]
    if assumed:
        notes.append(f"shown with {', '.join(assumed)}; in a configuration give what is right under [vessels]")
    return _description(network, notes, unit_known=unit_known)


def _first_that_reads(path: Path, scale: dict[str, Any], given: dict[str, Any], reasons: list[str]) -> "tuple[VesselNetwork, dict[str, Any]] | None":
    """The network under the fewest assumptions that make it readable, and these; what else the file leaves open goes to `reasons`."""
    from ..vessels.network import VesselNetwork

    radius, repair = {"default_radius": 1.0}, {"repair": True}
    attempts: list[dict[str, Any]] = [{}, {"segment_parameters": ("radius",)}, radius, repair, radius | repair]
    for more in attempts:
        for options in (more, scale | more) if more else (scale,):
            try:
                return VesselNetwork.read(path, **(options | given)), options
            except TmefieldError as error:
                reason = str(error).removeprefix(f"{path}: ")
                if not more and reason not in reasons:
                    reasons.append(reason)
    return None


def _description(network: "VesselNetwork", notes: list[str], *, unit_known: bool) -> Description:
    low, high = network.nodes.min(axis=0), network.nodes.max(axis=0)
    if not unit_known and (high - low).max() < _SHARES_A_PLACE:
        network = replace(network, meta={**network.meta, "notes": ()})
    unit = "um" if unit_known else "unit"
    facts = {
        "kind": "network",
        "segments": len(network.edges),
        "nodes": len(network.nodes),
        "components": network.components,
        "ends": network.n_ends,
        f"box_{unit}": [low.tolist(), high.tolist()],
        f"radius_{unit}": [float(network.radius.min()), float(network.radius.max())],
        "boundary_values": len(network.boundary),
        "notes": [*notes, *map(str, network.meta.get("notes", ()))],
    }
    report = network.report() if unit_known else in_file_units(network.report())
    return Description(with_notes(report, notes), facts)
